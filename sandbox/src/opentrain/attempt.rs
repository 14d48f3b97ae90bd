//! A claim attempt, and the human's decision about it (`opentrain.md` sections 4 and 12).

use serde::{Deserialize, Serialize};

/// A claim attempt as the service stores it.
pub(super) struct ClaimAttempt {
    pub(super) claim_token: String,
    pub(super) email: String,
    pub(super) user_code: String,
    /// Unix milliseconds.
    pub(super) started_at: u64,
    /// Unix milliseconds.
    pub(super) expires_at: u64,
    pub(super) decision: Option<Decision>,
}

/// The human's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Approved,
    Denied,
}

/// A claim attempt as tests see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// The attempt's `ot_cat_` token.
    pub attempt: String,
    /// The `registration_id` of the answer to the registration.
    pub registration_id: String,
    /// The name that the agent registered with.
    pub agent_name: Option<String>,
    /// The organization that the agent registered with.
    pub organization_name: Option<String>,
    /// The address that the human must sign in with.
    pub email: String,
    /// The six digits that the human enters.
    pub user_code: String,
    /// The URL of the claim page.
    pub verification_uri: String,
    /// The time of the start, in unix milliseconds of the sandbox clock.
    pub started_at: u64,
    /// The time of the expiry, in unix milliseconds of the sandbox clock.
    pub expires_at: u64,
    /// The current state.
    pub state: AttemptState,
}

/// The state of a claim attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptState {
    /// The human can still decide.
    Open,
    /// The human entered the right code.
    Approved,
    /// The human refused.
    Denied,
    /// The attempt, or the registration's claim window, has expired.
    Expired,
    /// A newer attempt replaced this one, or the account was claimed through another attempt.
    Superseded,
}

/// Selects an open attempt: the newest one that matches all given members.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The e-mail address that the attempt was started for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The attempt's `ot_cat_` token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<String>,
}

impl Which {
    /// The newest open attempt of all.
    pub fn newest() -> Self {
        Self::default()
    }

    /// The newest open attempt for this address.
    pub fn email(email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), ..Self::default() }
    }

    /// The attempt with this `ot_cat_` token.
    pub fn attempt(token: impl Into<String>) -> Self {
        Self { attempt: Some(token.into()), ..Self::default() }
    }

    pub(super) fn means(&self, token: &str, attempt: &ClaimAttempt) -> bool {
        self.email.as_ref().is_none_or(|email| email.eq_ignore_ascii_case(&attempt.email))
            && self.attempt.as_ref().is_none_or(|wanted| wanted == token)
    }
}

/// No open claim attempt matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no open claim attempt matches")]
pub struct NoOpenAttempt;
