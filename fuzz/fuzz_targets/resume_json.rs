//! Reads any file as a snapshot. It is refused, or it is a ceremony that keeps to its origin and its waits and comes to an end.
#![no_main]

use std::time::Duration;

use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::{Ceremony, Input, Origin, Snapshot, Step, Timestamp};
use http::Response;
use libfuzzer_sys::fuzz_target;

/// The longest allowed wait: the longest interval with its margin.
const LONGEST_WAIT: Duration = Duration::from_millis(3600 * 1400);

fuzz_target!(|input: &[u8]| {
    let Ok(snapshot) = Snapshot::from_json(input) else { return };
    let again = Snapshot::from_json(snapshot.to_json().expose().as_bytes()).expect("our own JSON");
    assert!(again == snapshot, "a snapshot changed when it was written and read again");
    let resumed = [
        run(Claim::resume(&snapshot)),
        run(Enrolment::resume(&snapshot)),
        run(BadgeRegistration::resume(&snapshot)),
        run(BadgeRotation::resume(&snapshot)),
    ];
    assert!(resumed.into_iter().filter(|resumed| *resumed).count() <= 1, "a snapshot belongs to two ceremonies");
});

/// Whether the snapshot was resumed. If so, the ceremony runs for a while with answers of `pending`, which delivers nothing.
fn run<C: Ceremony>(ceremony: Result<C, enlist_core::ResumeError>) -> bool {
    let Ok(mut ceremony) = ceremony else { return false };
    let snapshot = ceremony.snapshot();
    let origin = Origin::parse(snapshot.origin()).expect("a resumed ceremony has an origin");
    let mut now = snapshot.saved_at();
    assert!(C::resume(&snapshot).is_ok_and(|again| again.poll(now) == ceremony.poll(now)), "the second resume gave another ceremony");
    for _ in 0..16 {
        match ceremony.poll(now) {
            Step::Send => {
                let exchange = ceremony.begin(now).expect("a request is due");
                assert!(exchange.request.uri().to_string().starts_with(&format!("{origin}/")), "a request went to another origin");
                assert_eq!(ceremony.poll(now), Step::InFlight(exchange.id));
                let response = Response::new(br#"{"error":"authorization_pending"}"#.to_vec());
                ceremony.handle(now, Input::Response { id: exchange.id, response }).expect("an answer is owed");
            }
            Step::InFlight(id) => ceremony.handle(now, Input::lost(id)).expect("an answer is owed"),
            Step::Notify(_) => ceremony.handle(now, Input::Notified).expect("a notice is pending"),
            Step::Wait { until, .. } => {
                assert!(until > now || now == Timestamp::from_unix_ms(i64::MAX), "the wait is already over");
                assert!(until.since(now) <= LONGEST_WAIT, "the wait is too long");
                assert!(ceremony.clone().begin(now).is_err(), "a request began before it was due");
                now = until;
                ceremony.handle(now, Input::Woke).expect("it waits");
            }
            Step::Ask(_) => break,
            Step::Done(end) => {
                assert!(ceremony.begin(now).is_err(), "a request began after the end");
                ceremony.handle(now, Input::Notified).expect("an end absorbs");
                assert!(ceremony.poll(now) == Step::Done(end));
                break;
            }
        }
    }
    true
}
