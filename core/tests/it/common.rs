//! A scripted service and a virtual clock. A bench drives a ceremony as a driver would, and records what happened.

use std::collections::VecDeque;
use std::time::Duration;

use enlist_core::badge::{self, Manifest};
use enlist_core::claim::{Claim, ClaimedToken, Enrolment, Registration};
use enlist_core::secret::Email;
use enlist_core::{
    Ceremony, Delivery, Exchange, Failure, Input, Origin, Partial, Snapshot, Step, Timestamp, TransportFailure, TransportKind,
};
use http::{Response, StatusCode};

pub type Answered = Result<Response<Vec<u8>>, TransportFailure>;

/// 2026-06-12T09:00:00Z
pub const START: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);

pub fn opentrain() -> Origin {
    Origin::parse("https://app.opentrain.ai").unwrap()
}

pub fn sentryagent() -> Origin {
    Origin::parse("https://identity.sentryagent.ai").unwrap()
}

pub fn owner() -> Email {
    Email::parse("owner@example.com").unwrap()
}

pub fn json(status: u16, body: &str) -> Answered {
    with_headers(status, &[("content-type", "application/json")], body)
}

pub fn with_headers(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answered {
    let mut response = Response::new(body.as_bytes().to_vec());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    Ok(response)
}

pub fn html(status: u16) -> Answered {
    with_headers(status, &[("content-type", "text/html")], "<html><body>Sign in to HotelWiFi</body></html>")
}

pub fn error(status: u16, code: &str) -> Answered {
    json(status, &format!(r#"{{"error":"{code}","error_description":"words"}}"#))
}

pub fn failed(kind: TransportKind, delivery: Delivery) -> Answered {
    Err(TransportFailure::new(kind, delivery))
}

/// The connection broke, so nobody knows what the service received.
pub fn lost() -> Answered {
    failed(TransportKind::Closed, Delivery::Unknown)
}

pub fn refused() -> Answered {
    failed(TransportKind::Connect, Delivery::NotSent)
}

pub fn cut(status: u16, body: &str) -> Answered {
    Err(TransportFailure {
        partial: Some(Partial { status, body: body.into() }),
        ..TransportFailure::new(TransportKind::Closed, Delivery::Unknown)
    })
}

pub fn pending() -> Answered {
    error(400, "authorization_pending")
}

pub fn slow_down() -> Answered {
    error(400, "slow_down")
}

pub fn invalid_grant() -> Answered {
    error(400, "invalid_grant")
}

pub fn registered() -> Answered {
    json(
        200,
        r#"{"identity_type":"anonymous","registration_id":"reg_1","access_token":"ot_pat_8f2a_PRECLAIMPRECLAIM91cd","token_type":"bearer",
        "scopes":["jobs:read","jobs:write"],"claim_token":"ot_clm_CLAIMTOKENCLAIMTOKEN77ab","claim_token_expires_at":"2026-06-13T09:00:00.000Z",
        "claim_endpoint":"https://app.opentrain.ai/api/agent/identity/claim","token_endpoint":"https://app.opentrain.ai/api/agent/oauth/token",
        "grant_type":"urn:opentrain:agent-auth:grant-type:claim"}"#,
    )
}

pub fn started() -> Answered {
    json(
        200,
        r#"{"user_code":"039218","verification_uri":"https://app.opentrain.ai/claim?token=ot_cat_ATTEMPTTOKENATTEMPT12","expires_in":1800,"interval":5,"email_sent":true}"#,
    )
}

pub fn delivered() -> Answered {
    json(200, r#"{"access_token":"ot_pat_9b1c_POSTCLAIMPOSTCLAIM44ef","token_type":"bearer","scopes":["jobs:read","proposals:write"]}"#)
}

pub const MANIFEST: &str = r#"{"mobile_phone":"+15005550006","trust_tier":"community","agent_name":"My AI Agent","agent_version":"1.0.0",
    "developer_name":"Acme Corp","contact_email":"dev@acme.com","primary_goal":"Customer support automation",
    "tools":["web-search","email"],"compliance_attestation":true,"data_residency":"us-east-1"}"#;

pub fn submitted() -> Answered {
    json(
        200,
        r#"{"manifest_session_id":"a3f7c821-0000-4000-8000-MANIFESTSESS","public_profile":{"agent_name":"My AI Agent","agent_version":"1.0.0",
        "developer_name":"Acme Corp","contact_email":"dev@acme.com","primary_goal":"Customer support automation","tools":["web-search","email"],
        "trust_tier":"community","data_residency":"us-east-1"}}"#,
    )
}

pub fn texted() -> Answered {
    json(200, r#"{"otp_session_id":"b9d2e445-0000-4000-8000-OTPSESSIONID","expires_at":"2026-06-12T09:15:00.000Z"}"#)
}

/// A badge whose `sub` is `did:sentryagent:abc123`.
pub fn badge() -> Answered {
    json(200, r#"{"verified":true,"badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIn0.QkFER0VTSUdOQVRVUkU"}"#)
}

pub fn enrolment() -> Enrolment {
    Enrolment::new(opentrain(), None, None)
}

/// The result of an enrolment without faults.
pub fn registration() -> Registration {
    let mut bench = Bench::new(enrolment(), [registered()]);
    bench.run().unwrap()
}

pub fn claim() -> Claim {
    Claim::new(&registration(), owner())
}

pub fn sentry_registration() -> badge::BadgeRegistration {
    badge::BadgeRegistration::new(sentryagent(), Manifest::from_json(MANIFEST.as_bytes()).unwrap())
}

/// A claim that has been started and announced, and the bench around it.
pub fn waiting_claim(answers: impl IntoIterator<Item = Answered>) -> Bench<Claim> {
    Bench::new(claim(), [started()].into_iter().chain(answers))
}

/// A ceremony, a script of answers, and a clock that moves only during waits.
pub struct Bench<C: Ceremony> {
    pub ceremony: C,
    pub now: Timestamp,
    /// How far the clock jumps when a wait begins, in seconds. There is one entry for each wait, and it may be negative.
    pub jumps: VecDeque<i64>,
    script: VecDeque<Answered>,
    answers: VecDeque<C::Answer>,
    /// The milliseconds waited after each request.
    pub waits: Vec<u64>,
    /// The method, path and body of each request.
    pub sent: Vec<String>,
    pub notices: usize,
    pub prompts: Vec<C::Prompt>,
}

/// The reason why a bench stopped.
#[derive(Debug, PartialEq)]
pub enum Stop<O> {
    Done(Result<O, Failure>),
    /// A request is due, and the script has ended.
    ScriptEnded,
    /// A question was asked, and the bench has no answer.
    Asked,
}

impl<C: Ceremony> Bench<C> {
    pub fn new(ceremony: C, script: impl IntoIterator<Item = Answered>) -> Self {
        Self {
            ceremony,
            now: START,
            jumps: VecDeque::new(),
            script: script.into_iter().collect(),
            answers: VecDeque::new(),
            waits: Vec::new(),
            sent: Vec::new(),
            notices: 0,
            prompts: Vec::new(),
        }
    }

    pub fn answering(mut self, answers: impl IntoIterator<Item = C::Answer>) -> Self {
        self.answers.extend(answers);
        self
    }

    pub fn then(&mut self, script: impl IntoIterator<Item = Answered>) -> &mut Self {
        self.script.extend(script);
        self
    }

    /// Runs to the end, which must be reached.
    pub fn run(&mut self) -> Result<C::Outcome, Failure> {
        match self.run_on() {
            Stop::Done(result) => result,
            other => panic!("the bench stopped early: {other:?} after {:#?}, asked {:?}", self.sent, self.prompts),
        }
    }

    /// Runs until nothing more can happen.
    pub fn run_on(&mut self) -> Stop<C::Outcome> {
        for _ in 0..100_000 {
            match self.ceremony.poll(self.now) {
                Step::Send => {
                    let Some(answer) = self.script.pop_front() else { return Stop::ScriptEnded };
                    self.exchange(answer);
                }
                Step::InFlight(id) => self.handle(Input::lost(id)),
                Step::Notify(_) => {
                    self.notices += 1;
                    self.handle(Input::Notified);
                }
                Step::Ask(prompt) => {
                    self.prompts.push(prompt);
                    let Some(answer) = self.answers.pop_front() else { return Stop::Asked };
                    self.handle(Input::Answer(answer));
                }
                Step::Wait { until, .. } => self.wait(until),
                Step::Done(result) => return Stop::Done(result),
            }
        }
        panic!("the ceremony did not end");
    }

    pub fn next_answer(&mut self) -> Answered {
        self.script.pop_front().expect("the script has ended")
    }

    pub fn has_answer(&self) -> bool {
        !self.script.is_empty()
    }

    /// Answers the current question.
    pub fn answer_next(&mut self) {
        let answer = self.answers.pop_front().expect("the bench has no answer to the question");
        self.handle(Input::Answer(answer));
    }

    pub fn begin(&mut self) -> Exchange {
        let exchange = self.ceremony.begin(self.now).unwrap();
        let body = String::from_utf8(exchange.request.body().as_bytes().to_vec()).unwrap();
        self.sent.push(format!("{} {} {body}", exchange.request.method(), exchange.request.uri().path()));
        self.waits.push(0);
        exchange
    }

    pub fn exchange(&mut self, answer: Answered) {
        let exchange = self.begin();
        self.handle(Input::answered(exchange.id, answer));
    }

    pub fn handle(&mut self, input: Input<C::Answer>) {
        self.ceremony.handle(self.now, input).unwrap();
    }

    fn wait(&mut self, until: Timestamp) {
        let slept = until.since(self.now);
        assert!(!slept.is_zero(), "a wait must have a length");
        if self.waits.is_empty() {
            self.waits.push(0);
        }
        *self.waits.last_mut().unwrap() += u64::try_from(slept.as_millis()).unwrap();
        let jump = self.jumps.pop_front().unwrap_or(0);
        let seconds = Duration::from_secs(jump.unsigned_abs());
        self.now = if jump < 0 { until.before(seconds) } else { until.after(seconds) };
        self.handle(Input::Woke);
    }

    /// The seconds waited after each request.
    pub fn waited(&self) -> Vec<f64> {
        self.waits.iter().map(|ms| *ms as f64 / 1000.0).collect()
    }

    /// The ceremony after a crash, as another process restores it from the store.
    pub fn restarted(&self) -> C {
        let json = self.ceremony.snapshot().to_json();
        C::resume(&Snapshot::from_json(json.expose().as_bytes()).unwrap()).unwrap()
    }
}

pub type ClaimEnd = Result<ClaimedToken, Failure>;
