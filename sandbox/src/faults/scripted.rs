//! A scripted answer, as a Rust value and as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use serde::{Deserialize, Serialize};

use crate::http::Answer;

/// An entry of the script: what happens to some of the requests to one path.
///
/// The entries are a queue. The first entry that matches a request and is not used up decides: it lets the request through
/// ([`Scripted::skip`]) or acts on it.
///
/// ```json
/// {"method": "POST", "path": "/api/agent/oauth/token", "skip": 2, "times": 1, "action": "drop_after"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    /// The method, in upper case. `None` matches every method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path as it was sent, without the query. A `*` at the end matches every path with that prefix.
    pub path: String,
    /// The number of matching requests that are let through first. Default 0.
    #[serde(default)]
    pub skip: u32,
    /// The number of requests that the action then applies to. Default 1.
    #[serde(default = "once")]
    pub times: u32,
    /// The action on these requests.
    pub action: Action,
}

fn once() -> u32 {
    1
}

impl Scripted {
    /// An action on the next request to this path, with any method.
    pub fn new(path: impl Into<String>, action: Action) -> Self {
        Self { method: None, path: path.into(), skip: 0, times: 1, action }
    }

    /// Lets the first `requests` through.
    #[must_use]
    pub fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Acts on this number of requests instead of one.
    #[must_use]
    pub fn times(mut self, requests: u32) -> Self {
        self.times = requests;
        self
    }

    pub(crate) fn matches(&self, method: &str, path: &str) -> bool {
        let path_matches = match self.path.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == self.path,
        };
        path_matches && self.method.as_deref().is_none_or(|wanted| wanted == method)
    }

    /// The reason why the entry is not valid, if there is one.
    pub(crate) fn flaw(&self) -> Option<String> {
        if self.times == 0 {
            return Some("`times` must be at least 1".to_owned());
        }
        if !self.path.starts_with('/') {
            return Some("`path` must start with `/`".to_owned());
        }
        self.action.flaw()
    }
}

/// The action on a request. "Processed" means that the service acts on the request and changes its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Not processed; this answer is sent.
    Respond(Canned),
    /// Processed at once and answered later.
    Delay {
        /// Milliseconds of real time.
        ms: u64,
    },
    /// Not processed; the connection is closed without an answer.
    DropBefore,
    /// Processed; the connection is closed without an answer.
    DropAfter,
    /// Processed; the status, the headers and the full `Content-Length` are sent, but the body and the connection end
    /// early.
    Cut {
        /// The number of body bytes that are sent.
        bytes: usize,
    },
    /// Processed; this answer is sent instead, as by a gateway that lost the real one.
    ReplaceAfter(Canned),
    /// Not processed; the answer is a body of `x`, chunked, as `application/json`.
    BodyOfSize {
        /// The status.
        status: u16,
        /// The number of body bytes.
        bytes: u64,
    },
    /// Not processed; the answer is status 200 and a gzip stream of `x`, as `application/json` with
    /// `Content-Encoding: gzip`.
    GzipBomb {
        /// The number of body bytes after decoding.
        decoded_bytes: u64,
    },
    /// Not processed; the answer is an endless body, one `x` at a time, as `application/json`.
    Drip {
        /// The status.
        status: u16,
        /// Milliseconds of real time between two bytes.
        byte_every_ms: u64,
    },
}

impl Action {
    fn flaw(&self) -> Option<String> {
        match self {
            Self::Respond(canned) | Self::ReplaceAfter(canned) => canned.flaw(),
            Self::BodyOfSize { status, .. } | Self::Drip { status, .. } => status_flaw(*status),
            Self::Delay { .. } | Self::DropBefore | Self::DropAfter | Self::Cut { .. } | Self::GzipBomb { .. } => None,
        }
    }
}

/// A prepared answer. Nothing is added to it: it has a content type only if one is among the headers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canned {
    /// The status, 200 to 599.
    pub status: u16,
    /// The headers, as pairs of name and value; a name may occur twice. `Content-Length` and `Transfer-Encoding` are left
    /// out, because the server frames the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body as text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The body as standard base64, instead of `body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// Milliseconds of real time before the answer. Default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Canned {
    /// An answer with this status and without headers and body.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// A JSON answer; `body` is its text.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::status(status) }.header("content-type", "application/json")
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn to_answer(&self) -> Answer {
        let decoded = self.body_base64.as_ref().and_then(|text| STANDARD.decode(text).ok());
        let body = decoded.unwrap_or_else(|| self.body.clone().into_bytes());
        Answer { status: self.status, headers: self.headers.clone(), body }
    }

    fn flaw(&self) -> Option<String> {
        if let Some(encoded) = &self.body_base64 {
            if !self.body.is_empty() {
                return Some("`body` and `body_base64` exclude each other".to_owned());
            }
            if STANDARD.decode(encoded).is_err() {
                return Some("`body_base64` is not base64".to_owned());
            }
        }
        self.headers.iter().find_map(|(name, value)| header_flaw(name, value)).or_else(|| status_flaw(self.status))
    }
}

fn status_flaw(status: u16) -> Option<String> {
    (!(200..600).contains(&status)).then(|| format!("`status` {status} is not between 200 and 599"))
}

fn header_flaw(name: &str, value: &str) -> Option<String> {
    match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        (Ok(name), Ok(_)) if is_framing(&name) => {
            Some(format!("`headers` must not hold {name}: the server frames the body; use `cut` for a short one"))
        }
        (Ok(_), Ok(_)) => None,
        _ => Some(format!("`headers` holds what HTTP does not allow: {name:?}")),
    }
}

/// Whether a header says where a body ends.
pub(crate) fn is_framing(name: &HeaderName) -> bool {
    [CONTENT_LENGTH, TRANSFER_ENCODING].contains(name)
}
