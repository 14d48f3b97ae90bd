//! Small guarantees of the public types: the values of accessors, limits, and the kinds of misuse.

use std::time::Duration;

use enlist_core::badge::{self, Manifest};
use enlist_core::claim::salvage;
use enlist_core::secret::Otp;
use enlist_core::{
    Ceremony, CeremonyKind, Delivery, Exchange, Failure, FailureCode, Input, Misuse, Recovery, Step, Timestamp, TransportFailure,
    TransportKind,
};

use crate::common::*;

#[test]
fn a_registration_gives_what_the_service_sent() {
    let registration = registration();
    assert_eq!(registration.origin(), &opentrain());
    assert_eq!(registration.registration_id(), Some("reg_1"));
    assert_eq!(registration.access_token().expose(), "ot_pat_8f2a_PRECLAIMPRECLAIM91cd");
    assert_eq!(registration.claim_token().expose(), "ot_clm_CLAIMTOKENCLAIMTOKEN77ab");
    assert_eq!(registration.scopes(), ["jobs:read", "jobs:write"]);
    assert_eq!(registration.claim_token_expires_at(), Timestamp::parse_rfc3339("2026-06-13T09:00:00Z"));
    let least = json(200, r#"{"access_token":"ot_pat_1","claim_token":"ot_clm_2"}"#);
    let least = Bench::new(enrolment(), [least]).run().unwrap();
    assert_eq!((least.registration_id(), least.claim_token_expires_at()), (None, None));
    assert!(least.scopes().is_empty());
}

#[test]
fn a_claim_gives_its_context() {
    let claim = claim();
    assert_eq!(claim.origin(), &opentrain());
    assert_eq!(claim.owner(), &owner());
    assert_eq!(claim.window_expires_at(), Timestamp::parse_rfc3339("2026-06-13T09:00:00Z"));
    assert!(claim.notice().is_none() && !claim.may_be_delivered());
    let mut bench = waiting_claim([lost()]);
    bench.run_on();
    assert!(bench.ceremony.may_be_delivered());
    assert_eq!(bench.ceremony.notice().unwrap().owner, owner());
}

#[test]
fn a_registration_of_an_agent_knows_its_manifest() {
    let registration = sentry_registration();
    let manifest = Manifest::from_json(MANIFEST.as_bytes()).unwrap();
    assert_eq!(registration.origin(), &sentryagent());
    assert_eq!(registration.public_profile(), manifest.public_profile());
    assert_eq!(manifest.mobile_phone().expose(), "+15005550006");
    assert_eq!(badge::TrustTier::Enterprise.as_str(), "enterprise");
    assert!(!registration.may_be_delivered());
    let human = [badge::RegistrationAnswer::ProfileOk, badge::RegistrationAnswer::Otp(Otp::parse("123456").unwrap())];
    let mut bench = Bench::new(registration, [submitted(), texted(), lost()]).answering(human);
    bench.run_on();
    assert!(bench.ceremony.may_be_delivered());
}

#[test]
fn a_snapshot_gives_its_origin_and_its_time() {
    let mut bench = waiting_claim([html(200)]);
    bench.run_on();
    let exchange = bench.begin();
    let snapshot = bench.ceremony.snapshot();
    assert_eq!((snapshot.kind(), snapshot.origin()), (CeremonyKind::Claim, "https://app.opentrain.ai"));
    assert_eq!(snapshot.saved_at(), bench.now);
    assert_eq!(snapshot.in_flight(), Some(exchange.id));
    assert_eq!(snapshot.unreadable().iter().map(|id| id.as_u64()).collect::<Vec<_>>(), [2]);
    assert_eq!((exchange.id.as_u64(), exchange.id.to_string()), (3, "3".to_owned()));
    assert_eq!((exchange.timeout, exchange.max_body), (Duration::from_secs(30), 65_536));
    assert_eq!((Exchange::TIMEOUT, Exchange::MAX_BODY), (Duration::from_secs(30), 65_536));
}

#[test]
fn the_text_of_a_failed_exchange_contains_the_transports_own() {
    let failure = |text: &str| TransportFailure { text: text.into(), ..TransportFailure::new(TransportKind::Connect, Delivery::NotSent) };
    assert_eq!(failure("refused").to_string(), "no connection to the service (refused)");
    assert_eq!(failure("").to_string(), "no connection to the service");
}

#[test]
fn only_a_400_asks_a_person_to_act() {
    let recovery = |status| {
        let end = Bench::new(claim(), [error(status, "x")]).run().unwrap_err();
        assert!(matches!(end, Failure::Rejected(_)), "{end:?}");
        end.recovery()
    };
    assert_eq!(recovery(400), Recovery::AskHuman);
    assert_eq!(recovery(404), Recovery::None);
}

#[test]
fn unsent_tries_are_made_for_ten_seconds_and_no_longer() {
    let second_try_at = |seconds: u64, ms: u64| {
        let mut bench = Bench::new(claim(), []);
        bench.exchange(refused());
        bench.now = START.after(Duration::from_millis(seconds * 1000 + ms));
        bench.exchange(refused());
        matches!(bench.ceremony.poll(bench.now), Step::Done(Err(Failure::GaveUp { .. })))
    };
    assert!(!second_try_at(10, 0));
    assert!(second_try_at(10, 1));
}

#[test]
fn every_failure_code_has_its_own_text_but_one() {
    let mut texts: Vec<_> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
    assert!(texts.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !text.is_empty()));
    texts.sort_unstable();
    texts.dedup();
    // For scripts, an unknown claim token is a rejection.
    assert_eq!(texts.len(), FailureCode::ALL.len() - 1);
}

#[test]
fn a_token_is_salvaged_only_if_it_is_complete() {
    let found = |bytes: &[u8]| salvage(bytes).map(|token| token.expose().to_owned());
    assert_eq!(found(br#"<html>{"access_token":"ot_pat_1_2","x"#).as_deref(), Some("ot_pat_1_2"));
    assert_eq!(found(b"\xff\"ot_pat_1_2\"\xff").as_deref(), Some("ot_pat_1_2"));
    for none in [&b"\"ot_pat_1_2"[..], b"ot_pat_1_2\"", b"\"ot_clm_1\"", b"\"ot_pat_\xff\"", b"\"ot_pat_a b\"", b""] {
        assert_eq!(found(none), None, "{none:?}");
    }
}

#[test]
fn each_misuse_has_its_own_kind() {
    let mut enrolment = enrolment();
    assert_eq!(enrolment.handle(START, Input::Notified), Err(Misuse::NothingToShow));
    assert_eq!(enrolment.handle(START, Input::Answer(enlist_core::claim::EnrolmentAnswer::RegisterAgain)), Err(Misuse::NotAsked));
    let id = enrolment.begin(START).unwrap().id;
    assert_eq!(enrolment.handle(START, Input::Woke), Err(Misuse::NotWaiting));
    enrolment.handle(START, Input::lost(id)).unwrap();
    assert_eq!(enrolment.handle(START, Input::lost(id)), Err(Misuse::NotInFlight(id)));
    assert_eq!(enrolment.handle(START, Input::Woke), Err(Misuse::NotWaiting));

    let mut registration = sentry_registration();
    assert_eq!(registration.handle(START, Input::Notified), Err(Misuse::NothingToShow));
    assert_eq!(registration.handle(START, Input::Woke), Err(Misuse::NotWaiting));
    assert_eq!(registration.handle(START, Input::Answer(badge::RegistrationAnswer::ProfileOk)), Err(Misuse::NotAsked));
    let id = registration.begin(START).unwrap().id;
    registration.handle(START, Input::answered(id, submitted())).unwrap();
    assert_eq!(registration.handle(START, Input::Woke), Err(Misuse::NotWaiting));
    assert_eq!(registration.handle(START, Input::lost(id)), Err(Misuse::NotInFlight(id)));

    let mut claim = claim();
    assert_eq!(claim.handle(START, Input::Notified), Err(Misuse::NothingToShow));
    let id = claim.begin(START).unwrap().id;
    assert_eq!(claim.begin(START).unwrap_err(), Misuse::NothingToSend);
    assert_eq!(claim.restart(owner()).unwrap_err(), Misuse::StillInFlight(id));
    claim.handle(START, Input::answered(id, started())).unwrap();
    assert_eq!(claim.handle(START, Input::Woke), Err(Misuse::NotWaiting));
    let won = waiting_claim([delivered()]);
    let mut won = won;
    won.run().unwrap();
    assert_eq!(won.ceremony.restart(owner()).unwrap_err(), Misuse::Finished);
}

#[test]
fn a_golden_snapshot_can_be_finished() {
    use enlist_core::Snapshot;
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/v1");
    let mut ended = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let snapshot = Snapshot::from_json(&std::fs::read(&path).unwrap()).unwrap();
        // Every answer is lost from here on, so the ceremony ends or asks a question.
        ended += match snapshot.kind() {
            CeremonyKind::Enrolment => ends(enlist_core::claim::Enrolment::resume(&snapshot).unwrap()),
            CeremonyKind::Claim => ends(enlist_core::claim::Claim::resume(&snapshot).unwrap()),
            CeremonyKind::BadgeRotation => ends(badge::BadgeRotation::resume(&snapshot).unwrap()),
            CeremonyKind::BadgeRegistration => ends(badge::BadgeRegistration::resume(&snapshot).unwrap()),
        };
    }
    assert!(ended > 50, "{ended}");
}

fn ends<C: Ceremony>(ceremony: C) -> usize {
    let mut bench = Bench::new(ceremony, std::iter::repeat_with(lost).take(5000));
    bench.now = bench.ceremony.snapshot().saved_at();
    match bench.run_on() {
        Stop::Done(_) | Stop::Asked => 1,
        Stop::ScriptEnded => panic!("the ceremony did not end after 5000 requests"),
    }
}
