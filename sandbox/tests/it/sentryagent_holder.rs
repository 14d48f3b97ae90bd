//! The calls of a badge's holder: sign, rotate, revoke; and the ambiguities about them.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use enlist_sandbox::ambiguities::{DidInPath, OldBadge, RepeatedRevoke, SentryAgentAmbiguities, SignedPayload, SigningKeyOf};
use enlist_sandbox::{Ambiguities, Config, Latency, Sandbox};
use serde_json::{Value, json};

use crate::client::{Response, get, start, try_send};
use crate::sentryagent::{badge, verify};

fn playing(sentryagent: SentryAgentAmbiguities) -> Sandbox {
    start(Config { ambiguities: Ambiguities { sentryagent, ..Ambiguities::default() }, ..Config::default() })
}

/// A call with the badge as bearer credential and in the body.
fn held(sandbox: &Sandbox, path: &str, badge: &str, mut body: Value) -> Response {
    body["badge"] = badge.into();
    let bearer = format!("Bearer {badge}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    try_send(sandbox, "POST", path, &headers, body.to_string().as_bytes()).unwrap()
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// The `kid` of the JWS, and whether the key with that `kid` in the JWKS verifies it.
fn check(sandbox: &Sandbox, jws: &str, detached: Option<&str>) -> (String, Option<bool>) {
    let [header, payload, signature] = jws.split('.').collect::<Vec<_>>().try_into().unwrap();
    let head: Value = serde_json::from_slice(&decoded(header)).unwrap();
    let kid = head["kid"].as_str().unwrap().to_owned();
    let keys = get(sandbox, "/v1/jwks").ok();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid.as_str()).cloned();
    let verified = key.map(|key| {
        let key = VerifyingKey::from_bytes(&decoded(key["x"].as_str().unwrap()).try_into().unwrap()).unwrap();
        let payload = detached.map_or_else(|| payload.to_owned(), |message| URL_SAFE_NO_PAD.encode(message));
        let signature = Signature::from_slice(&decoded(signature)).unwrap();
        key.verify_strict(format!("{header}.{payload}").as_bytes(), &signature).is_ok()
    });
    (kid, verified)
}

#[test]
fn a_message_is_signed_with_the_configured_key() {
    for (signing_key, listed) in
        [(SigningKeyOf::Bridge, Some(true)), (SigningKeyOf::AgentListed, Some(true)), (SigningKeyOf::AgentUnlisted, None)]
    {
        let sandbox = playing(SentryAgentAmbiguities { signing_key, ..SentryAgentAmbiguities::default() });
        let badge = badge(&sandbox);
        let signed = held(&sandbox, "/v1/sign", &badge, json!({"message": "hello"})).ok();
        assert_eq!(signed["did"], verify(&sandbox, &badge)["did"]);
        let jws = signed["jws"].as_str().unwrap();
        assert!(jws.starts_with("eyJhbGciOiJFZERTQSIsImtpZCI6"), "{jws}");
        assert_eq!(decoded(jws.split('.').nth(1).unwrap()), b"hello");
        let (kid, verified) = check(&sandbox, jws, None);
        assert_eq!((kid == "key-1", verified), (signing_key == SigningKeyOf::Bridge, listed), "{signing_key:?}");
    }
}

#[test]
fn a_message_is_signed_in_the_configured_form() {
    let with = |signed_payload| playing(SentryAgentAmbiguities { signed_payload, ..SentryAgentAmbiguities::default() });
    let sandbox = with(SignedPayload::Claims);
    let signed = held(&sandbox, "/v1/sign", &badge(&sandbox), json!({"message": "hello"})).ok();
    let claims: Value = serde_json::from_slice(&decoded(signed["jws"].as_str().unwrap().split('.').nth(1).unwrap())).unwrap();
    assert_eq!((&claims["message"], &claims["sub"]), (&json!("hello"), &signed["did"]));
    let sandbox = with(SignedPayload::Detached);
    let signed = held(&sandbox, "/v1/sign", &badge(&sandbox), json!({"message": "hello"})).ok();
    let jws = signed["jws"].as_str().unwrap();
    assert!(jws.contains(".."), "{jws}");
    assert_eq!(check(&sandbox, jws, Some("hello")).1, Some(true));
    assert_eq!(check(&sandbox, jws, Some("hallo")).1, Some(false));
}

#[test]
fn who_is_not_the_holder_is_refused() {
    let sandbox = start(Config::default());
    let badge = badge(&sandbox);
    for path in ["/v1/sign", "/v1/rotate", "/v1/revoke"] {
        let body = json!({"message": "x", "badge": badge}).to_string();
        let json_type = ("content-type", "application/json");
        assert_eq!(try_send(&sandbox, "POST", path, &[json_type], body.as_bytes()).unwrap().status, 401, "{path}");
        let headers = [json_type, ("authorization", "Bearer another")];
        assert_eq!(try_send(&sandbox, "POST", path, &headers, body.as_bytes()).unwrap().status, 401, "{path}");
    }
    assert_eq!(held(&sandbox, "/v1/sign", &badge, json!({})).status, 400);
    assert_eq!(verify(&sandbox, &badge)["valid"], true);
}

#[test]
fn a_rotation_kills_the_old_badge_or_lets_it_live_on() {
    for (old_badge, lives) in [(OldBadge::DiesAtOnce, false), (OldBadge::LivesOn, true)] {
        let sandbox = playing(SentryAgentAmbiguities { old_badge, ..SentryAgentAmbiguities::default() });
        let old = badge(&sandbox);
        let old_did = verify(&sandbox, &old)["did"].clone();
        let rotated = held(&sandbox, "/v1/rotate", &old, json!({})).ok();
        let new = rotated["new_badge"].as_str().unwrap();
        assert!(rotated["rotated_at"].as_str().unwrap().ends_with('Z'));
        assert_ne!(rotated["new_did"], old_did);
        assert_eq!(verify(&sandbox, new)["did"], rotated["new_did"]);
        assert_eq!(verify(&sandbox, &old)["valid"], lives, "{old_badge:?}");
        assert_eq!(held(&sandbox, "/v1/rotate", &old, json!({})).status, if lives { 200 } else { 401 });
        sandbox.advance(Duration::from_secs(25 * 3600));
        assert_eq!(verify(&sandbox, &old)["valid"], false);
        assert_eq!(sandbox.counts().rotations, if lives { 2 } else { 1 });
    }
}

#[test]
fn a_repeated_revocation_is_answered_as_configured() {
    for (repeated_revoke, status) in [(RepeatedRevoke::Succeeds, 200), (RepeatedRevoke::Refused, 401)] {
        let sandbox = playing(SentryAgentAmbiguities { repeated_revoke, ..SentryAgentAmbiguities::default() });
        let badge = badge(&sandbox);
        assert_eq!(held(&sandbox, "/v1/revoke", &badge, json!({})).ok(), json!({"revoked": true}));
        assert_eq!(held(&sandbox, "/v1/revoke", &badge, json!({})).status, status, "{repeated_revoke:?}");
        assert_eq!(held(&sandbox, "/v1/sign", &badge, json!({"message": "x"})).status, 401);
    }
}

#[test]
fn slow_calls_take_as_long_as_they_are_told() {
    let latency = Latency { revoke: Duration::from_secs(2), ..Latency::default() };
    let sandbox = start(Config { latency, ..Config::default() });
    let badge = badge(&sandbox);
    let begun = Instant::now();
    held(&sandbox, "/v1/sign", &badge, json!({"message": "x"})).ok();
    let quick = begun.elapsed();
    held(&sandbox, "/v1/revoke", &badge, json!({})).ok();
    assert!(quick < Duration::from_secs(2) && begun.elapsed() >= Duration::from_secs(2));
    assert!(Latency::DOCUMENTED.revoke >= Duration::from_secs(10));
}

#[test]
fn a_did_in_a_path_is_encoded_as_configured() {
    for (did_in_path, raw, encoded) in [(DidInPath::Either, 200, 200), (DidInPath::RawOnly, 200, 400), (DidInPath::EncodedOnly, 400, 200)] {
        let sandbox = playing(SentryAgentAmbiguities { did_in_path, ..SentryAgentAmbiguities::default() });
        let did = verify(&sandbox, &badge(&sandbox))["did"].as_str().unwrap().to_owned();
        let status = |did: &str| get(&sandbox, &format!("/v1/manifest/{did}")).status;
        assert_eq!((status(&did), status(&did.replace(':', "%3A"))), (raw, encoded), "{did_in_path:?}");
    }
}
