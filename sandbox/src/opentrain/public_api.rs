//! The error shape of `/api/public/v1/*` (`opentrain.md` section 8): `error` is prose there, `code` is the code.

use serde_json::{Map, Value};

use super::{OpenTrain, Token};
use crate::context::Context;
use crate::http::{Answer, Request};
use crate::random;

/// A refusal of one of the Public API's calls.
#[derive(Debug)]
pub(super) struct PublicError {
    status: u16,
    code: &'static str,
    sentence: String,
    details: Map<String, Value>,
}

impl PublicError {
    pub(super) fn new(status: u16, code: &'static str, sentence: &str) -> Self {
        Self { status, code, sentence: sentence.to_owned(), details: Map::new() }
    }

    pub(super) fn bad_request(sentence: &str) -> Self {
        Self::new(400, "BAD_REQUEST", sentence)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "UNAUTHORIZED", "The API token is missing, invalid, expired or revoked.")
    }

    pub(super) fn internal() -> Self {
        Self::new(500, "INTERNAL_ERROR", "No random numbers.")
    }

    /// With one of `details`.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn answer(&self) -> Answer {
        let mut body = Map::new();
        body.insert("error".to_owned(), self.sentence.clone().into());
        body.insert("code".to_owned(), self.code.into());
        body.insert("requestId".to_owned(), random::uuid().unwrap_or_default().into());
        if !self.details.is_empty() {
            body.insert("details".to_owned(), Value::Object(self.details.clone()));
        }
        Answer::json(self.status, &body)
    }
}

impl OpenTrain {
    /// The token that a request comes with, and what is known of it.
    pub(super) fn caller<'a>(&self, context: &Context<'_>, request: &'a Request) -> Result<(&'a str, &Token), PublicError> {
        let bearer = request.bearer().ok_or_else(PublicError::unauthorized)?;
        let token = self.tokens.get(bearer).filter(|token| !token.revoked && !token.is_expired(context.now));
        Ok((bearer, token.ok_or_else(PublicError::unauthorized)?))
    }

    /// The Public API's calls; `None` for a path that is none of them.
    pub(super) fn public_api(&mut self, context: &Context<'_>, request: &Request) -> Option<Answer> {
        let path = request.path.strip_prefix("/api/public/v1/")?;
        let outcome = match (request.method.as_str(), path) {
            ("GET", "auth/me") => self.me(context, request),
            ("GET", "tokens") => self.list_tokens(context, request),
            ("POST", "tokens") => self.create_token(context, request),
            ("DELETE", path) => self.delete_token(context, request, path.strip_prefix("tokens/")?),
            _ => return None,
        };
        Some(outcome.unwrap_or_else(|error| error.answer()))
    }
}
