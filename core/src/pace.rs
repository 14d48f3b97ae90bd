//! Computes when to poll again.
//!
//! Three values are kept apart, and the largest one applies: the service's `interval`, the back-off after problems, and a one-time
//! `Retry-After`. A margin is added for clocks that run fast. See RFC 8628 section 3.5.

use core::time::Duration;

use crate::error::Trouble;
use crate::types::timestamp::Timestamp;

/// The reason for which a ceremony waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// The human has not done their part yet.
    Pending,
    /// The human has not done their part yet, and the service asked for longer intervals.
    SlowedDown,
    /// A temporary problem.
    Trouble(Trouble),
}

/// The poll interval if the service names none, in seconds (RFC 8628 section 3.2).
pub(crate) const DEFAULT_INTERVAL: u32 = 5;
/// The seconds that `slow_down` adds to all later intervals (RFC 8628 section 3.5).
const SLOW_DOWN_STEP: u32 = 5;
/// The longest back-off, in seconds.
const MAX_BACKOFF: u32 = 60;
/// The longest interval or `Retry-After` that a ceremony accepts, in seconds.
pub(crate) const LONGEST: u32 = 3600;
/// The factor of every wait, in thousandths, for clocks that run fast. The second constant is the factor after a `slow_down`.
const MARGIN: u32 = 1200;
const SLOWED_MARGIN: u32 = 1400;
/// The longest wait between two polls, with the margin.
pub(crate) const LONGEST_GAP: Duration = Duration::from_millis(LONGEST as u64 * SLOWED_MARGIN as u64);

/// The pace of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) interval: u32,
    pub(crate) slowed: bool,
    pub(crate) backoff: u32,
    pub(crate) retry_after: u32,
}

impl Pace {
    pub(crate) const fn new(interval: u32) -> Self {
        Self { interval, slowed: false, backoff: 0, retry_after: 0 }
    }

    /// Records a definite answer, which ends the back-off. A service may lengthen its interval, and never shorten it.
    pub(crate) fn answered(&mut self, interval: Option<u32>, retry_after: Option<u64>) {
        self.interval = self.interval.max(interval.unwrap_or(0));
        self.backoff = 0;
        self.retry_after = one_shot(retry_after);
    }

    /// Records a `slow_down`: this and all later waits become five seconds longer, or as long as the service says if that is more.
    pub(crate) fn slow_down(&mut self, interval: Option<u32>, retry_after: Option<u64>) {
        let slower = self.interval.saturating_add(SLOW_DOWN_STEP).min(LONGEST);
        self.answered(Some(interval.unwrap_or(0).max(slower)), retry_after);
        self.slowed = true;
    }

    /// Records that no definite answer came: the next wait is as long as the service says, or else twice the last back-off.
    pub(crate) fn troubled(&mut self, retry_after: Option<u64>) {
        if retry_after.is_none() {
            let last = self.backoff.max(self.interval);
            self.backoff = last.saturating_mul(2).min(MAX_BACKOFF);
        }
        self.retry_after = one_shot(retry_after);
    }

    /// The wait from the receipt of the last answer to the next poll.
    pub(crate) fn gap(&self) -> Duration {
        let seconds = self.interval.max(self.backoff).max(self.retry_after);
        let margin = if self.slowed { SLOWED_MARGIN } else { MARGIN };
        Duration::from_millis(u64::from(seconds).saturating_mul(margin.into()))
    }
}

fn one_shot(retry_after: Option<u64>) -> u32 {
    retry_after.map_or(0, |seconds| u32::try_from(seconds).unwrap_or(LONGEST).min(LONGEST))
}

/// Limits a number of seconds from a service. A fraction is rounded up. A value that is absent, not a number or not positive becomes
/// `default`, and a value above `most` becomes `most`.
pub(crate) fn normalised(seconds: Option<f64>, default: u32, most: u32) -> u32 {
    match seconds {
        Some(seconds) if seconds > f64::from(most) => most,
        // The value is positive and at most a u32, so the cast is exact after rounding up.
        Some(seconds) if seconds > 0.0 => round_up(seconds),
        _ => default,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn round_up(seconds: f64) -> u32 {
    let whole = seconds as u32;
    if f64::from(whole) < seconds { whole.saturating_add(1) } else { whole }
}

/// A wait that began at `anchor`, measured by a clock that may be put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timer {
    pub(crate) anchor: Timestamp,
    pub(crate) gap: Duration,
}

impl Timer {
    pub(crate) const fn new(anchor: Timestamp, gap: Duration) -> Self {
        Self { anchor, gap }
    }

    /// The end of the wait; `None` if it is over. Before `anchor`, the whole gap still lies ahead, because a clock that was put back never
    /// shortens a wait.
    pub(crate) fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.anchor.min(now).after(self.gap);
        (now < end).then_some(end)
    }

    /// Reads the clock during the wait. If it was put back to a time before the wait began, the wait begins again now, so that the jump
    /// costs one gap at most. Returns the visible length of the jump.
    pub(crate) fn woke(&mut self, now: Timestamp) -> Duration {
        let back = self.anchor.since(now);
        self.anchor = self.anchor.min(now);
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn hostile_numbers_become_sane() {
        for (given, expected) in [
            (None, 5),
            (Some(0.0), 5),
            (Some(-1.0), 5),
            (Some(f64::NAN), 5),
            (Some(f64::NEG_INFINITY), 5),
            (Some(0.2), 1),
            (Some(1.0), 1),
            (Some(2.5), 3),
            (Some(3600.0), 3600),
            (Some(3600.5), 3600),
            (Some(1e300), 3600),
            (Some(f64::INFINITY), 3600),
        ] {
            assert_eq!(normalised(given, 5, LONGEST), expected, "{given:?}");
        }
    }

    #[test]
    fn slow_down_adds_up_and_never_falls_back() {
        let mut pace = Pace::new(5);
        assert_eq!(pace.gap(), secs(6));
        pace.slow_down(None, None);
        assert_eq!(pace.gap(), secs(14));
        pace.slow_down(Some(3), None);
        assert_eq!(pace.gap(), secs(21));
        pace.answered(None, None);
        assert_eq!(pace.gap(), secs(21));
        pace.slow_down(Some(60), None);
        assert_eq!(pace.gap(), secs(84));
    }

    #[test]
    fn back_off_doubles_from_twice_the_interval_and_is_reset_by_an_answer() {
        let mut pace = Pace::new(5);
        let mut gaps = [0; 5];
        for gap in &mut gaps {
            pace.troubled(None);
            *gap = pace.gap().as_secs();
        }
        assert_eq!(gaps, [12, 24, 48, 72, 72]);
        pace.answered(None, None);
        assert_eq!(pace.gap(), secs(6));
    }

    #[test]
    fn back_off_never_undercuts_the_interval() {
        let mut pace = Pace::new(100);
        pace.troubled(None);
        assert_eq!(pace.gap(), secs(120));
    }

    #[test]
    fn retry_after_counts_once_and_never_shortens() {
        let mut pace = Pace::new(5);
        pace.troubled(Some(30));
        assert_eq!(pace.gap(), secs(36));
        pace.troubled(Some(1));
        assert_eq!(pace.gap(), secs(6));
        pace.troubled(Some(u64::MAX));
        assert_eq!(pace.gap(), secs(4320));
    }

    #[test]
    fn a_clock_put_back_costs_one_gap() {
        let day = secs(86_400);
        let start = Timestamp::from_unix_ms(1_000_000_000_000);
        let mut timer = Timer::new(start, secs(6));
        assert_eq!(timer.until(start.after(secs(2))), Some(start.after(secs(6))));
        assert_eq!(timer.until(start.after(secs(6))), None);
        let yesterday = start.before(day);
        assert_eq!(timer.until(yesterday), Some(yesterday.after(secs(6))));
        assert_eq!(timer.woke(yesterday), day);
        assert_eq!(timer.until(yesterday.after(secs(6))), None);
        assert_eq!(timer.woke(yesterday.after(secs(1))), Duration::ZERO);
    }
}
