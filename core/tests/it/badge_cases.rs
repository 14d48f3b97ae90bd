//! Badges that are good, tampered with, confused or malformed, each with its verdict.
//!
//! `badge_cases.json` holds the table for `.ci/crosscheck-badges`, which asks another library wherever `decided_by` names one.
//! `ENLIST_WRITE_CASES=1 cargo test -p enlist-core --test it badge_cases` writes that file.

use std::collections::BTreeSet;

use enlist_core::Timestamp;
use enlist_core::badge::verify::{Jwks, Rejection, Rules};

use crate::badge_table::{CLAIMS, Case, HEADER, NOW, cases, good, jwks, sign};

fn verdict(case: &Case) -> Option<Rejection> {
    let keys = Jwks::parse(case.jwks.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    Rules::default().check_badge(&case.token, &keys, Timestamp::from_unix_ms(NOW * 1000)).err()
}

#[test]
fn every_badge_gets_its_verdict() {
    let cases = cases();
    let wrong: Vec<_> = cases
        .iter()
        .filter(|case| verdict(case) != case.verdict)
        .map(|case| format!("{}: {:?}, not {:?}", case.name, verdict(case), case.verdict))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have the same name");
    assert!(cases.len() >= 60 && cases.iter().filter(|case| !case.decided_by.is_empty()).count() >= 60, "{}", cases.len());
    let seen: BTreeSet<_> = cases.iter().filter_map(|case| case.verdict).map(Rejection::as_str).collect();
    let unseen: Vec<_> = Rejection::ALL.iter().map(|rejection| rejection.as_str()).filter(|name| !seen.contains(name)).collect();
    assert_eq!(unseen, ["issuer"], "only a setting can cause this verdict");
}

#[test]
fn the_table_for_other_libraries_is_up_to_date() {
    let rows: Vec<_> = cases()
        .iter()
        .map(|case| {
            let verdict = case.verdict.map_or("valid", Rejection::as_str);
            serde_json::json!({ "name": case.name, "token": case.token, "jwks": case.jwks, "now": NOW, "leeway": 60, "verdict": verdict, "decided_by": case.decided_by })
        })
        .collect();
    let lines: Vec<_> = rows.iter().map(ToString::to_string).collect();
    let table = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/badge_cases.json");
    if std::env::var_os("ENLIST_WRITE_CASES").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap_or_default() == table, "the file is out of date; write it with ENLIST_WRITE_CASES=1");
}

#[test]
fn settings_are_enforced() {
    let keys = Jwks::parse(jwks().as_bytes()).unwrap();
    let now = Timestamp::from_unix_ms(NOW * 1000);
    let claims = r#"{"sub":"did:sentryagent:abc123","iss":"https://a.example","aud":["x","y"],"exp":1812790800}"#;
    let token = sign(HEADER, claims);
    let rules = || Rules::default().audience("y");
    let verified = rules().issuer("https://a.example").typ("jwt").check_badge(&token, &keys, now).unwrap();
    assert_eq!(
        (verified.did().as_str(), verified.kid(), verified.claims_json()),
        ("did:sentryagent:abc123", Some("key-1"), claims.as_bytes())
    );
    assert_eq!(verified.issuer().unwrap().to_string(), "https://a.example");
    assert_eq!(rules().issuer("https://a.example/").check_badge(&token, &keys, now), Err(Rejection::Issuer));
    assert_eq!(rules().typ("badge+jwt").check_badge(&token, &keys, now), Err(Rejection::Type));
    assert_eq!(Rules::default().audience("z").check_badge(&token, &keys, now), Err(Rejection::Audience));
    assert_eq!(rules().issuer("https://a.example").check_badge(&sign(HEADER, CLAIMS), &keys, now), Err(Rejection::Issuer));
    assert_eq!(rules().check_badge(&sign(HEADER, CLAIMS), &keys, now), Err(Rejection::Audience), "a token without an audience");
    assert_eq!(Rules::default().typ("JWT").check_badge(&sign(r#"{"alg":"EdDSA"}"#, CLAIMS), &keys, now), Err(Rejection::Type));
    let none = std::time::Duration::ZERO;
    let late = sign(HEADER, r#"{"sub":"did:sentryagent:abc123","exp":1781254799}"#);
    assert!(Rules::default().check_badge(&late, &keys, now).is_ok());
    assert_eq!(Rules::default().leeway(none).check_badge(&late, &keys, now), Err(Rejection::Expired));
}

#[test]
fn a_valid_badge_gives_its_claims() {
    let keys = Jwks::parse(jwks().as_bytes()).unwrap();
    let claims = r#"{"sub":"did:sentryagent:abc123","iat":1781254800,"exp":1812790800,"public_profile":{"agent_name":"A"}}"#;
    let badge = Rules::default().check_badge(&sign(HEADER, claims), &keys, Timestamp::from_unix_ms(NOW * 1000)).unwrap();
    let seconds = |time: Option<Timestamp>| time.map(|time| time.as_unix_ms() / 1000);
    assert_eq!((seconds(badge.issued_at()), seconds(badge.expires_at())), (Some(NOW), Some(1_812_790_800)));
    assert_eq!(badge.profile().unwrap().agent_name.as_ref().unwrap().to_string(), "A");
    assert_eq!((badge.issuer(), badge.kid()), (None, Some("key-1")));
}

#[test]
fn times_are_exact_to_the_second_with_the_leeway_added() {
    let keys = Jwks::parse(jwks().as_bytes()).unwrap();
    let verdict = |claim: &str, at: i64| {
        let token = sign(HEADER, &format!(r#"{{"sub":"did:sentryagent:abc123","{claim}":{at}}}"#));
        Rules::default().without_expiry().check_badge(&token, &keys, Timestamp::from_unix_ms(NOW * 1000)).err()
    };
    assert_eq!([verdict("exp", NOW - 60), verdict("exp", NOW - 59)], [Some(Rejection::Expired), None]);
    assert_eq!([verdict("nbf", NOW + 61), verdict("nbf", NOW + 60)], [Some(Rejection::NotYetValid), None]);
    assert_eq!([verdict("iat", NOW + 61), verdict("iat", NOW + 60)], [Some(Rejection::IssuedInFuture), None]);
}

/// Nobody but the service can end a badge without `exp`, so such a badge is valid only for a caller who says so.
#[test]
fn a_badge_that_never_expires_is_valid_only_on_the_callers_word() {
    let keys = Jwks::parse(jwks().as_bytes()).unwrap();
    let token = sign(HEADER, r#"{"sub":"did:sentryagent:abc123","iat":1781254800}"#);
    let now = Timestamp::from_unix_ms(NOW * 1000);
    assert_eq!(Rules::default().check_badge(&token, &keys, now), Err(Rejection::NoExpiry));
    assert_eq!(Rules::default().without_expiry().check_badge(&token, &keys, now).unwrap().expires_at(), None);
    let expired = sign(HEADER, r#"{"sub":"did:sentryagent:abc123","exp":1781254000}"#);
    assert_eq!(Rules::default().without_expiry().check_badge(&expired, &keys, now), Err(Rejection::Expired));
}

/// A number without a value is not a time, however it is written.
#[test]
fn a_time_without_a_value_is_no_time() {
    let keys = Jwks::parse(jwks().as_bytes()).unwrap();
    for endless in ["inf", "NaN", "1e999"] {
        let claims = format!(r#"{{"sub":"did:sentryagent:abc123","exp":{{"$serde_json::private::Number":"{endless}"}}}}"#);
        let verdict = Rules::default().check_badge(&sign(HEADER, &claims), &keys, Timestamp::from_unix_ms(NOW * 1000));
        assert_eq!(verdict.err(), Some(Rejection::Claims), "{endless}");
    }
}

#[test]
fn a_signed_message_says_which_key_signed_it() {
    let keys = Jwks::parse(jwks().as_bytes()).unwrap();
    for header in [HEADER, r#"{"alg":"EdDSA"}"#] {
        let verified = Rules::default().check_jws(&sign(header, "a message"), &keys).unwrap();
        assert_eq!((verified.kid(), verified.payload()), (Some("key-1"), &b"a message"[..]), "{header}");
    }
}

/// RFC 7515 appendix F: the message is left out of the JWS and given separately.
#[test]
fn a_detached_signature_is_checked_with_its_message() {
    let keys = Jwks::parse(jwks().as_bytes()).unwrap();
    let whole = sign(HEADER, "a message");
    let parts: Vec<_> = whole.split('.').collect();
    let detached = format!("{}..{}", parts[0], parts[2]);
    let check =
        |jws: &str, message: &[u8]| Rules::default().check_detached(jws, message, &keys).map(|verified| verified.payload().to_vec());
    assert_eq!(check(&detached, b"a message"), Ok(b"a message".to_vec()));
    assert_eq!(check(&detached, b"another"), Err(Rejection::Signature));
    assert_eq!(check(&whole, b"a message"), Err(Rejection::Malformed));
}

#[test]
fn the_size_of_sets_and_tokens_is_limited() {
    let padded = |size: usize| format!("{}{}", jwks(), " ".repeat(size - jwks().len()));
    let keys = Jwks::parse(padded(64 * 1024).as_bytes()).unwrap();
    assert_eq!((keys.len(), keys.is_empty(), keys.skipped()), (1, false, 0));
    assert!(Jwks::parse(padded(64 * 1024 + 1).as_bytes()).is_err());
    let verdict = |size: usize| {
        let tokens = (0..4).flat_map(|pad| {
            let header = format!(r#"{{"alg":"EdDSA","x":"{}"}}"#, "x".repeat(pad));
            (size * 3 / 4 - 100..size * 3 / 4 - 80).map(move |length| sign(&header, &"m".repeat(length)))
        });
        let token = tokens.into_iter().find(|token| token.len() == size).unwrap();
        Rules::default().check_jws(&token, &keys).err()
    };
    assert_eq!([verdict(128 * 1024), verdict(128 * 1024 + 1)], [None, Some(Rejection::Malformed)]);
}

#[test]
fn newer_keys_help_only_if_the_key_is_unknown() {
    let wanting: Vec<_> = Rejection::ALL.iter().filter(|rejection| rejection.wants_newer_keys()).collect();
    assert_eq!(wanting, [&Rejection::UnknownKey]);
}

#[test]
fn a_text_that_is_not_a_key_set_is_refused() {
    for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[{"kty":"OKP","kty":"EC"}]}"#]
    {
        assert!(Jwks::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(Jwks::parse(format!(r#"{{"keys":["{}"]}}"#, "x".repeat(70_000)).as_bytes()).is_err());
    let odd = Jwks::parse(br#"{"keys":[1,null,"x",[],{}]}"#).unwrap();
    assert_eq!((odd.len(), odd.is_empty(), odd.skipped()), (0, true, 5));
}

/// The text of a refusal contains nothing of a token or of a set.
#[test]
fn refusals_quote_nothing() {
    for case in cases() {
        if let Some(rejection) = verdict(&case) {
            let words = format!("{rejection} {rejection:?}");
            assert!(!words.contains("key-1") && !words.contains("evil") && words.len() < 120, "{words}");
        }
    }
}

/// No damage to a valid badge, or to the set, is accepted, and none causes a panic.
#[test]
fn no_damaged_badge_is_accepted() {
    let (token, set) = (good(), jwks());
    let now = Timestamp::from_unix_ms(NOW * 1000);
    let keys = Jwks::parse(set.as_bytes()).unwrap();
    for at in 0..token.len() {
        for byte in [b'A', b'_', b'.', b'=', b' ', 0x7f] {
            let mut bytes = token.clone().into_bytes();
            let same = bytes[at] == byte;
            bytes[at] = byte;
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(Rules::default().check_badge(&text, &keys, now).is_ok(), same, "{text}");
        }
        assert!(Rules::default().check_badge(&token[..at], &keys, now).is_err());
    }
    for at in 0..set.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut bytes = set.clone().into_bytes();
            bytes[at] ^= bit;
            if let Ok(keys) = Jwks::parse(&bytes) {
                let verdict = Rules::default().check_badge(&token, &keys, now);
                assert!(verdict.is_ok() || verdict != Err(Rejection::Malformed));
            }
        }
    }
}
