//! The time that a command waits for a human.

use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

pub(crate) use enlist_blocking::system_clock as now;
use enlist_core::Timestamp;

use crate::interrupt::Interrupt;

/// The longest sleep before the command checks for a signal and a changed clock.
const SLICE: Duration = Duration::from_millis(200);

/// The rule for how long a command waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitPolicy {
    /// Start, and return at the first wait for the human. Earlier waits are allowed until this time.
    StartBy(Timestamp),
    /// Start, and fail at the first wait for the human, because nobody will act. Earlier waits are allowed until this time.
    FailBy(Timestamp),
    /// Start, and return at the first wait for the human, with exit code 8. Earlier waits are allowed until this time.
    ReturnBy(Timestamp),
    /// Wait until this time. Return at once if the next poll is later.
    Until(Timestamp),
    /// Wait without a limit.
    Endless,
}

impl WaitPolicy {
    /// The policy for waits before the human can begin.
    pub(crate) fn for_a_start(self) -> Self {
        match self {
            Self::StartBy(end) | Self::FailBy(end) | Self::ReturnBy(end) => Self::Until(end),
            other => other,
        }
    }

    pub(crate) fn allows(self, until: Timestamp) -> bool {
        match self {
            Self::StartBy(_) | Self::FailBy(_) | Self::ReturnBy(_) => false,
            Self::Until(end) => until <= end,
            Self::Endless => true,
        }
    }

    /// Sleeps until `until`. `Break` if that is not allowed or a signal came.
    pub(crate) fn wait(self, until: Timestamp, interrupt: &Interrupt) -> ControlFlow<()> {
        self.wait_by(until, interrupt, thread::sleep)
    }

    /// Waits like [`Self::wait`], by calling `pass` for each short sleep.
    pub(crate) fn wait_by(self, until: Timestamp, interrupt: &Interrupt, mut pass: impl FnMut(Duration)) -> ControlFlow<()> {
        if !self.allows(until) {
            return ControlFlow::Break(());
        }
        let mut seen = now();
        while seen < until {
            if interrupt.exit_code().is_some() {
                return ControlFlow::Break(());
            }
            pass(until.since(seen).min(SLICE));
            let clock = now();
            // The clock was put back, so the ceremony has to decide again.
            if clock < seen {
                break;
            }
            seen = clock;
        }
        if interrupt.exit_code().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Reads `60s`, `2m`, `1h`, or seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.find(|char: char| !char.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => 0,
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).filter(|_| factor > 0);
    seconds.map(Duration::from_secs).ok_or_else(|| "expected a time such as 60s or 2m, or a number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [("60s", 60), ("2m", 120), ("1h", 3600), ("90", 90), ("0", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "s", "-1", "1.5s", "1d", "2 m", "99999999999999999999", "18446744073709551615h", "１s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
