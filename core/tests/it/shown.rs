//! The Debug of every public type, with canaries in every field that can contain a secret. A new public type needs a row here.

use std::collections::BTreeMap;
use std::fmt::Debug;

use enlist_core::badge::{self, Manifest};
use enlist_core::claim::Label;
use enlist_core::secret::{Email, Otp};
use enlist_core::*;

use crate::common::*;
use crate::redaction::check;
use crate::shown_calls;
use crate::sources::public_types;

const ECHO: &str =
    r#"{"error":"ot_cat_ATTEMPTTOKENATTEMPT12","error_description":"ot_pat_8f2a_PRECLAIMPRECLAIM91cd of owner@example.com"}"#;

fn failure<C: Ceremony>(bench: &Bench<C>) -> Failure {
    let Step::Done(Err(failure)) = bench.ceremony.poll(bench.now) else { panic!("the ceremony did not fail") };
    failure
}

/// The module and name of each public type, and its Debug (and its Display, if it has one).
fn shown() -> BTreeMap<&'static str, String> {
    let debug = |value: &dyn Debug| format!("{value:?}");
    let mut rejected = Bench::new(claim(), [json(400, ECHO)]);
    rejected.run_on();
    let rejected = failure(&rejected);
    let server_error = rejected.server_error().unwrap().clone();
    let mut waiting = waiting_claim([]);
    waiting.run_on();
    let exchange = waiting.begin();
    let answered: Input<claim::EnrolmentAnswer> = Input::answered(exchange.id, delivered());
    let Err(transport) = cut(200, "ot_pat_9b1c_POSTCLAIM") else { panic!("the answer was not cut off") };
    let partial = transport.partial.clone().unwrap();
    let human = [badge::RegistrationAnswer::ProfileOk, badge::RegistrationAnswer::Otp(Otp::parse("123456").unwrap())];
    let mut wrong = Bench::new(sentry_registration(), [submitted(), texted(), json(401, ECHO)]).answering(human.clone());
    wrong.run_on();
    let prompt = wrong.prompts.last().unwrap().clone();
    let badge::RegistrationPrompt::Otp { reason, .. } = prompt.clone() else { panic!("the prompt does not ask for a code") };
    let identity = Bench::new(sentry_registration(), [submitted(), texted(), badge()]).answering(human.clone()).run().unwrap();
    let manifest = Manifest::from_json(MANIFEST.as_bytes()).unwrap();
    let misspelt = MANIFEST.replacen('{', r#"{"owner@example.com":1,"ot_pat_8f2a_PRECLAIM":2,"#, 1);
    let bad_manifest = Manifest::from_json(misspelt.as_bytes()).unwrap_err();
    let badge::ManifestError::Fields(fields) = bad_manifest.clone() else { panic!("the error lists no fields") };
    let mut lost_enrolment = Bench::new(enrolment(), [lost()]);
    lost_enrolment.run_on();
    let violation = Violation::ForeignOrigin { field: "x".into(), origin: Untrusted::new("https://ot_cat_ATTEMPTTOKEN.example") };
    let snapshot = waiting.ceremony.snapshot();
    let bad_input = Email::parse("owner@").unwrap_err();
    let resume = Snapshot::from_json(br#"{"claim_token":"ot_clm_CLAIMTOKEN"}"#).unwrap_err();
    let mut rows = BTreeMap::from([
        ("Delivery", debug(&Delivery::Unknown)),
        ("Exchange", debug(&exchange)),
        ("ExchangeId", debug(&exchange.id)),
        ("Body", debug(exchange.request.body())),
        ("CeremonyKind", format!("{:?} {}", snapshot.kind(), snapshot.kind())),
        ("Failure", format!("{rejected:?} {rejected}")),
        ("FailureCode", debug(&rejected.code())),
        ("Input", debug(&answered)),
        ("Misuse", debug(&Misuse::NotInFlight(exchange.id))),
        ("Origin", debug(&opentrain())),
        ("Partial", debug(&partial)),
        ("Recovery", debug(&rejected.recovery())),
        ("ResumeError", format!("{resume:?} {resume}")),
        ("SaidBy", debug(&SaidBy::Service)),
        ("ServerError", format!("{server_error:?} {server_error}")),
        ("Service", debug(&Service::OpenTrain)),
        ("Settle", debug(&Settle::not_sent(&mut waiting.ceremony.clone(), exchange.id, START))),
        ("Snapshot", debug(&snapshot)),
        ("SnapshotJson", debug(&snapshot.to_json())),
        ("Step", debug(&waiting.ceremony.poll(waiting.now))),
        ("Timestamp", debug(&START)),
        ("TransportFailure", format!("{transport:?} {transport}")),
        ("TransportKind", debug(&transport.kind)),
        ("Trouble", debug(&Trouble::Server(server_error.clone()))),
        ("Untrusted", debug(server_error.description.as_ref().unwrap())),
        ("Violation", format!("{violation:?} {violation}")),
        ("WaitReason", debug(&WaitReason::Trouble(transport.into()))),
        ("claim::EnrolmentAnswer", debug(&claim::EnrolmentAnswer::RegisterAgain)),
        ("claim::Claim", debug(&waiting.ceremony)),
        ("claim::ClaimedToken", debug(&waiting_claim([delivered()]).run().unwrap())),
        ("claim::Dialect", debug(&claim::Dialect::OpenTrain)),
        ("claim::EnterCode", debug(&waiting.ceremony.notice())),
        ("claim::Enrolment", debug(&enrolment())),
        ("claim::Label", debug(&Label::parse("An agent"))),
        ("claim::EnrolmentPrompt", debug(&lost_enrolment.prompts)),
        ("claim::Registration", debug(&registration())),
        ("secret::BadInput", format!("{bad_input:?} {bad_input}")),
        ("secret::Secret", debug(&(owner(), Otp::parse("123456"), identity.badge()))),
        ("badge::RegistrationAnswer", debug(&human)),
        ("badge::Did", debug(&identity.did())),
        ("badge::FieldError", debug(&fields)),
        ("badge::Identity", debug(&identity)),
        ("badge::Manifest", debug(&manifest)),
        ("badge::ManifestError", format!("{bad_manifest:?} {bad_manifest}")),
        ("badge::OtpReason", debug(&reason)),
        ("badge::RegistrationPrompt", debug(&prompt)),
        ("badge::PublicProfile", debug(manifest.public_profile())),
        ("badge::BadgeRegistration", debug(&wrong.ceremony)),
        ("badge::TrustTier", debug(&manifest.public_profile().trust_tier)),
    ]);
    rows.extend(shown_calls::rows());
    rows
}

#[test]
fn every_public_type_has_a_row_and_shows_no_secret() {
    let shown = shown();
    for (name, text) in &shown {
        check(name, text);
    }
    let found = public_types();
    assert!(found.len() > 40);
    let missing: Vec<_> = found.iter().filter(|name| !shown.contains_key(name.as_str())).collect();
    assert!(missing.is_empty(), "public types without a row in `shown`: {missing:?}");
    let gone: Vec<_> = shown.keys().filter(|name| !found.iter().any(|found| found == *name)).collect();
    assert!(gone.is_empty(), "rows for types that no longer exist: {gone:?}");
    insta::assert_snapshot!(shown.iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>().join("\n"));
}
