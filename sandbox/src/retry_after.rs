//! The `Retry-After` header in the configured form.

use crate::ambiguities::RetryAfter;
use crate::clock::http_date;

/// The header that asks a client to wait `seconds` from `now` (unix milliseconds).
pub(crate) fn retry_after(form: RetryAfter, seconds: u64, now: u64) -> Option<(String, String)> {
    let value = match form {
        RetryAfter::Absent => return None,
        RetryAfter::Seconds => seconds.to_string(),
        // A date has whole seconds: round up, so that it is never too early.
        RetryAfter::HttpDate => http_date(now.saturating_add(seconds.saturating_mul(1000)).saturating_add(999)),
    };
    Some(("retry-after".to_owned(), value))
}
