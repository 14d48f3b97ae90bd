//! `POST /api/agent/oauth/token`: the poll (`opentrain.md` section 5).

use serde::Serialize;

use super::attempt::AttemptState;
use super::register::{Registration, personal_token};
use super::{CLAIM_GRANT, OAuthError, OpenTrain, POST_CLAIM_SCOPES};
use crate::ambiguities::{ExpiredAttempt, Interval, NoAttempt};
use crate::clock::millis;
use crate::config::Config;
use crate::context::Context;
use crate::http::{Answer, Request};

/// A poll may come this many milliseconds early.
const TOLERANCE: u64 = 50;

/// The time that a `slow_down` adds to the interval under [`Interval::Grows`] (RFC 8628 section 3.5).
const SLOW_DOWN: std::time::Duration = std::time::Duration::from_secs(5);

#[derive(Serialize)]
struct Delivery<'a> {
    access_token: &'a str,
    token_type: &'static str,
    scopes: &'static [&'static str],
}

impl OpenTrain {
    pub(super) fn poll(&mut self, context: &Context<'_>, request: &Request) -> Result<Answer, OAuthError> {
        let form = request.form().map_err(OAuthError::invalid_request)?;
        let grant_type = form.get("grant_type");
        let grant_type = grant_type.ok_or_else(|| OAuthError::invalid_request("grant_type is required."))?;
        if grant_type != CLAIM_GRANT {
            let code = "unsupported_grant_type";
            return Err(OAuthError::new(code, code, format!("grant_type must be {CLAIM_GRANT}.")));
        }
        let claim_token = form.get("claim_token");
        let claim_token = claim_token.ok_or_else(|| OAuthError::invalid_request("claim_token is required."))?;
        self.pace(context, claim_token)?;
        self.judge(context, claim_token)?;
        self.deliver(claim_token, context.now)
    }

    /// Refuses a poll without a claim that is under way, then a poll that comes too early.
    fn pace(&mut self, context: &Context<'_>, claim_token: &str) -> Result<(), OAuthError> {
        let registration = self.registrations.get_mut(claim_token);
        let registration = registration.ok_or_else(|| OAuthError::invalid_grant("claim_token is not known."))?;
        if registration.delivered {
            return Err(OAuthError::invalid_grant("The access token was already delivered."));
        }
        if registration.owner.is_none() && context.now >= registration.window_ends_at {
            return Err(OAuthError::expired_token("The claim window has expired. Register again."));
        }
        if registration.attempt.is_none() {
            return Err(no_attempt(context.config));
        }
        let too_fast = registration.polls_too_fast(context.now);
        registration.polled_at = Some(context.now);
        if !too_fast {
            return Ok(());
        }
        self.polls_too_early += 1;
        if context.config.ambiguities.opentrain.interval == Interval::Grows {
            registration.interval += context.config.announced_secs(SLOW_DOWN);
        }
        Err(OAuthError::new("slow_down", "slow_down", "Polling faster than the interval allows."))
    }

    /// Whether the human has approved. A claimed account counts as approved, whatever happened to its attempts.
    fn judge(&self, context: &Context<'_>, claim_token: &str) -> Result<(), OAuthError> {
        let registration = self.registrations.get(claim_token);
        if registration.is_some_and(|registration| registration.owner.is_some()) {
            return Ok(());
        }
        let attempt = registration.and_then(|registration| registration.attempt.as_deref());
        match attempt.and_then(|token| self.state(context.config, token, context.now)) {
            Some(AttemptState::Approved) => Ok(()),
            Some(AttemptState::Open | AttemptState::Superseded) => Err(OAuthError::pending()),
            Some(AttemptState::Denied) => Err(OAuthError::new("access_denied", "access_denied", "The human refused the claim.")),
            Some(AttemptState::Expired) | None => Err(expired(context.config)),
        }
    }

    /// Delivers the post-claim token. This happens once for each registration.
    fn deliver(&mut self, claim_token: &str, now: u64) -> Result<Answer, OAuthError> {
        let access_token = personal_token()?;
        self.grant(access_token.clone(), claim_token, POST_CLAIM_SCOPES, now)?;
        if let Some(registration) = self.registrations.get_mut(claim_token) {
            registration.delivered = true;
        }
        self.tokens_delivered += 1;
        let body = Delivery { access_token: &access_token, token_type: "bearer", scopes: POST_CLAIM_SCOPES };
        Ok(Answer::json(200, &body))
    }
}

impl Registration {
    fn polls_too_fast(&self, now: u64) -> bool {
        let interval = millis(std::time::Duration::from_secs(self.interval));
        self.polled_at.is_some_and(|last| now.saturating_add(TOLERANCE) < last.saturating_add(interval))
    }
}

fn no_attempt(config: &Config) -> OAuthError {
    let sentence = "No claim has been started.";
    match config.ambiguities.opentrain.no_attempt {
        NoAttempt::InvalidGrant => OAuthError::invalid_grant(sentence),
        NoAttempt::AuthorizationPending => OAuthError::pending(),
        NoAttempt::ExpiredToken => OAuthError::expired_token(sentence),
    }
}

fn expired(config: &Config) -> OAuthError {
    let sentence = "The claim attempt has expired. Start the claim again.";
    match config.ambiguities.opentrain.expired_attempt {
        ExpiredAttempt::ExpiredToken => OAuthError::expired_token(sentence),
        ExpiredAttempt::InvalidGrant => OAuthError::invalid_grant(sentence),
        ExpiredAttempt::AuthorizationPending => OAuthError::pending(),
    }
}
