//! Error answers. The pages name only the statuses, so the bodies are an ambiguity (`sentryagent.md` U1).

use serde_json::json;

use crate::ambiguities::{ErrorBody, TriesLeft};
use crate::config::Config;
use crate::context::Context;
use crate::http::Answer;
use crate::retry_after::retry_after;

/// The refusal of a call to SentryAgent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    /// The number of tries left after a wrong OTP.
    tries_left: Option<u32>,
    /// The seconds of a `Retry-After`, on a 429 or 503.
    retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), tries_left: None, retry_after: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "The badge must be valid, and the same as the bearer.")
    }

    pub(super) fn wrong_otp(tries_left: u32) -> Self {
        Self { tries_left: Some(tries_left), ..Self::new(401, "invalid_otp", "The code is wrong.") }
    }

    pub(super) fn session_expired() -> Self {
        Self::new(410, "session_expired", "The session has expired. Start the registration again.")
    }

    pub(super) fn too_many_attempts(config: &Config) -> Self {
        let message = "Too many attempts. Start the registration again.";
        let seconds = config.announced_secs(config.retry_after);
        Self { retry_after: Some(seconds), ..Self::new(429, "too_many_attempts", message) }
    }

    pub(super) fn rate_limited(seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(429, "rate_limited", "Too many requests.") }
    }

    pub(super) fn unavailable(config: &Config) -> Self {
        let seconds = config.announced_secs(config.retry_after);
        Self { retry_after: Some(seconds), ..Self::new(503, "unavailable", "Unavailable. Try again in a moment.") }
    }

    pub(super) fn answer(&self, context: &Context<'_>) -> Answer {
        let ambiguities = &context.config.ambiguities.sentryagent;
        let tries_left = self.tries_left.filter(|_| ambiguities.tries_left == TriesLeft::Told);
        let answer = match ambiguities.error_body {
            ErrorBody::Json => self.json(tries_left),
            ErrorBody::OtherJson => self.other_json(tries_left),
            ErrorBody::PlainText => Answer::text(self.status, &self.sentence(tries_left)),
            ErrorBody::Empty => Answer::empty(self.status),
        };
        let header = self.retry_after.and_then(|seconds| retry_after(ambiguities.retry_after, seconds, context.now));
        answer.with_header(header)
    }

    fn json(&self, tries_left: Option<u32>) -> Answer {
        let mut body = json!({"error": self.code, "message": self.message});
        if let (Some(left), Some(members)) = (tries_left, body.as_object_mut()) {
            members.insert("attempts_remaining".to_owned(), left.into());
        }
        Answer::json(self.status, &body)
    }

    fn other_json(&self, tries_left: Option<u32>) -> Answer {
        let body = json!({"statusCode": self.status, "detail": {"reason": self.sentence(tries_left)}});
        Answer::json(self.status, &body)
    }

    fn sentence(&self, tries_left: Option<u32>) -> String {
        let left = tries_left.map(|left| format!(" {left} tries left.")).unwrap_or_default();
        format!("{}{left}", self.message)
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(error: getrandom::Error) -> Self {
        Self::new(500, "internal_error", format!("No random numbers: {error}."))
    }
}
