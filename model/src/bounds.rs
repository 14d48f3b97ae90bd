//! The limits on what may go wrong on one path. They make the state space finite.

use enlist_core::CeremonyKind;

/// The limits for one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    /// The number of faults of any kind: an exchange without an answer (not connected, request lost, answer lost, cut, too
    /// late), an answer that is not the service's own (503, 429, `slow_down`, 503, 403, 429 and a false 401 after acting, a garbled page), an end of the
    /// process (before and after every step of an exchange, with and without the journaled answer), a failure to save, a wrong
    /// or an old code, a request for another SMS.
    pub(crate) faults: u8,
    /// The number of restarted attempts.
    pub(crate) restarts: u8,
    /// The life of an attempt at OpenTrain, in seconds. It limits the number of polls.
    pub(crate) life: u32,
}

impl Bounds {
    const fn of(faults: u8, restarts: u8, life: u32) -> Self {
        Self { faults, restarts, life }
    }

    /// Smaller bounds, for an exploration that keeps every state.
    pub(crate) fn closer(self) -> Self {
        Self { faults: self.faults.min(if self.restarts > 0 { 1 } else { 3 }), ..self }
    }

    /// The bounds of the quick check in CI.
    pub(crate) const SMALL: [(CeremonyKind, Self); 4] = [
        (CeremonyKind::Enrolment, Self::of(4, 0, 12)),
        (CeremonyKind::Claim, Self::of(2, 1, 12)),
        (CeremonyKind::BadgeRegistration, Self::of(3, 0, 12)),
        (CeremonyKind::BadgeRotation, Self::of(3, 0, 12)),
    ];
    /// The bounds of a long run: almost twenty million states.
    pub(crate) const LARGE: [(CeremonyKind, Self); 4] = [
        (CeremonyKind::Enrolment, Self::of(8, 0, 12)),
        (CeremonyKind::Claim, Self::of(3, 1, 12)),
        (CeremonyKind::BadgeRegistration, Self::of(6, 0, 12)),
        (CeremonyKind::BadgeRotation, Self::of(8, 0, 12)),
    ];
}
