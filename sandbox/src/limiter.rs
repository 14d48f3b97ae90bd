//! Counts calls in a sliding window.

use std::collections::VecDeque;

use crate::config::RateLimit;

/// The times of the calls that were let through, in unix milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Limiter(VecDeque<u64>);

impl Limiter {
    /// Counts a call. Over the limit, the error is the number of seconds until the next call is let through.
    pub(crate) fn admit(&mut self, limit: Option<RateLimit>, now: u64) -> Result<(), u64> {
        let Some(limit) = limit else { return Ok(()) };
        self.0.retain(|at| at.saturating_add(limit.window_ms()) > now);
        if self.0.len() < usize::try_from(limit.calls).unwrap_or(usize::MAX) {
            self.0.push_back(now);
            return Ok(());
        }
        let free_at = self.0.front().unwrap_or(&now).saturating_add(limit.window_ms());
        Err(free_at.saturating_sub(now).div_ceil(1000).max(1))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_window_slides() {
        let limit = Some(RateLimit { calls: 2, window: Duration::from_secs(10) });
        let mut limiter = Limiter::default();
        assert_eq!(limiter.admit(limit, 0), Ok(()));
        assert_eq!(limiter.admit(limit, 4_000), Ok(()));
        assert_eq!(limiter.admit(limit, 4_001), Err(6));
        assert_eq!(limiter.admit(limit, 10_000), Ok(()));
        assert_eq!(limiter.admit(limit, 10_001), Err(4));
        assert_eq!(limiter.admit(None, 10_001), Ok(()));
    }
}
