//! The `Retry-After` header, as the reading wants it.

use crate::clock::http_date;
use crate::readings::RetryAfter;

/// The header that sends a client away for `seconds` from `now` (unix milliseconds).
pub(crate) fn retry_after(reading: RetryAfter, seconds: u64, now: u64) -> Option<(String, String)> {
    let value = match reading {
        RetryAfter::Absent => return None,
        RetryAfter::Seconds => seconds.to_string(),
        // A date has whole seconds: round up, so that it never comes too early.
        RetryAfter::HttpDate => http_date(now.saturating_add(seconds.saturating_mul(1000)).saturating_add(999)),
    };
    Some(("retry-after".to_owned(), value))
}
