//! The rotation: it asks verify first, is sent once, and a lost answer is settled by verify. Its golden snapshots are in
//! `golden/v1_rotation` and are written like those of `snapshots.rs`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::common::*;
use enlist_core::badge::{BadgeRegistration, BadgeRotation, RotationAnswer, RotationPrompt};
use enlist_core::secret::Badge;
use enlist_core::{
    Ceremony, Delivery, Failure, FailureCode, Input, Misuse, Recovery, ResumeError, Service, Snapshot, Step, TransportKind, Trouble,
};

const OLD: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIn0.QkFER0VTSUdOQVRVUkU";

fn rotation() -> BadgeRotation {
    BadgeRotation::new(sentryagent(), Badge::parse(OLD).unwrap())
}

fn bench(answers: impl IntoIterator<Item = Answered>) -> Bench<BadgeRotation> {
    Bench::new(rotation(), answers)
}

/// A rotation whose old badge is valid, followed by these answers.
fn checked(answers: impl IntoIterator<Item = Answered>) -> Bench<BadgeRotation> {
    bench([valid()].into_iter().chain(answers))
}

fn valid() -> Answered {
    json(200, r#"{"valid":true,"did":"did:sentryagent:abc123","public_profile":{"agent_name":"My AI Agent"}}"#)
}

fn not_valid() -> Answered {
    json(200, r#"{"valid":false}"#)
}

fn rotated() -> Answered {
    json(
        200,
        r#"{"new_badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.TkVXQkFER0VTSUc","new_did":"did:sentryagent:xyz789","rotated_at":"2026-06-01T10:05:00.000Z"}"#,
    )
}

fn paths(bench: &Bench<BadgeRotation>) -> Vec<&str> {
    bench.sent.iter().map(|sent| sent.split(' ').nth(1).unwrap()).collect()
}

fn rotations(bench: &Bench<BadgeRotation>) -> usize {
    paths(bench).iter().filter(|path| **path == "/v1/rotate").count()
}

#[test]
fn verify_comes_first_and_the_new_badge_once() {
    let mut bench = checked([rotated()]);
    let rotated = bench.run().unwrap();
    assert_eq!(bench.sent, [format!(r#"POST /v1/verify {{"badge":"{OLD}"}}"#), format!(r#"POST /v1/rotate {{"badge":"{OLD}"}}"#)]);
    assert_eq!(rotated.did().unwrap().as_str(), "did:sentryagent:xyz789");
    assert!(rotated.badge().expose().ends_with(".TkVXQkFER0VTSUc") && rotated.rotated_at().is_some());
}

#[test]
fn only_a_rotation_delivers_and_it_has_more_than_its_thirty_seconds() {
    let mut bench = checked([]);
    bench.run_on();
    let exchange = bench.begin();
    assert!(exchange.delivers && exchange.timeout > Duration::from_secs(30));
    assert!(exchange.request.headers()["authorization"].is_sensitive());
    let mut first = bench_at_start();
    let exchange = first.begin();
    assert!(!exchange.delivers && exchange.timeout == Duration::from_secs(10));
}

fn bench_at_start() -> Bench<BadgeRotation> {
    bench([])
}

#[test]
fn nothing_is_rotated_unless_the_service_says_that_the_badge_is_valid() {
    let code = |answers: Vec<Answered>| {
        let mut bench = bench(answers);
        let code = bench.run().unwrap_err().code();
        assert_eq!(rotations(&bench), 0);
        (code, bench.sent.len())
    };
    assert_eq!(code(vec![not_valid()]), (FailureCode::BadgeInvalid, 1));
    assert_eq!(code(vec![json(200, r#"{"valid":"true"}"#)]), (FailureCode::ProtocolViolation, 1));
    assert_eq!(code(vec![html(400)]), (FailureCode::Rejected, 1));
    assert_eq!(code(vec![html(429)]), (FailureCode::RateLimited, 1));
    assert_eq!(code(vec![html(302)]), (FailureCode::ProtocolViolation, 1));
    assert_eq!(code(vec![lost(), html(200), html(502)]), (FailureCode::Busy, 3));
    assert_eq!(code(vec![refused(), refused(), refused()]), (FailureCode::Network, 3));
    assert_eq!(code(vec![html(503), html(503), html(503), html(503)]), (FailureCode::Busy, 4));
    assert_eq!(bench([not_valid()]).run().unwrap_err().recovery(), Recovery::Reregister);
}

#[test]
fn only_a_rotation_that_was_not_sent_is_tried_again() {
    let mut bench = checked([refused(), refused(), rotated()]);
    assert!(bench.run().is_ok());
    assert_eq!(rotations(&bench), 3);
    let mut bench = checked([refused(), refused(), refused()]);
    assert_eq!(bench.run().unwrap_err().code(), FailureCode::Network);
    for answer in [lost(), html(500), html(502), html(503), html(504), html(200), cut(200, "{\"new"), html(401), html(409), html(307)] {
        let mut bench = checked([answer.clone(), not_valid()]);
        bench.run().unwrap_err();
        assert_eq!(rotations(&bench), 1, "{answer:?}");
    }
}

#[test]
fn the_answer_and_verify_together_decide_what_happened() {
    use FailureCode::{AnswerLost, BadgeInvalid, Busy, CredentialLost, CredentialUnreadable, ProtocolViolation, RateLimited, Rejected};
    let without_badge = || json(200, r#"{"new_did":"did:sentryagent:xyz789"}"#);
    let the_old_one = || json(200, &format!(r#"{{"new_badge":"{OLD}"}}"#));
    type Row = (fn() -> Answered, FailureCode, FailureCode);
    let rows: [Row; 18] = [
        (lost, CredentialLost, AnswerLost),
        (|| html(500), CredentialLost, AnswerLost),
        (|| html(504), CredentialLost, AnswerLost),
        (|| html(503), CredentialLost, Busy),
        (|| html(200), CredentialUnreadable, AnswerLost),
        (|| cut(200, "{\"new_badge\":\"eyJ"), CredentialUnreadable, AnswerLost),
        (|| html(302), CredentialLost, ProtocolViolation),
        (|| error(401, "invalid_badge"), BadgeInvalid, Rejected),
        // No page says what became of the rotation.
        (|| html(401), CredentialLost, Rejected),
        (|| html(410), CredentialLost, Rejected),
        (|| html(400), CredentialLost, Rejected),
        (|| html(403), CredentialLost, Rejected),
        (|| error(403, "access_denied"), CredentialLost, Rejected),
        (|| html(404), CredentialLost, Rejected),
        (|| html(429), CredentialLost, RateLimited),
        (|| html(408), CredentialLost, Rejected),
        (|| html(409), CredentialLost, Rejected),
        (|| json(200, r#"{"error":"x"}"#), CredentialLost, Rejected),
    ];
    for (answer, dead, alive) in rows {
        assert_eq!(checked([answer(), not_valid()]).run().unwrap_err().code(), dead, "{:?}", answer());
        let mut bench = checked([answer(), valid(), valid(), valid()]);
        assert_eq!(bench.run().unwrap_err().code(), alive, "{:?}", answer());
        assert_eq!(rotations(&bench), 1);
    }
    for answer in [without_badge(), the_old_one()] {
        assert_eq!(checked([answer, not_valid()]).run().unwrap_err().code(), CredentialUnreadable);
    }
}

#[test]
fn a_valid_old_badge_counts_only_when_the_rotation_must_be_over() {
    let mut bench = checked([lost(), valid(), valid(), valid()]);
    assert!(matches!(bench.run(), Err(Failure::NotRotated { trouble: Trouble::Transport(_) })));
    assert_eq!(bench.waited(), [0.0, 2.0, 8.0, 20.0, 0.0], "the last verify is 30 s after the rotation");
    // The rotation was carried out in the meantime.
    assert_eq!(checked([lost(), valid(), not_valid()]).run(), Err(Failure::CredentialLost { service: Service::SentryAgent }));
    // A rotation that the service itself refused is over.
    let mut bench = checked([error(401, "x"), valid()]);
    assert_eq!((bench.run().unwrap_err().code(), bench.waited()), (FailureCode::Rejected, vec![0.0, 2.0, 0.0]));
    let mut bench = checked([html(403), valid(), valid(), valid()]);
    assert_eq!((bench.run().unwrap_err().code(), bench.waited()), (FailureCode::Rejected, vec![0.0, 2.0, 8.0, 20.0, 0.0]));
    // A rotation that timed out after a minute is over.
    let mut bench = checked([]);
    bench.run_on();
    let exchange = bench.begin();
    bench.now = bench.now.after(Duration::from_secs(60));
    bench.handle(Input::answered(exchange.id, failed(TransportKind::Timeout, Delivery::Unknown)));
    bench.then([valid()]);
    assert!(matches!(bench.run(), Err(Failure::NotRotated { .. })));
}

#[test]
fn after_five_verify_calls_within_two_minutes_a_person_is_asked() {
    let silence = || [lost(), html(503), html(200), refused(), html(429)];
    let mut bench = checked([lost()].into_iter().chain(silence()));
    assert_eq!(bench.run_on(), Stop::Asked);
    assert_eq!(bench.waited(), [0.0, 2.0, 8.0, 20.0, 30.0, 60.0, 0.0]);
    assert!(matches!(&bench.prompts[..], [RotationPrompt::VerifyAgain { trouble: Trouble::Transport(_) }]));
    assert!(bench.ceremony.may_be_delivered());
    assert_eq!(bench.ceremony.begin(bench.now).err(), Some(Misuse::NothingToSend));
    // After the answer, verify is called again at once and as often.
    let mut bench = bench.answering([RotationAnswer::VerifyAgain, RotationAnswer::VerifyAgain]);
    bench.then(silence().into_iter().chain([valid()]));
    assert!(matches!(bench.run(), Err(Failure::NotRotated { .. })));
    assert_eq!(rotations(&bench), 1);
}

#[test]
fn retry_after_is_kept_while_asking() {
    let later = |status| with_headers(status, &[("retry-after", "100")], "");
    let mut bench = checked([later(503), later(429), valid()]);
    assert_eq!(bench.run().unwrap_err().code(), FailureCode::Busy);
    assert_eq!(bench.waited(), [0.0, 100.0, 100.0, 0.0]);
}

#[test]
fn a_clock_put_back_a_day_delays_by_one_wait() {
    let mut bench = checked([lost(), not_valid()]);
    bench.jumps.push_back(-86_400);
    bench.run().unwrap_err();
    assert_eq!(bench.waited(), [0.0, 4.0, 0.0]);
}

#[test]
fn a_process_that_ends_loses_nothing() {
    // The process ends before the rotation was sent: the old badge is verified again, however late it is.
    let mut before = checked([]);
    before.run_on();
    before.ceremony = before.restarted();
    before.then([not_valid()]);
    assert_eq!(before.run(), Err(Failure::BadgeInvalid));
    // The process ends after the rotation was sent: it is never sent again, and the journaled answer is used.
    let mut after = checked([]);
    after.run_on();
    let exchange = after.begin();
    after.ceremony = after.restarted();
    assert!(after.ceremony.may_be_delivered());
    assert_eq!(after.ceremony.poll(after.now), Step::InFlight(exchange.id));
    let mut journaled = after.ceremony.clone();
    journaled.handle(after.now, Input::answered(exchange.id, rotated())).unwrap();
    assert!(matches!(journaled.poll(after.now), Step::Done(Ok(_))));
    // Without a journal the answer is lost. Half a minute later, one answer of verify is enough.
    after.now = after.now.after(Duration::from_secs(31));
    after.then([valid()]);
    assert!(matches!(after.run(), Err(Failure::NotRotated { .. })));
    assert_eq!(rotations(&after), 1);
}

#[test]
fn a_request_that_the_driver_did_not_send_uses_no_try() {
    let mut bench = checked([]);
    bench.run_on();
    let exchange = bench.begin();
    bench.handle(Input::not_sent(exchange.id));
    assert!(!bench.ceremony.may_be_delivered());
    bench.then([lost()]);
    assert_eq!(bench.run_on(), Stop::ScriptEnded);
    for _ in 0..10 {
        let exchange = bench.begin();
        bench.handle(Input::not_sent(exchange.id));
    }
    bench.then([not_valid()]);
    assert_eq!(bench.run().unwrap_err().code(), FailureCode::CredentialLost);
}

#[test]
fn an_input_that_does_not_fit_is_misuse_and_changes_nothing() {
    let mut bench = checked([]);
    bench.run_on();
    let exchange = bench.begin();
    let before = bench.ceremony.clone();
    let stale = { BadgeRotation::new(sentryagent(), Badge::parse(OLD).unwrap()).begin(START).unwrap().id };
    for (input, misuse) in [
        (Input::answered(stale, rotated()), Misuse::NotInFlight(stale)),
        (Input::Answer(RotationAnswer::VerifyAgain), Misuse::NotAsked),
        (Input::Notified, Misuse::NothingToShow),
        (Input::Woke, Misuse::NotWaiting),
    ] {
        assert_eq!(bench.ceremony.handle(bench.now, input), Err(misuse));
        assert_eq!(bench.ceremony, before);
    }
    bench.handle(Input::answered(exchange.id, rotated()));
    let end = bench.ceremony.poll(bench.now);
    bench.handle(Input::Woke);
    assert_eq!(bench.ceremony.poll(bench.now), end);
}

// Snapshots

fn golden_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1_rotation")
}

/// Each state that can be saved, with its name.
fn gallery() -> Vec<(&'static str, BadgeRotation)> {
    let stopped = |mut bench: Bench<BadgeRotation>| {
        bench.run_on();
        bench.ceremony
    };
    let in_flight = |mut bench: Bench<BadgeRotation>| {
        bench.run_on();
        bench.begin();
        bench.ceremony
    };
    let after_one = |mut bench: Bench<BadgeRotation>| {
        bench.exchange(lost());
        bench.ceremony
    };
    let probing = {
        let mut bench = checked([]);
        bench.run_on();
        bench.exchange(html(200));
        bench.ceremony
    };
    let silence = || (0..5).map(|_| lost());
    let damaged = cut(200, r#"{"new_badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.TkVXQkFER0VTSUc","#);
    vec![
        ("rotation.checking", stopped(bench([]))),
        ("rotation.checking_in_flight", in_flight(bench([]))),
        ("rotation.checking_again", after_one(bench([]))),
        ("rotation.rotating_in_flight", in_flight(checked([]))),
        ("rotation.probing", probing),
        ("rotation.probe_with_candidate_in_flight", in_flight(checked([damaged]))),
        ("rotation.probe_in_flight", in_flight(checked([lost()]))),
        ("rotation.asking", stopped(checked([lost()].into_iter().chain(silence())))),
        ("rotation.rotated", stopped(checked([rotated()]))),
        ("rotation.lost", stopped(checked([lost(), not_valid()]))),
        ("rotation.unreadable", stopped(checked([html(200), not_valid()]))),
        ("rotation.badge_invalid", stopped(bench([not_valid()]))),
        ("rotation.not_rotated", stopped(checked([lost(), valid(), valid(), valid()]))),
    ]
}

#[test]
fn every_state_survives_being_saved() {
    let mut names = BTreeSet::new();
    for (name, rotation) in gallery() {
        names.insert(format!("{name}.json"));
        let json = rotation.snapshot().to_json();
        let path = golden_dir().join(format!("{name}.json"));
        if !path.exists() && std::env::var_os("ENLIST_WRITE_GOLDEN").is_some() {
            std::fs::create_dir_all(golden_dir()).unwrap();
            std::fs::write(&path, json.expose()).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(golden, json.expose(), "{name}: the stored form has changed, which needs a new version");
        let snapshot = Snapshot::from_json(golden.as_bytes()).unwrap();
        assert_eq!(snapshot, rotation.snapshot(), "{name}");
        assert_eq!(BadgeRotation::resume(&snapshot).unwrap(), rotation, "{name}");
        assert!(matches!(BadgeRegistration::resume(&snapshot), Err(ResumeError::OtherCeremony { .. })));
    }
    let files: BTreeSet<_> =
        std::fs::read_dir(golden_dir()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, names, "a golden file has no state");
}

#[test]
fn a_rotation_that_was_only_due_is_saved_as_its_beginning() {
    let mut bench = checked([]);
    bench.run_on();
    let resumed = bench.restarted();
    assert_eq!(resumed.poll(bench.now), Step::Send);
    bench.ceremony = resumed;
    bench.begin();
    assert_eq!(paths(&bench).last(), Some(&"/v1/verify"));
}

#[test]
fn an_invalid_snapshot_is_refused() {
    let good = std::fs::read_to_string(golden_dir().join("rotation.rotating_in_flight.json")).unwrap();
    let edit = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        Snapshot::from_json(good.replacen(from, to, 1).as_bytes()).and_then(|snapshot| BadgeRotation::resume(&snapshot)).unwrap_err()
    };
    assert_eq!(edit(r#""phase":{"in_flight":{"id":2}}"#, r#""phase":"due""#), ResumeError::Invalid { what: "rotation" });
    assert_eq!(edit(r#"{"id":2}"#, r#"{"id":3}"#), ResumeError::Invalid { what: "exchange ids" });
    assert_eq!(edit(r#""badge":"eyJ"#, r#""badge":" eyJ"#), ResumeError::Invalid { what: "badge" });
    assert_eq!(edit("https://identity", "http://identity"), ResumeError::Invalid { what: "origin" });
    assert_eq!(edit(r#""unreadable":[]"#, r#""unreadable":[],"x":1"#), ResumeError::Invalid { what: "members" });
}

/// The text of every end. No Debug contains a secret.
#[test]
fn no_secret_is_shown() {
    let mut shown = String::new();
    for (name, rotation) in gallery() {
        let step = rotation.poll(START);
        shown += &format!("{name} {rotation:?} {:?} {step:?}", rotation.snapshot());
        if let Step::Done(Err(failure)) = step {
            shown += &format!("{failure}");
            assert!(failure.to_string().len() < 200, "{failure}");
        }
    }
    for secret in ["QkFER0", "TkVXQk", "eyJz"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
