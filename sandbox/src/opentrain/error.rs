//! The OAuth errors of `/api/agent/*` (`opentrain.md` section 8).

use serde::Serialize;

use crate::ambiguities::Description;
use crate::context::Context;
use crate::http::Answer;
use crate::retry_after::retry_after;

/// The refusal of a call below `/api/agent`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OAuthError {
    status: u16,
    /// The member `error`.
    code: &'static str,
    /// The `error_description` under [`Description::Code`].
    reason: &'static str,
    /// The `error_description` under [`Description::Sentence`].
    sentence: String,
    /// The seconds of a `Retry-After`, on a 429.
    retry_after: Option<u64>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'a str>,
}

impl OAuthError {
    /// A refusal with status 400.
    pub(super) fn new(code: &'static str, reason: &'static str, sentence: impl Into<String>) -> Self {
        Self { status: 400, code, reason, sentence: sentence.into(), retry_after: None }
    }

    pub(super) fn invalid_request(sentence: &str) -> Self {
        Self::new("invalid_request", "invalid_request", sentence)
    }

    pub(super) fn invalid_grant(sentence: &str) -> Self {
        Self::new("invalid_grant", "invalid_grant", sentence)
    }

    pub(super) fn pending() -> Self {
        Self::new("authorization_pending", "authorization_pending", "The human has not finished the claim yet.")
    }

    pub(super) fn expired_token(sentence: &str) -> Self {
        Self::new("expired_token", "expired_token", sentence)
    }

    pub(super) fn anonymous_not_enabled() -> Self {
        let sentence = "Anonymous registration is not enabled on this environment.";
        Self { status: 403, ..Self::new("anonymous_not_enabled", "anonymous_not_enabled", sentence) }
    }

    pub(super) fn rate_limit_exceeded(seconds: u64) -> Self {
        let error = Self::new("rate_limit_exceeded", "rate_limit_exceeded", "Too many requests. Try again later.");
        Self { status: 429, retry_after: Some(seconds), ..error }
    }

    pub(super) fn answer(&self, context: &Context<'_>) -> Answer {
        let ambiguities = &context.config.ambiguities.opentrain;
        let error_description = match ambiguities.description {
            Description::Sentence => Some(self.sentence.as_str()),
            Description::Code => Some(self.reason),
            Description::Absent => None,
        };
        let header = self.retry_after.and_then(|seconds| retry_after(ambiguities.retry_after, seconds, context.now));
        Answer::json(self.status, &Body { error: self.code, error_description }).with_header(header)
    }
}

impl From<getrandom::Error> for OAuthError {
    fn from(error: getrandom::Error) -> Self {
        let sentence = format!("No random numbers: {error}.");
        Self { status: 500, ..Self::new("server_error", "server_error", sentence) }
    }
}
