//! The sandbox clock: the real clock plus an offset that only tests change.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// The latest time of the clock: 9999-12-01T00:00:00Z, in unix milliseconds. A longer `advance` ends here.
const LAST: u64 = 253_399_622_400_000;

/// A clock that never goes back: the wall clock at the start, plus the monotonic clock, plus the offset. In unix milliseconds.
#[derive(Debug)]
pub(crate) struct Clock {
    started_at: u64,
    started: Instant,
    advanced: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { started_at: millis(wall), started: Instant::now(), advanced: 0 }
    }

    /// The time, in unix milliseconds.
    pub(crate) fn now(&self) -> u64 {
        let real = self.started_at.saturating_add(millis(self.started.elapsed()));
        real.saturating_add(self.advanced).min(LAST)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(millis(by));
    }
}

/// A duration in milliseconds, saturating.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `2026-06-13T09:00:00.000Z`, the form of both services' dates.
pub(crate) fn rfc3339(unix_ms: u64) -> String {
    format!("{:.3}", timestamp(unix_ms))
}

/// `Sat, 13 Jun 2026 09:00:00 GMT`, the form of a `Retry-After` date (RFC 9110 section 5.6.7).
pub(crate) fn http_date(unix_ms: u64) -> String {
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp(unix_ms)).unwrap_or_default()
}

fn timestamp(unix_ms: u64) -> Timestamp {
    let clamped = i64::try_from(unix_ms.min(LAST)).unwrap_or_default();
    Timestamp::from_millisecond(clamped).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_services_forms() {
        assert_eq!(rfc3339(1_781_341_200_000), "2026-06-13T09:00:00.000Z");
        assert_eq!(http_date(1_781_341_200_000), "Sat, 13 Jun 2026 09:00:00 GMT");
    }

    #[test]
    fn an_absurd_advance_saturates() {
        let mut clock = Clock::start();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), LAST);
        assert_eq!(rfc3339(u64::MAX), "9999-12-01T00:00:00.000Z");
    }
}
