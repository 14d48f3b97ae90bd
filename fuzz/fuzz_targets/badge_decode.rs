//! A look into any badge: no panic, and a DID only where a second reader finds the same text in `sub`.
//!
//! The input is a badge's text; or, after a first byte 0, its claims, which are put into a badge.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enlist_core::secret::Badge;
use enlist_core::sentryagent::Did;
use enlist_core::testing::did_in;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = match input {
        [0, claims @ ..] => format!("eyJhbGciOiJFZERTQSJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)),
        text => String::from_utf8_lossy(text).into_owned(),
    };
    let Ok(badge) = Badge::parse(&text) else { return };
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.is_empty());
    assert_eq!(format!("{badge:?}"), "Badge(..)");
    assert!(badge.hint().chars().count() <= 12);

    let found = did_in(&badge);
    let parts: Vec<_> = text.split('.').collect();
    let sub = (parts.len() == 3)
        .then(|| URL_SAFE_NO_PAD.decode(parts[1]).ok())
        .flatten()
        .and_then(|claims| serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&claims).ok())
        .and_then(|claims| claims.get("sub").and_then(|sub| sub.as_str()).map(str::to_owned));
    if let Some(did) = &found {
        assert_eq!(Some(did.as_str()), sub.as_deref());
        assert_eq!(Did::parse(did.as_str()).as_ref(), Ok(did));
        assert!(did.as_str().starts_with("did:sentryagent:") && did.to_string().bytes().all(|byte| byte.is_ascii_graphic()));
    }
});
