//! What the store knows of each kind of ceremony.

use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::{Ceremony, CeremonyKind, ResumeError, Snapshot};

/// The kind that the name of a flow tells; `None` when `name` cannot be the name of a flow.
pub(crate) fn of_flow(name: &str) -> Option<CeremonyKind> {
    let is_id = |id: &str| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (prefix, id) = name.split_once('_')?;
    CeremonyKind::ALL.into_iter().find(|kind| prefix_of(*kind) == prefix && is_id(id))
}

/// The beginning of the names of a ceremony's flows.
pub(crate) const fn prefix_of(kind: CeremonyKind) -> &'static str {
    match kind {
        CeremonyKind::Enrolment => "enr",
        CeremonyKind::Claim => "clm",
        CeremonyKind::BadgeRegistration => "reg",
        CeremonyKind::BadgeRotation => "rot",
    }
}

/// Shows that the ceremony can be restored from the snapshot, so that no caller finds out later that it cannot.
pub(crate) fn restores(snapshot: &Snapshot) -> Result<(), ResumeError> {
    match snapshot.kind() {
        CeremonyKind::Enrolment => Enrolment::peek(snapshot).map(drop),
        CeremonyKind::Claim => Claim::peek(snapshot).map(drop),
        CeremonyKind::BadgeRegistration => BadgeRegistration::peek(snapshot).map(drop),
        CeremonyKind::BadgeRotation => BadgeRotation::peek(snapshot).map(drop),
    }
}

/// A sentence about what may be lost with a damaged flow.
pub(crate) const fn loss(kind: CeremonyKind) -> &'static str {
    match kind {
        CeremonyKind::Enrolment => "A registration that was on its way may have come about: then nobody can claim it",
        CeremonyKind::Claim => {
            "Its code is of no use any more, and a token that was on its way may be lost: claim again, and should the service know \
                 nothing of the claim, have a token created there and hand it in with enlist adopt"
        }
        CeremonyKind::BadgeRegistration => "Its SMS is of no use any more, and a badge that was on its way may be lost",
        CeremonyKind::BadgeRotation => "A rotation was under way, and the badge that is kept may be dead: enlist status --check tells",
    }
}
