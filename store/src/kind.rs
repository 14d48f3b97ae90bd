//! What the store knows of each kind of ceremony.

use enlist_core::opentrain::{Claim, Enrolment};
use enlist_core::sentryagent::{Registration, Rotation};
use enlist_core::{Ceremony, ResumeError, Snapshot};

/// A kind of ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Enrolment,
    Claim,
    BadgeRegistration,
    BadgeRotation,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Enrolment, Self::Claim, Self::BadgeRegistration, Self::BadgeRotation];

    pub(crate) fn of<C: Ceremony>() -> Self {
        Self::named(C::NAME)
    }

    pub(crate) fn of_snapshot(snapshot: &Snapshot) -> Self {
        Self::named(snapshot.ceremony())
    }

    /// The only place that compares the names of ceremonies.
    fn named(name: &str) -> Self {
        match name {
            Enrolment::NAME => Self::Enrolment,
            Claim::NAME => Self::Claim,
            Rotation::NAME => Self::BadgeRotation,
            _ => Self::BadgeRegistration,
        }
    }

    /// The kind that the name of a flow tells; `None` when `name` cannot be the name of a flow.
    pub(crate) fn of_flow(name: &str) -> Option<Self> {
        let is_id = |id: &str| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (prefix, id) = name.split_once('_')?;
        Self::ALL.into_iter().find(|kind| kind.prefix() == prefix && is_id(id))
    }

    /// The beginning of the names of its flows.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Enrolment => "enr",
            Self::Claim => "clm",
            Self::BadgeRegistration => "reg",
            Self::BadgeRotation => "rot",
        }
    }

    /// Shows that the ceremony can be resumed from the snapshot, so that no caller finds out later that it cannot.
    pub(crate) fn resumes(self, snapshot: &Snapshot) -> Result<(), ResumeError> {
        match self {
            Self::Enrolment => Enrolment::resume(snapshot).map(drop),
            Self::Claim => Claim::resume(snapshot).map(drop),
            Self::BadgeRegistration => Registration::resume(snapshot).map(drop),
            Self::BadgeRotation => Rotation::resume(snapshot).map(drop),
        }
    }

    /// A sentence about what may be lost with a damaged flow.
    pub(crate) const fn loss(self) -> &'static str {
        match self {
            Self::Enrolment => "A registration that was on its way may have come about: then nobody can claim it",
            Self::Claim => {
                "Its code is of no use any more, and a token that was on its way may be lost: claim again, and should the service know \
                 nothing of the claim, have a token created there and hand it in with enlist adopt"
            }
            Self::BadgeRegistration => "Its SMS is of no use any more, and a badge that was on its way may be lost",
            Self::BadgeRotation => "A rotation was under way, and the badge that is kept may be dead: enlist status --check tells",
        }
    }
}
