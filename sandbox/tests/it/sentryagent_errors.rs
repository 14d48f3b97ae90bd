//! SentryAgent's documented errors, and the ambiguities about them.

use std::time::Duration;

use enlist_sandbox::ambiguities::{ErrorBody, ManifestSession, RepeatedStep2, RetryAfter, SentryAgentAmbiguities, TriesLeft};
use enlist_sandbox::{Ambiguities, Config, Limits, RateLimit, Sandbox};
use serde_json::{Value, json};

use crate::client::{post_form, post_json, start};
use crate::sentryagent::{STEP_1, STEP_2, STEP_3, awaiting_otp, badge, last_otp, manifest, step_1, step_2, step_3, wrong};

fn playing(sentryagent: SentryAgentAmbiguities) -> Sandbox {
    start(Config { ambiguities: Ambiguities { sentryagent, ..Ambiguities::default() }, ..Config::default() })
}

#[test]
fn every_member_of_the_manifest_is_checked() {
    let sandbox = start(Config::default());
    let bad: [(&str, &[Value]); 10] = [
        ("mobile_phone", &[json!("15005550006"), json!("+1-500"), json!("")]),
        ("trust_tier", &[json!("gold"), json!("Community")]),
        ("agent_name", &[json!(""), json!(1)]),
        ("agent_version", &[json!("")]),
        ("developer_name", &[json!("")]),
        ("contact_email", &[json!("dev"), json!("")]),
        ("primary_goal", &[json!("")]),
        ("tools", &[json!("web"), json!([1]), json!({})]),
        ("compliance_attestation", &[json!(false), json!("true")]),
        ("data_residency", &[json!("")]),
    ];
    for (name, values) in bad {
        for value in values.iter().chain([&Value::Null]) {
            let mut manifest = manifest();
            manifest[name] = value.clone();
            let refused = post_json(&sandbox, STEP_1, &json!({"manifest": manifest}));
            assert_eq!(refused.error(400), "invalid_manifest", "{name} {value}");
            assert!(refused.text().contains(name), "{}", refused.text());
        }
        let mut manifest = manifest();
        manifest.as_object_mut().unwrap().remove(name);
        assert_eq!(post_json(&sandbox, STEP_1, &json!({"manifest": manifest})).error(400), "invalid_manifest");
    }
    assert_eq!(post_json(&sandbox, STEP_1, &manifest()).error(400), "invalid_request", "not wrapped");
    assert_eq!(post_form(&sandbox, STEP_1, &[("manifest", "{}")]).error(400), "invalid_request");
    let mut lenient = manifest();
    lenient["tools"] = json!([]);
    lenient["more"] = json!(1);
    let profile = post_json(&sandbox, STEP_1, &json!({"manifest": lenient})).ok()["public_profile"].clone();
    assert_eq!((&profile["tools"], profile.get("more")), (&json!([]), None));
}

#[test]
fn the_last_step_takes_session_id() {
    let sandbox = start(Config::default());
    let (_, session, otp) = awaiting_otp(&sandbox);
    let misnamed = json!({"otp_session_id": session, "otp": otp});
    assert_eq!(post_json(&sandbox, STEP_3, &misnamed).error(400), "invalid_request");
    let number = json!({"session_id": session, "otp": 123_456});
    assert_eq!(post_json(&sandbox, STEP_3, &number).error(400), "invalid_request");
    assert_eq!(post_json(&sandbox, STEP_2, &json!({"otp_session_id": session})).error(400), "invalid_request");
    step_3(&sandbox, &session, &otp).ok();
}

#[test]
fn unknown_sessions_have_expired() {
    let sandbox = start(Config::default());
    let unknown = "a3f7c821-0000-4000-8000-000000000000";
    assert_eq!(step_2(&sandbox, unknown).error(410), "session_expired");
    assert_eq!(step_3(&sandbox, unknown, "123456").error(410), "session_expired");
    assert!(sandbox.outbox().is_empty());
}

#[test]
fn u6_wrong_otps_use_up_the_tries() {
    for (choice, told) in [(TriesLeft::Untold, [None; 3]), (TriesLeft::Told, [Some(2), Some(1), Some(0)])] {
        let sandbox = playing(SentryAgentAmbiguities { tries_left: choice, ..SentryAgentAmbiguities::default() });
        let (manifest_session, session, otp) = awaiting_otp(&sandbox);
        for left in told {
            let refused = step_3(&sandbox, &session, wrong(&otp));
            assert_eq!(refused.error(401), "invalid_otp");
            assert_eq!(refused.json().get("attempts_remaining").and_then(Value::as_u64), left);
        }
        assert_eq!(step_3(&sandbox, &session, &otp).error(429), "too_many_attempts", "even the right one");
        assert_eq!(step_2(&sandbox, &manifest_session).error(410), "session_expired", "only step 1 helps");
        badge(&sandbox);
    }
}

#[test]
fn the_right_otp_after_wrong_ones() {
    let sandbox = start(Config { otp_tries: 2, ..Config::default() });
    let (_, session, otp) = awaiting_otp(&sandbox);
    assert_eq!(step_3(&sandbox, &session, wrong(&otp)).status, 401);
    step_3(&sandbox, &session, &otp).ok();
}

#[test]
fn u1_error_bodies() {
    for choice in [ErrorBody::Json, ErrorBody::OtherJson, ErrorBody::PlainText, ErrorBody::Empty] {
        let sandbox =
            playing(SentryAgentAmbiguities { error_body: choice, tries_left: TriesLeft::Told, ..SentryAgentAmbiguities::default() });
        let (_, session, otp) = awaiting_otp(&sandbox);
        let refused = step_3(&sandbox, &session, wrong(&otp));
        assert_eq!(refused.status, 401);
        match choice {
            ErrorBody::Json => {
                let expected = json!({"error": "invalid_otp", "message": "The code is wrong.", "attempts_remaining": 2});
                assert_eq!(refused.json(), expected);
            }
            ErrorBody::OtherJson => {
                let expected = json!({"statusCode": 401, "detail": {"reason": "The code is wrong. 2 tries left."}});
                assert_eq!(refused.json(), expected);
            }
            ErrorBody::PlainText => {
                assert_eq!(refused.header("content-type"), Some("text/plain; charset=utf-8"));
                assert_eq!(refused.text(), "The code is wrong. 2 tries left.");
            }
            ErrorBody::Empty => assert_eq!((refused.header("content-type"), refused.body.len()), (None, 0)),
        }
    }
}

#[test]
fn u4_a_manifest_session_may_be_endless() {
    let endless = SentryAgentAmbiguities { manifest_session: ManifestSession::Endless, ..SentryAgentAmbiguities::default() };
    let sandbox = playing(endless);
    let session = step_1(&sandbox);
    sandbox.advance(Duration::from_secs(1_000_000));
    assert!(step_2(&sandbox, &session).ok()["otp_session_id"].is_string());
}

fn repeating(choice: RepeatedStep2) -> (Sandbox, String, String, String) {
    let sandbox = playing(SentryAgentAmbiguities { repeated_step_2: choice, ..SentryAgentAmbiguities::default() });
    let (manifest_session, session, otp) = awaiting_otp(&sandbox);
    (sandbox, manifest_session, session, otp)
}

#[test]
fn u5_a_repeat_opens_a_new_session() {
    let (sandbox, manifest_session, old, old_otp) = repeating(RepeatedStep2::NewSession);
    let new = step_2(&sandbox, &manifest_session).ok()["otp_session_id"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert_eq!(sandbox.outbox().len(), 2);
    assert_eq!(step_3(&sandbox, &old, &old_otp).status, 410);
    step_3(&sandbox, &new, &last_otp(&sandbox)).ok();
    assert_eq!(step_2(&sandbox, &manifest_session).status, 410, "a badge was issued");
}

#[test]
fn u5_a_repeat_sends_the_same_code_again() {
    let (sandbox, manifest_session, session, otp) = repeating(RepeatedStep2::SameSession);
    sandbox.advance(Duration::from_secs(60));
    let again = step_2(&sandbox, &manifest_session).ok();
    assert_eq!(again["otp_session_id"], session);
    assert_eq!((sandbox.outbox().len(), last_otp(&sandbox)), (2, otp.clone()));
    step_3(&sandbox, &session, &otp).ok();
}

#[test]
fn u5_a_repeat_is_gone() {
    let (sandbox, manifest_session, session, otp) = repeating(RepeatedStep2::Gone);
    assert_eq!(step_2(&sandbox, &manifest_session).error(410), "session_expired");
    assert_eq!(sandbox.outbox().len(), 1);
    step_3(&sandbox, &session, &otp).ok();
}

#[test]
fn u7_unavailable_with_and_without_retry_after() {
    for (choice, header) in [(RetryAfter::Absent, None), (RetryAfter::Seconds, Some("3"))] {
        let sentryagent = SentryAgentAmbiguities { retry_after: choice, ..SentryAgentAmbiguities::default() };
        let sandbox = start(Config {
            unavailable_calls: 2,
            speed: 10,
            ambiguities: Ambiguities { sentryagent, ..Ambiguities::default() },
            ..Config::default()
        });
        for _ in 0..2 {
            let refused = post_json(&sandbox, STEP_1, &json!({"manifest": manifest()}));
            assert_eq!((refused.error(503).as_str(), refused.header("retry-after")), ("unavailable", header));
        }
        badge(&sandbox);
    }
}

#[test]
fn rate_limits() {
    let limit = Some(RateLimit { calls: 1, window: Duration::from_secs(60) });
    let limits = Limits { verify_phone: limit, confirm_manifest: limit, ..Limits::default() };
    let sandbox = start(Config { limits, ..Config::default() });
    let session = step_1(&sandbox);
    assert_eq!(post_json(&sandbox, STEP_1, &json!({"manifest": manifest()})).error(429), "rate_limited");
    step_2(&sandbox, &session).ok();
    assert_eq!(step_2(&sandbox, &session).error(429), "rate_limited");
    assert_eq!(sandbox.outbox().len(), 1);
}
