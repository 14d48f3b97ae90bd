//! Every error in the services' documents, and its effect. A new `FailureCode` needs a row here.

use std::time::Duration;

use crate::common::*;
use enlist_core::badge::{BadgeRegistration, OtpReason, RegistrationAnswer, RegistrationPrompt};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::secret::Otp;
use enlist_core::{Ceremony, Delivery, Failure, FailureCode, Input, Recovery, Step, TransportKind};

/// The call that is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Register,
    ClaimStart,
    Poll,
    VerifyPhone,
    ConfirmManifest,
    Confirm,
}

/// The effect on the ceremony.
#[derive(Debug, PartialEq)]
enum Becomes {
    Fails(FailureCode, Recovery),
    /// The ceremony continues by itself: it waits or repeats.
    GoesOn,
    /// A human is asked to agree to a repeat.
    AsksAgain,
    /// The one-time code is asked for again.
    AsksOtp,
}
use Becomes::{AsksAgain, AsksOtp, Fails, GoesOn};

fn at(seconds: u64) -> Recovery {
    Recovery::RetryAt(START.after(Duration::from_secs(seconds)))
}

/// Brings `call` in flight, gives it each of `answers` in turn, and returns the effect.
fn outcome(call: Call, answers: Vec<Answered>) -> Becomes {
    let otp = || RegistrationAnswer::Otp(Otp::parse("123456").unwrap());
    match call {
        Call::Register => of(Bench::<Enrolment>::new(enrolment(), answers)),
        Call::ClaimStart => of(Bench::<Claim>::new(claim(), answers)),
        Call::Poll => of(waiting_claim(answers)),
        Call::VerifyPhone => of(Bench::<BadgeRegistration>::new(sentry_registration(), answers)),
        Call::ConfirmManifest => of(Bench::<BadgeRegistration>::new(sentry_registration(), [submitted()].into_iter().chain(answers))
            .answering([RegistrationAnswer::ProfileOk])),
        Call::Confirm => of(Bench::<BadgeRegistration>::new(sentry_registration(), [submitted(), texted()].into_iter().chain(answers))
            .answering([RegistrationAnswer::ProfileOk, otp()])),
    }
}

fn of<C: Ceremony<Prompt: std::fmt::Debug>>(mut bench: Bench<C>) -> Becomes {
    match bench.run_on() {
        Stop::Done(Err(failure)) => {
            // Another test checks how long the tries take.
            let recovery = match failure.recovery() {
                Recovery::RetryAt(time) => Recovery::RetryAt(START.after(time.since(bench.now))),
                other => other,
            };
            Fails(failure.code(), recovery)
        }
        Stop::Done(Ok(outcome)) => panic!("{outcome:?}"),
        Stop::ScriptEnded => GoesOn,
        Stop::Asked if format!("{:?}", bench.prompts.last()).contains("Otp") => AsksOtp,
        Stop::Asked => AsksAgain,
    }
}

fn describing(code: &str, description: &str) -> Answered {
    json(400, &format!(r#"{{"error":"{code}","error_description":"{description}"}}"#))
}

fn times(number: usize, answer: fn() -> Answered) -> Vec<Answered> {
    std::iter::repeat_with(answer).take(number).collect()
}

type Row = (&'static str, Call, Vec<Answered>, Becomes);

/// opentrain.md sections 3 to 5.
fn opentrain_rows() -> Vec<Row> {
    use Call::{ClaimStart, Poll, Register};
    use FailureCode as Code;
    let ask = Recovery::AskHuman;
    vec![
        ("unsupported_identity_type", Register, vec![error(400, "unsupported_identity_type")], Fails(Code::Rejected, ask)),
        ("anonymous_not_enabled", Register, vec![error(403, "anonymous_not_enabled")], Fails(Code::AnonymousNotEnabled, Recovery::None)),
        (
            "the same, without a description",
            Register,
            vec![json(403, r#"{"error":"anonymous_not_enabled"}"#)],
            Fails(Code::AnonymousNotEnabled, Recovery::None),
        ),
        ("rate limit", Register, vec![error(429, "rate_limit_exceeded")], Fails(Code::RateLimited, at(60))),
        (
            "rate limit, for longer than anybody lives",
            Register,
            vec![with_headers(429, &[("retry-after", "99999999999999999999")], "")],
            Fails(Code::RateLimited, at(365 * 86_400)),
        ),
        ("rate limit, U4: seconds", Register, vec![with_headers(429, &[("retry-after", "7200")], "")], Fails(Code::RateLimited, at(7200))),
        (
            "rate limit, U4: a date",
            Register,
            vec![with_headers(429, &[("retry-after", "Fri, 12 Jun 2026 09:10:00 GMT")], "")],
            Fails(Code::RateLimited, at(600)),
        ),
        ("server_error", Register, vec![error(500, "server_error")], AsksAgain),
        ("503", Register, vec![error(503, "server_error")], AsksAgain),
        ("503", ClaimStart, vec![html(503)], GoesOn),
        ("lost", Register, vec![lost()], AsksAgain),
        ("unreadable", Register, vec![html(200)], AsksAgain),
        ("switched off", ClaimStart, vec![error(403, "anonymous_not_enabled")], Fails(Code::AnonymousNotEnabled, Recovery::None)),
        ("invalid_request", ClaimStart, vec![describing("invalid_request", "claim_token is invalid")], Fails(Code::Rejected, ask)),
        (
            "window, by its words alone",
            ClaimStart,
            vec![describing("invalid_request", "the claim window expired")],
            Fails(Code::Rejected, ask),
        ),
        (
            "e-mail taken, U7",
            ClaimStart,
            vec![describing("invalid_request", "x: email_already_registered")],
            Fails(Code::EmailAlreadyRegistered, ask),
        ),
        ("rate limit", ClaimStart, vec![error(429, "rate_limit_exceeded")], Fails(Code::RateLimited, at(60))),
        (
            "server_error, three times",
            ClaimStart,
            vec![error(500, "server_error"), pending(), error(500, "server_error"), pending(), error(500, "server_error")],
            Fails(Code::Busy, at(60)),
        ),
        ("server_error", ClaimStart, vec![error(500, "server_error")], GoesOn),
        ("authorization_pending", Poll, vec![pending()], GoesOn),
        ("slow_down", Poll, vec![slow_down()], GoesOn),
        ("expired_token", Poll, vec![error(400, "expired_token")], Fails(Code::AttemptExpired, Recovery::RestartAttempt)),
        ("invalid_grant", Poll, vec![invalid_grant()], Fails(Code::ClaimTokenSpent, ask)),
        ("invalid_grant after a lost answer", Poll, vec![lost(), invalid_grant()], Fails(Code::CredentialLost, ask)),
        ("invalid_grant after an unreadable answer", Poll, vec![html(200), invalid_grant()], Fails(Code::CredentialUnreadable, ask)),
        ("unsupported_grant_type", Poll, vec![error(400, "unsupported_grant_type")], Fails(Code::Rejected, ask)),
        ("invalid_request", Poll, vec![error(400, "invalid_request")], Fails(Code::Rejected, ask)),
        ("access_denied", Poll, vec![error(400, "access_denied")], Fails(Code::Denied, ask)),
        ("a code that nobody knows", Poll, vec![error(400, "teapot")], GoesOn),
        ("an error with status 200", Poll, vec![error(200, "authorization_pending")], GoesOn),
        ("429", Poll, vec![error(429, "rate_limit_exceeded")], GoesOn),
        ("500", Poll, vec![error(500, "server_error")], GoesOn),
        ("503", Poll, vec![html(503)], GoesOn),
        ("another service's statuses", Poll, vec![error(404, "authorization_pending")], GoesOn),
        ("another service's statuses", Poll, vec![html(409)], GoesOn),
        ("another service's statuses", Poll, vec![html(410)], GoesOn),
    ]
}

/// The rows for sentryagent.md section 5, with one reading of the error body (U1).
fn sentryagent_rows(body: &'static str) -> Vec<Row> {
    use Call::{Confirm, ConfirmManifest, VerifyPhone};
    use FailureCode as Code;
    let status = |status| json(status, body);
    let busy = || (0..4).map(|_| status(503)).collect();
    // Without a code, the answer may be a gateway's.
    let has_code = body.contains("error");
    let gone = || Fails(Code::SessionExpired, Recovery::Reregister);
    vec![
        ("manifest refused", VerifyPhone, vec![status(400)], Fails(Code::Rejected, Recovery::AskHuman)),
        ("rate limited, C3", VerifyPhone, vec![status(429)], Fails(Code::RateLimited, at(60))),
        ("stays down, U7", VerifyPhone, busy(), Fails(Code::Busy, at(60))),
        ("session gone", ConfirmManifest, vec![status(410)], if has_code { gone() } else { AsksAgain }),
        ("rate limited, C3", ConfirmManifest, vec![status(429)], Fails(Code::RateLimited, at(60))),
        ("503: another SMS only on the human's word", ConfirmManifest, vec![status(503)], AsksAgain),
        ("lost: another SMS only on the human's word", ConfirmManifest, vec![status(500)], AsksAgain),
        ("wrong code", Confirm, vec![status(401)], AsksOtp),
        ("session gone", Confirm, vec![status(410)], if has_code { gone() } else { AsksOtp }),
        ("rate limited, C3", Confirm, vec![status(429)], GoesOn),
        ("tries used up, C3", Confirm, vec![error(429, "too_many_attempts")], Fails(Code::OtpTriesUsedUp, Recovery::Reregister)),
        ("stays down: the session lives on", Confirm, busy(), AsksOtp),
        ("400, C4", Confirm, vec![status(400)], AsksOtp),
        ("a lost answer, then no", Confirm, vec![lost(), status(401)], Fails(Code::CredentialLost, Recovery::Reregister)),
        ("a lost answer, then gone", Confirm, vec![status(502), status(410)], Fails(Code::CredentialLost, Recovery::Reregister)),
        ("an unreadable answer, then no", Confirm, vec![html(200), status(401)], Fails(Code::CredentialUnreadable, Recovery::AskHuman)),
        ("503, then no", Confirm, vec![status(503), status(401)], Fails(Code::CredentialLost, Recovery::Reregister)),
        ("a lost answer twice", Confirm, vec![lost(), lost()], AsksOtp),
    ]
}

/// The errors that any call can meet.
fn common_rows() -> Vec<Row> {
    use Call::{ClaimStart, ConfirmManifest, Register, VerifyPhone};
    use FailureCode as Code;
    let foreign = |field: &str| {
        let answer = if field == "verification_uri" { started() } else { registered() };
        let body = String::from_utf8(answer.unwrap().into_body()).unwrap();
        json(200, &body.replace(&format!("\"{field}\":\"https://app.opentrain.ai"), &format!("\"{field}\":\"https://evil.example")))
    };
    let unsent = |kind| vec![failed(kind, Delivery::NotSent)];
    let mut rows = vec![
        ("no connection", Register, times(3, refused), Fails(Code::Network, at(60))),
        ("no such name", VerifyPhone, times(3, || failed(TransportKind::Dns, Delivery::NotSent)), Fails(Code::Network, at(60))),
        ("no time", ClaimStart, times(3, || failed(TransportKind::Timeout, Delivery::NotSent)), Fails(Code::Timeout, at(60))),
        ("certificate", ConfirmManifest, unsent(TransportKind::Tls), Fails(Code::Tls, at(60))),
        ("proxy", Register, unsent(TransportKind::Proxy), Fails(Code::Proxy, at(60))),
        ("407 through the tunnel: something behind it may have acted", Register, vec![html(407)], AsksAgain),
        ("407 through the tunnel", VerifyPhone, vec![html(407), html(407), html(407)], Fails(Code::Proxy, at(60))),
        ("foreign link", ClaimStart, vec![foreign("verification_uri")], Fails(Code::ForeignOrigin, Recovery::None)),
        ("foreign endpoint", Register, vec![foreign("token_endpoint")], Fails(Code::ForeignOrigin, Recovery::None)),
        ("foreign endpoint", Register, vec![foreign("claim_endpoint")], Fails(Code::ForeignOrigin, Recovery::None)),
        (
            "a field is missing",
            Register,
            vec![json(200, r#"{"access_token":"ot_pat_1_2"}"#)],
            Fails(Code::ProtocolViolation, Recovery::None),
        ),
    ];
    for call in [Register, ClaimStart, VerifyPhone, ConfirmManifest, Call::Confirm] {
        for status in [301, 302, 303, 307, 308] {
            let redirect = with_headers(status, &[("location", "https://evil.example/")], r#"{"error":"authorization_pending"}"#);
            let end = match call {
                Call::Confirm => GoesOn,
                ConfirmManifest => AsksAgain,
                _ => Fails(Code::ProtocolViolation, Recovery::None),
            };
            rows.push(("redirect", call, vec![redirect], end));
        }
    }
    rows
}

#[test]
fn every_documented_error_has_its_failure_code_and_recovery() {
    let bodies = ["", "no", r#"{"error":"x","message":"y"}"#, r#"{"status":"failed","reason":{"why":"y"}}"#];
    let rows = opentrain_rows().into_iter().chain(common_rows()).chain(bodies.into_iter().flat_map(sentryagent_rows));
    // Tests below and in rotation.rs cover these codes.
    let mut seen = vec![FailureCode::WindowExpired, FailureCode::BadgeInvalid, FailureCode::AnswerLost, FailureCode::UnknownClaimToken];
    for (name, call, answers, expected) in rows {
        let became = outcome(call, answers);
        assert_eq!(became, expected, "{call:?}: {name}");
        seen.extend(if let Fails(code, _) = became { Some(code) } else { None });
    }
    for code in FailureCode::ALL {
        assert!(seen.contains(code), "no row leads to {code:?}");
    }
}

#[test]
fn the_window_has_expired_when_our_own_date_agrees() {
    let later = |answers: Vec<Answered>, hours: u64| {
        let mut bench = Bench::new(claim(), answers);
        bench.now = START.after(Duration::from_secs(hours * 3600));
        bench.run()
    };
    // The registration's window ends 24 h after START.
    let refusal = || vec![describing("invalid_request", "anything")];
    assert_eq!(later(refusal(), 25), Err(Failure::WindowExpired));
    assert_eq!(later(refusal(), 25).unwrap_err().recovery(), Recovery::Reregister);
    assert!(matches!(later(refusal(), 23), Err(Failure::Rejected(_))));
    // `expired_token` concerns the attempt, unless the window's date passed more than five minutes ago.
    assert_eq!(later(vec![started(), error(400, "expired_token")], 25), Err(Failure::WindowExpired));
    assert!(matches!(later(vec![started(), error(400, "expired_token")], 24), Err(Failure::AttemptExpired { .. })));
}

#[test]
fn the_codes_are_the_closed_set_of_the_command() {
    let mut codes: Vec<_> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.dedup();
    assert_eq!(
        codes,
        [
            "denied",
            "attempt_expired",
            "window_expired",
            "session_expired",
            "otp_tries_used_up",
            "anonymous_not_enabled",
            "email_already_registered",
            "rejected",
            "claim_token_spent",
            "rate_limited",
            "network",
            "timeout",
            "tls",
            "proxy",
            "busy",
            "protocol_violation",
            "foreign_origin",
            "credential_lost",
            "credential_unreadable",
            "badge_invalid",
            "answer_lost",
        ]
    );
}

#[test]
fn the_prompt_after_a_wrong_code_says_so() {
    let mut bench = Bench::new(sentry_registration(), [submitted(), texted(), json(401, r#"{"error":"invalid_otp","attempts_left":2}"#)])
        .answering([RegistrationAnswer::ProfileOk, RegistrationAnswer::Otp(Otp::parse("000000").unwrap())]);
    assert_eq!(bench.run_on(), Stop::Asked);
    let Some(RegistrationPrompt::Otp { reason: OtpReason::Rejected(error), phone_hint, expires_at }) = bench.prompts.pop() else {
        panic!()
    };
    assert_eq!((error.status, phone_hint.as_str()), (401, "+…0006"));
    assert_eq!(expires_at, Some(START.after(Duration::from_secs(900))));
}

#[test]
fn a_terminal_state_absorbs_everything() {
    let mut bench = waiting_claim([invalid_grant()]);
    let end = Step::Done(bench.run());
    for input in [Input::Woke, Input::Notified, Input::lost(enlist_core::Snapshot::in_flight(&waiting_in_flight()).unwrap())] {
        bench.handle(input);
        assert_eq!(bench.ceremony.poll(bench.now), end);
    }
    assert!(bench.ceremony.begin(bench.now).is_err());
}

fn waiting_in_flight() -> enlist_core::Snapshot {
    let mut bench = Bench::new(claim(), []);
    bench.begin();
    bench.ceremony.snapshot()
}
