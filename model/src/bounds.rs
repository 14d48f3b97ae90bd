//! How much may go wrong on one path: what makes the state space finite.

use enlist_core::CeremonyKind;

/// How much may happen on one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    /// Things that go wrong, of any kinds: an exchange without an answer (not connected, request lost, answer lost, cut, too
    /// late), an answer that is not the service's own (503, 429, `slow_down`, 503 and 403 after acting, a garbled page), an end of the
    /// process (before and after every step of an exchange, with and without the journaled answer), a failure to save, a wrong
    /// or an old code, another SMS asked for.
    pub(crate) faults: u8,
    /// Other attempts, on the owner's word.
    pub(crate) restarts: u8,
    /// How long an attempt of OpenTrain's lives, in seconds; it bounds the number of polls.
    pub(crate) life: u32,
}

impl Bounds {
    const fn of(faults: u8, restarts: u8, life: u32) -> Self {
        Self { faults, restarts, life }
    }

    /// What can be explored by hand, with every state kept.
    pub(crate) fn closer(self) -> Self {
        Self { faults: self.faults.min(if self.restarts > 0 { 1 } else { 3 }), ..self }
    }

    /// What the gate has time for.
    pub(crate) const SMALL: [(CeremonyKind, Self); 4] = [
        (CeremonyKind::Enrolment, Self::of(4, 0, 12)),
        (CeremonyKind::Claim, Self::of(2, 1, 12)),
        (CeremonyKind::BadgeRegistration, Self::of(3, 0, 12)),
        (CeremonyKind::BadgeRotation, Self::of(3, 0, 12)),
    ];
    /// What a long run has time for: close to twenty million states.
    pub(crate) const LARGE: [(CeremonyKind, Self); 4] = [
        (CeremonyKind::Enrolment, Self::of(8, 0, 12)),
        (CeremonyKind::Claim, Self::of(3, 1, 12)),
        (CeremonyKind::BadgeRegistration, Self::of(6, 0, 12)),
        (CeremonyKind::BadgeRotation, Self::of(8, 0, 12)),
    ];
}
