//! The kinds of ceremonies and their names in files.

use core::fmt;

/// The ceremony that a value, a snapshot or a stored flow belongs to.
///
/// This enum is exhaustive on purpose: a new ceremony must fail to compile in every program that has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CeremonyKind {
    /// [`claim::Enrolment`](crate::claim::Enrolment): the anonymous registration.
    Enrolment,
    /// [`claim::Claim`](crate::claim::Claim): the owner's claim.
    Claim,
    /// [`badge::BadgeRegistration`](crate::badge::BadgeRegistration): from the manifest and a code by SMS to the Agent Badge.
    BadgeRegistration,
    /// [`badge::BadgeRotation`](crate::badge::BadgeRotation): exchanges a badge for another one.
    BadgeRotation,
}

impl CeremonyKind {
    /// Every ceremony.
    pub const ALL: [Self; 4] = [Self::Enrolment, Self::Claim, Self::BadgeRegistration, Self::BadgeRotation];

    /// The ceremony's name in snapshots and other files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enrolment => "enrolment",
            Self::Claim => "claim",
            Self::BadgeRegistration => "badge_registration",
            Self::BadgeRotation => "badge_rotation",
        }
    }

    /// The ceremony of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for CeremonyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
