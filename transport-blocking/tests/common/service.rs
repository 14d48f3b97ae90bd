//! The sandbox's two services, and helpers for the tests: an identity, and a call that is sent once or repeated until it ends.
#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

use std::rc::Rc;

use enlist_blocking::Ending;
use enlist_core::badge::{BadgeRegistration, Identity, Manifest, RegistrationAnswer, Validity, VerifyBadge};
use enlist_core::claim::Enrolment;
use enlist_core::secret::{Badge, Otp, PersonalToken};
use enlist_core::{ApiCall, ApiCallRun, Ceremony, Failure, Origin, Timestamp};
use enlist_sandbox::ambiguities::{OpenTrainAmbiguities, SentryAgentAmbiguities};
use enlist_sandbox::{Ambiguities, Config, LoggedRequest, Sandbox};

use crate::common::client;
use crate::common::diary::{Diary, drive};

pub(crate) const MANIFEST: &str = r#"{"mobile_phone":"+15005550006","trust_tier":"community","agent_name":"My AI Agent","agent_version":"1.0.0",
    "developer_name":"Acme Corp","contact_email":"dev@acme.com","primary_goal":"Customer support automation",
    "tools":["web-search","email"],"compliance_attestation":true,"data_residency":"us-east-1"}"#;

pub(crate) fn sandbox() -> Rc<Sandbox> {
    Rc::new(Sandbox::start(Config::default()).unwrap())
}

pub(crate) fn opentrain(ambiguities: OpenTrainAmbiguities) -> Rc<Sandbox> {
    let ambiguities = Ambiguities { opentrain: ambiguities, ..Ambiguities::default() };
    Rc::new(Sandbox::start(Config { ambiguities, ..Config::default() }).unwrap())
}

pub(crate) fn sentryagent(ambiguities: SentryAgentAmbiguities) -> Rc<Sandbox> {
    let ambiguities = Ambiguities { sentryagent: ambiguities, ..Ambiguities::default() };
    Rc::new(Sandbox::start(Config { ambiguities, ..Config::default() }).unwrap())
}

pub(crate) fn origin(sandbox: &Sandbox) -> Origin {
    Origin::parse(sandbox.url()).unwrap()
}

pub(crate) fn now(sandbox: &Sandbox) -> Timestamp {
    Timestamp::from_unix_ms(i64::try_from(sandbox.now()).unwrap())
}

/// Sends the call once. Returns the request on the wire and the result.
pub(crate) fn once<C: ApiCall>(sandbox: &Sandbox, call: &C) -> (LoggedRequest, Result<C::Outcome, Failure>) {
    let exchange = call.exchange();
    let answer = client().execute(&exchange);
    let outcome = call.parse(now(sandbox), answer);
    (sandbox.requests().pop().unwrap(), outcome)
}

/// Sends the call until it ends, in the sandbox's time. Returns the number of requests and the result.
pub(crate) fn calling<C: ApiCall>(sandbox: &Sandbox, call: C) -> (usize, Result<C::Outcome, Failure>) {
    let mut calling = ApiCallRun::new(call);
    for sent in 1..20 {
        if let Some((until, _)) = calling.waits_until(now(sandbox)) {
            sandbox.advance(until.since(now(sandbox)));
        }
        let answer = client().execute(&calling.exchange());
        if let Some(end) = calling.answered(now(sandbox), answer) {
            return (sent, end);
        }
    }
    panic!("the call did not end");
}

pub(crate) fn line(request: &LoggedRequest) -> String {
    format!("{} {}", request.method, request.path)
}

pub(crate) fn header<'a>(request: &'a LoggedRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

pub(crate) fn host<C: Ceremony>(sandbox: &Rc<Sandbox>) -> Diary<C> {
    let clock = Rc::clone(sandbox);
    let mut host = Diary::new();
    host.now = now(sandbox);
    host.elapse = Box::new(move |wait| {
        clock.advance(wait);
        i64::try_from(wait.as_millis()).unwrap()
    });
    host
}

pub(crate) fn finish<C: Ceremony>(sandbox: &Rc<Sandbox>, ceremony: &mut C) -> Result<C::Outcome, Failure> {
    let client = client();
    match drive(ceremony, &client, &mut host(sandbox)) {
        Ok(Ending::Finished(result)) => result,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn token(sandbox: &Rc<Sandbox>) -> PersonalToken {
    finish(sandbox, &mut Enrolment::new(origin(sandbox), None, None)).unwrap().access_token().clone()
}

pub(crate) fn identity(sandbox: &Rc<Sandbox>) -> Identity {
    let client = client();
    let mut registration = BadgeRegistration::new(origin(sandbox), Manifest::from_json(MANIFEST.as_bytes()).unwrap());
    let mut host = host(sandbox);
    host.answers.push_back(RegistrationAnswer::ProfileOk);
    let Ok(Ending::Paused) = drive(&mut registration, &client, &mut host) else { panic!() };
    let otp = sandbox.outbox().pop().unwrap().code.unwrap();
    host.answers.push_back(RegistrationAnswer::Otp(Otp::parse(&otp).unwrap()));
    match drive(&mut registration, &client, &mut host) {
        Ok(Ending::Finished(Ok(identity))) => identity,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn is_valid(sandbox: &Sandbox, badge: &Badge) -> bool {
    matches!(once(sandbox, &VerifyBadge::new(&origin(sandbox), badge.clone())).1, Ok(Validity::Valid { .. }))
}
