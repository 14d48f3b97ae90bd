//! Checks arbitrary badges against arbitrary sets of keys. Nothing may panic, nothing unsigned may be accepted, and what is
//! accepted must keep the rules whatever was signed.
#![no_main]

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use enlist_core::Timestamp;
use enlist_core::badge::BadgeView;
use enlist_core::badge::verify::{Jwks, Rules};
use enlist_core::secret::Badge;
use libfuzzer_sys::fuzz_target;

const CLAIMS: &str = r#"{"sub":"did:sentryagent:abc123","iat":1781254800,"exp":1812790800}"#;

#[derive(Arbitrary, Debug)]
struct Input {
    now: i64,
    token: Token,
    set: Set,
}

#[derive(Arbitrary, Debug)]
enum Token {
    /// Any text.
    Text(String),
    /// Three parts of any bytes in correct base64url.
    Parts { header: Vec<u8>, claims: Vec<u8>, signature: Vec<u8> },
    /// A token with any content and a correct signature.
    Signed { header: String, claims: String },
    /// A valid badge with one character changed.
    Changed { at: u16, to: u8 },
}

#[derive(Arbitrary, Debug)]
enum Set {
    /// Any bytes.
    Bytes(Vec<u8>),
    /// A set with the usual key, but these bytes as its `x`.
    X(Vec<u8>),
    /// A set with the usual key and another member.
    Good { beside: String },
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn jwk(x: &[u8]) -> String {
    format!(r#"{{"kty":"OKP","use":"sig","kid":"key-1","alg":"EdDSA","crv":"Ed25519","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(x))
}

fn signed(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = key().sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn good() -> String {
    signed(r#"{"alg":"EdDSA","kid":"key-1"}"#, CLAIMS)
}

fn changed(at: u16, to: u8) -> String {
    let mut bytes = good().into_bytes();
    let at = usize::from(at) % bytes.len();
    bytes[at] = to & 0x7f;
    String::from_utf8(bytes).unwrap_or_default()
}

fuzz_target!(|input: Input| {
    let token = match &input.token {
        Token::Text(text) => text.clone(),
        Token::Parts { header, claims, signature } => [header, claims, signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join("."),
        Token::Signed { header, claims } => signed(header, claims),
        Token::Changed { at, to } => changed(*at, *to),
    };
    let public = key().verifying_key().to_bytes();
    let set = match &input.set {
        Set::Bytes(bytes) => bytes.clone(),
        Set::X(x) => format!(r#"{{"keys":[{}]}}"#, jwk(x)).into_bytes(),
        Set::Good { beside } => format!(r#"{{"keys":[{},"{}"]}}"#, jwk(&public), beside.replace(['"', '\\'], "")).into_bytes(),
    };
    let now = Timestamp::from_unix_ms(input.now);
    if let Ok(badge) = Badge::parse(&token) {
        let _ = BadgeView::of(&badge);
    }
    let Ok(keys) = Jwks::parse(&set) else { return };
    let _ = Rules::default().check_detached(&token, b"message", &keys);
    let jws = Rules::default().check_jws(&token, &keys);
    let badge = Rules::default().audience("me").check_badge(&token, &keys, now);
    assert!(jws.is_ok() || badge.is_err(), "a badge with a wrong signature was accepted");
    let Ok(badge) = Rules::default().check_badge(&token, &keys, now) else { return };
    assert!(jws.is_ok(), "a badge with a wrong signature was accepted");
    assert!(badge.did().as_str().starts_with("did:sentryagent:"));
    assert!(badge.expires_at().is_none_or(|end| now.before(std::time::Duration::from_secs(60)) < end), "an expired badge was accepted");
    match &input.token {
        // Nobody can guess a signature, and every change is noticed.
        Token::Text(_) | Token::Parts { .. } => assert_eq!(token, good(), "a badge without a signature was accepted"),
        Token::Changed { .. } => assert_eq!(token, good(), "a change was not noticed"),
        Token::Signed { claims, .. } => assert_eq!(badge.claims_json(), claims.as_bytes()),
    }
});
