//! `POST /api/agent/identity/claim` (`opentrain.md` section 4).

use serde::Serialize;
use serde_json::{Map, Value};

use super::attempt::ClaimAttempt;
use super::register::Registration;
use super::{OAuthError, OpenTrain};
use crate::address::is_email;
use crate::ambiguities::{EmailSent, Interval, OtherEmail};
use crate::context::Context;
use crate::http::{Answer, Request};
use crate::random;

#[derive(Serialize)]
struct Started<'a> {
    user_code: &'a str,
    verification_uri: String,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_sent: Option<bool>,
}

impl OpenTrain {
    pub(super) fn start_claim(&mut self, context: &mut Context<'_>, request: &Request) -> Result<Answer, OAuthError> {
        let config = context.config;
        if !config.anonymous_enabled {
            return Err(OAuthError::anonymous_not_enabled());
        }
        self.claim_limiter.admit(config.limits.claim_start, context.now).map_err(OAuthError::rate_limit_exceeded)?;
        let members = request.json().map_err(OAuthError::invalid_request)?;
        let claim_token = text(&members, "claim_token")?;
        let email = text(&members, "email")?;
        self.check_claimable(context, claim_token, email)?;
        let lifetime = config.announced_secs(config.attempt_lifetime);
        let attempt = ClaimAttempt {
            claim_token: claim_token.to_owned(),
            email: email.to_owned(),
            user_code: random::six_digits()?,
            started_at: context.now,
            expires_at: context.now.saturating_add(lifetime.saturating_mul(1000)),
            decision: None,
        };
        let token = format!("ot_cat_{}", random::alphanumeric(40)?);
        let answer = started(context, &attempt, &token, lifetime);
        self.begin(context, token, attempt);
        Ok(answer)
    }

    fn check_claimable(&self, context: &Context<'_>, claim_token: &str, email: &str) -> Result<(), OAuthError> {
        let registration = self
            .registrations
            .get(claim_token)
            .ok_or_else(|| OAuthError::new("invalid_request", "invalid_claim_token", "claim_token is not known."))?;
        if registration.owner.is_some() {
            let sentence = "This account has already been claimed.";
            return Err(OAuthError::new("invalid_request", "already_claimed", sentence));
        }
        if context.now >= registration.window_ends_at {
            let sentence = "The claim window has expired. Register again.";
            return Err(OAuthError::new("invalid_request", "claim_window_expired", sentence));
        }
        if !is_email(email) {
            return Err(OAuthError::new("invalid_request", "invalid_email", "email is not a valid address."));
        }
        if self.has_account(context, email) {
            let sentence = "email_already_registered: this address already has an OpenTrain account.";
            return Err(OAuthError::new("invalid_request", "email_already_registered", sentence));
        }
        self.check_same_email(context, registration, email)
    }

    fn check_same_email(&self, context: &Context<'_>, registration: &Registration, email: &str) -> Result<(), OAuthError> {
        let former = registration.attempt.as_ref().and_then(|token| self.attempts.get(token));
        let changed = former.is_some_and(|attempt| !attempt.email.eq_ignore_ascii_case(email));
        if changed && context.config.ambiguities.opentrain.other_email == OtherEmail::Refused {
            let sentence = "The account is reserved for another address.";
            return Err(OAuthError::new("invalid_request", "email_mismatch", sentence));
        }
        Ok(())
    }

    fn has_account(&self, context: &Context<'_>, email: &str) -> bool {
        let listed = context.config.taken_emails.iter().any(|taken| taken.eq_ignore_ascii_case(email));
        listed || self.claimed_emails.get(&email.to_ascii_lowercase()).is_some()
    }

    /// Makes this attempt the one that polls are about.
    fn begin(&mut self, context: &mut Context<'_>, token: String, attempt: ClaimAttempt) {
        if let Some(registration) = self.registrations.get_mut(&attempt.claim_token) {
            registration.attempt = Some(token.clone());
            registration.polled_at = None;
            registration.interval = context.config.announced_secs(context.config.interval);
            if context.config.ambiguities.opentrain.email_sent != EmailSent::No {
                let agent = registration.agent_name.as_deref().unwrap_or("unnamed agent");
                context.outbox.mail_link(context.now, &attempt.email, agent, &verification_uri(context.url, &token));
            }
        }
        if context.config.auto_approve.is_some() {
            self.unattended.push_back((attempt.started_at, token.clone()));
        }
        self.attempts.insert(token, attempt);
        self.attempts_started += 1;
    }
}

/// The URL of the claim page.
pub(super) fn verification_uri(url: &str, token: &str) -> String {
    format!("{url}/claim?token={token}")
}

fn started(context: &Context<'_>, attempt: &ClaimAttempt, token: &str, lifetime: u64) -> Answer {
    let ambiguities = &context.config.ambiguities.opentrain;
    let interval = context.config.announced_secs(context.config.interval);
    let body = Started {
        user_code: &attempt.user_code,
        verification_uri: verification_uri(context.url, token),
        expires_in: lifetime,
        interval: (ambiguities.interval != Interval::Absent).then_some(interval),
        email_sent: match ambiguities.email_sent {
            EmailSent::Yes => Some(true),
            EmailSent::No => Some(false),
            EmailSent::Absent => None,
        },
    };
    Answer::json(200, &body)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, OAuthError> {
    let value = members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    value.ok_or_else(|| OAuthError::invalid_request(&format!("{name} is required and must be a string.")))
}
