//! An independent second implementation of the polling rules (RFC 8628 section 3.5 and this crate's own), as seen from outside.

use super::classify::{Class, Classified};
use super::endpoint::EndpointKind;

/// The seconds that `slow_down` adds, the longest back-off, and the longest interval that is accepted.
const STEP: u32 = 5;
const MOST_BACKOFF: u32 = 60;
const LONGEST: u32 = 3600;

/// The codes that end a poll, in a 400.
const ENDS: [&str; 6] = ["expired_token", "access_denied", "claim_denied", "invalid_grant", "invalid_request", "unsupported_grant_type"];

/// The client's knowledge. When the process ends, it returns to what was saved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Oracle {
    interval: u32,
    slowed: bool,
    backoff: u32,
    retry_after: u32,
    /// The time of the last answer, by the world's time and by the lowest reading of the wall clock since.
    last: Option<(u64, i64)>,
    /// Whether a code was shown and no definite answer to a poll has arrived since. Another start could then break off an approval.
    pub(crate) owed: bool,
    code_shown: bool,
    /// Whether an answer was lost that may have contained the credential.
    pub(crate) lost: bool,
    /// The last answer of `verify` about the old badge, since a rotation was sent and in this process.
    pub(crate) verdict: Option<bool>,
}

impl Oracle {
    pub(crate) const fn nothing() -> Self {
        Self {
            interval: 5,
            slowed: false,
            backoff: 0,
            retry_after: 0,
            last: None,
            owed: false,
            code_shown: false,
            lost: false,
            verdict: None,
        }
    }

    /// The least time between the last answer and the next poll, in milliseconds, with the margin for fast clocks.
    pub(crate) fn least_wait(&self) -> u64 {
        let seconds = self.interval.max(self.backoff).max(self.retry_after);
        u64::from(seconds).saturating_mul(if self.slowed { 1400 } else { 1200 })
    }

    /// How much too early a poll at this time would be, as far as any clock can show.
    pub(crate) fn early(&self, elapsed: u64, wall: i64) -> u64 {
        let Some((last, last_wall)) = self.last else { return 0 };
        let by_wall = u64::try_from(wall.saturating_sub(last_wall)).unwrap_or(0);
        self.least_wait().saturating_sub(by_wall.max(elapsed.saturating_sub(last)))
    }

    /// Records that the clock was set, or that it was read.
    pub(crate) fn clock(&mut self, wall: i64) {
        if let Some((_, lowest)) = &mut self.last {
            *lowest = wall.min(*lowest);
        }
    }

    /// Records that an answer arrived at this time, or that none will.
    pub(crate) fn heard(&mut self, endpoint: EndpointKind, judged: &Classified, elapsed: u64, wall: i64) {
        self.last = Some((elapsed, wall));
        // The meaning of a 503 depends on its request: it proves that nothing was done only where that does not matter.
        let is_lost = match judged.class {
            Class::Lost | Class::Unreadable => true,
            Class::Unavailable => !matches!(endpoint, EndpointKind::Submit | EndpointKind::Verify),
            _ => false,
        };
        match endpoint {
            EndpointKind::Poll => self.polled(judged),
            // Another start may be sent, but only after a poll. The effect of an earlier code is not known.
            EndpointKind::Start if is_lost => {
                self.troubled(judged.error.as_ref().and_then(|error| error.retry_after));
                self.owed |= self.code_shown;
            }
            EndpointKind::Rotate => self.rotated(judged),
            _ => {}
        }
        self.lost |= is_lost && !matches!(endpoint, EndpointKind::Start | EndpointKind::Verify);
        // Another answer may have replaced the one that delivered.
        self.lost |= matches!((endpoint, judged.class), (EndpointKind::HandIn, Class::Broken));
    }

    /// Records the answer to a rotation. No refusal shows that the old badge is unchanged, because a gateway may have written it.
    fn rotated(&mut self, judged: &Classified) {
        if judged.class != Class::NotSent {
            self.verdict = None;
            self.lost = true;
        }
    }

    fn polled(&mut self, judged: &Classified) {
        let error = judged.error.as_ref();
        let retry_after = error.and_then(|error| error.retry_after);
        let interval = error.and_then(|error| error.interval).unwrap_or(0);
        let code = error.and_then(|error| error.code.as_ref()).map_or("", |code| code.raw());
        let status = error.map_or(0, |error| error.status);
        let is_refused = matches!(judged.class, Class::Refused | Class::TooMany);
        match code.to_ascii_lowercase().as_str() {
            "authorization_pending" if is_refused => {
                self.definite(interval, retry_after);
                self.lost = false;
            }
            "slow_down" if is_refused => self.slow_down(interval, retry_after),
            _ if is_refused && status == 400 && ENDS.contains(&code) => self.owed = false,
            // A code that nobody knows: the service's, when there has been no attempt.
            _ if is_refused && status == 400 && !code.is_empty() && !self.code_shown => self.owed = false,
            // Nobody's word, and it may stand in the place of the answer that delivered.
            _ => {
                self.troubled(retry_after);
                self.lost |= judged.class != Class::NotSent;
            }
        }
    }

    fn definite(&mut self, interval: u32, retry_after: Option<u64>) {
        self.interval = self.interval.max(interval);
        self.backoff = 0;
        self.retry_after = once(retry_after);
        self.owed = false;
    }

    fn slow_down(&mut self, interval: u32, retry_after: Option<u64>) {
        let slower = self.interval.saturating_add(STEP).min(LONGEST);
        self.slowed = true;
        self.definite(interval.max(slower), retry_after);
    }

    fn troubled(&mut self, retry_after: Option<u64>) {
        if retry_after.is_none() {
            self.backoff = self.backoff.max(self.interval).saturating_mul(2).min(MOST_BACKOFF);
        }
        self.retry_after = once(retry_after);
    }

    /// A start that was given up does not slow down later polls.
    pub(crate) fn keep_pace_of(&mut self, other: &Self) {
        (self.backoff, self.retry_after) = (other.backoff, other.retry_after);
    }

    /// Another attempt has begun. Its interval counts, and nothing of the last attempt does.
    pub(crate) fn begun(&mut self, interval: u32) {
        let last = self.last;
        *self = Self { interval, owed: true, code_shown: true, last, ..Self::nothing() };
    }
}

fn once(retry_after: Option<u64>) -> u32 {
    retry_after.map_or(0, |seconds| u32::try_from(seconds).unwrap_or(LONGEST).min(LONGEST))
}
