//! Tests the rotation with the real client against the sandbox: lost answers and lost processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "common/service.rs"]
mod service;

use std::rc::Rc;
use std::time::Duration;

use common::client;
use common::diary::drive;
use enlist_blocking::Ending;
use enlist_core::badge::{BadgeRotation, RevokeBadge, RotationAnswer, RotationPrompt};
use enlist_core::{Failure, FailureCode, Service};
use enlist_sandbox::ambiguities::{OldBadge, SentryAgentAmbiguities};
use enlist_sandbox::{Action, Canned, Sandbox, Scripted};

use service::{finish, header, host, identity, is_valid, line, now, once, origin, sandbox, sentryagent};

#[test]
fn rotate() {
    let sandbox = sandbox();
    let old = identity(&sandbox);
    let mut rotation = BadgeRotation::new(origin(&sandbox), old.badge().clone());
    let rotated = finish(&sandbox, &mut rotation).unwrap();
    let paths: Vec<_> = sandbox.requests().iter().rev().take(2).map(line).collect();
    assert_eq!(paths, ["POST /v1/rotate", "POST /v1/verify"], "verify must come first");
    let request = sandbox.requests().pop().unwrap();
    assert_eq!(request.body, format!(r#"{{"badge":"{}"}}"#, old.badge().expose()));
    assert_eq!(header(&request, "authorization"), Some(format!("Bearer {}", old.badge().expose()).as_str()));
    assert!(rotated.did() != old.did() && rotated.did().is_some() && rotated.rotated_at().is_some());
    assert!(is_valid(&sandbox, rotated.badge()) && !is_valid(&sandbox, old.badge()));
}

/// The result of a rotation whose answer was `action`, how often it was sent, and whether the old badge is still valid.
fn rotate_against(sandbox: &Rc<Sandbox>, action: Action) -> (Result<(), FailureCode>, usize, bool) {
    let badge = identity(sandbox).badge().clone();
    sandbox.script([Scripted::new("/v1/rotate", action)]);
    let end = finish(sandbox, &mut BadgeRotation::new(origin(sandbox), badge.clone()));
    let sent = sandbox.requests().iter().filter(|request| request.path == "/v1/rotate").count();
    (end.map(|_| ()).map_err(|failure| failure.code()), sent, is_valid(sandbox, &badge))
}

#[test]
fn a_lost_rotation_is_settled_by_verify_and_never_sent_again() {
    let html = || Canned { body: "<html>".to_owned(), ..Canned::status(200) };
    for (action, expected, old_is_valid) in [
        (Action::DropAfter, FailureCode::CredentialLost, false),
        (Action::DropBefore, FailureCode::AnswerLost, true),
        (Action::Cut { bytes: 40 }, FailureCode::CredentialUnreadable, false),
        (Action::ReplaceAfter(html()), FailureCode::CredentialUnreadable, false),
        (Action::Respond(html()), FailureCode::AnswerLost, true),
        (Action::ReplaceAfter(Canned::status(502)), FailureCode::CredentialLost, false),
        (Action::Respond(Canned::status(502)), FailureCode::AnswerLost, true),
        (Action::Respond(Canned::status(503).header("retry-after", "7")), FailureCode::Busy, true),
        (Action::ReplaceAfter(Canned::status(503)), FailureCode::CredentialLost, false),
        (Action::Respond(Canned::status(401)), FailureCode::Rejected, true),
        (Action::Respond(Canned::status(400)), FailureCode::Rejected, true),
        (Action::Respond(Canned::status(302).header("location", "https://evil.example/")), FailureCode::ProtocolViolation, true),
        (Action::Respond(Canned::status(429)), FailureCode::RateLimited, true),
    ] {
        assert_eq!(rotate_against(&sandbox(), action.clone()), (Err(expected), 1, old_is_valid), "{action:?}");
    }
}

#[test]
fn a_lost_rotation_can_be_run_again_if_the_old_badge_is_still_valid() {
    let sandbox = sentryagent(SentryAgentAmbiguities { old_badge: OldBadge::LivesOn, ..SentryAgentAmbiguities::default() });
    assert_eq!(rotate_against(&sandbox, Action::DropAfter), (Err(FailureCode::AnswerLost), 1, true));
    assert_eq!(sandbox.counts().rotations, 1);
}

#[test]
fn a_badge_that_is_not_valid_is_not_rotated() {
    let sandbox = sandbox();
    let badge = identity(&sandbox).badge().clone();
    once(&sandbox, &RevokeBadge::new(&origin(&sandbox), badge.clone())).1.unwrap();
    assert_eq!(finish(&sandbox, &mut BadgeRotation::new(origin(&sandbox), badge)).unwrap_err(), Failure::BadgeInvalid);
    assert!(sandbox.requests().iter().all(|request| request.path != "/v1/rotate"));
}

#[test]
fn a_rotation_that_verify_cannot_settle_stops_and_continues_later() {
    let sandbox = sandbox();
    let badge = identity(&sandbox).badge().clone();
    sandbox.script([Scripted::new("/v1/rotate", Action::DropAfter), Scripted::new("/v1/verify", Action::DropBefore).skip(1).times(5)]);
    let client = client();
    let mut host = host(&sandbox);
    let begun = now(&sandbox);
    let mut rotation = BadgeRotation::new(origin(&sandbox), badge);
    let Ok(Ending::Paused) = drive(&mut rotation, &client, &mut host) else { panic!() };
    let took = now(&sandbox).since(begun);
    assert!((Duration::from_secs(120)..Duration::from_secs(130)).contains(&took), "{took:?}");
    assert!(matches!(host.prompts.as_slice(), [RotationPrompt::VerifyAgain { .. }]) && rotation.may_be_delivered());
    let mut resumed: BadgeRotation = host.resume().unwrap();
    assert_eq!(resumed, rotation);
    host.answers.push_back(RotationAnswer::VerifyAgain);
    let Ok(Ending::Finished(end)) = drive(&mut resumed, &client, &mut host) else { panic!() };
    assert_eq!(end, Err(Failure::CredentialLost { service: Service::SentryAgent }));
}

/// The process ends after each call of the host in turn. What it kept must lead to the right badge, or to a report of the loss.
#[test]
fn whenever_the_process_ends_the_right_badge_is_kept_or_the_loss_is_reported() {
    let calls = {
        let sandbox = sandbox();
        let mut host = host(&sandbox);
        let client = client();
        let mut rotation = BadgeRotation::new(origin(&sandbox), identity(&sandbox).badge().clone());
        let Ok(Ending::Finished(Ok(_))) = drive(&mut rotation, &client, &mut host) else { panic!() };
        host.calls().len()
    };
    assert!(calls >= 6, "{calls}");
    for dies_after in 0..calls {
        let sandbox = sandbox();
        let old = identity(&sandbox).badge().clone();
        let client = client();
        let mut host = host(&sandbox);
        host.dies_after = dies_after;
        let first = drive(&mut BadgeRotation::new(origin(&sandbox), old.clone()), &client, &mut host);
        assert!(first.is_err());
        host.dies_after = usize::MAX;
        let mut rotation: BadgeRotation = host.resume().unwrap_or_else(|| BadgeRotation::new(origin(&sandbox), old.clone()));
        let end = drive(&mut rotation, &client, &mut host);
        let sent = sandbox.requests().iter().filter(|request| request.path == "/v1/rotate").count();
        match end {
            Ok(Ending::Finished(Ok(rotated))) => assert!(is_valid(&sandbox, rotated.badge()), "{dies_after}"),
            Ok(Ending::Finished(Err(Failure::CredentialLost { .. }))) => assert!(!is_valid(&sandbox, &old), "{dies_after}"),
            Ok(Ending::Finished(Err(Failure::NotRotated { .. }))) => assert!(is_valid(&sandbox, &old), "{dies_after}"),
            other => panic!("{dies_after}: {other:?}"),
        }
        assert_eq!(sent.min(1), usize::try_from(sandbox.counts().rotations).unwrap(), "{dies_after}");
        assert!(sent <= 1, "{dies_after}: sent {sent} times");
    }
}
