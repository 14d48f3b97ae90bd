//! Classifies any answer. Its status decides first, nothing panics, and nothing unsafe is shown.
//!
//! The input is the status (2 bytes), a byte of flags, the lines of `Retry-After`, `Date` and `Content-Encoding`, and the body.
#![no_main]

use enlist_core::testing::{Class, classify};
use enlist_core::{Delivery, Partial, Timestamp, TransportFailure, TransportKind};
use http::{HeaderValue, Response, StatusCode};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);
const DELIVERIES: [&str; 4] = ["access_token", "badge", "user_code", ""];

fuzz_target!(|input: &[u8]| {
    let [high, low, flags, rest @ ..] = input else { return };
    let status = 100 + (u16::from_be_bytes([*high, *low]) % 900);
    let mut parts = rest.splitn(4, |byte| *byte == b'\n');
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::from_u16(status).expect("100 to 999");
    for name in ["retry-after", "date", "content-encoding"] {
        if let Some(Ok(value)) = parts.next().filter(|value| !value.is_empty()).map(HeaderValue::from_bytes) {
            response.headers_mut().insert(name, value);
        }
    }
    let body = parts.next().unwrap_or_default().to_vec();
    let delivery = DELIVERIES[usize::from(flags & 3)];
    let is_cut = flags & 4 != 0;
    let is_too_large = is_cut && flags & 8 != 0;
    // A broken frame or a wrong label costs no whole object, and the members that nobody needs are read leniently.
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body).trim_ascii_start();
    let may_be_object = !is_too_large && text.starts_with(b"{");
    let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&body).ok();
    let result = if is_cut {
        let kind = if is_too_large { TransportKind::BodyTooLarge } else { TransportKind::Closed };
        Err(TransportFailure { partial: Some(Partial { status, body }), ..TransportFailure::new(kind, Delivery::Unknown) })
    } else {
        *response.body_mut() = body;
        Ok(response)
    };

    let judged = classify(&result, NOW, delivery);
    let expected = match status {
        200..=299 if !may_be_object => &[Class::Unreadable][..],
        200..=299 => &[Class::Object, Class::Refused, Class::Unreadable],
        // A gateway may have written it in the place of an answer that was carried out.
        407 => &[Class::Lost],
        429 => &[Class::TooMany],
        400..=499 => &[Class::Refused],
        503 => &[Class::Unavailable],
        500..=599 => &[Class::Lost],
        _ => &[Class::Broken],
    };
    assert!(expected.contains(&judged.class), "{status} is {:?}", judged.class);
    if let Some(object) = object.filter(|_| (200..300).contains(&status) && judged.class == Class::Refused) {
        let delivered = object.get(delivery).and_then(|value| value.as_str()).is_some_and(|text| !text.is_empty());
        assert!(!delivered, "a delivery was taken for an error");
    }
    if let Some(error) = &judged.error {
        assert_eq!(error.status, status);
        assert!(error.interval.is_none_or(|interval| (1..=3600).contains(&interval)), "{:?}", error.interval);
    }
    assert!(!judged.shown.contains(is_unsafe), "{:?}", judged.shown);
    assert!(judged.shown.len() < 40_000);
});

/// Characters that are harmful on a terminal.
fn is_unsafe(char: char) -> bool {
    char.is_control() || matches!(u32::from(char), 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xE0000..=0xE0FFF)
}
