//! No Debug and no Display contains a secret or a person's data. A new public type that contains one is added to `shown`.

use std::fmt::Debug;

use crate::common::*;
use enlist_core::badge::{BadgeRegistration, BadgeRotation, Manifest, RegistrationAnswer};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::secret::Otp;
use enlist_core::{Ceremony, CeremonyKind, Input, Snapshot, Step};

/// Parts of every secret that the scripted services send or the human gives.
const CANARIES: [&str; 12] = [
    "PRECLAIM",
    "CLAIMTOKEN",
    "ATTEMPTTOKEN",
    "POSTCLAIM",
    "039218",
    "OTPSESSION",
    "MANIFESTSESS",
    "QkFER0",
    "owner@",
    "dev@",
    "5005550006",
    "123456",
];

pub(crate) fn check(what: &str, text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{what} shows {canary}: {text}");
    }
}

/// Every Debug of a ceremony on its way, with a service that echoes the requests in its errors.
fn walk<C: Ceremony + Debug>(mut bench: Bench<C>) -> Vec<String> {
    let mut shown = Vec::new();
    for _ in 0..100 {
        let step = bench.ceremony.poll(bench.now);
        shown.push(format!("{step:?}"));
        shown.push(format!("{:?}", bench.ceremony));
        shown.push(format!("{:#?} {:?}", bench.ceremony.snapshot(), bench.ceremony.snapshot().to_json()));
        if let Step::Done(Err(failure)) = &step {
            shown.push(format!("{failure} {:?}", failure.server_error()));
        }
        match step {
            Step::Send if !bench.has_answer() => break,
            Step::Send => {
                let answer = bench.next_answer();
                let exchange = bench.begin();
                let input: Input<C::Answer> = Input::answered(exchange.id, answer);
                shown.push(format!("{exchange:?} {:?}", debug_of(&input)));
                bench.handle(input);
            }
            Step::Done(_) => break,
            Step::Ask(_) => bench.answer_next(),
            Step::Notify(_) => bench.handle(Input::Notified),
            Step::Wait { until, .. } => bench.now = until,
            Step::InFlight(id) => bench.handle(Input::lost(id)),
        }
    }
    shown
}

fn debug_of<A: Debug>(input: &Input<A>) -> String {
    format!("{input:?}")
}

fn echo(status: u16) -> Answered {
    let words = "token ot_clm_CLAIMTOKENCLAIMTOKEN77ab of ot_pat_8f2a_PRECLAIMPRECLAIM91cd, eyJhbGciOiJFZERTQSJ9.e30.QkFER0VT for owner@example.com and +15005550006 is bad";
    json(status, &format!(r#"{{"error":"ot_cat_ATTEMPTTOKENATTEMPT12","error_description":"{words}","text":"{words}"}}"#))
}

#[test]
fn no_debug_of_a_ceremony_shows_a_secret() {
    let human = || {
        [
            RegistrationAnswer::ProfileOk,
            RegistrationAnswer::Otp(Otp::parse("123456").unwrap()),
            RegistrationAnswer::Otp(Otp::parse("123456").unwrap()),
        ]
    };
    let plain_echo = || with_headers(500, &[], "ot_clm_CLAIMTOKENCLAIMTOKEN77ab");
    let mut shown = Vec::new();
    shown.extend(walk(Bench::<Enrolment>::new(enrolment(), [refused(), registered()])));
    shown.extend(walk(Bench::<Enrolment>::new(enrolment(), [echo(400)])));
    shown.extend(walk(Bench::<Claim>::new(
        claim(),
        [html(503), pending(), started(), pending(), plain_echo(), cut(200, "ot_pat_9b1c_POSTCLAIM"), delivered()],
    )));
    shown.extend(walk(Bench::<Claim>::new(claim(), [started(), echo(503), echo(400)])));
    shown.extend(walk(
        Bench::<BadgeRegistration>::new(sentry_registration(), [submitted(), texted(), html(401), badge()]).answering(human()),
    ));
    shown.extend(walk(Bench::<BadgeRegistration>::new(sentry_registration(), [submitted(), texted(), echo(410)]).answering(human())));
    assert!(shown.len() > 60);
    for text in &shown {
        check("a Debug", text);
    }
}

#[test]
fn the_public_types_show_only_what_is_public() {
    let mut in_flight = waiting_claim([]);
    in_flight.run_on();
    let exchange = in_flight.begin();
    let failed: Input<RegistrationAnswer> = Input::answered(exchange.id, cut(200, "ot_pat_9b1c_POSTCLAIM"));
    let answered: Input<RegistrationAnswer> = Input::answered(exchange.id, delivered());
    let human: Input<RegistrationAnswer> = Input::Answer(RegistrationAnswer::Otp(Otp::parse("123456").unwrap()));
    let claimed = waiting_claim([delivered()]).run().unwrap();
    let human_answers = [RegistrationAnswer::ProfileOk, RegistrationAnswer::Otp(Otp::parse("123456").unwrap())];
    let identity = Bench::new(sentry_registration(), [submitted(), texted(), badge()]).answering(human_answers).run().unwrap();
    let shown = format!(
        "{exchange:#?}\n{failed:?}\n{answered:?}\n{human:?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:?}",
        registration(),
        in_flight.ceremony.notice(),
        in_flight.ceremony,
        claimed,
        identity,
        Manifest::from_json(MANIFEST.as_bytes()),
        in_flight.ceremony.snapshot(),
    );
    check("a public type", &shown);
    insta::assert_snapshot!(shown);
}

/// The text of every failure in the golden snapshots.
#[test]
fn the_text_of_every_failure() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/v1");
    let mut words: Vec<_> = std::fs::read_dir(dir).unwrap().filter_map(|entry| failure_in(&entry.unwrap().path())).collect();
    words.sort();
    assert!(words.len() > 15);
    insta::assert_snapshot!(words.join("\n"));
}

fn failure_in(path: &std::path::Path) -> Option<String> {
    let snapshot = Snapshot::from_json(&std::fs::read(path).unwrap()).unwrap();
    let failure = match snapshot.kind() {
        CeremonyKind::Claim => failure_of(&Claim::resume(&snapshot).unwrap()),
        CeremonyKind::Enrolment => failure_of(&Enrolment::resume(&snapshot).unwrap()),
        CeremonyKind::BadgeRotation => failure_of(&BadgeRotation::resume(&snapshot).unwrap()),
        CeremonyKind::BadgeRegistration => failure_of(&BadgeRegistration::resume(&snapshot).unwrap()),
    }?;
    check("a failure", &failure);
    Some(failure)
}

fn failure_of<C: Ceremony>(ceremony: &C) -> Option<String> {
    match ceremony.poll(START) {
        Step::Done(Err(failure)) => Some(format!("{}: {failure} -> {:?}", failure.code().as_str(), failure.recovery())),
        _ => None,
    }
}
