//! Runs whole ceremonies with the real client against the sandbox, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use common::client;
use common::diary::{Diary, Failed, drive};
use enlist_blocking::{DriveError, Ending};
use enlist_core::badge::{self, Identity, Manifest, OtpReason, RegistrationPrompt};
use enlist_core::claim::{Claim, ClaimedToken, Enrolment, Registration};
use enlist_core::secret::{Email, Otp};
use enlist_core::{Ceremony, Failure, Origin, Timestamp, Violation};
use enlist_sandbox::{Action, Canned, Config, Sandbox, Scripted};

const TOKEN: &str = "/api/agent/oauth/token";
const CLAIM: &str = "/api/agent/identity/claim";

fn sandbox() -> Rc<Sandbox> {
    Rc::new(Sandbox::start(Config { auto_approve: Some(Duration::from_secs(14)), ..Config::default() }).unwrap())
}

fn origin(sandbox: &Sandbox) -> Origin {
    Origin::parse(sandbox.url()).unwrap()
}

/// A host that reads the sandbox's clock and advances it when it waits.
fn host<C: Ceremony>(sandbox: &Rc<Sandbox>) -> Diary<C> {
    let clock = Rc::clone(sandbox);
    let mut host = Diary::new();
    host.now = Timestamp::from_unix_ms(i64::try_from(sandbox.now()).unwrap());
    host.elapse = Box::new(move |wait| {
        // The sandbox's clock also advances by itself.
        clock.advance(wait);
        i64::try_from(wait.as_millis()).unwrap()
    });
    host
}

fn run<C: Ceremony>(ceremony: &mut C, host: &mut Diary<C>) -> Result<Ending<C::Outcome>, DriveError<Failed, Failed>> {
    let client = client();
    drive(ceremony, &client, host)
}

fn finish<C: Ceremony>(ceremony: &mut C, host: &mut Diary<C>) -> Result<C::Outcome, Failure> {
    match run(ceremony, host) {
        Ok(Ending::Finished(result)) => result,
        other => panic!("{other:?}"),
    }
}

fn register(sandbox: &Rc<Sandbox>) -> Registration {
    finish(&mut Enrolment::new(origin(sandbox), None, None), &mut host(sandbox)).unwrap()
}

fn new_claim(registration: &Registration) -> Claim {
    Claim::new(registration, Email::parse("ada@example.com").unwrap())
}

fn claim_with(scripted: impl IntoIterator<Item = Scripted>) -> (Result<ClaimedToken, Failure>, Rc<Sandbox>) {
    let sandbox = sandbox();
    let registration = register(&sandbox);
    sandbox.script(scripted);
    let result = finish(&mut new_claim(&registration), &mut host(&sandbox));
    (result, sandbox)
}

fn sent(sandbox: &Sandbox, path: &str) -> usize {
    sandbox.requests().iter().filter(|request| request.path == path).count()
}

#[test]
fn an_agent_registers_and_is_claimed() {
    let sandbox = sandbox();
    let registration = register(&sandbox);
    let mut host = host(&sandbox);
    let token = finish(&mut new_claim(&registration), &mut host).unwrap();
    assert!(token.access_token().expose().starts_with("ot_pat_"));
    assert_ne!(token.access_token(), registration.access_token());
    assert_eq!(host.notices[0].user_code.expose(), sandbox.attempts()[0].user_code);
    let waits: Vec<_> = host.calls().into_iter().filter(|call| call.starts_with("wait")).collect();
    assert_eq!((waits, sent(&sandbox, TOKEN)), (vec!["wait 6000".to_owned(); 3], 3));
}

#[test]
fn temporary_problems_lose_no_token() {
    let troubles = [
        Scripted::new(TOKEN, Action::DropBefore),
        Scripted::new(TOKEN, Action::DropAfter),
        Scripted::new(TOKEN, Action::Respond(Canned::status(503).header("retry-after", "3"))),
        Scripted::new(TOKEN, Action::Respond(Canned::json(400, r#"{"error":"slow_down"}"#))),
        Scripted::new(TOKEN, Action::Respond(Canned::status(502))),
        Scripted::new(TOKEN, Action::BodyOfSize { status: 500, bytes: 60_000_000 }),
        Scripted::new(CLAIM, Action::DropAfter),
    ];
    for trouble in troubles {
        let shown = format!("{trouble:?}");
        let (result, sandbox) = claim_with([trouble]);
        assert!(result.is_ok(), "{shown}: {result:?}");
        assert_eq!(sandbox.counts().tokens_delivered, 1);
    }
}

/// A redirected start ends the claim. A redirected poll is waited out: a captive portal goes away.
#[test]
fn a_redirect_is_not_followed() {
    let evil = common::Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    for (path, status) in [(CLAIM, 307), (CLAIM, 308), (TOKEN, 301), (TOKEN, 302), (TOKEN, 303), (TOKEN, 307), (TOKEN, 308)] {
        let redirect = Canned::status(status).header("location", evil.url());
        let (result, _) = claim_with([Scripted::new(path, Action::Respond(redirect))]);
        if path == CLAIM {
            assert_eq!(result, Err(Failure::Protocol(Violation::Redirect { status })));
        } else {
            assert!(result.is_ok(), "{status}: {result:?}");
        }
    }
    assert_eq!(evil.connections(), 0);
}

#[test]
fn a_token_whose_answer_was_lost_is_reported_as_lost() {
    // The third poll delivers the token.
    let (result, _) = claim_with([Scripted::new(TOKEN, Action::DropAfter).skip(2)]);
    assert!(matches!(result, Err(Failure::CredentialLost { .. })), "{result:?}");
    let (result, _) = claim_with([Scripted::new(TOKEN, Action::Cut { bytes: 20 }).skip(2)]);
    assert!(matches!(result, Err(Failure::CredentialUnreadable { .. })), "{result:?}");
}

/// The process ends at each call of its host in turn, and another process continues from the disk.
#[test]
fn only_a_crash_between_the_network_and_the_journal_loses_the_token() {
    let mut lost = BTreeMap::new();
    for dies_after in 0.. {
        let sandbox = sandbox();
        let registration = register(&sandbox);
        let mut first = host(&sandbox);
        first.dies_after = dies_after;
        if run(&mut new_claim(&registration), &mut first).is_ok() {
            break;
        }
        let mut claim = first.resume().unwrap_or_else(|| new_claim(&registration));
        let mut second = host(&sandbox);
        (second.now, second.journal) = (first.now, first.journal.clone());
        if let Err(failure) = finish(&mut claim, &mut second) {
            lost.insert(first.calls()[dies_after].clone(), failure.code().as_str());
        }
    }
    assert_eq!(lost, BTreeMap::from([("journal 4".to_owned(), "credential_lost")]));
}

fn sentry_registration(sandbox: &Sandbox) -> badge::BadgeRegistration {
    let manifest = br#"{"mobile_phone":"+15005550006","trust_tier":"community","agent_name":"My AI Agent","agent_version":"1.0.0",
        "developer_name":"Acme Corp","contact_email":"dev@acme.com","primary_goal":"Customer support automation",
        "tools":["web-search","email"],"compliance_attestation":true,"data_residency":"us-east-1"}"#;
    badge::BadgeRegistration::new(origin(sandbox), Manifest::from_json(manifest).unwrap())
}

fn otp(code: &str) -> badge::RegistrationAnswer {
    badge::RegistrationAnswer::Otp(Otp::parse(code).unwrap())
}

/// Drives until the code is asked for, in one process. Returns the code that came by SMS.
fn until_the_code(sandbox: &Rc<Sandbox>) -> (badge::BadgeRegistration, Diary<badge::BadgeRegistration>, String) {
    let (mut registration, mut host) = (sentry_registration(sandbox), host(sandbox));
    host.answers.push_back(badge::RegistrationAnswer::ProfileOk);
    assert_eq!(run(&mut registration, &mut host), Ok(Ending::Paused));
    assert!(matches!(host.prompts[..], [RegistrationPrompt::Profile { .. }, RegistrationPrompt::Otp { reason: OtpReason::Sent, .. }]));
    let code = sandbox.outbox()[0].code.clone().unwrap();
    (registration, host, code)
}

fn assert_badge(identity: &Identity) {
    assert!(identity.did().unwrap().as_str().starts_with("did:"), "{identity:?}");
    assert_eq!(identity.badge().expose().split('.').count(), 3);
}

#[test]
fn an_agent_gets_its_badge() {
    let sandbox = sandbox();
    let (mut registration, mut host, code) = until_the_code(&sandbox);
    host.answers.push_back(otp(&code));
    assert_badge(&finish(&mut registration, &mut host).unwrap());
}

#[test]
fn a_wrong_code_is_asked_for_again_and_another_process_may_hand_it_in() {
    let sandbox = sandbox();
    let (_, first, code) = until_the_code(&sandbox);
    let mut registration = first.resume().unwrap();
    let mut second = host(&sandbox);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    second.answers.extend([otp(wrong), otp(&code)]);
    assert_badge(&finish(&mut registration, &mut second).unwrap());
    assert!(matches!(second.prompts[1], RegistrationPrompt::Otp { reason: OtpReason::Rejected(_), .. }));
}

#[test]
fn an_sms_whose_order_was_lost_is_ordered_again_on_the_humans_word_only() {
    let sandbox = sandbox();
    sandbox.script([Scripted::new("/v1/auth/confirm-manifest", Action::DropAfter)]);
    let (mut registration, mut host) = (sentry_registration(&sandbox), host(&sandbox));
    host.answers.push_back(badge::RegistrationAnswer::ProfileOk);
    assert_eq!(run(&mut registration, &mut host), Ok(Ending::Paused));
    assert!(matches!(host.prompts[1], RegistrationPrompt::SmsAgain { .. }));
    assert_eq!(sandbox.outbox().len(), 1);
}
