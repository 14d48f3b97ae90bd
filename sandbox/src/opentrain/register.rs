//! `POST /api/agent/identity` (`opentrain.md` section 3).

use serde::Serialize;
use serde_json::{Map, Value};

use super::{CLAIM_GRANT, OAuthError, OpenTrain, PRE_CLAIM_SCOPES, Token};
use crate::clock::rfc3339;
use crate::context::Context;
use crate::http::{Answer, Request};
use crate::random;

/// An account that an agent made, and how far its claim is.
pub(super) struct Registration {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) organization_id: String,
    pub(super) agent_name: Option<String>,
    pub(super) organization_name: Option<String>,
    /// Unix milliseconds.
    pub(super) window_ends_at: u64,
    /// The pre-claim token.
    pub(super) access_token: String,
    /// The newest attempt's token.
    pub(super) attempt: Option<String>,
    /// The owner's address, set when the human finishes.
    pub(super) owner: Option<String>,
    /// The post-claim token was handed out.
    pub(super) delivered: bool,
    /// Unix milliseconds of the last poll, slowed-down ones included.
    pub(super) polled_at: Option<u64>,
    /// Seconds asked for between polls.
    pub(super) interval: u64,
}

#[derive(Serialize)]
struct Registered<'a> {
    identity_type: &'static str,
    registration_id: &'a str,
    access_token: &'a str,
    token_type: &'static str,
    scopes: &'static [&'static str],
    claim_token: &'a str,
    claim_token_expires_at: String,
    claim_endpoint: String,
    token_endpoint: String,
    grant_type: &'static str,
}

impl OpenTrain {
    pub(super) fn register(&mut self, context: &Context<'_>, request: &Request) -> Result<Answer, OAuthError> {
        let config = context.config;
        if !config.anonymous_enabled {
            return Err(OAuthError::anonymous_not_enabled());
        }
        self.register_limiter.admit(config.limits.register, context.now).map_err(OAuthError::rate_limit_exceeded)?;
        let members = request.json().map_err(OAuthError::invalid_request)?;
        check_identity_type(&members)?;
        let lifetime = config.announced_secs(config.claim_window);
        let registration = Registration {
            id: random::uuid()?,
            user_id: random::uuid()?,
            organization_id: random::uuid()?,
            agent_name: label(&members, "agent_name")?,
            organization_name: label(&members, "organization_name")?,
            window_ends_at: context.now.saturating_add(lifetime.saturating_mul(1000)),
            access_token: personal_token()?,
            attempt: None,
            owner: None,
            delivered: false,
            polled_at: None,
            interval: config.announced_secs(config.interval),
        };
        let claim_token = format!("ot_clm_{}", random::alphanumeric(40)?);
        let answer = registered(context, &registration, &claim_token);
        self.enrol(claim_token, registration, context.now)?;
        Ok(answer)
    }

    fn enrol(&mut self, claim_token: String, registration: Registration, now: u64) -> Result<(), OAuthError> {
        let token = registration.access_token.clone();
        self.grant(token, &claim_token, PRE_CLAIM_SCOPES, now)?;
        self.registrations.insert(claim_token, registration);
        self.accounts += 1;
        Ok(())
    }

    /// Makes a personal API token valid.
    pub(super) fn grant(&mut self, token: String, claim_token: &str, scopes: &[&str], now: u64) -> Result<(), OAuthError> {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let entry = Token { scopes, created_at: now, ..Token::new(random::uuid()?, claim_token) };
        self.tokens.insert(token, entry);
        Ok(())
    }
}

/// `ot_pat_<publicId>_<secret>` (section 2).
pub(super) fn personal_token() -> Result<String, OAuthError> {
    Ok(format!("ot_pat_{}_{}", random::alphanumeric(12)?, random::alphanumeric(40)?))
}

fn registered(context: &Context<'_>, registration: &Registration, claim_token: &str) -> Answer {
    let body = Registered {
        identity_type: "anonymous",
        registration_id: &registration.id,
        access_token: &registration.access_token,
        token_type: "bearer",
        scopes: PRE_CLAIM_SCOPES,
        claim_token,
        claim_token_expires_at: rfc3339(registration.window_ends_at),
        claim_endpoint: format!("{}/api/agent/identity/claim", context.url),
        token_endpoint: format!("{}/api/agent/oauth/token", context.url),
        grant_type: CLAIM_GRANT,
    };
    Answer::json(200, &body)
}

fn check_identity_type(members: &Map<String, Value>) -> Result<(), OAuthError> {
    match members.get("identity_type") {
        None => Ok(()),
        Some(Value::String(kind)) if kind == "anonymous" => Ok(()),
        Some(_) => Err(OAuthError::new("unsupported_identity_type", "unsupported_identity_type", "identity_type must be anonymous.")),
    }
}

fn label(members: &Map<String, Value>, name: &str) -> Result<Option<String>, OAuthError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(OAuthError::invalid_request(&format!("{name} must be a string."))),
    }
}
