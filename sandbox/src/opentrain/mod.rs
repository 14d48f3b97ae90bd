//! OpenTrain's agent registration, as `opentrain.md` describes it.

mod attempt;
mod claim;
mod discovery;
mod error;
mod human;
mod me;
mod page;
mod public_api;
mod register;
mod revoke;
mod token;
mod tokens;

use std::collections::VecDeque;

use attempt::ClaimAttempt;
pub use attempt::{Attempt, AttemptState, NoOpenAttempt, Which};
use error::OAuthError;
pub(crate) use human::View;
use register::Registration;

use crate::context::Context;
use crate::http::{Answer, Request};
use crate::limiter::Limiter;
use crate::store::Store;

/// The greatest number of registrations, attempts and tokens. Beyond it, the oldest are forgotten.
const BOUND: usize = 20_000;

/// The grant type of a poll.
const CLAIM_GRANT: &str = "urn:opentrain:agent-auth:grant-type:claim";

/// The scopes before the claim (section 3).
const PRE_CLAIM_SCOPES: &[&str] = &["jobs:read", "jobs:write", "proposals:read", "messages:read", "payments:read", "team:read"];

/// The scopes after the claim (section 5).
const POST_CLAIM_SCOPES: &[&str] = &[
    "jobs:read",
    "jobs:write",
    "proposals:read",
    "proposals:write",
    "messages:read",
    "messages:write",
    "payments:read",
    "team:read",
    "team:write",
];

pub(crate) struct OpenTrain {
    /// By claim token.
    registrations: Store<Registration>,
    /// By claim-attempt token (`ot_cat_`).
    attempts: Store<ClaimAttempt>,
    /// By personal API token.
    tokens: Store<Token>,
    /// Addresses of claimed accounts, in lower case.
    claimed_emails: Store<()>,
    /// The start and the token of each attempt that `auto_approve` has not decided yet, oldest first.
    unattended: VecDeque<(u64, String)>,
    register_limiter: Limiter,
    claim_limiter: Limiter,
    pub(crate) accounts: u64,
    pub(crate) attempts_started: u64,
    pub(crate) claimed: u64,
    pub(crate) tokens_delivered: u64,
    pub(crate) polls_too_early: u64,
}

/// A personal API token.
struct Token {
    id: String,
    /// The claim token of the registration that the token belongs to.
    claim_token: String,
    name: String,
    scopes: Vec<String>,
    /// Unix milliseconds.
    created_at: u64,
    expires_at: Option<u64>,
    revoked: bool,
    revoked_at: Option<u64>,
}

impl Token {
    fn new(id: String, claim_token: &str) -> Self {
        let claim_token = claim_token.to_owned();
        let (name, scopes) = ("agent".to_owned(), Vec::new());
        Self { id, claim_token, name, scopes, created_at: 0, expires_at: None, revoked: false, revoked_at: None }
    }

    fn revoke(&mut self, now: u64) {
        self.revoked = true;
        self.revoked_at.get_or_insert(now);
    }

    fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }

    fn status(&self, now: u64) -> &'static str {
        match (self.revoked, self.is_expired(now)) {
            (true, _) => "revoked",
            (false, true) => "expired",
            (false, false) => "active",
        }
    }
}

impl Default for OpenTrain {
    fn default() -> Self {
        Self {
            registrations: Store::new(BOUND),
            attempts: Store::new(BOUND),
            tokens: Store::new(BOUND),
            claimed_emails: Store::new(BOUND),
            unattended: VecDeque::new(),
            register_limiter: Limiter::default(),
            claim_limiter: Limiter::default(),
            accounts: 0,
            attempts_started: 0,
            claimed: 0,
            tokens_delivered: 0,
            polls_too_early: 0,
        }
    }
}

impl OpenTrain {
    /// The answer, or `None` for a path that is not OpenTrain's.
    pub(crate) fn answer(&mut self, context: &mut Context<'_>, request: &Request) -> Option<Answer> {
        if let Some(answer) = self.public_api(context, request) {
            return Some(answer);
        }
        let revoke = revoke::path(context.config);
        let outcome = match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/api/agent/identity") => self.register(context, request),
            ("POST", "/api/agent/identity/claim") => self.start_claim(context, request),
            ("POST", "/api/agent/oauth/token") => self.poll(context, request),
            ("POST", path) if path == revoke => self.revoke(context, request),
            ("GET", "/.well-known/oauth-protected-resource") => Ok(discovery::protected_resource(context)),
            ("GET", "/.well-known/oauth-authorization-server") => Ok(discovery::authorization_server(context)),
            ("GET", "/claim") => Ok(self.show_claim_page(context, request)),
            ("POST", "/claim") => Ok(self.submit_claim_page(context, request)),
            _ => return None,
        };
        Some(outcome.unwrap_or_else(|error| error.answer(context)))
    }
}
