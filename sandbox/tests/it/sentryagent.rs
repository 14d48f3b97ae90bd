//! SentryAgent: a complete registration, the lookups, and expiry.

use std::time::Duration;

use enlist_sandbox::{Config, MessageKind, Sandbox};
use serde_json::{Value, json};

use crate::client::{Response, get, post_json, start, try_send};

pub(crate) const STEP_1: &str = "/v1/auth/verify-phone";
pub(crate) const STEP_2: &str = "/v1/auth/confirm-manifest";
pub(crate) const STEP_3: &str = "/v1/auth/confirm";

pub(crate) fn manifest() -> Value {
    json!({
        "mobile_phone": "+15005550006", "trust_tier": "community", "agent_name": "My AI Agent",
        "agent_version": "1.0.0", "developer_name": "Acme Corp", "contact_email": "dev@acme.com",
        "primary_goal": "Customer support automation", "tools": ["web-search", "email"],
        "compliance_attestation": true, "data_residency": "us-east-1",
    })
}

pub(crate) fn step_1(sandbox: &Sandbox) -> String {
    let answer = post_json(sandbox, STEP_1, &json!({"manifest": manifest()})).ok();
    answer["manifest_session_id"].as_str().unwrap().to_owned()
}

pub(crate) fn step_2(sandbox: &Sandbox, manifest_session: &str) -> Response {
    post_json(sandbox, STEP_2, &json!({"manifest_session_id": manifest_session}))
}

pub(crate) fn step_3(sandbox: &Sandbox, otp_session: &str, otp: &str) -> Response {
    post_json(sandbox, STEP_3, &json!({"session_id": otp_session, "otp": otp}))
}

/// Runs steps 1 and 2. Returns both session ids and the OTP.
pub(crate) fn awaiting_otp(sandbox: &Sandbox) -> (String, String, String) {
    let manifest_session = step_1(sandbox);
    let answer = step_2(sandbox, &manifest_session).ok();
    (manifest_session, answer["otp_session_id"].as_str().unwrap().to_owned(), last_otp(sandbox))
}

pub(crate) fn last_otp(sandbox: &Sandbox) -> String {
    sandbox.outbox().last().unwrap().code.clone().unwrap()
}

pub(crate) fn wrong(otp: &str) -> &'static str {
    if otp == "000000" { "000001" } else { "000000" }
}

pub(crate) fn badge(sandbox: &Sandbox) -> String {
    let (_, session, otp) = awaiting_otp(sandbox);
    step_3(sandbox, &session, &otp).ok()["badge"].as_str().unwrap().to_owned()
}

pub(crate) fn verify(sandbox: &Sandbox, badge: &str) -> Value {
    post_json(sandbox, "/v1/verify", &json!({"badge": badge})).ok()
}

fn is_uuid_v4(text: &str) -> bool {
    text.len() == 36 && text.as_bytes()[14] == b'4'
}

#[test]
fn the_whole_ceremony() {
    let sandbox = start(Config::default());
    let first = post_json(&sandbox, STEP_1, &json!({"manifest": manifest()})).ok();
    let mut profile = manifest();
    profile.as_object_mut().unwrap().remove("mobile_phone");
    profile.as_object_mut().unwrap().remove("compliance_attestation");
    assert_eq!(first["public_profile"], profile);
    assert!(is_uuid_v4(first["manifest_session_id"].as_str().unwrap()));
    assert!(sandbox.outbox().is_empty(), "no OTP in step 1");

    let second = step_2(&sandbox, first["manifest_session_id"].as_str().unwrap()).ok();
    assert!(is_uuid_v4(second["otp_session_id"].as_str().unwrap()));
    assert!(second["expires_at"].as_str().unwrap().ends_with('Z'));
    let sms = &sandbox.outbox()[0];
    assert_eq!((sms.kind, sms.to.as_str()), (MessageKind::Sms, "+15005550006"));
    let otp = sms.code.clone().unwrap();
    assert!(sms.text.contains(&otp));

    let third = step_3(&sandbox, second["otp_session_id"].as_str().unwrap(), &otp).ok();
    assert_eq!(third["verified"], true);
    assert_eq!(third.get("did"), None);
    let badge = third["badge"].as_str().unwrap();
    assert!(badge.starts_with("eyJhbGciOiJFZERTQSIs"), "{badge}");

    let verified = verify(&sandbox, badge);
    assert_eq!((&verified["valid"], &verified["public_profile"]), (&json!(true), &profile));
    let did = verified["did"].as_str().unwrap();
    assert!(did.starts_with("did:sentryagent:"));
    for path in [format!("/v1/manifest/{did}"), format!("/v1/manifest/{}", did.replace(':', "%3A"))] {
        let found = get(&sandbox, &path).ok();
        assert_eq!((&found["did"], &found["public_profile"]), (&json!(did), &profile));
    }
    assert_eq!(sandbox.counts().badges_issued, 1);
    assert_eq!(step_3(&sandbox, second["otp_session_id"].as_str().unwrap(), &otp).status, 410, "issued once");
}

#[test]
fn sessions_end() {
    let sandbox = start(Config::default());
    let manifest_session = step_1(&sandbox);
    sandbox.advance(Duration::from_secs(901));
    assert_eq!(step_2(&sandbox, &manifest_session).status, 410);

    let (_, session, otp) = awaiting_otp(&sandbox);
    sandbox.advance(Duration::from_secs(899));
    assert_eq!(step_3(&sandbox, &session, wrong(&otp)).status, 401);
    sandbox.advance(Duration::from_secs(1));
    assert_eq!(step_3(&sandbox, &session, &otp).status, 410);
}

#[test]
fn a_revoked_badge_is_no_longer_valid() {
    let sandbox = start(Config::default());
    let badge = badge(&sandbox);
    let did = verify(&sandbox, &badge)["did"].as_str().unwrap().to_owned();
    let body = json!({"badge": badge}).to_string();
    let json_type = ("content-type", "application/json");
    let revoke = |bearer: &str| {
        let bearer = format!("Bearer {bearer}");
        try_send(&sandbox, "POST", "/v1/revoke", &[json_type, ("authorization", &bearer)], body.as_bytes()).unwrap()
    };
    assert_eq!(revoke("another").status, 401);
    assert_eq!(post_json(&sandbox, "/v1/revoke", &json!({"badge": badge})).status, 401);
    assert_eq!(verify(&sandbox, &badge)["valid"], true);
    assert_eq!(revoke(&badge).ok(), json!({"revoked": true}));
    assert_eq!(verify(&sandbox, &badge), json!({"valid": false}));
    assert_eq!(get(&sandbox, &format!("/v1/manifest/{did}")).error(404), "not_found");
}

#[test]
fn lookups() {
    let sandbox = start(Config::default());
    assert_eq!(get(&sandbox, "/v1/health").ok(), json!({"status": "ok", "version": "1.0.0"}));
    let document = get(&sandbox, "/v1/did").ok();
    let method = &document["verificationMethod"][0];
    assert_eq!(document["assertionMethod"][0], method["id"]);
    assert_eq!(method["publicKeyJwk"]["x"], get(&sandbox, "/v1/jwks").ok()["keys"][0]["x"]);
    assert_eq!(get(&sandbox, "/v1/manifest/did:sentryagent:nobody").status, 404);
    for wrong in ["did:web:example.com", "did:sentryagent:", "x", ""] {
        assert_eq!(get(&sandbox, &format!("/v1/manifest/{wrong}")).status, 400, "{wrong}");
    }
}

#[test]
fn a_badge_expires() {
    let sandbox = start(Config { badge_lifetime: Duration::from_secs(60), ..Config::default() });
    let badge = badge(&sandbox);
    assert_eq!(verify(&sandbox, &badge)["valid"], true);
    sandbox.advance(Duration::from_secs(61));
    assert_eq!(verify(&sandbox, &badge), json!({"valid": false}));
}
