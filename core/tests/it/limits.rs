//! The longest possible waits, and further values that a snapshot must restore.

use crate::common::*;
use enlist_core::claim::Claim;
use enlist_core::{Ceremony, Delivery, ResumeError, Snapshot, Step, Timestamp, TransportFailure, TransportKind};

fn started_with(interval: u32) -> Answered {
    json(
        200,
        &format!(
            r#"{{"user_code":"7","verification_uri":"https://app.opentrain.ai/claim?token=ot_cat_x","expires_in":86400,"interval":{interval}}}"#
        ),
    )
}

/// An interval of an hour with the margin of a slowed poll, and a back-off and a `Retry-After` of an hour.
#[test]
fn the_longest_wait_survives_being_saved_and_a_longer_one_is_refused() {
    let hour = |status| with_headers(status, &[("retry-after", "3600")], r#"{"error":"slow_down"}"#);
    let mut bench = Bench::new(claim(), [started_with(3600), hour(400)]);
    bench.run_on();
    let waiting = |now: Timestamp| match bench.ceremony.poll(now) {
        Step::Wait { until, .. } => until.since(now).as_secs(),
        step => panic!("{step:?}"),
    };
    let before = bench.now.before(std::time::Duration::from_secs(5040));
    assert_eq!(waiting(before), 5040);
    assert_eq!(bench.restarted(), bench.ceremony);
    let json = bench.ceremony.snapshot().to_json().expose().to_owned();
    let resume = |from: &str, to: &str| {
        assert!(json.contains(from), "{from} in {json}");
        Snapshot::from_json(json.replace(from, to).as_bytes()).and_then(|snapshot| Claim::resume(&snapshot)).map(|_| ())
    };
    let invalid = |what| Err(ResumeError::Invalid { what });
    assert_eq!(resume(r#""gap_ms":5040000"#, r#""gap_ms":5040001"#), invalid("wait"));
    assert_eq!(resume(r#""interval":3600,"slowed""#, r#""interval":3601,"slowed""#), invalid("pace"));
    assert_eq!(resume(r#""backoff":0"#, r#""backoff":3600"#), Ok(()));
    assert_eq!(resume(r#""backoff":0"#, r#""backoff":3601"#), invalid("pace"));
    assert_eq!(resume(r#""retry_after":3600}"#, r#""retry_after":3601}"#), invalid("pace"));
}

#[test]
fn the_snapshot_of_every_ceremony_gives_the_exchange_in_flight() {
    let mut enrolment = Bench::new(enrolment(), []);
    assert_eq!(enrolment.ceremony.snapshot().in_flight(), None);
    let id = enrolment.begin().id;
    assert_eq!(enrolment.ceremony.snapshot().in_flight(), Some(id));
    let mut submitting = Bench::new(sentry_registration(), []);
    let id = submitting.begin().id;
    assert_eq!(submitting.ceremony.snapshot().in_flight(), Some(id));
}

/// The text of a problem helps a person to find the cause, after a restart too.
#[test]
fn a_saved_problem_keeps_its_text() {
    let mut bench = waiting_claim([]);
    bench.run_on();
    let failure = TransportFailure::new(TransportKind::Connect, Delivery::NotSent);
    bench.exchange(Err(TransportFailure { text: "connection refused by 127.0.0.1".into(), ..failure }));
    let words = |claim: &Claim| format!("{:?}", claim.poll(bench.now));
    assert!(words(&bench.ceremony).contains("refused by 127.0.0.1"));
    assert_eq!(words(&bench.restarted()), words(&bench.ceremony));
    assert_eq!(bench.restarted(), bench.ceremony);
}
