//! The Agent Badge of SentryAgent: manifest, profile check, one-time code by SMS, and a signed badge.
//!
//! [`BadgeRegistration`] takes a [`Manifest`] and yields an [`Identity`]; [`BadgeRotation`] takes its badge and yields another one.
//! All else are plain API calls: [`VerifyBadge`], [`Sign`], [`RevokeBadge`] for the holder of a badge, [`LookUp`], [`FetchJwks`],
//! [`FetchDid`] and [`Health`] for anybody. With the feature `verify`, the module `verify` checks badges offline.

mod calls;
mod did;
mod lookup;
mod manifest;
mod published_profile;
mod registration;
mod rotation;
#[cfg(feature = "verify")]
pub mod verify;
pub(crate) mod wire;

pub use calls::{RevokeBadge, Sign, Signed, Validity, VerifyBadge};
#[cfg(feature = "testing")]
pub(crate) use did::did_of;
pub use did::{BadgeView, Did};
pub use lookup::{DidDocument, FetchDid, FetchJwks, Health, HealthReport, LookUp, Published};
pub(crate) use manifest::is_plain;
pub use manifest::{FieldError, Manifest, ManifestError, PublicProfile, TrustTier};
pub use published_profile::PublishedProfile;
pub use registration::{BadgeRegistration, OtpReason, RegistrationAnswer, RegistrationPrompt};
pub(crate) use registration::{OtpDoubt, OtpSession, State};
pub use rotation::{BadgeRotation, Rotated, RotationAnswer, RotationPrompt};
pub(crate) use rotation::{Probing, State as RotationState};

use crate::types::secret::Badge;

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
