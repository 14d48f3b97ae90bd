//! How much may go wrong on one path: what makes the state space finite.

/// How often each thing may happen on one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    /// Exchanges that bring no answer: not connected, request lost, answer lost, answer cut, arriving too late.
    pub(crate) losses: u8,
    /// Answers that are none of the service's own: 503, 429, `slow_down`, 502 after acting, a garbled page.
    pub(crate) troubles: u8,
    /// Ends of the process, before and after every step of an exchange, with and without the journaled answer.
    pub(crate) crashes: u8,
    /// Failures to save.
    pub(crate) saves: u8,
    /// Another attempt, on the owner's word.
    pub(crate) restarts: u8,
    /// Wrong and old codes, and another SMS asked for.
    pub(crate) slips: u8,
    /// How long an attempt of OpenTrain's lives, in seconds; it bounds the number of polls.
    pub(crate) life: u32,
}

impl Bounds {
    /// What the gate has time for.
    pub(crate) const SMALL: Self = Self { losses: 2, troubles: 1, crashes: 1, saves: 1, restarts: 1, slips: 2, life: 20 };
    /// What a long run has time for.
    pub(crate) const LARGE: Self = Self { losses: 3, troubles: 2, crashes: 2, saves: 1, restarts: 1, slips: 3, life: 26 };
}
