//! Any file as a snapshot: refused, or a ceremony that keeps to its origin, to its waits, and to an end.
#![no_main]

use std::time::Duration;

use enlist_core::claim::{Claim, Enrolment};
use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::{Ceremony, Input, Origin, Snapshot, Step, Timestamp};
use http::Response;
use libfuzzer_sys::fuzz_target;

/// No wait is longer than the longest interval and its margin.
const LONGEST_WAIT: Duration = Duration::from_millis(3600 * 1400);

fuzz_target!(|input: &[u8]| {
    let Ok(snapshot) = Snapshot::from_json(input) else { return };
    let again = Snapshot::from_json(snapshot.to_json().expose().as_bytes()).expect("our own JSON");
    assert!(again == snapshot, "what is written is not what was read");
    let resumed = [
        run(Claim::resume(&snapshot)),
        run(Enrolment::resume(&snapshot)),
        run(BadgeRegistration::resume(&snapshot)),
        run(BadgeRotation::resume(&snapshot)),
    ];
    assert!(resumed.into_iter().filter(|resumed| *resumed).count() <= 1, "a snapshot of two ceremonies");
});

/// Whether it was resumed. If so, it is run a while: every answer says `pending`, which is none of a success.
fn run<C: Ceremony>(ceremony: Result<C, enlist_core::ResumeError>) -> bool {
    let Ok(mut ceremony) = ceremony else { return false };
    let snapshot = ceremony.snapshot();
    let origin = Origin::parse(snapshot.origin()).expect("a resumed ceremony has an origin");
    let mut now = snapshot.saved_at();
    assert!(C::resume(&snapshot).is_ok_and(|again| again.poll(now) == ceremony.poll(now)), "resumed twice, it is another");
    for _ in 0..16 {
        match ceremony.poll(now) {
            Step::Send => {
                let exchange = ceremony.begin(now).expect("a request is due");
                assert!(exchange.request.uri().to_string().starts_with(&format!("{origin}/")), "a foreign request");
                assert_eq!(ceremony.poll(now), Step::InFlight(exchange.id));
                let response = Response::new(br#"{"error":"authorization_pending"}"#.to_vec());
                ceremony.handle(now, Input::Response { id: exchange.id, response }).expect("an answer is owed");
            }
            Step::InFlight(id) => ceremony.handle(now, Input::lost(id)).expect("an answer is owed"),
            Step::Notify(_) => ceremony.handle(now, Input::Notified).expect("a notice is pending"),
            Step::Wait { until, .. } => {
                assert!(until > now || now == Timestamp::from_unix_ms(i64::MAX), "a wait that is over");
                assert!(until.since(now) <= LONGEST_WAIT, "a wait that hangs");
                assert!(ceremony.clone().begin(now).is_err(), "a request before its time");
                now = until;
                ceremony.handle(now, Input::Woke).expect("it waits");
            }
            Step::Ask(_) => break,
            Step::Done(end) => {
                assert!(ceremony.begin(now).is_err(), "a request after the end");
                ceremony.handle(now, Input::Notified).expect("an end absorbs");
                assert!(ceremony.poll(now) == Step::Done(end));
                break;
            }
        }
    }
    true
}
