//! The badge is a real JWS, which the sandbox's JWKS verifies.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use enlist_sandbox::Config;
use serde_json::{Value, json};

use crate::client::{get, start};
use crate::sentryagent::{badge, verify};

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

#[test]
fn the_jwks_verifies_the_badge() {
    let sandbox = start(Config::default());
    let badge = badge(&sandbox);
    let [header, payload, signature] = badge.split('.').collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(decoded(header), br#"{"alg":"EdDSA","typ":"JWT","kid":"key-1"}"#);

    let jwks = get(&sandbox, "/v1/jwks").ok();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    let key = &jwks["keys"][0];
    let expected = json!({"kty": "OKP", "use": "sig", "kid": "key-1", "alg": "EdDSA", "crv": "Ed25519", "x": key["x"]});
    assert_eq!(*key, expected);
    let key: [u8; 32] = decoded(key["x"].as_str().unwrap()).try_into().unwrap();
    let key = VerifyingKey::from_bytes(&key).unwrap();
    let signed = format!("{header}.{payload}");
    key.verify_strict(signed.as_bytes(), &Signature::from_slice(&decoded(signature)).unwrap()).unwrap();

    let claims: Value = serde_json::from_slice(&decoded(payload)).unwrap();
    assert!(claims["sub"].as_str().unwrap().starts_with("did:sentryagent:"));
    assert_eq!(claims["iss"], sandbox.url());
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 365 * 86_400);
    assert!(claims["iat"].as_u64().unwrap() * 1000 <= sandbox.now());
    assert_eq!(claims["public_profile"].as_object().unwrap().len(), 8);
    assert!(claims["jti"].is_string());
}

#[test]
fn a_tampered_badge_is_not_valid() {
    let sandbox = start(Config::default());
    let other = badge(&start(Config::default()));
    let badge = badge(&sandbox);
    let [header, payload, signature] = badge.split('.').collect::<Vec<_>>().try_into().unwrap();
    let claims = String::from_utf8(decoded(payload)).unwrap().replace("Acme Corp", "Evil Corp");
    let forged = URL_SAFE_NO_PAD.encode(claims);
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    for wrong in
        [format!("{header}.{forged}.{signature}"), format!("{none}.{payload}."), format!("{header}.{payload}"), String::new(), other]
    {
        assert_eq!(verify(&sandbox, &wrong), json!({"valid": false}), "{wrong}");
    }
    assert_eq!(verify(&sandbox, &badge)["valid"], true);
}
