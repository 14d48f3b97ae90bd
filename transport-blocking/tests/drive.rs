//! Tests the order of the loop, and what becomes of a ceremony when its host fails or pauses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use common::diary::{Answered, Diary, Failed, drive};
use enlist_blocking::{DriveError, Ending, SimpleHost};
use enlist_core::badge;
use enlist_core::claim::{Claim, ClaimedToken, Enrolment, EnrolmentAnswer, EnrolmentPrompt, Registration};
use enlist_core::secret::{Email, Otp};
use enlist_core::{
    Ceremony, Delivery, Exchange, ExchangeId, ExchangeResult, Failure, Misuse, Origin, Partial, Step, Store, TransportFailure,
    TransportKind,
};
use http::Response;

fn json(status: u16, body: &str) -> Answered {
    Ok(Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap())
}

fn registered() -> Answered {
    json(
        200,
        r#"{"access_token":"ot_pat_8f2a_PRECLAIM","token_type":"bearer","scopes":[],"claim_token":"ot_clm_CLAIM",
        "claim_endpoint":"http://127.0.0.1/claim","token_endpoint":"http://127.0.0.1/token",
        "grant_type":"urn:opentrain:agent-auth:grant-type:claim"}"#,
    )
}

fn started() -> Answered {
    json(200, r#"{"user_code":"039218","verification_uri":"http://127.0.0.1/claim?token=x","expires_in":1800,"interval":5}"#)
}

fn pending() -> Answered {
    json(400, r#"{"error":"authorization_pending"}"#)
}

fn delivered() -> Answered {
    json(200, r#"{"access_token":"ot_pat_9b1c_POSTCLAIM"}"#)
}

fn cut() -> Answered {
    let partial = Some(Partial { status: 200, body: b"{\"access_tok".to_vec() });
    Err(TransportFailure { partial, ..TransportFailure::new(TransportKind::Closed, Delivery::Unknown) })
}

fn enrolment() -> Enrolment {
    Enrolment::new(Origin::parse("http://127.0.0.1").unwrap(), None, None)
}

fn claim() -> Claim {
    let mut host = Diary::new();
    let Ending::Finished(Ok(registration)) = run(&mut enrolment(), &mut host, [registered()]).unwrap() else { panic!() };
    Claim::new(&registration, Email::parse("ada@example.com").unwrap())
}

/// A claim that has been started and polled once, and its host, which paused at the second wait.
fn paused_claim() -> (Claim, Diary<Claim>) {
    let (mut claim, mut host) = (claim(), Diary::new());
    host.leaves = true;
    assert_eq!(run(&mut claim, &mut host, [started()]), Ok(Ending::Paused));
    host.leaves = false;
    host.calls.borrow_mut().clear();
    (claim, host)
}

type Driven<O> = Result<Ending<O>, DriveError<Failed, Failed>>;

/// Drives the ceremony with these answers, all of which must be used.
fn run<C: Ceremony>(ceremony: &mut C, host: &mut Diary<C>, answers: impl IntoIterator<Item = Answered>) -> Driven<C::Outcome> {
    let answers: RefCell<VecDeque<_>> = RefCell::new(answers.into_iter().collect());
    let calls = Rc::clone(&host.calls);
    let execute = |exchange: &Exchange| {
        calls.borrow_mut().push(format!("execute {}", exchange.id));
        answers.borrow_mut().pop_front().expect("a request that the test did not expect")
    };
    let driven = drive(ceremony, &execute, host);
    assert_eq!(answers.borrow().len(), 0, "some answers were not used");
    driven
}

fn host_failed<O>(call: &str) -> Driven<O> {
    Err(DriveError::Host(Failed(call.into())))
}

fn store_failed<O>(call: &str) -> Driven<O> {
    Err(DriveError::Store(Failed(call.into())))
}

#[track_caller]
fn assert_token(driven: Driven<ClaimedToken>) {
    let Ok(Ending::Finished(Ok(token))) = driven else { panic!("{driven:?}") };
    assert_eq!(token.access_token().expose(), "ot_pat_9b1c_POSTCLAIM");
}

#[test]
fn an_exchange_is_prepared_executed_journaled_and_saved() {
    let (mut claim, mut host) = (claim(), Diary::new());
    assert_token(run(&mut claim, &mut host, [started(), pending(), delivered()]));
    let start = ["prepare 1", "execute 1", "journal 1", "save", "show"];
    let polls = ["wait 6000", "prepare 2", "execute 2", "journal 2", "save", "wait 6000", "prepare 3", "execute 3", "journal 3", "save"];
    assert_eq!(host.calls(), [&start[..], &polls, &["save"]].concat());
    assert_eq!(host.resume(), Some(claim));
}

/// The recorded calls of `now` show when the ceremony is given an answer.
#[test]
fn an_answer_is_journaled_before_it_is_parsed() {
    let mut host = Diary { tells_now: true, ..Diary::new() };
    assert!(matches!(run(&mut enrolment(), &mut host, [registered()]), Ok(Ending::Finished(Ok(_)))));
    assert_eq!(host.calls(), ["now", "prepare 1", "execute 1", "now", "journal 1", "now", "save", "now", "save"]);
}

#[test]
fn a_failure_of_the_ceremony_is_an_ending() {
    let (mut enrolment, mut host) = (enrolment(), Diary::new());
    let driven = run(&mut enrolment, &mut host, [json(403, r#"{"error":"anonymous_not_enabled"}"#)]);
    assert!(matches!(driven, Ok(Ending::Finished(Err(Failure::AnonymousNotEnabled(_))))), "{driven:?}");
}

#[test]
fn a_finished_ceremony_is_only_saved() {
    let (mut claim, mut host) = (claim(), Diary::new());
    assert_token(run(&mut claim, &mut host, [started(), delivered()]));
    let mut later = Diary::new();
    assert_token(run(&mut host.resume().unwrap(), &mut later, []));
    assert_eq!(later.calls(), ["save"]);
}

#[test]
fn an_exchange_that_could_not_be_prepared_is_not_sent_and_uses_no_try() {
    let (mut claim, mut host) = paused_claim();
    let before = host.disk.clone();
    for attempt in 2..7 {
        host.fails = vec!["prepare"];
        assert_eq!(run(&mut claim, &mut host, []), store_failed(&format!("prepare {attempt}")));
        assert_eq!(host.disk, before, "nothing may be saved");
        assert_eq!(claim.poll(host.now), Step::Send);
    }
    host.fails.clear();
    assert_token(run(&mut claim, &mut host, [delivered()]));
    assert!(host.calls().iter().all(|call| !call.starts_with("execute") || call == "execute 7"), "{:?}", host.calls());
}

#[test]
fn a_journal_that_failed_is_reported_and_loses_no_token() {
    let (mut claim, mut host) = paused_claim();
    host.fails = vec!["journal 2"];
    assert_eq!(run(&mut claim, &mut host, [delivered()]), store_failed("journal 2"));
    assert_eq!(host.calls(), ["wait 6000", "prepare 2", "execute 2", "journal 2", "save"]);
    assert_token(run(&mut host.resume().unwrap(), &mut Diary::new(), []));
    assert_token(run(&mut claim, &mut host, []));
}

#[test]
fn a_token_that_was_not_saved_is_not_reported_but_stays_with_the_ceremony() {
    let (mut claim, mut host) = paused_claim();
    host.fails = vec!["save"];
    assert_eq!(run(&mut claim, &mut host, [delivered()]), store_failed("save"));
    // Driving the ceremony again does not report it either, until the save succeeds.
    assert_eq!(run(&mut claim, &mut host, []), store_failed("save"));
    // A process that starts now finds the answer in the journal.
    assert_token(run(&mut host.resume().unwrap(), &mut Diary { journal: host.journal.clone(), ..Diary::new() }, []));
    host.fails.clear();
    assert_token(run(&mut claim, &mut host, []));
    assert_eq!(host.resume(), Some(claim));
}

#[test]
fn a_notice_that_could_not_be_shown_is_shown_again() {
    let (mut claim, mut host) = (claim(), Diary::new());
    host.fails = vec!["show"];
    assert_eq!(run(&mut claim, &mut host, [started()]), host_failed("show"));
    host.fails = vec!["wait"];
    assert_eq!(run(&mut claim, &mut host, []), host_failed("wait 6000"));
    assert_eq!(host.notices.len(), 1);
    host.fails.clear();
    assert_token(run(&mut claim, &mut host, [delivered()]));
    assert_eq!(host.notices.len(), 1);
}

#[test]
fn a_drive_that_was_paused_at_a_wait_continues_in_this_process_and_in_another() {
    let (mut claim, mut host) = paused_claim();
    let mut other = host.resume().unwrap();
    assert_token(run(&mut claim, &mut host, [delivered()]));
    assert_eq!(host.calls()[..2], ["wait 6000", "prepare 2"]);
    // The notice had been shown, but the save afterwards had not happened, so it is shown again.
    let mut later = Diary::new();
    assert_token(run(&mut other, &mut later, [delivered()]));
    assert_eq!(later.calls()[..3], ["show", "wait 6000", "prepare 2"]);
}

/// Without `Woke`, the ceremony would wait for an hour.
#[test]
fn a_clock_that_was_put_back_delays_by_one_interval_at_most() {
    let (mut claim, mut host) = paused_claim();
    let mut jumps = VecDeque::from([-3_600_000]);
    host.elapse = Box::new(move |wait| jumps.pop_front().unwrap_or_else(|| i64::try_from(wait.as_millis()).unwrap()));
    assert_token(run(&mut claim, &mut host, [delivered()]));
    assert_eq!(host.calls()[..3], ["wait 6000", "wait 6000", "prepare 2"]);
}

#[test]
fn an_early_wake_does_no_harm() {
    let (mut claim, mut host) = paused_claim();
    host.elapse = Box::new(|_| 2000);
    assert_token(run(&mut claim, &mut host, [delivered()]));
    assert_eq!(host.calls()[..4], ["wait 6000", "wait 4000", "wait 2000", "prepare 2"]);
}

/// The claim with its second exchange in flight, as the process after a crash finds it.
fn in_flight() -> (Claim, Diary<Claim>) {
    let (mut claim, mut host) = paused_claim();
    host.fails = vec!["save"];
    assert_eq!(run(&mut claim, &mut host, [delivered()]), store_failed("save"));
    let found = host.resume().unwrap();
    assert!(matches!(found.poll(host.now), Step::InFlight(_)));
    (found, Diary::new())
}

#[test]
fn an_exchange_in_flight_gets_its_journaled_answer() {
    let (mut claim, mut host) = in_flight();
    let Step::InFlight(id) = claim.poll(host.now) else { panic!() };
    host.journal.insert(id, delivered());
    assert_token(run(&mut claim, &mut host, []));
    assert_eq!(host.calls(), ["journaled 2", "save", "save"]);
    assert_eq!(host.resume(), Some(claim));
}

#[test]
fn a_journaled_answer_that_was_cut_off_is_taken_in_as_cut_off() {
    let (mut claim, mut host) = in_flight();
    let Step::InFlight(id) = claim.poll(host.now) else { panic!() };
    host.journal.insert(id, cut());
    let driven = run(&mut claim, &mut host, [json(400, r#"{"error":"invalid_grant"}"#)]);
    assert!(
        matches!(&driven, Ok(Ending::Finished(Err(Failure::CredentialUnreadable { exchanges, .. }))) if *exchanges == [id]),
        "{driven:?}"
    );
}

#[test]
fn an_exchange_in_flight_without_a_journal_counts_as_lost() {
    let (mut claim, mut host) = in_flight();
    let driven = run(&mut claim, &mut host, [json(400, r#"{"error":"invalid_grant"}"#)]);
    assert!(matches!(driven, Ok(Ending::Finished(Err(Failure::CredentialLost { .. })))), "{driven:?}");
    assert_eq!(host.calls()[..2], ["journaled 2", "save"]);
}

#[test]
fn an_unreadable_journal_does_not_count_as_an_absent_one() {
    let (mut claim, mut host) = in_flight();
    let before = claim.clone();
    host.fails = vec!["journaled"];
    assert_eq!(run(&mut claim, &mut host, []), store_failed("journaled 2"));
    assert_eq!(claim, before);
}

#[test]
fn a_question_at_which_the_host_paused_is_asked_again() {
    let (mut enrolment, mut host) = (enrolment(), Diary::new());
    assert_eq!(run(&mut enrolment, &mut host, [cut()]), Ok(Ending::Paused));
    assert_eq!(host.calls(), ["prepare 1", "execute 1", "journal 1", "save", "ask"]);
    for mut enrolment in [enrolment.clone(), host.resume().unwrap()] {
        host.answers.push_back(EnrolmentAnswer::RegisterAgain);
        let driven: Driven<Registration> = run(&mut enrolment, &mut host, [registered()]);
        assert!(matches!(driven, Ok(Ending::Finished(Ok(_)))), "{driven:?}");
    }
    assert_eq!(host.prompts.len(), 3);
}

#[test]
fn an_answer_that_nobody_asked_for_is_reported_and_changes_nothing() {
    let manifest = br#"{"mobile_phone":"+15005550006","trust_tier":"community","agent_name":"A","agent_version":"1","developer_name":"B",
        "contact_email":"c@example.com","primary_goal":"D","tools":["e"],"compliance_attestation":true,"data_residency":"us-east-1"}"#;
    let manifest = badge::Manifest::from_json(manifest).unwrap();
    let submitted = r#"{"manifest_session_id":"f","public_profile":{"trust_tier":"community","agent_name":"A","agent_version":"1",
        "developer_name":"B","contact_email":"c@example.com","primary_goal":"D","tools":["e"],"data_residency":"us-east-1"}}"#;
    let mut registration = badge::BadgeRegistration::new(Origin::parse("http://127.0.0.1").unwrap(), manifest);
    let mut host = Diary::new();
    assert_eq!(run(&mut registration, &mut host, [json(200, submitted)]), Ok(Ending::Paused));
    let before = registration.clone();
    host.answers.push_back(badge::RegistrationAnswer::Otp(Otp::parse("123456").unwrap()));
    let driven = run(&mut registration, &mut host, []);
    assert_eq!(driven, Err(DriveError::Misuse(Misuse::NotAsked)));
    assert_eq!(driven.unwrap_err().to_string(), "the ceremony did not ask for this answer");
    assert_eq!(registration, before);
}

#[test]
fn a_hosts_error_is_displayed_unchanged() {
    let error: DriveError<Failed, Failed> = DriveError::Store(Failed("save".into()));
    assert_eq!(error.to_string(), "the host's save failed");
    assert!(std::error::Error::source(&error).is_none());
}

/// A store that panics in one of its calls.
struct PanickingStore {
    prepares: bool,
}

impl Store for PanickingStore {
    type Error = std::convert::Infallible;

    fn prepare<C: Ceremony>(&mut self, _: &C, _: &Exchange) -> Result<(), Self::Error> {
        assert!(self.prepares, "the store panics");
        Ok(())
    }

    fn journal(&mut self, _: &Exchange, _: &ExchangeResult) -> Result<(), Self::Error> {
        panic!("the store panics")
    }

    fn journaled(&mut self, _: ExchangeId) -> Result<Option<ExchangeResult>, Self::Error> {
        Ok(None)
    }

    fn save<C: Ceremony>(&mut self, _: &C) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[test]
fn a_store_that_panics_loses_no_answer_and_leaves_nothing_in_flight() {
    for prepares in [false, true] {
        let mut enrolment = enrolment();
        let mut host = SimpleHost::new(|never: &std::convert::Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
        let client = |_: &Exchange| registered();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            enlist_blocking::drive(&mut enrolment, &client, &mut host, &mut PanickingStore { prepares }).is_ok()
        }));
        assert!(panicked.is_err());
        match enrolment.poll(enlist_core::Timestamp::from_unix_ms(0)) {
            Step::Send if !prepares => {}
            Step::Done(Ok(_)) if prepares => {}
            other => panic!("{prepares} {other:?}"),
        }
    }
}
