//! SentryAgent's registration.

use std::time::Duration;

use crate::common::*;
use enlist_core::badge::{BadgeRegistration, Manifest, OtpReason, RegistrationAnswer, RegistrationPrompt, TrustTier};
use enlist_core::secret::Otp;
use enlist_core::{Ceremony, Delivery, Failure, Input, Step, TransportKind, Violation};

fn otp(digits: &str) -> RegistrationAnswer {
    RegistrationAnswer::Otp(Otp::parse(digits).unwrap())
}

fn bench(answers: impl IntoIterator<Item = Answered>, humans: impl IntoIterator<Item = RegistrationAnswer>) -> Bench<BadgeRegistration> {
    Bench::new(sentry_registration(), answers).answering(humans)
}

/// A registration whose SMS has arrived. `answers` are the answers to the codes `123456`, `234567`, ...
fn with_codes(answers: impl IntoIterator<Item = Answered>) -> Bench<BadgeRegistration> {
    bench([submitted(), texted()].into_iter().chain(answers), [RegistrationAnswer::ProfileOk, otp("123456"), otp("234567"), otp("345678")])
}

#[test]
fn it_asks_for_the_profile_then_the_code_and_ends_with_badge_and_did() {
    let mut bench = with_codes([badge()]);
    let identity = bench.run().unwrap();
    assert_eq!(
        bench.sent,
        [
            r#"POST /v1/auth/verify-phone {"manifest":{"agent_name":"My AI Agent","agent_version":"1.0.0","compliance_attestation":true,"contact_email":"dev@acme.com","data_residency":"us-east-1","developer_name":"Acme Corp","mobile_phone":"+15005550006","primary_goal":"Customer support automation","tools":["web-search","email"],"trust_tier":"community"}}"#,
            r#"POST /v1/auth/confirm-manifest {"manifest_session_id":"a3f7c821-0000-4000-8000-MANIFESTSESS"}"#,
            r#"POST /v1/auth/confirm {"otp":"123456","session_id":"b9d2e445-0000-4000-8000-OTPSESSIONID"}"#,
        ]
    );
    assert!(matches!(&bench.prompts[..], [RegistrationPrompt::Profile { .. }, RegistrationPrompt::Otp { reason: OtpReason::Sent, .. }]));
    assert_eq!(identity.did().unwrap().as_str(), "did:sentryagent:abc123");
    assert_eq!(identity.badge().hint(), "eyJ…VUkU");
    assert_eq!(identity.public_profile().agent_name, "My AI Agent");
}

#[test]
fn the_trust_tier_enterprise_is_sent_and_kept() {
    let manifest = Manifest::from_json(MANIFEST.replace("community", "enterprise").as_bytes()).unwrap();
    let answer = json(200, r#"{"manifest_session_id":"x","public_profile":{"trust_tier":"enterprise"}}"#);
    let mut bench = Bench::new(BadgeRegistration::new(sentryagent(), manifest), [answer]);
    assert_eq!(bench.run_on(), Stop::Asked);
    assert!(bench.sent[0].contains(r#""trust_tier":"enterprise""#));
    assert_eq!(bench.restarted(), bench.ceremony);
    assert_eq!(bench.ceremony.public_profile().trust_tier, TrustTier::Enterprise);
}

#[test]
fn a_manifest_without_attested_compliance_is_refused() {
    for other in ["false", "null", "1", r#""true""#] {
        let manifest = MANIFEST.replace(r#""compliance_attestation":true"#, &format!(r#""compliance_attestation":{other}"#));
        assert!(manifest != MANIFEST && Manifest::from_json(manifest.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn no_sms_before_the_profile_is_confirmed() {
    let mut bench = bench([submitted()], []);
    assert_eq!(bench.run_on(), Stop::Asked);
    assert_eq!(bench.sent.len(), 1);
    assert!(bench.ceremony.handle(START, Input::Answer(otp("123456"))).is_err());
}

#[test]
fn a_badge_that_cannot_be_decoded_is_still_delivered() {
    let identity = with_codes([json(200, r#"{"verified":true,"badge":"opaque-badge"}"#)]).run().unwrap();
    assert_eq!((identity.badge().expose(), identity.did()), ("opaque-badge", None));
}

#[test]
fn the_manifest_may_be_sent_again_when_its_answer_was_lost() {
    let mut bench = bench([lost(), html(500), submitted()], []);
    assert_eq!(bench.run_on(), Stop::Asked);
    assert_eq!(bench.waited()[..2], [2.0, 2.0]);
    let mut bench = Bench::new(sentry_registration(), [lost(), html(200), cut(200, "{")]);
    assert!(matches!(bench.run(), Err(Failure::GaveUp { may_be_delivered: false, .. })));
}

#[test]
fn the_echoed_profile_must_be_what_was_sent() {
    let good = String::from_utf8(submitted().unwrap().into_body()).unwrap();
    for (from, to, field) in [
        ("My AI Agent", "Mallory", "agent_name"),
        ("community", "enterprise", "trust_tier"),
        (r#""email""#, r#""shell""#, "tools"),
        (r#"["web-search","email"]"#, "[]", "tools"),
        (r#"["web-search","email"]"#, r#""web-search""#, "tools"),
        ("dev@acme.com", "evil@acme.com", "contact_email"),
        (r#""us-east-1""#, "null", "data_residency"),
    ] {
        assert!(good.contains(from), "{from}");
        let end = bench([json(200, &good.replacen(from, to, 1))], []).run();
        assert_eq!(end, Err(Failure::Protocol(Violation::EchoMismatch { field: field.into() })), "{from}");
    }
    assert_eq!(bench([json(200, r#"{"manifest_session_id":"x"}"#)], []).run_on(), Stop::Asked);
    let end = bench([json(200, "{}")], []).run();
    assert_eq!(end, Err(Failure::Protocol(Violation::MissingField { field: "manifest_session_id".into() })));
}

/// The answer to step 2 was lost. Both readings of its repeat (U5) are tested.
#[test]
fn a_second_sms_is_ordered_only_if_the_human_agrees() {
    let busy = || error(503, "temporarily_unavailable");
    let statuses = [400, 401, 403, 404, 405, 408, 421, 499];
    let pages = statuses.map(html).into_iter().chain(statuses.map(|status| error(status, "access_denied"))).chain([html(410)]);
    for indefinite in [lost(), html(500), html(502), html(503), busy(), html(200), json(200, "{}"), cut(200, "{")].into_iter().chain(pages)
    {
        let mut first = bench([submitted(), indefinite], [RegistrationAnswer::ProfileOk]);
        assert_eq!(first.run_on(), Stop::Asked);
        assert_eq!(first.sent.len(), 2);
        assert!(matches!(first.prompts[1], RegistrationPrompt::SmsAgain { .. }));
        let mut agreed = first.answering([RegistrationAnswer::SmsAgain, otp("123456")]);
        agreed.then([texted(), badge()]);
        assert!(agreed.run().is_ok());
    }
    let mut gone = bench([submitted(), lost(), error(410, "gone")], [RegistrationAnswer::ProfileOk, RegistrationAnswer::SmsAgain]);
    assert!(matches!(gone.run(), Err(Failure::SessionExpired { may_be_delivered: false, .. })));
}

fn asked_again<C>(bench: &Bench<C>) -> usize
where
    C: Ceremony<Prompt = RegistrationPrompt>,
{
    bench.prompts.iter().filter(|prompt| matches!(prompt, RegistrationPrompt::Otp { reason: OtpReason::Rejected(_), .. })).count()
}

/// U6: wrong codes, whatever the service writes in its 401, and with the status that another service would use.
#[test]
fn a_wrong_code_is_asked_for_again_until_the_tries_are_used_up() {
    let mut bench = with_codes([html(401), json(401, r#"{"error":"wrong","attempts_left":1}"#), error(429, "too_many_attempts")]);
    assert!(matches!(bench.run(), Err(Failure::OtpTriesUsedUp(_))));
    assert_eq!(asked_again(&bench), 2);
    assert!(with_codes([html(401), badge()]).run().is_ok());
    assert!(with_codes([json(200, r#"{"verified":false}"#), badge()]).run().is_ok());
    for status in [400, 403, 404, 422, 429] {
        let mut bench = with_codes([error(status, "invalid_otp"), badge()]);
        assert!(bench.run().is_ok(), "{status}");
        assert_eq!(asked_again(&bench), 1, "{status}");
        assert!(matches!(with_codes([error(status, "TOO_MANY_ATTEMPTS")]).run(), Err(Failure::OtpTriesUsedUp(_))), "{status}");
    }
}

/// A 4xx that says nothing of the code keeps the session, and may stand in the place of the badge.
#[test]
fn no_other_refusal_of_a_code_ends_the_session() {
    for status in [400, 402, 403, 404, 405, 406, 408, 410, 413, 421, 422, 425, 431, 451, 499] {
        for page in [html(status), error(status, "access_denied"), json(status, "{}")] {
            let is_the_services_word = status == 410 && page.as_ref().unwrap().body().starts_with(b"{\"error");
            let mut bench = with_codes([page.clone(), badge()]);
            let end = bench.run();
            assert_eq!(end.is_ok(), !is_the_services_word, "{page:?}");
            let mut bench = with_codes([page.clone()]);
            bench.run_on();
            assert!(bench.ceremony.may_be_delivered(), "{page:?}");
            let is_asked = matches!(bench.prompts.last(), Some(RegistrationPrompt::Otp { reason: OtpReason::NotTaken(_), .. }));
            assert_eq!(is_asked, !is_the_services_word, "{page:?}");
        }
    }
}

/// Until the session's end by our clock, a 410 may also answer a code that was accepted before.
#[test]
fn a_410_ends_the_session_by_our_clock_or_on_the_services_word() {
    let after = |seconds: u64, answer: Answered| {
        let mut bench = with_codes([]);
        bench.run_on();
        let exchange = bench.begin();
        bench.now = bench.now.after(Duration::from_secs(seconds));
        bench.handle(Input::answered(exchange.id, answer));
        bench
    };
    for answer in [html(410), error(410, "session_expired")] {
        let mut late = after(1000, answer);
        assert!(matches!(late.run(), Err(Failure::SessionExpired { may_be_delivered: false, .. })));
    }
    let mut early = after(1, error(410, "session_expired"));
    assert!(matches!(early.run(), Err(Failure::SessionExpired { may_be_delivered: true, .. })));
    assert_eq!(after(1, html(410)).run_on(), Stop::ScriptEnded);
}

#[test]
fn a_429_without_a_word_of_the_tries_is_waited_out() {
    let mut bench = with_codes([html(429), badge()]);
    bench.run().unwrap();
    assert_eq!((bench.sent[2] == bench.sent[3], bench.waited()[2]), (true, 60.0));
    let mut bench = with_codes([with_headers(429, &[("retry-after", "7")], r#"{"error":"rate_limited"}"#), badge()]);
    bench.run().unwrap();
    assert_eq!(bench.waited()[2], 7.0);
    // The wait would be longer than the session, so the person may come back to it.
    let mut bench = with_codes([with_headers(429, &[("retry-after", "3000")], ""), badge()]);
    bench.run().unwrap();
    assert!(matches!(bench.prompts.last(), Some(RegistrationPrompt::Otp { reason: OtpReason::NotTaken(_), .. })));
    // It is not waited out for ever.
    let mut bench = with_codes([html(429), html(429), html(429), html(429), badge()]);
    bench.run().unwrap();
    assert_eq!(bench.sent[2..].iter().filter(|sent| sent.contains("123456")).count(), 4);
}

/// After five wrong codes, a 429 says that no try is left, in another process too.
#[test]
fn a_429_after_five_wrong_codes_says_that_the_tries_are_used_up() {
    let codes = || [RegistrationAnswer::ProfileOk].into_iter().chain((0..6).map(|_| otp("123456")));
    let wrong = |times: usize| [submitted(), texted()].into_iter().chain((0..times).map(|_| error(401, "wrong")));
    let mut bench = bench(wrong(5).chain([html(429)]), codes());
    assert!(matches!(bench.run(), Err(Failure::OtpTriesUsedUp(_))));
    let mut bench = Bench::new(sentry_registration(), wrong(4).chain([html(429), badge()])).answering(codes());
    bench.run().unwrap();
    let mut first = Bench::new(sentry_registration(), wrong(5)).answering(codes().take(6));
    first.run_on();
    let mut second = Bench::new(first.restarted(), [html(429)]).answering([otp("123456")]);
    second.now = first.now;
    assert!(matches!(second.run(), Err(Failure::OtpTriesUsedUp(_))));
}

#[test]
fn a_lost_answer_to_a_code_is_repeated_once_and_then_the_human_is_asked() {
    let mut bench = with_codes([lost(), badge()]);
    bench.run().unwrap();
    assert_eq!(bench.sent[2], bench.sent[3]);
    let mut bench = with_codes([lost(), html(502), badge()]);
    bench.run().unwrap();
    assert_eq!(bench.sent[2], bench.sent[3]);
    assert!(bench.sent[4].contains("234567"));
    assert!(matches!(bench.prompts.last(), Some(RegistrationPrompt::Otp { reason: OtpReason::NotTaken(_), .. })));
}

#[test]
fn a_conflict_counts_as_a_lost_answer() {
    assert!(with_codes([html(409), badge()]).run().is_ok());
    assert!(matches!(with_codes([html(409), html(410)]).run(), Err(Failure::CredentialLost { .. })));
}

/// A router answers 503 after its own timeout: the badge may have been issued and lost with the answer.
#[test]
fn a_503_to_a_code_is_a_lost_answer() {
    let mut bench = with_codes([html(503), badge()]);
    bench.run().unwrap();
    assert_eq!(bench.sent[2], bench.sent[3]);
    let mut bench = with_codes([html(503), html(503), badge()]);
    bench.run().unwrap();
    assert!(matches!(bench.prompts.last(), Some(RegistrationPrompt::Otp { reason: OtpReason::NotTaken(_), .. })));
    for proof in [html(401), html(410)] {
        assert!(matches!(with_codes([error(503, "busy"), proof]).run(), Err(Failure::CredentialLost { .. })));
    }
}

#[test]
fn a_code_whose_answer_was_lost_is_repeated_when_the_service_says() {
    let mut bench = with_codes([with_headers(503, &[("retry-after", "20")], ""), badge()]);
    bench.run().unwrap();
    assert_eq!(bench.waited()[2..], [20.0, 0.0]);
}

/// A repeat of the SMS order would send another SMS, and the session of the first would be lost.
#[test]
fn the_sms_order_and_the_code_deliver() {
    let delivers = |answers: Vec<Answered>| {
        let mut bench = with_codes([]);
        bench = Bench::new(bench.ceremony.clone(), answers).answering([RegistrationAnswer::ProfileOk, otp("123456")]);
        bench.run_on();
        bench.begin().delivers
    };
    assert_eq!([delivers(vec![]), delivers(vec![submitted()]), delivers(vec![submitted(), texted()])], [false, true, true]);
}

/// A refusal of another code than the one whose answer was lost only says that this other code is wrong.
#[test]
fn a_refusal_of_another_code_proves_no_loss() {
    let mut bench = with_codes([lost(), lost(), html(401), badge()]);
    bench.run().unwrap();
    assert!(bench.sent[4].contains("234567") && bench.sent[5].contains("345678"));
    // 410 says that the session is over, whatever the code.
    let mut bench = with_codes([lost(), lost(), html(410)]);
    assert!(matches!(bench.run(), Err(Failure::CredentialLost { .. })));
    assert!(bench.ceremony.may_be_delivered());
}

#[test]
fn a_redirect_instead_of_the_badge_counts_as_a_lost_answer() {
    let mut bench = with_codes([html(302), badge()]);
    bench.run().unwrap();
    assert_eq!(bench.sent[2], bench.sent[3]);
    let mut bench = with_codes([html(302), html(302)]);
    bench.run_on();
    assert!(bench.ceremony.may_be_delivered());
    assert!(matches!(bench.prompts.last(), Some(RegistrationPrompt::Otp { reason: OtpReason::NotTaken(_), .. })));
}

/// Another SMS is refused while the result of the previous code is not known.
#[test]
fn a_session_that_ends_after_a_possible_delivery_says_so() {
    let mut bench = Bench::new(sentry_registration(), [submitted(), texted(), lost(), lost(), error(410, "gone")]).answering([
        RegistrationAnswer::ProfileOk,
        otp("123456"),
        RegistrationAnswer::SmsAgain,
    ]);
    assert!(matches!(bench.run(), Err(Failure::SessionExpired { may_be_delivered: true, .. })));
}

#[test]
fn a_readable_success_without_a_badge_is_kept() {
    for answer in [json(200, r#"{"verified":true}"#), json(200, r#"{"verified":true,"badge":"a\nb"}"#), json(200, "{}")] {
        let mut bench = with_codes([answer, lost()]);
        bench.run_on();
        assert_eq!(bench.ceremony.snapshot().unreadable().len(), 1);
    }
}

#[test]
fn a_badge_counts_even_with_verified_false() {
    assert!(with_codes([json(200, r#"{"verified":false,"badge":"x.y.z"}"#)]).run().is_ok());
}

#[test]
fn another_sms_can_be_ordered_when_none_came() {
    let mut first =
        bench([submitted(), texted(), texted(), badge()], [RegistrationAnswer::ProfileOk, RegistrationAnswer::SmsAgain, otp("123456")]);
    first.run().unwrap();
    assert_eq!(first.sent[1], first.sent[2]);
    // After the second SMS, a refusal proves nothing about the first code.
    let mut second = bench([submitted(), texted(), lost(), lost()], [RegistrationAnswer::ProfileOk, otp("123456")]);
    second.run_on();
    let mut second = Bench::new(second.ceremony, [texted(), html(401), error(410, "gone")]).answering([
        RegistrationAnswer::SmsAgain,
        otp("123456"),
        otp("123456"),
    ]);
    assert!(matches!(second.run(), Err(Failure::SessionExpired { may_be_delivered: true, .. })));
}

#[test]
fn no_wait_is_longer_than_the_session() {
    let mut bench = with_codes([with_headers(503, &[("retry-after", "3000")], ""), badge()]);
    bench.run().unwrap();
    assert_eq!(bench.waited()[2], 0.0);
}

/// At the very end the service may still accept the code. Later it cannot.
#[test]
fn a_code_may_wait_until_the_sessions_very_end() {
    let reason = |seconds: u64| {
        let expires_at = START.after(Duration::from_secs(seconds));
        let texted = json(200, &format!(r#"{{"otp_session_id":"x","expires_at":"{expires_at}"}}"#));
        let mut bench =
            bench([submitted(), texted, with_headers(503, &[("retry-after", "100")], "")], [RegistrationAnswer::ProfileOk, otp("123456")]);
        bench.run_on()
    };
    assert_eq!([reason(99), reason(100), reason(101)], [Stop::Asked, Stop::ScriptEnded, Stop::ScriptEnded]);
}

/// A code that was not sent cannot have been accepted, and a 503 does not undo that an answer was lost.
#[test]
fn only_a_sent_code_counts_as_a_possible_delivery_which_then_stays() {
    let offline = || failed(TransportKind::Connect, Delivery::NotSent);
    let mut bench = with_codes([offline(), offline(), offline()]);
    bench.run_on();
    assert!(!bench.ceremony.may_be_delivered());
    assert!(matches!(with_codes([lost(), html(503), html(410)]).run(), Err(Failure::CredentialLost { .. })));
}

#[test]
fn a_stale_answer_changes_nothing() {
    let mut bench = bench([], []);
    let stale = bench.begin().id;
    bench.handle(Input::answered(stale, submitted()));
    bench.handle(Input::Answer(RegistrationAnswer::ProfileOk));
    bench.begin();
    let before = bench.ceremony.clone();
    assert!(bench.ceremony.handle(START, Input::answered(stale, texted())).is_err());
    assert_eq!(bench.ceremony, before);
}

#[test]
fn a_code_that_could_not_be_sent_does_not_end_the_registration() {
    let offline = || failed(TransportKind::Connect, Delivery::NotSent);
    let mut bench = with_codes([offline(), offline(), offline(), badge()]);
    bench.run().unwrap();
    assert!(matches!(bench.prompts.last(), Some(RegistrationPrompt::Otp { reason: OtpReason::NotTaken(_), .. })));
}

#[test]
fn the_phone_number_is_forgotten_once_it_was_sent() {
    let mut bench = bench([submitted()], []);
    bench.run_on();
    assert!(!bench.ceremony.snapshot().to_json().expose().contains("+15005550006"));
    assert!(matches!(bench.ceremony.poll(START), Step::Ask(RegistrationPrompt::Profile { phone_hint, .. }) if phone_hint == "+…0006"));
}
