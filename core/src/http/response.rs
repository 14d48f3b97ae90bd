//! Classifies the result of an exchange before its meaning is considered: first by the status, then by the JSON. What can be read as JSON
//! is taken, whatever its frame and its coding label say.

use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Delivery, ServerError, TransportFailure, TransportKind, Trouble, Violation};
use crate::http::damaged::Damaged;
use crate::http::json::Object;
use crate::pace::{LONGEST, normalised};
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;
use zeroize::Zeroize;

/// The class of an exchange's result.
#[derive(Debug)]
pub(crate) enum ResponseClass<'a> {
    /// A 2xx with a JSON object.
    Object(Object<'a>),
    /// A 2xx whose body cannot be read or was cut off. Its bytes may contain a credential.
    Unreadable(Trouble, Damaged<'a>),
    /// A 4xx, or a 2xx that contains `error`.
    Refused(ServerError),
    /// 429.
    TooMany(ServerError),
    /// 503.
    Unavailable(ServerError),
    /// The request was sent, and its result is not known: another 5xx, or the connection broke.
    Lost(Trouble),
    /// No byte was sent.
    NotSent(TransportFailure),
    /// A 3xx, or another status that has no meaning here.
    Broken(Violation),
}

impl<'a> ResponseClass<'a> {
    /// Classifies the result of an exchange. A 2xx that has the member `delivery` is never taken for an error, whatever else it contains.
    pub(crate) fn read(result: &'a Result<Response<Vec<u8>>, TransportFailure>, now: Timestamp, delivery: &str) -> Self {
        match result {
            Ok(response) => Self::of_status(response.status().as_u16(), response.headers(), response.body(), now, delivery),
            Err(failure) => Self::of_failure(failure, now, delivery),
        }
    }

    fn of_status(status: u16, headers: &HeaderMap, body: &'a [u8], now: Timestamp, delivery: &str) -> Self {
        if (200..300).contains(&status) {
            return Self::of_success(status, headers, body, now, delivery);
        }
        let error = || server_error(status, headers, Object::read(body).as_ref(), body, now);
        match status {
            300..=399 => Self::Broken(Violation::Redirect { status }),
            // A proxy's refusal before the request was passed on is a failure of the transport. This one came through the tunnel.
            407 => Self::Lost(TransportFailure::new(TransportKind::Proxy, Delivery::Unknown).into()),
            429 => Self::TooMany(error()),
            400..=499 => Self::Refused(error()),
            503 => Self::Unavailable(error()),
            500..=599 => Self::Lost(Trouble::Server(error())),
            _ => Self::Broken(Violation::UnexpectedStatus { status }),
        }
    }

    fn of_success(status: u16, headers: &HeaderMap, body: &'a [u8], now: Timestamp, delivery: &str) -> Self {
        let Some(object) = Object::read(body) else {
            let is_coded = headers.get_all(CONTENT_ENCODING).iter().any(|label| is_coding(label.as_bytes()));
            let violation = if is_coded { Violation::Encoded } else { Violation::NotJson { status } };
            return Self::Unreadable(violation.into(), Damaged::of(body, headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes)));
        };
        if object.text("error").is_some() && !object.has(delivery) {
            return Self::Refused(server_error(status, headers, Some(&object), body, now));
        }
        Self::Object(object)
    }

    /// Classifies a broken exchange. If its status had arrived, the status says more than the break.
    fn of_failure(failure: &'a TransportFailure, now: Timestamp, delivery: &str) -> Self {
        let Some(partial) = &failure.partial else {
            return match failure.delivery {
                Delivery::NotSent => Self::NotSent(failure.clone()),
                Delivery::Unknown => Self::Lost(Trouble::Transport(failure.clone())),
            };
        };
        if (200..300).contains(&partial.status) {
            let too_large = Violation::TooLarge { status: partial.status };
            let broken = TransportFailure { partial: None, ..failure.clone() };
            let is_too_large = failure.kind == TransportKind::BodyTooLarge;
            // Only the frame was cut: the length, the last chunk, or the end of the connection.
            if !is_too_large && Object::read(&partial.body).is_some() {
                return Self::of_success(partial.status, &HeaderMap::new(), &partial.body, now, delivery);
            }
            return if is_too_large {
                // The rest may say something else.
                Self::Unreadable(too_large.into(), Damaged::NOTHING)
            } else {
                Self::Unreadable(broken.into(), Damaged::of(&partial.body, None))
            };
        }
        Self::of_status(partial.status, &HeaderMap::new(), &partial.body, now, "")
    }
}

/// Whether a `Content-Encoding` names a coding. Some services write a charset or another word there.
fn is_coding(label: &[u8]) -> bool {
    let codings: [&[u8]; 9] = [b"gzip", b"x-gzip", b"deflate", b"br", b"zstd", b"compress", b"x-compress", b"dcb", b"dcz"];
    label.split(|byte| *byte == b',').any(|word| codings.iter().any(|coding| word.trim_ascii().eq_ignore_ascii_case(coding)))
}

/// Wipes a body that may have contained a secret, once it has been read.
pub(crate) fn wipe(result: Result<Response<Vec<u8>>, TransportFailure>) {
    match result {
        Ok(response) => response.into_body().zeroize(),
        Err(TransportFailure { partial: Some(mut partial), .. }) => partial.body.zeroize(),
        Err(_) => {}
    }
}

fn server_error(status: u16, headers: &HeaderMap, object: Option<&Object<'_>>, body: &[u8], now: Timestamp) -> ServerError {
    // The services write {error, error_description}. Similar services write {error, message}, {error: {code, message}} or {code, message}.
    let nested = object.and_then(|object| object.object("error"));
    let text = |names: [&str; 3]| {
        let find = |object: &Object<'_>| names.into_iter().find_map(|name| object.text(name).map(Untrusted::new));
        nested.and_then(find).or_else(|| object.and_then(find))
    };
    // In OpenTrain's Public API, `error` is prose and `code` is the code (opentrain.md section 8).
    let is_public_api = object.is_some_and(|object| object.text("requestId").is_some() && object.text("code").is_some());
    let [codes, words] = if is_public_api {
        [["code", "error", "err"], ["error", "message", "description"]]
    } else {
        [["error", "code", "err"], ["error_description", "message", "description"]]
    };
    let code = text(codes);
    let body =
        code.is_none().then(|| Untrusted::new(&String::from_utf8_lossy(body.get(..body.len().min(Untrusted::KEPT)).unwrap_or_default())));
    let interval = object.and_then(|object| object.number("interval")).map(|seconds| normalised(Some(seconds), 1, LONGEST));
    ServerError { interval, status, code, description: text(words), retry_after: retry_after(headers, now), body }
}

/// `Retry-After` in seconds (RFC 9110 section 10.2.3). A date is compared with the answer's own `Date`, so that a wrong clock on this
/// machine does not matter.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(u64::MAX));
    }
    let date = Timestamp::parse_http_date(text, now)?;
    let own = headers.get(DATE).and_then(|date| Timestamp::parse_http_date(date.to_str().ok()?, now));
    Some(date.since(own.unwrap_or(now)).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec;
    use http::StatusCode;

    const NOW: Timestamp = Timestamp::from_unix_ms(784_111_777_000); // 06 Nov 1994 08:49:37

    fn response(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Result<Response<Vec<u8>>, TransportFailure> {
        let mut response = Response::new(body.to_vec());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            response.headers_mut().append(*name, value.parse().unwrap());
        }
        Ok(response)
    }

    fn kind(status: u16, headers: &[(&'static str, &str)], body: &str) -> &'static str {
        match ResponseClass::read(&response(status, headers, body.as_bytes()), NOW, "access_token") {
            ResponseClass::Object(_) => "object",
            ResponseClass::Unreadable(..) => "unreadable",
            ResponseClass::Refused(_) => "refused",
            ResponseClass::TooMany(_) => "too many",
            ResponseClass::Unavailable(_) => "unavailable",
            ResponseClass::Lost(_) => "lost",
            ResponseClass::NotSent(_) => "not sent",
            ResponseClass::Broken(_) => "broken",
        }
    }

    #[test]
    fn status_is_judged_before_the_body() {
        let pending = r#"{"error":"authorization_pending"}"#;
        for (status, expected) in [
            (200, "refused"),
            (204, "refused"),
            (301, "broken"),
            (302, "broken"),
            (307, "broken"),
            (400, "refused"),
            (401, "refused"),
            (404, "refused"),
            (407, "lost"),
            (429, "too many"),
            (500, "lost"),
            (502, "lost"),
            (503, "unavailable"),
            (504, "lost"),
            (599, "lost"),
            (700, "broken"),
            (100, "broken"),
        ] {
            assert_eq!(kind(status, &[], pending), expected, "{status}");
        }
    }

    #[test]
    fn a_success_is_a_json_object_or_unreadable() {
        for body in ["", "<html>", "[]", "null", "1", r#"{"a":1"#, r#"{"a":1} x"#, r#"{"a":1}{}"#] {
            assert_eq!(kind(200, &[], body), "unreadable", "{body}");
        }
        assert_eq!(kind(200, &[("content-type", "text/html")], r#"{"a":1}"#), "object");
        for body in [r#"{"a":1,"a":2}"#, "{\"a\":\"\u{1}\"}", "\u{feff}{}"] {
            assert_eq!(kind(200, &[], body), "object", "{body}");
        }
    }

    /// A label says nothing about a body that can be read. Of another one it says why that cannot be read.
    #[test]
    fn a_body_is_judged_before_its_coding() {
        let violation = |label: &str, body: &[u8]| {
            let result = response(200, &[("content-encoding", label)], body);
            match ResponseClass::read(&result, NOW, "") {
                ResponseClass::Unreadable(Trouble::Unreadable(violation), _) => Some(violation),
                _ => None,
            }
        };
        for label in ["gzip", "utf-8", "", "none", "identity, identity", "binary", "Identity"] {
            assert_eq!(violation(label, br#"{"a":1}"#), None, "{label}");
        }
        for (label, expected) in [
            ("gzip", Violation::Encoded),
            ("identity, BR", Violation::Encoded),
            ("utf-8", Violation::NotJson { status: 200 }),
            ("identity", Violation::NotJson { status: 200 }),
        ] {
            assert_eq!(violation(label, b"\x1f\x8b"), Some(expected), "{label}");
        }
    }

    #[test]
    fn a_delivery_beats_an_error_in_the_same_body() {
        assert_eq!(kind(200, &[], r#"{"error":"x","access_token":"ot_pat_1"}"#), "object");
    }

    #[test]
    fn error_bodies_of_every_dialect_are_read() {
        for body in [
            r#"{"error":"c","error_description":"d"}"#,
            r#"{"error":"c","message":"d"}"#,
            r#"{"error":{"code":"c","message":"d"}}"#,
            r#"{"code":"c","message":"d"}"#,
            r#"{"err":"c","description":"d"}"#,
        ] {
            let result = response(400, &[], body.as_bytes());
            let ResponseClass::Refused(error) = ResponseClass::read(&result, NOW, "") else { panic!("{body}") };
            assert!(error.has_code("c") && !error.has_code("C"), "{body}");
            assert_eq!(format!("{}", error.description.unwrap()), "d");
        }
    }

    #[test]
    fn retry_after_in_seconds_and_as_each_date() {
        let seconds = |value: &str, date: Option<&str>| {
            let mut headers = vec![("retry-after", value)];
            headers.extend(date.map(|date| ("date", date)));
            let result = response(503, &headers, b"");
            let ResponseClass::Unavailable(error) = ResponseClass::read(&result, NOW, "") else { panic!() };
            error.retry_after
        };
        assert_eq!(seconds("120", None), Some(120));
        assert_eq!(seconds("99999999999999999999999", None), Some(u64::MAX));
        for date in ["Sun, 06 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "Sun Nov  6 08:50:37 1994"] {
            assert_eq!(seconds(date, None), Some(60), "{date}");
        }
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT", Some("Sun, 06 Nov 1994 08:50:30 GMT")), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT", None), Some(0));
        for garbage in ["", "-1", "+5", "1.5", "soon", "1e3"] {
            assert_eq!(seconds(garbage, None), None, "{garbage}");
        }
    }

    #[test]
    fn a_cut_answer_is_judged_by_the_status_that_came() {
        let cut = |status, kind| TransportFailure {
            partial: Some(crate::error::Partial { status, body: b"{\"err".to_vec() }),
            ..TransportFailure::new(kind, Delivery::Unknown)
        };
        assert!(matches!(
            ResponseClass::read(&Err(cut(200, TransportKind::Closed)), NOW, ""),
            ResponseClass::Unreadable(Trouble::Transport(TransportFailure { partial: None, .. }), _)
        ));
        assert!(matches!(
            ResponseClass::read(&Err(cut(200, TransportKind::BodyTooLarge)), NOW, ""),
            ResponseClass::Unreadable(Trouble::Unreadable(Violation::TooLarge { status: 200 }), _)
        ));
        assert!(matches!(ResponseClass::read(&Err(cut(302, TransportKind::Closed)), NOW, ""), ResponseClass::Broken(_)));
        assert!(matches!(ResponseClass::read(&Err(cut(502, TransportKind::Closed)), NOW, ""), ResponseClass::Lost(_)));
    }
}
