//! `data` of the commands that drive a ceremony.

use serde::Serialize;

use super::Data;
use crate::view::claim::PendingClaim;
use crate::view::credential::{Badge, Obtained, Registration, Token};
use crate::view::flow::Awaiting;
use crate::view::profile::Profile;
use crate::view::{Time, words};

/// The credential of a ceremony, or its progress.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum CeremonyData {
    Registration(Registration),
    Token(Token),
    Badge(Badge),
    PendingEnrolment(PendingEnrolment),
    PendingClaim(PendingClaim),
    PendingBadge(PendingBadge),
    PendingRotation(PendingRotation),
    RegisteredAndClaimed(RegisteredAndClaimed),
    RegisteredAndPending(RegisteredAndPending),
}

impl CeremonyData {
    /// This claim's data, with what the registration brought that the same command made before it.
    pub(in crate::output) fn after(self, registration: &Self) -> Self {
        match (self, registration) {
            (Self::Token(token), Self::Registration(Registration { registration_id, claim_expires_at, .. })) => {
                let (registration_id, claim_expires_at) = (registration_id.clone(), *claim_expires_at);
                Self::RegisteredAndClaimed(RegisteredAndClaimed { token, registration_id, claim_expires_at })
            }
            (Self::PendingClaim(claim), Self::Registration(registration)) => {
                // The claim has its own words for the owner.
                let registration = Registration { say_to_user: None, ..registration.clone() };
                Self::RegisteredAndPending(RegisteredAndPending { registration, claim })
            }
            (claim, _) => claim,
        }
    }
}

impl From<Obtained> for Data {
    fn from(obtained: Obtained) -> Self {
        Self::Ceremony(match obtained {
            Obtained::Registration(registration) => CeremonyData::Registration(registration),
            Obtained::Token(token) => CeremonyData::Token(token),
            Obtained::Badge(badge) => CeremonyData::Badge(badge),
        })
    }
}

/// A claim that has ended well, and the registration that the same command made.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RegisteredAndClaimed {
    #[serde(flatten)]
    token: Token,
    /// The service's own name for the registration.
    registration_id: Option<String>,
    /// The registration could be claimed until this time.
    claim_expires_at: Option<Time>,
}

/// A claim that waits for its owner, and the registration that the same command made.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RegisteredAndPending {
    #[serde(flatten)]
    registration: Registration,
    #[serde(flatten)]
    claim: PendingClaim,
}

/// A registration at OpenTrain whose answer has not come.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PendingEnrolment {
    pub(crate) flow: String,
    pub(crate) awaiting: Awaiting,
}

/// A registration at SentryAgent that is under way.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PendingBadge {
    pub(crate) flow: String,
    /// What the manifest makes public.
    pub(crate) public_profile: Profile,
    pub(crate) expires_at: Option<Time>,
    pub(crate) awaiting: Awaiting,
    /// Text that an agent repeats to its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) say_to_user: Option<String>,
}

/// A rotation of a badge that is under way.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PendingRotation {
    pub(crate) flow: String,
    pub(crate) awaiting: Awaiting,
    pub(crate) old_badge: OldBadge,
}

words! {
    /// The state of the badge that a rotation replaces.
    OldBadge {
        Valid = "valid",
        /// The answer to the rotation was lost.
        Doubtful = "doubtful",
    }
}

/// `try`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Tour {
    pub(crate) claim: TourClaim,
    pub(crate) badge: TourBadge,
}

/// The token that the tour's claim brought.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TourClaim {
    pub(crate) scopes: Vec<String>,
    /// Prefix and last four characters of a secret.
    pub(crate) token_hint: String,
}

/// The badge that the tour's registration brought.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TourBadge {
    pub(crate) did: Option<String>,
    /// Prefix and last four characters of a secret.
    pub(crate) badge_hint: String,
}
