//! SentryAgent's calls that need no badge, and signing: the results as the caller gets them.

use std::time::Duration;

use crate::common::*;
use enlist_core::badge::{Did, FetchDid, FetchJwks, Health, LookUp, Sign};
use enlist_core::secret::Badge;
use enlist_core::{ApiCall, Exchange, FailureCode, Timestamp};

fn did() -> Did {
    Did::parse("did:sentryagent:abc123").unwrap()
}

#[test]
fn a_manifest_is_found_or_missing_or_of_another_agent() {
    let look_up = |answer: Answered| LookUp::new(&sentryagent(), did()).parse(START, answer).map_err(|failure| failure.code());
    let body = |did: &str| {
        format!(
            r#"{{"did":"{did}","public_profile":{{"agent_name":"A","tools":["web-search",7,"email"]}},"issued_at":"2026-06-01T12:00:00Z"}}"#
        )
    };
    let published = look_up(json(200, &body("did:sentryagent:abc123"))).unwrap().unwrap();
    assert_eq!((published.did, published.issued_at), (did(), Timestamp::parse_rfc3339("2026-06-01T12:00:00Z")));
    assert_eq!(published.profile.agent_name.unwrap().to_string(), "A");
    assert_eq!(published.profile.tools.iter().map(ToString::to_string).collect::<Vec<_>>(), ["web-search", "email"]);
    assert_eq!(look_up(html(404)), Ok(None));
    for (status, code) in [(400, FailureCode::Rejected), (410, FailureCode::Rejected), (429, FailureCode::RateLimited)] {
        assert_eq!(look_up(html(status)), Err(code), "{status}");
    }
    for bad in [body("did:sentryagent:other"), r#"{"did":"did:sentryagent:abc123"}"#.into()] {
        assert_eq!(look_up(json(200, &bad)), Err(FailureCode::ProtocolViolation), "{bad}");
    }
}

#[test]
fn the_keys_are_returned_unchanged() {
    let fetch = |answer: Answered| FetchJwks::new(&sentryagent()).parse(START, answer).map_err(|failure| failure.code());
    let document = r#"{ "keys": [ {"kty":"OKP"} ], "more": 1 }"#;
    assert_eq!(fetch(json(200, document)), Ok(document.to_owned()));
    assert_eq!(fetch(json(200, r#"{"keys":{}}"#)), Err(FailureCode::ProtocolViolation));
    assert_eq!(fetch(html(404)), Err(FailureCode::Rejected));
}

#[test]
fn the_services_did_document_is_returned_unchanged() {
    let fetch = |answer: Answered| FetchDid::new(&sentryagent()).parse(START, answer).map_err(|failure| failure.code());
    let text = r#"{ "id": "did:web:identity.sentryagent.ai", "x": [] }"#;
    let document = fetch(json(200, text)).unwrap();
    assert_eq!((document.as_json(), document.id().to_string()), (text, "did:web:identity.sentryagent.ai".into()));
    assert_eq!(fetch(json(200, r#"{"id":1}"#)), Err(FailureCode::ProtocolViolation));
}

#[test]
fn only_the_status_ok_is_healthy() {
    let health = |word: &str| Health::new(&sentryagent()).parse(START, json(200, &format!(r#"{{"status":"{word}","version":"1.2"}}"#)));
    let report = health("ok").unwrap();
    assert!(report.is_ok() && report.version.unwrap().to_string() == "1.2");
    for word in ["degraded", "OK", ""] {
        assert!(!health(word).is_ok_and(|report| report.is_ok()), "{word}");
    }
}

/// Readers of JSON differ: one refuses a text that another reads as claims. So every text that may be an object is refused.
#[test]
fn a_message_that_any_reader_may_take_for_claims_is_not_signed_by_mistake() {
    let badge = || Badge::parse("a.b.c").unwrap();
    let sign = |message: &str| Sign::new(&sentryagent(), badge(), message);
    let nested = format!(r#"{{"x":{}{},"sub":"x"}}"#, "[".repeat(130), "]".repeat(130));
    let utf_16 = r#"{"sub":"x"}"#.chars().flat_map(|char| [char, '\0']).collect::<String>();
    let utf_16_be = r#"{"sub":"x"}"#.chars().flat_map(|char| ['\0', char]).collect::<String>();
    for claims in [
        r#"{"sub":"x"}"#,
        r#" {"exp":1} "#,
        r#"{"public_profile":{}}"#,
        "\u{feff}{\"sub\":\"x\"}",
        " \u{feff}\u{a0}\u{b}\u{2028}\u{200b}{\"sub\":\"x\"}",
        r#"{"sub":"x","x":1e999}"#,
        r#"{"sub":"x","x":"\ud800"}"#,
        r#"{"sub":"x","x":NaN}"#,
        r#"{"sub":"x","sub":"y"}"#,
        r#"{"SUB":"x"}"#,
        r#"{"sub":"x",}"#,
        "{sub:'x'}",
        "{}",
        "{",
        &nested,
        &utf_16,
        &utf_16_be,
        "\0\0{}",
        "x\0",
    ] {
        assert!(sign(claims).is_err(), "{claims:?}");
    }
    for message in ["", " ", "sub", r#""sub""#, r#"["sub"]"#, r#"[{"sub":"x"}]"#, "a {}", "1", "null", "\u{feff}hello", "eyJzdWIiOiJ4In0"] {
        assert!(sign(message).is_ok(), "{message:?}");
    }
    let named = sign(&utf_16).unwrap_err().to_string();
    assert!(named.contains("UTF-16"), "{named}");
    let any = Sign::new_even_claims(&sentryagent(), badge(), r#"{"sub":"x"}"#).exchange();
    assert!(String::from_utf8(any.request.body().as_bytes().to_vec()).unwrap().contains(r#"{\"sub\":\"x\"}"#));
}

/// The answer may repeat the message in base64.
#[test]
fn the_signature_of_a_long_message_may_be_long() {
    let message = "m".repeat(100_000);
    let exchange = Sign::new(&sentryagent(), Badge::parse("a.b.c").unwrap(), &message).unwrap().exchange();
    assert!(exchange.max_body >= Exchange::MAX_BODY + message.len() * 4 / 3);
    assert_eq!((exchange.timeout, exchange.delivers), (Duration::from_secs(10), false));
}

/// OpenTrain's Public API is special: its errors contain the request's id, and `error` is prose.
#[test]
fn the_code_is_in_error_unless_the_answer_contains_a_request_id() {
    let read = |body: &str| {
        let end = Health::new(&sentryagent()).parse(START, json(400, body)).unwrap_err();
        let error = end.server_error().unwrap().clone();
        [error.code, error.description].map(|text| text.map(|text| text.to_string()).unwrap_or_default())
    };
    assert_eq!(read(r#"{"error":"No such token","code":"not_found","requestId":"1"}"#), ["not_found", "No such token"]);
    assert_eq!(read(r#"{"error":"not_found","code":"7","error_description":"No."}"#), ["not_found", "No."]);
    assert_eq!(read(r#"{"error":"not_found","requestId":"1","error_description":"No."}"#), ["not_found", "No."]);
    assert_eq!(read(r#"{"error":"","code":"not_found","error_description":"","message":"No."}"#), ["not_found", "No."]);
}
