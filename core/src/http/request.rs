//! Builds requests and their bodies.

use alloc::string::String;
use alloc::vec::Vec;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::exchange::{Body, Exchange, ExchangeId};
use crate::http::pinned_origins::Endpoint;
use crate::types::secret::Secret;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// Without this header a service may choose any coding (RFC 9110 section 12.5.3), and neither transport decodes one.
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("enlist/", env!("CARGO_PKG_VERSION")));

/// The characters that stay unescaped in a form. A `%20` for a space is as good as a `+`.
const ESCAPED_IN_FORMS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

pub(crate) fn post_json(endpoint: &Endpoint, body: &Value) -> Request<Body> {
    post(endpoint, JSON, alloc::format!("{body}").into_bytes())
}

pub(crate) fn post_form(endpoint: &Endpoint, fields: &[(&str, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        body.extend(utf8_percent_encode(value, ESCAPED_IN_FORMS));
    }
    post(endpoint, FORM, body.into_bytes())
}

fn post(endpoint: &Endpoint, content_type: HeaderValue, body: Vec<u8>) -> Request<Body> {
    let mut request = plain(endpoint, Method::POST);
    *request.body_mut() = body.into();
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    request
}

/// A request without a body: GET, DELETE.
pub(crate) fn plain(endpoint: &Endpoint, method: Method) -> Request<Body> {
    let mut request = Request::new(Body::default());
    *request.method_mut() = method;
    *request.uri_mut() = endpoint.uri().clone();
    let headers = request.headers_mut();
    headers.insert(ACCEPT, JSON);
    headers.insert(ACCEPT_ENCODING, IDENTITY);
    headers.insert(USER_AGENT, AGENT);
    request
}

/// Adds a bearer token to a request (RFC 6750 section 2.1).
pub(crate) fn authorized<K>(mut request: Request<Body>, bearer: &Secret<K>) -> Request<Body> {
    // A token is visible ASCII by its rule, so it is always a valid header value.
    if let Ok(mut value) = HeaderValue::try_from(alloc::format!("Bearer {}", bearer.expose())) {
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    request
}

/// An exchange with the default deadline and body cap.
pub(crate) fn exchange(id: ExchangeId, request: Request<Body>, delivers: bool) -> Exchange {
    Exchange { id, request, timeout: Exchange::TIMEOUT, max_body: Exchange::MAX_BODY, delivers }
}
