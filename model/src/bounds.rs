//! How much may go wrong on one path: what makes the state space finite.

/// How much may happen on one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    /// Things that go wrong, of any kinds: an exchange without an answer (not connected, request lost, answer lost, cut, too
    /// late), an answer that is not the service's own (503, 429, `slow_down`, 502 after acting, a garbled page), an end of the
    /// process (before and after every step of an exchange, with and without the journaled answer), a failure to save, a wrong
    /// or an old code, another SMS asked for.
    pub(crate) faults: u8,
    /// Other attempts, on the owner's word.
    pub(crate) restarts: u8,
    /// How long an attempt of OpenTrain's lives, in seconds; it bounds the number of polls.
    pub(crate) life: u32,
}

impl Bounds {
    /// What the gate has time for: enrolment, claim, registration.
    pub(crate) const SMALL: [Self; 3] =
        [Self { faults: 4, restarts: 0, life: 12 }, Self { faults: 2, restarts: 1, life: 12 }, Self { faults: 3, restarts: 0, life: 12 }];
    /// What a long run has time for.
    pub(crate) const LARGE: [Self; 3] =
        [Self { faults: 6, restarts: 0, life: 18 }, Self { faults: 3, restarts: 1, life: 18 }, Self { faults: 5, restarts: 0, life: 18 }];
}
