//! A claim attempt, and what humans decide about it (`opentrain.md` sections 4 and 12).

use serde::{Deserialize, Serialize};

/// One attempt as the service keeps it.
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

/// What the human decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Approved,
    Denied,
}

/// One claim attempt as tests see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Its `ot_cat_` token.
    pub attempt: String,
    /// Of the register answer.
    pub registration_id: String,
    /// As registered.
    pub agent_name: Option<String>,
    /// As registered.
    pub organization_name: Option<String>,
    /// The address that the human must sign in with.
    pub email: String,
    /// The six digits that the human types.
    pub user_code: String,
    /// The claim page.
    pub verification_uri: String,
    /// Unix milliseconds of the sandbox clock.
    pub started_at: u64,
    /// Unix milliseconds of the sandbox clock.
    pub expires_at: u64,
    /// Where it stands now.
    pub state: AttemptState,
}

/// Where a claim attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptState {
    /// The human may still decide.
    Open,
    /// The right code was typed.
    Approved,
    /// The human refused.
    Denied,
    /// Its time, or the registration's claim window, is over.
    Lapsed,
    /// A newer attempt took its place, or another one claimed the account.
    Superseded,
}

/// Which open attempt is meant: the newest one that matches everything given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Started for this address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// With this `ot_cat_` token.
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

/// No open claim attempt is the one meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no open claim attempt matches")]
pub struct NoOpenAttempt;
