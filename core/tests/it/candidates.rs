//! Damaged JSON brings at most a candidate, and a later answer decides about it.

use crate::common::*;
use enlist_core::badge::{BadgeRegistration, BadgeRotation, RegistrationAnswer};
use enlist_core::claim::Claim;
use enlist_core::secret::{Badge, Otp};
use enlist_core::{Ceremony, Failure};

const TOKEN: &str = "ot_pat_9b1c_POSTCLAIMPOSTCLAIM44ef";
const NEW_BADGE: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.TkVXQkFER0VTSUc";
const OLD_BADGE: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIn0.b2xk";

/// The ways in which an answer with `member` is damaged while that member is whole.
fn damaged(member: &str, value: &str) -> Vec<Answered> {
    let member = format!("\"{member}\":\"{value}\"");
    let mut answers = vec![
        cut(200, &format!("{{{member},\"token_ty")),
        cut(200, &format!("{{\"a\":[1,{{\"b\":2}}],{member}")),
        cut(200, &format!("\u{feff} {{{member},\"n\":\"cut of")),
    ];
    answers.extend(
        [format!("{{{member},}}"), format!("{{\"n\":,{member}}}"), format!("{{{member}}} trailing words"), format!("{{{member} \"n\":1}}")]
            .map(|body| json(200, &body)),
    );
    answers
}

fn damaged_token() -> Answered {
    cut(200, &format!(r#"{{"access_token":"{TOKEN}","token_ty"#))
}

fn token_of(bench: &mut Bench<Claim>) -> Option<String> {
    match bench.run_on() {
        Stop::Done(Ok(token)) => Some(token.access_token().expose().to_owned()),
        _ => None,
    }
}

#[test]
fn a_damaged_delivery_is_confirmed_by_the_spent_word() {
    for answer in damaged("access_token", TOKEN) {
        let mut bench = waiting_claim([answer.clone(), invalid_grant()]);
        assert_eq!(token_of(&mut bench).as_deref(), Some(TOKEN), "{answer:?}");
        assert!(!bench.ceremony.is_unconfirmed() && bench.ceremony.snapshot().unreadable().len() == 1, "the bytes are kept: {answer:?}");
    }
    // In another process too.
    let mut first = waiting_claim([damaged_token()]);
    first.run_on();
    let mut second = Bench::new(first.restarted(), [invalid_grant()]);
    second.now = first.now;
    assert_eq!(token_of(&mut second).as_deref(), Some(TOKEN));
}

#[test]
fn pending_says_that_a_candidate_was_none() {
    for goes_on in [pending(), slow_down()] {
        let mut bench = waiting_claim([damaged_token(), goes_on.clone()]);
        bench.run_on();
        bench.then([lost(), invalid_grant()]);
        assert!(matches!(bench.run(), Err(Failure::CredentialLost { .. } | Failure::CredentialUnreadable { .. })), "{goes_on:?}");
        let mut bench = waiting_claim([damaged_token(), goes_on, delivered()]);
        assert_eq!(token_of(&mut bench).as_deref(), Some(TOKEN));
        assert_eq!(bench.sent.len(), 4);
    }
    let mut bench = waiting_claim([damaged_token(), error(400, "access_denied")]);
    assert!(matches!(bench.run(), Err(Failure::Denied(_))));
}

#[test]
fn the_same_value_again_is_the_delivery_and_another_one_is_not() {
    let mut bench = waiting_claim([damaged_token(), damaged_token()]);
    assert_eq!(token_of(&mut bench).as_deref(), Some(TOKEN));
    assert!(!bench.ceremony.is_unconfirmed());
    let other = cut(200, r#"{"access_token":"ot_pat_0000_ANOTHERTOKENANOTHER","#);
    let mut bench = waiting_claim([damaged_token(), other, pending()]);
    assert_eq!(token_of(&mut bench), None);
}

/// Nobody decides: three polls bring no definite answer, or the attempt is over.
#[test]
fn without_a_decision_a_candidate_is_taken_as_unconfirmed() {
    for undecided in
        [vec![lost(), html(502), html(403)], vec![html(503), error(400, "teapot"), html(302)], vec![error(400, "expired_token")]]
    {
        let mut bench = waiting_claim([damaged_token()].into_iter().chain(undecided.clone()));
        assert_eq!(token_of(&mut bench).as_deref(), Some(TOKEN), "{undecided:?}");
        assert!(bench.ceremony.is_unconfirmed(), "{undecided:?}");
        assert!(bench.restarted().is_unconfirmed());
    }
    let mut bench = waiting_claim([damaged_token(), lost(), lost()]);
    assert_eq!(token_of(&mut bench), None, "two polls are not enough");
}

/// Masks, echoes, nested and old tokens, pages: whatever the next answer says, they are never taken.
#[test]
fn adversaries_are_never_taken() {
    let held = "ot_clm_CLAIMTOKENCLAIMTOKEN77ab";
    let old = "ot_pat_8f2a_PRECLAIMPRECLAIM91cd";
    let body = |value: &str| format!(r#"{{"access_token":"{value}","token_ty"#);
    let page = format!(r#"{{"access_token":"{TOKEN}","#);
    let mut answers: Vec<_> = [
        body("***"),
        body("****************************"),
        body("ot_pat_********************"),
        body("ot_pat_xxxxxxxxxxxxxxxxxxxx"),
        body("<redacted by the gateway>"),
        body("[REDACTED-BY-THE-GATEWAY]"),
        body("ot_pat_9b1c\u{2026}44ef_and_more"),
        body("aaaabbbbccccddddeeee"),
        body("ot_pat_9b1c"),
        body(&format!("ot_{}", "abcdefgh".repeat(1200))),
        body("ot_pat_9b1c_POSTCLAIM\\u0041POSTCLAIM44ef"),
        body(held),
        body(old),
        format!(r#"{{"a":{{"access_token":"{TOKEN}"}},"#),
        format!(r#"{{"a":[{{"access_token":"{TOKEN}""#),
        format!(r#"[{{"access_token":"{TOKEN}","#),
        format!(r#"{{"access_token":["{TOKEN}","#),
        format!(r#"{{"access_token":"{TOKEN}","access_token":"{TOKEN}","#),
        format!(r#"{{"access_token":"{TOKEN}","access_\u0074oken":"x","#),
        format!(r#"{{"access_token":"{TOKEN}"}}{{"access_token":"x"}}"#),
        format!(r#"{{"n":"say \"access_token\":\"{TOKEN}\"","#),
        format!(r#"{{"n":"access_token":"{TOKEN}"#),
        format!(r#"{{"Access_Token":"{TOKEN}","#),
        format!(r#"{{"access_token":"{TOKEN}"#),
        format!(r#"}}{{"access_token":"{TOKEN}","#),
        format!(r#"<html>{{"access_token":"{TOKEN}","#),
        format!(r#"x{{"access_token":"{TOKEN}","#),
        String::from("<html><body>{\"access_token\":\"") + TOKEN + "\"}</body></html>",
    ]
    .iter()
    .map(|body| cut(200, body))
    .collect();
    for kind in ["text/html", "text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml", "application/xml", "text/xml"] {
        answers.push(with_headers(200, &[("content-type", kind)], &page));
    }
    for answer in answers {
        let shown = match &answer {
            Ok(response) => String::from_utf8_lossy(response.body()).into_owned(),
            Err(failure) => String::from_utf8_lossy(&failure.partial.as_ref().unwrap().body).into_owned(),
        };
        for after in [vec![invalid_grant()], vec![answer.clone()], vec![lost(), lost(), lost()], vec![error(400, "expired_token")]] {
            let mut bench = waiting_claim([answer.clone()].into_iter().chain(after));
            assert_eq!(token_of(&mut bench), None, "{shown}");
            assert!(bench.ceremony.may_be_delivered(), "{shown}");
        }
    }
}

/// Nothing can have been delivered before an owner has seen a code.
#[test]
fn a_candidate_before_any_code_is_none() {
    let mut bench = Bench::new(claim(), [lost(), damaged_token(), error(400, "expired_token")]);
    assert_eq!(token_of(&mut bench), None);
}

#[test]
fn a_damaged_registration_is_taken_at_once() {
    let body = r#"{"access_token":"ot_pat_8f2a_PRECLAIMPRECLAIM91cd","claim_token":"ot_clm_CLAIMTOKENCLAIMTOKEN77ab","claim_endpoint":"https://evil.example/x","sco"#;
    let mut bench = Bench::new(enrolment(), [cut(200, body)]);
    let registration = bench.run().unwrap();
    assert_eq!(registration.claim_token().hint(), "ot_clm_…77ab");
    assert_eq!((registration.scopes().len(), registration.claim_token_expires_at()), (0, None));
    assert_eq!(bench.ceremony.snapshot().unreadable().len(), 1);
    // No link is taken from damaged JSON.
    let mut claim = Bench::new(Claim::new(&registration, owner()), []);
    assert_eq!(claim.begin().request.uri(), "https://app.opentrain.ai/api/agent/identity/claim");
    for without in [r#"{"access_token":"ot_pat_8f2a_PRECLAIMPRECLAIM91cd","claim_tok"#, r#"{"claim_token":"***","access_token":"***","#] {
        assert_eq!(Bench::new(enrolment(), [cut(200, without)]).run_on(), Stop::Asked, "{without}");
    }
}

#[test]
fn what_is_shown_or_sent_is_never_taken_from_damaged_json() {
    let mut bench =
        Bench::new(claim(), [cut(200, r#"{"user_code":"039218","verification_uri":"https://app.opentrain.ai/x","expires_in":1800,"i"#)]);
    bench.run_on();
    assert!(bench.ceremony.notice().is_none());
    let cut_sms = cut(200, r#"{"otp_session_id":"b9d2e445-0000-4000-8000-OTPSESSIONID","exp"#);
    let mut bench = Bench::new(sentry_registration(), [submitted(), cut_sms]).answering([RegistrationAnswer::ProfileOk]);
    assert_eq!(bench.run_on(), Stop::Asked);
    assert_eq!(bench.prompts.len(), 2);
}

fn with_code(answers: impl IntoIterator<Item = Answered>) -> Bench<BadgeRegistration> {
    let otp = || RegistrationAnswer::Otp(Otp::parse("123456").unwrap());
    Bench::new(sentry_registration(), [submitted(), texted()].into_iter().chain(answers)).answering([
        RegistrationAnswer::ProfileOk,
        otp(),
        otp(),
    ])
}

#[test]
fn a_damaged_badge_is_confirmed_by_what_the_same_code_brings() {
    for answer in damaged("badge", NEW_BADGE) {
        for proof in [error(401, "invalid_otp"), error(410, "used"), answer.clone()] {
            let mut bench = with_code([answer.clone(), proof]);
            assert_eq!(bench.run().unwrap().badge().expose(), NEW_BADGE, "{answer:?}");
            assert!(!bench.ceremony.is_unconfirmed());
        }
        let mut bench = with_code([answer.clone(), lost()]);
        assert_eq!(bench.run().unwrap().did().unwrap().as_str(), "did:sentryagent:xyz789", "{answer:?}");
        assert!(bench.ceremony.is_unconfirmed() && bench.restarted().is_unconfirmed());
        assert_eq!(with_code([answer, badge()]).run().unwrap().did().unwrap().as_str(), "did:sentryagent:abc123");
    }
}

#[test]
fn a_damaged_rotation_is_confirmed_by_verify() {
    let rotation = |answers: Vec<Answered>| {
        let checked = [json(200, r#"{"valid":true}"#)].into_iter().chain(answers);
        Bench::new(BadgeRotation::new(sentryagent(), Badge::parse(OLD_BADGE).unwrap()), checked)
    };
    let not_valid = || json(200, r#"{"valid":false}"#);
    let valid = || json(200, r#"{"valid":true}"#);
    for answer in damaged("new_badge", NEW_BADGE) {
        let mut bench = rotation(vec![answer.clone(), not_valid()]);
        assert_eq!(bench.run().unwrap().badge().expose(), NEW_BADGE, "{answer:?}");
        let mut first = rotation(vec![answer.clone()]);
        first.run_on();
        let mut second = Bench::new(first.restarted(), [not_valid()]);
        assert!(second.run().is_ok());
        assert!(matches!(rotation(vec![answer, valid(), valid(), valid()]).run(), Err(Failure::NotRotated { .. })));
    }
    // The old badge, a mask, a token of another algorithm.
    let hs256 = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.TkVXQkFER0VTSUc";
    for echo in [OLD_BADGE, "eyJhbGciOiJFZERTQSJ9.***.***", hs256, TOKEN] {
        let answer = cut(200, &format!(r#"{{"new_badge":"{echo}","new_"#));
        assert!(matches!(rotation(vec![answer, not_valid()]).run(), Err(Failure::CredentialUnreadable { .. })), "{echo}");
        let answer = cut(200, &format!(r#"{{"badge":"{echo}","veri"#));
        if echo != OLD_BADGE {
            assert!(matches!(with_code([answer, error(401, "wrong")]).run(), Err(Failure::CredentialUnreadable { .. })), "{echo}");
        }
    }
}
