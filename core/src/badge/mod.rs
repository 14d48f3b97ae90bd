//! The Agent Badge of SentryAgent: manifest, profile check, one-time code by SMS, and a signed badge.
//!
//! [`BadgeRegistration`] takes a [`Manifest`] and yields an [`Identity`]. [`BadgeRotation`] takes the badge of an identity and yields
//! another one. Everything else is a plain API call: [`VerifyBadge`], [`Sign`] and [`RevokeBadge`] for the holder of a badge, and
//! [`LookUp`], [`FetchJwks`], [`FetchDid`] and [`Health`] for anybody. With the feature `verify`, the module `verify` checks badges
//! offline.

mod calls;
mod did;
mod lookup;
mod registration;
mod registration_prompt;
mod rotation;
mod stored_registration;
mod stored_rotation;
#[cfg(feature = "verify")]
pub mod verify;
pub(crate) mod wire;

pub use calls::{RevokeBadge, Sign, Signed, Validity, VerifyBadge};
#[cfg(feature = "testing")]
pub(crate) use did::did_of;
pub use did::{BadgeView, Did};
pub use lookup::{DidDocument, FetchDid, FetchJwks, Health, HealthReport, LookUp, Published};
pub use registration::BadgeRegistration;
pub(crate) use registration::{OtpAnswer, OtpSession, State};
pub use registration_prompt::{OtpReason, RegistrationAnswer, RegistrationPrompt};
pub use rotation::{BadgeRotation, Rotated, RotationAnswer, RotationPrompt};
pub(crate) use rotation::{Probing, State as RotationState};

pub use crate::manifest::{FieldError, Manifest, ManifestError, PublicProfile, PublishedProfile, TrustTier};
use crate::types::secret::Badge;

/// The service's base URL.
pub const BASE_URL: &str = "https://identity.sentryagent.ai";

/// The outcome of a registration, which the service delivers once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub(crate) badge: Badge,
    pub(crate) did: Option<Did>,
    pub(crate) public_profile: PublicProfile,
}

impl Identity {
    /// The Agent Badge. It is both an identity card for others and the bearer secret for signing, rotating and revoking.
    #[must_use]
    pub fn badge(&self) -> &Badge {
        &self.badge
    }

    /// The agent's DID, as the badge's `sub` claims it. It is read and not verified; `None` if the badge cannot be decoded.
    #[must_use]
    pub fn did(&self) -> Option<&Did> {
        self.did.as_ref()
    }

    /// The public part of the manifest, as the service publishes it.
    #[must_use]
    pub fn public_profile(&self) -> &PublicProfile {
        &self.public_profile
    }
}
