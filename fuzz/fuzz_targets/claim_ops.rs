//! Drives a whole claim with arbitrary operations and answers, and checks after each what must always hold.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use enlist_core::opentrain::{Claim, Enrolment};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Delivery, ExchangeId, Input, Origin, Partial, Snapshot, Step, Timestamp, TransportFailure, TransportKind};
use http::{Response, StatusCode};
use libfuzzer_sys::fuzz_target;

const ORIGIN: &str = "https://app.opentrain.ai";
const REGISTERED: &str = r#"{"access_token":"ot_pat_1_2","claim_token":"ot_clm_3","claim_token_expires_at":"2026-06-13T09:00:00Z"}"#;
const BODIES: [&str; 8] = [
    r#"{"user_code":"039218","verification_uri":"https://app.opentrain.ai/claim?token=ot_cat_1","expires_in":1800,"interval":5}"#,
    r#"{"error":"authorization_pending"}"#,
    r#"{"error":"slow_down"}"#,
    r#"{"error":"invalid_grant"}"#,
    r#"{"error":"expired_token"}"#,
    r#"{"error":"invalid_request","error_description":"email_already_registered"}"#,
    r#"{"access_token":"ot_pat_9_8","scopes":["jobs:read"]}"#,
    "<html>",
];

#[derive(Arbitrary, Debug)]
enum Op {
    /// A body that the services send.
    Reply {
        status: u16,
        body: u8,
    },
    /// Any bytes at all.
    Garbage {
        status: u16,
        header: String,
        body: Vec<u8>,
    },
    Fail {
        not_sent: bool,
        kind: u8,
        partial: Option<(u16, Vec<u8>)>,
    },
    Advance {
        ms: u32,
    },
    Jump {
        ms: i64,
    },
    Resume,
    Restart,
    WrongId,
}

fn response(status: u16, retry_after: &str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(100 + status % 500).unwrap_or(StatusCode::OK);
    if let Ok(value) = retry_after.parse() {
        response.headers_mut().insert("retry-after", value);
    }
    response
}

fn failure(not_sent: bool, kind: u8, partial: Option<(u16, Vec<u8>)>) -> TransportFailure {
    use TransportKind::*;
    let kinds = [Dns, Connect, Timeout, Tls, Proxy, Closed, BodyTooLarge, BadHttp, Forgotten, NotTried];
    let delivery = if not_sent { Delivery::NotSent } else { Delivery::Unknown };
    let partial = partial.filter(|_| !not_sent).map(|(status, body)| Partial { status: 100 + status % 500, body });
    TransportFailure { partial, ..TransportFailure::new(kinds[usize::from(kind) % kinds.len()], delivery) }
}

fn claim(now: Timestamp) -> Claim {
    let mut enrolment = Enrolment::new(Origin::parse(ORIGIN).unwrap(), None, None);
    let id = enrolment.begin(now).unwrap().id;
    enrolment.handle(now, Input::Response { id, response: Response::new(REGISTERED.into()) }).unwrap();
    let Step::Done(Ok(registration)) = enrolment.poll(now) else { panic!("the enrolment succeeds") };
    Claim::new(&registration, Email::parse("owner@example.com").unwrap())
}

/// Begins, shows and waits until an answer is owed, or the end.
fn settle(claim: &mut Claim, now: &mut Timestamp, last: &mut u64) -> Option<ExchangeId> {
    for _ in 0..8 {
        match claim.poll(*now) {
            Step::Send => {
                let exchange = claim.begin(*now).expect("a request is due");
                assert!(exchange.request.uri().to_string().starts_with("https://app.opentrain.ai/"), "a foreign request");
                assert!(exchange.id.as_u64() > *last, "an id comes twice");
                *last = exchange.id.as_u64();
            }
            Step::InFlight(id) => return Some(id),
            Step::Notify(notice) => {
                assert!(notice.verification_uri.expose().starts_with("https://app.opentrain.ai/"), "a foreign link");
                claim.handle(*now, Input::Notified).expect("the notice is pending");
            }
            Step::Wait { until, .. } => {
                assert!(until > *now, "a wait that is over");
                assert!(claim.clone().begin(*now).is_err(), "a request before its time");
                assert!(until.since(*now) <= Duration::from_secs(5040), "a wait that hangs");
                *now = until;
                claim.handle(*now, Input::Woke).expect("it waits");
            }
            Step::Ask(never) => match never {},
            Step::Done(_) => return None,
        }
    }
    panic!("eight steps without an exchange or an end");
}

fuzz_target!(|ops: Vec<Op>| {
    let mut now = Timestamp::from_unix_ms(1_781_254_800_000);
    let mut claim = claim(now);
    let mut last = 0;
    for op in ops.into_iter().take(200) {
        assert_eq!(claim.poll(now), claim.poll(now), "poll is pure");
        let owed = settle(&mut claim, &mut now, &mut last);
        let Some(id) = owed else {
            let end = claim.poll(now);
            claim
                .handle(now, Input::lost(claim.snapshot().in_flight().unwrap_or_else(|| first_id(&claim))))
                .expect("a terminal state absorbs");
            assert_eq!(claim.poll(now), end);
            assert!(claim.begin(now).is_err(), "a request after the end");
            break;
        };
        match op {
            Op::Reply { status, body } => {
                let body = BODIES[usize::from(body) % BODIES.len()];
                claim.handle(now, Input::Response { id, response: response(status, "", body.into()) }).expect("an answer is owed");
            }
            Op::Garbage { status, header, body } => {
                claim.handle(now, Input::Response { id, response: response(status, &header, body) }).expect("an answer is owed");
            }
            Op::Fail { not_sent, kind, partial } => {
                claim.handle(now, Input::Failed { id, failure: failure(not_sent, kind, partial) }).expect("an answer is owed");
            }
            Op::Advance { ms } => now = now.after(Duration::from_millis(ms.into())),
            Op::Jump { ms } => now = Timestamp::from_unix_ms(now.as_unix_ms().saturating_add(ms % 315_360_000_000)),
            Op::Resume => {
                let json = claim.snapshot().to_json();
                let resumed = Claim::resume(&Snapshot::from_json(json.expose().as_bytes()).expect("our own JSON")).expect("our own state");
                assert!(resumed == claim, "a snapshot changes the state");
                claim = resumed;
            }
            Op::Restart => {
                if let Ok(other) = claim.restart(Email::parse("other@example.com").unwrap()) {
                    claim = other;
                }
            }
            Op::WrongId => {
                let before = claim.clone();
                let stale = first_id(&claim);
                if stale != id {
                    assert!(claim.handle(now, Input::lost(stale)).is_err(), "a stale answer is taken");
                    assert!(claim == before, "misuse changes the state");
                }
            }
        }
    }
});

/// An id that some exchange has had: the first of a fresh claim.
fn first_id(_: &Claim) -> ExchangeId {
    claim(Timestamp::from_unix_ms(0)).begin(Timestamp::from_unix_ms(0)).expect("a start is due").id
}
