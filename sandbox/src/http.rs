//! HTTP as the services see it: a complete request in, a complete answer out.

use serde::Serialize;
use serde_json::{Map, Value};

/// A request that was read completely.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path as it was sent, without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    /// The headers in the order in which they were sent, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The credential of `Authorization: Bearer ...`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, credential) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
    }

    /// The JSON object of the body, or the reason why there is none.
    pub(crate) fn json(&self) -> Result<Map<String, Value>, &'static str> {
        if !self.has_content_type("application/json") {
            return Err("Content-Type must be application/json");
        }
        self.lenient_json()
    }

    /// The JSON object of the body with any content type, so that `curl -d` works with the control API.
    pub(crate) fn lenient_json(&self) -> Result<Map<String, Value>, &'static str> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(_) => Err("the body must be a JSON object"),
            Err(_) => Err("the body is not JSON"),
        }
    }

    /// The form in the body, or the reason why there is none.
    pub(crate) fn form(&self) -> Result<Form, &'static str> {
        if !self.has_content_type("application/x-www-form-urlencoded") {
            return Err("Content-Type must be application/x-www-form-urlencoded");
        }
        Form::parse(&self.body)
    }

    /// The parameters of the query.
    pub(crate) fn query(&self) -> Result<Form, &'static str> {
        Form::parse(self.query.as_bytes())
    }

    fn has_content_type(&self, wanted: &str) -> bool {
        let essence = self.header("content-type").and_then(|value| value.split(';').next());
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
    }
}

/// Decoded form fields.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Refuses a repeated field, as RFC 6749 section 3.2 requires.
    fn parse(encoded: &[u8]) -> Result<Self, &'static str> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(encoded).into_owned() {
            if fields.iter().any(|(seen, _)| *seen == name) {
                return Err("a form field is repeated");
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// The field's value. An empty value counts as missing (RFC 6749 section 3.2).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }
}

/// The headers of a page: it runs no script, is shown in no frame, and tells no other site its address, in which a claim token may be.
const PAGE_HEADERS: [(&str, &str); 4] = [
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
];

/// An answer before it is sent. Faults may still change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        Self::new(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
    }

    pub(crate) fn html(status: u16, body: String) -> Self {
        let page = Self::new(status, "text/html; charset=utf-8", body.into_bytes());
        PAGE_HEADERS.iter().fold(page, |page, (name, value)| page.with_header(Some(((*name).to_owned(), (*value).to_owned()))))
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.into())
    }

    /// An answer without a body and a content type.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn not_found() -> Self {
        Self::json(404, &serde_json::json!({"error": "not_found"}))
    }

    pub(crate) fn with_header(mut self, header: Option<(String, String)>) -> Self {
        self.headers.extend(header);
        self
    }

    fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(content_type: &str, body: &str) -> Request {
        Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    #[test]
    fn a_form_is_decoded_and_refuses_repetition() {
        let form = request("application/x-www-form-urlencoded; charset=UTF-8", "a=x%40y+z&b=").form().unwrap();
        assert_eq!(form.get("a"), Some("x@y z"));
        assert_eq!(form.get("b"), None);
        assert!(request("application/x-www-form-urlencoded", "a=1&a=2").form().is_err());
        assert!(request("application/json", "a=1").form().is_err());
    }

    #[test]
    fn json_needs_its_content_type_and_an_object() {
        assert!(request("Application/JSON", "{}").json().is_ok());
        assert!(request("text/plain", "{}").json().is_err());
        assert!(request("application/json", "[]").json().is_err());
        assert!(request("application/json", "").json().is_err());
    }
}
