//! SentryAgent: manifest, profile check, one-time code by SMS, Agent Badge.
//!
//! [`Registration`] takes a [`Manifest`] and yields an [`Identity`]; [`Rotation`] takes its badge and yields another. All else are
//! plain calls: [`VerifyBadge`], [`Sign`], [`RevokeBadge`] for who holds a badge, [`LookUp`], [`FetchJwks`], [`FetchDid`] and
//! [`Health`] for anybody. `wire` knows the service's words.

mod badge;
mod held;
mod lookup;
mod manifest;
mod registration;
mod rotation;
mod seen;
pub(crate) mod wire;

#[cfg(feature = "testing")]
pub(crate) use badge::did_of;
pub use badge::{BadgeView, Did};
pub use held::{RevokeBadge, Sign, Signed, Verdict, VerifyBadge};
pub use lookup::{DidDocument, FetchDid, FetchJwks, Health, HealthReport, LookUp, Published};
pub(crate) use manifest::is_plain;
pub use manifest::{FieldError, Manifest, ManifestError, PublicProfile, TrustTier};
pub use registration::{Answer, OtpReason, Prompt, Registration};
pub(crate) use registration::{OtpDoubt, OtpSession, State};
pub(crate) use rotation::{Probing, State as RotationState};
pub use rotation::{RotateAnswer, RotatePrompt, Rotated, Rotation};
pub use seen::SeenProfile;

use crate::secret::Badge;

/// The service's base URL.
pub const BASE_URL: &str = "https://identity.sentryagent.ai";

/// What the registration delivered, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub(crate) badge: Badge,
    pub(crate) did: Option<Did>,
    pub(crate) public_profile: PublicProfile,
}

impl Identity {
    /// The Agent Badge: shown to others as an identity card, and the bearer secret of sign, rotate and revoke.
    #[must_use]
    pub fn badge(&self) -> &Badge {
        &self.badge
    }

    /// The agent's DID, as the badge's `sub` claims it. Read, not verified; `None` when the badge cannot be decoded.
    #[must_use]
    pub fn did(&self) -> Option<&Did> {
        self.did.as_ref()
    }

    /// What the service publishes about the agent, as the manifest said it.
    #[must_use]
    pub fn public_profile(&self) -> &PublicProfile {
        &self.public_profile
    }
}
