//! Decodes any badge. It must not panic, and it finds a DID exactly if a second reader finds a well-formed one in `sub`.
//!
//! The input is the text of a badge, or, after a first byte of 0, the claims of a badge.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enlist_core::badge::Did;
use enlist_core::secret::Badge;
use enlist_core::testing::did_in;
use libfuzzer_sys::fuzz_target;

type Claims = serde_json::Map<String, serde_json::Value>;

fuzz_target!(|input: &[u8]| {
    let text = match input {
        [0, claims @ ..] => badge_of(claims),
        text => String::from_utf8_lossy(text).into_owned(),
    };
    let is_badge = !text.is_empty() && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    assert_eq!(Badge::parse(&text).is_ok(), is_badge, "{text:?}");
    let Ok(badge) = Badge::parse(&text) else { return };
    assert_eq!(format!("{badge:?}"), "Badge(..)");
    assert!(badge.hint().chars().count() <= 12);

    let found = did_in(&badge);
    let claims = claims_of(&text);
    if let Some(did) = &found {
        assert_eq!(Some(did.as_str()), claims.as_ref().and_then(sub_of));
        assert_eq!(Did::parse(did.as_str()).as_ref(), Ok(did));
    }
    // If two members have the same name, the second reader takes the last and ours takes neither. Serialising again leaves one.
    let Some(claims) = claims else { return };
    let anew = badge_of(&serde_json::to_vec(&claims).expect("JSON"));
    let found = did_in(&Badge::parse(&anew).expect("a badge"));
    assert_eq!(found.as_ref().map(Did::as_str), sub_of(&claims).filter(|sub| is_did(sub)), "{claims:?}");
});

fn badge_of(claims: &[u8]) -> String {
    format!("eyJhbGciOiJFZERTQSJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

fn claims_of(badge: &str) -> Option<Claims> {
    let [_, claims, _] = badge.split('.').collect::<Vec<_>>().try_into().ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn sub_of(claims: &Claims) -> Option<&str> {
    claims.get("sub")?.as_str()
}

/// Checks W3C DID Core section 3.1: an identifier's characters, with colons between its parts and none at the end.
fn is_did(text: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || ".-_%:".contains(char);
    let Some(id) = text.strip_prefix("did:sentryagent:") else { return false };
    id.chars().all(is_part) && id.chars().last().is_some_and(|last| last != ':')
}
