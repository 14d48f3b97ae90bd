//! Each possible behaviour where OpenTrain's pages are silent.

use std::time::Duration;

use enlist_sandbox::ambiguities::{
    Description, EmailSent, ExpiredAttempt, Interval, NoAttempt, OldLink, OpenTrainAmbiguities, OtherEmail, RetryAfter,
};
use enlist_sandbox::{Ambiguities, AttemptState, Config, Limits, RateLimit, Sandbox, Which};
use serde_json::json;

use crate::client::{EMAIL, post_json, start};
use crate::opentrain::{REGISTER, claim_token, claiming, poll, register, start_claim};

fn playing(opentrain: OpenTrainAmbiguities) -> Sandbox {
    start(Config { ambiguities: Ambiguities { opentrain, ..Ambiguities::default() }, ..Config::default() })
}

#[test]
fn u4_retry_after() {
    for choice in [RetryAfter::Absent, RetryAfter::Seconds, RetryAfter::HttpDate] {
        let opentrain = OpenTrainAmbiguities { retry_after: choice, ..OpenTrainAmbiguities::default() };
        let limit = RateLimit { calls: 1, window: Duration::from_secs(60) };
        let sandbox = start(Config {
            limits: Limits { register: Some(limit), ..Limits::default() },
            ambiguities: Ambiguities { opentrain, ..Ambiguities::default() },
            ..Config::default()
        });
        register(&sandbox);
        let refused = post_json(&sandbox, REGISTER, &json!({}));
        let header = refused.header("retry-after");
        match choice {
            RetryAfter::Absent => assert_eq!(header, None),
            RetryAfter::Seconds => assert_eq!(header, Some("60")),
            RetryAfter::HttpDate => {
                let date = jiff::fmt::rfc2822::parse(header.unwrap()).unwrap().timestamp().as_millisecond();
                let ahead = date - i64::try_from(sandbox.now()).unwrap();
                assert!(header.unwrap().ends_with(" GMT") && (59_000..62_000).contains(&ahead), "{header:?} {ahead}");
            }
        }
    }
}

#[test]
fn u6_the_old_link_dies() {
    let sandbox = playing(OpenTrainAmbiguities::default());
    let (token, _) = claiming(&sandbox);
    start_claim(&sandbox, &token, EMAIL).ok();
    let [old, new] = sandbox.attempts().try_into().unwrap();
    assert_eq!((old.state, new.state), (AttemptState::Superseded, AttemptState::Open));
    assert!(sandbox.approve(&Which::attempt(old.attempt)).is_err());
    sandbox.approve(&Which::attempt(new.attempt)).unwrap();
    poll(&sandbox, &token).ok();
}

#[test]
fn u6_the_old_link_stays_valid() {
    let sandbox = playing(OpenTrainAmbiguities { old_link: OldLink::StaysValid, ..OpenTrainAmbiguities::default() });
    let (token, _) = claiming(&sandbox);
    start_claim(&sandbox, &token, EMAIL).ok();
    let [old, new] = sandbox.attempts().try_into().unwrap();
    sandbox.approve(&Which::attempt(old.attempt)).unwrap();
    assert!(sandbox.approve(&Which::attempt(new.attempt)).is_err(), "an account is claimed once");
    poll(&sandbox, &token).ok();
}

#[test]
fn u6_another_email_at_the_restart() {
    for (choice, status) in [(OtherEmail::Allowed, 200), (OtherEmail::Refused, 400)] {
        let sandbox = playing(OpenTrainAmbiguities { other_email: choice, ..OpenTrainAmbiguities::default() });
        let (token, _) = claiming(&sandbox);
        assert_eq!(start_claim(&sandbox, &token, "other@example.com").status, status);
        assert_eq!(start_claim(&sandbox, &token, EMAIL).status, 200);
    }
}

#[test]
fn u7_wording() {
    for choice in [Description::Sentence, Description::Code, Description::Absent] {
        let sandbox = start(Config {
            taken_emails: vec![EMAIL.to_owned()],
            ambiguities: Ambiguities {
                opentrain: OpenTrainAmbiguities { description: choice, ..OpenTrainAmbiguities::default() },
                ..Ambiguities::default()
            },
            ..Config::default()
        });
        let body = start_claim(&sandbox, &claim_token(&sandbox), EMAIL).json();
        assert_eq!(body["error"], "invalid_request");
        let description = body.get("error_description").map(|text| text.as_str().unwrap());
        match choice {
            Description::Sentence => assert!(description.unwrap().starts_with("email_already_registered: ")),
            Description::Code => assert_eq!(description, Some("email_already_registered")),
            Description::Absent => assert_eq!(description, None),
        }
    }
}

#[test]
fn u8_an_expired_attempt() {
    for (choice, error) in [
        (ExpiredAttempt::ExpiredToken, "expired_token"),
        (ExpiredAttempt::InvalidGrant, "invalid_grant"),
        (ExpiredAttempt::AuthorizationPending, "authorization_pending"),
    ] {
        let sandbox = playing(OpenTrainAmbiguities { expired_attempt: choice, ..OpenTrainAmbiguities::default() });
        let (token, _) = claiming(&sandbox);
        sandbox.advance(Duration::from_secs(1800));
        assert_eq!(poll(&sandbox, &token).error(400), error);
        sandbox.advance(Duration::from_secs(86_400));
        assert_eq!(poll(&sandbox, &token).error(400), "expired_token", "the window is no question");
    }
}

#[test]
fn u9_no_attempt_yet() {
    for (choice, error) in [
        (NoAttempt::InvalidGrant, "invalid_grant"),
        (NoAttempt::AuthorizationPending, "authorization_pending"),
        (NoAttempt::ExpiredToken, "expired_token"),
    ] {
        let sandbox = playing(OpenTrainAmbiguities { no_attempt: choice, ..OpenTrainAmbiguities::default() });
        assert_eq!(poll(&sandbox, &claim_token(&sandbox)).error(400), error);
    }
}

#[test]
fn u19_no_interval_is_announced_but_enforced() {
    let sandbox = playing(OpenTrainAmbiguities { interval: Interval::Absent, ..OpenTrainAmbiguities::default() });
    let (token, started) = claiming(&sandbox);
    assert_eq!(started.get("interval"), None);
    poll(&sandbox, &token);
    sandbox.advance(Duration::from_secs(4));
    assert_eq!(poll(&sandbox, &token).error(400), "slow_down");
}

#[test]
fn u19_every_slow_down_adds_to_the_interval() {
    let sandbox = playing(OpenTrainAmbiguities { interval: Interval::Grows, ..OpenTrainAmbiguities::default() });
    let (token, started) = claiming(&sandbox);
    assert_eq!(started["interval"], 5);
    let mut answers = Vec::new();
    for wait in [0, 1, 9, 15] {
        sandbox.advance(Duration::from_secs(wait));
        answers.push(poll(&sandbox, &token).error(400));
    }
    // The interval is 5 s at first, 10 s after the first slow_down, and 15 s after the second.
    let (pending, slow) = ("authorization_pending", "slow_down");
    assert_eq!(answers, [pending, slow, slow, pending]);
}

#[test]
fn email_sent() {
    for (choice, member, mails) in
        [(EmailSent::Yes, Some(json!(true)), 1), (EmailSent::No, Some(json!(false)), 0), (EmailSent::Absent, None, 1)]
    {
        let sandbox = playing(OpenTrainAmbiguities { email_sent: choice, ..OpenTrainAmbiguities::default() });
        let (_, started) = claiming(&sandbox);
        assert_eq!(started.get("email_sent"), member.as_ref());
        assert_eq!(sandbox.outbox().len(), mails);
    }
}

#[test]
fn u19_a_restart_forgets_what_was_added() {
    let sandbox = playing(OpenTrainAmbiguities { interval: Interval::Grows, ..OpenTrainAmbiguities::default() });
    let (token, _) = claiming(&sandbox);
    poll(&sandbox, &token);
    assert_eq!(poll(&sandbox, &token).error(400), "slow_down");
    start_claim(&sandbox, &token, EMAIL).ok();
    poll(&sandbox, &token);
    sandbox.advance(Duration::from_secs(5));
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending");
}
