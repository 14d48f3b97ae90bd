//! SentryAgent's eleven calls, as `sentryagent.md` describes them.

mod badge;
mod error;
mod lookup;
mod manifest;
mod registration;
mod rotate;
mod signing;
mod verify;

use error::Refusal;
use manifest::PublicProfile;
use registration::{ManifestSession, OtpSession};

use crate::context::Context;
use crate::http::{Answer, Request};
use crate::limiter::Limiter;
use crate::random;
use crate::store::Store;
use ed25519_dalek::SigningKey;

/// The greatest number of sessions and agents. Beyond it, the oldest are forgotten.
const BOUND: usize = 20_000;

pub(crate) struct SentryAgent {
    /// The key that signs badges, and the only key of the JWKS.
    key: SigningKey,
    /// By `manifest_session_id`.
    manifest_sessions: Store<ManifestSession>,
    /// By `otp_session_id`.
    otp_sessions: Store<OtpSession>,
    /// By DID.
    agents: Store<Agent>,
    verify_phone_limiter: Limiter,
    confirm_manifest_limiter: Limiter,
    /// The number of calls that were answered 503.
    turned_away: u32,
    pub(crate) badges_issued: u64,
    pub(crate) rotations: u64,
}

/// A registered agent.
struct Agent {
    public_profile: PublicProfile,
    /// The agent's own key pair.
    key: SigningKey,
    /// Unix milliseconds.
    issued_at: u64,
    revoked: bool,
    /// The time when its badge expires because it was rotated, in unix milliseconds.
    dies_at: Option<u64>,
}

impl Agent {
    fn is_alive(&self, now: u64) -> bool {
        !self.revoked && self.dies_at.is_none_or(|end| now < end)
    }
}

impl SentryAgent {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            key: SigningKey::from_bytes(&random::bytes()?),
            manifest_sessions: Store::new(BOUND),
            otp_sessions: Store::new(BOUND),
            agents: Store::new(BOUND),
            verify_phone_limiter: Limiter::default(),
            confirm_manifest_limiter: Limiter::default(),
            turned_away: 0,
            badges_issued: 0,
            rotations: 0,
        })
    }

    /// The answer, or `None` for a path that is not SentryAgent's.
    pub(crate) fn answer(&mut self, context: &mut Context<'_>, request: &Request) -> Option<Answer> {
        let outcome = match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/v1/auth/verify-phone") => self.verify_phone(context, request),
            ("POST", "/v1/auth/confirm-manifest") => self.confirm_manifest(context, request),
            ("POST", "/v1/auth/confirm") => self.confirm(context, request),
            ("POST", "/v1/verify") => self.verify(context, request),
            ("POST", "/v1/sign") => self.sign_message(context, request),
            ("POST", "/v1/rotate") => self.rotate(context, request),
            ("POST", "/v1/revoke") => self.revoke(context, request),
            ("GET", "/v1/jwks") => Ok(self.jwks(context)),
            ("GET", "/v1/did") => Ok(self.did_document(context)),
            ("GET", "/v1/health") => Ok(lookup::health()),
            ("GET", path) => self.manifest(context, path.strip_prefix("/v1/manifest/")?),
            _ => return None,
        };
        Some(outcome.unwrap_or_else(|refusal| refusal.answer(context)))
    }
}
