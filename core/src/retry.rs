//! A request that is not a poll: when it is due, how often it is repeated, and which problems end it.
//!
//! A request that was not sent is repeated here, and so is a harmless one that was answered with 503. The ceremony decides about a lost
//! answer. The meaning of a 503 depends on its request and never on its body: a router answers with 503 after its own timeout, while
//! the service continues, and a service may answer with 503 after it has acted.

use core::time::Duration;

use crate::error::{Misuse, ServerError, TransportFailure, TransportKind, Trouble};
use crate::exchange::ExchangeId;
use crate::failure::Failure;
use crate::http::damaged::Damaged;
use crate::http::json::Object;
use crate::http::response::ResponseClass;
use crate::pace::{LONGEST, Timer};
use crate::types::timestamp::Timestamp;

/// How often a request that was not sent is tried in all, and within which time.
const UNSENT_TRIES: u8 = 3;
const UNSENT_WITHIN: Duration = Duration::from_secs(10);
/// How often a harmless request that was answered with 503 is repeated.
const BUSY_REPEATS: u8 = 3;
/// The first wait, doubled with each repeat.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The time after which the caller may retry if the service names none.
const COME_BACK: Duration = Duration::from_secs(60);
/// The longest accepted time before a retry, in seconds: a year.
const LONGEST_AWAY: u64 = 365 * 86_400;

/// The requests that are not polls, distinguished by the effect of a repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// A repeat makes another account.
    Enrolment,
    /// A repeat ends the attempt that the first one may have begun.
    ClaimStart,
    /// A repeat only opens another session.
    Manifest,
    /// A repeat sends another SMS.
    SmsOrder,
    /// A repeat may find that the code was used.
    HandIn,
    /// A repeat would rotate a badge that is dead.
    Rotation,
    /// A repeat only asks again.
    Verify,
    /// An API call that may be repeated.
    ApiCall,
}

/// The answers by which a service says that it did not carry out a request that does harm when it is repeated: the request, the
/// status and the code. An entry needs a page of the service's documents that says so; no service has one today.
pub(crate) const NOT_CARRIED_OUT: &[(RequestKind, u16, &str)] = &[];

impl RequestKind {
    /// Whether a repeat does no harm, whatever became of the first request.
    const fn is_harmless(self) -> bool {
        matches!(self, Self::Manifest | Self::Verify | Self::ApiCall)
    }

    /// Whether this request may be sent again after this 503.
    fn may_follow(self, error: &ServerError) -> bool {
        let is_listed = |(request, status, code): &(Self, u16, &str)| *request == self && *status == error.status && error.has_code(code);
        self.is_harmless() || NOT_CARRIED_OUT.iter().any(is_listed)
    }
}

/// A request and its repeats.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attempts {
    pub(crate) phase: Phase,
    pub(crate) unsent: u8,
    pub(crate) unsent_since: Option<Timestamp>,
    pub(crate) busy: u8,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    Due,
    Waiting { timer: Timer, trouble: Trouble },
    InFlight(ExchangeId),
}

/// The meaning of an answer for the request.
pub(crate) enum Verdict<'a> {
    /// The answer is a JSON object, to be read.
    Object(Object<'a>),
    /// The service refused definitely.
    Refused(ServerError),
    /// The request was sent, and its result is not known.
    Lost(Trouble),
    /// The request was sent, and the answer cannot be read. Its bytes may contain what was asked for.
    Unreadable(Trouble, Damaged<'a>),
    /// The request was not sent or is harmless. It is sent again when it is due.
    Again(Attempts),
    /// The ceremony ends.
    End(Failure),
}

impl Attempts {
    pub(crate) const fn due() -> Self {
        Self { phase: Phase::Due, unsent: 0, unsent_since: None, busy: 0 }
    }

    /// The time when the request is due, if it waits.
    pub(crate) fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.phase {
            Phase::Waiting { timer, .. } => timer.until(now),
            Phase::Due | Phase::InFlight(_) => None,
        }
    }

    /// The reason of the wait, if there is one.
    pub(crate) fn trouble(&self) -> Option<&Trouble> {
        match &self.phase {
            Phase::Waiting { trouble, .. } => Some(trouble),
            Phase::Due | Phase::InFlight(_) => None,
        }
    }

    /// Records that the request was handed out as exchange `id`.
    pub(crate) fn send(&mut self, id: ExchangeId) {
        self.phase = Phase::InFlight(id);
    }

    pub(crate) fn in_flight(&self) -> Option<ExchangeId> {
        match self.phase {
            Phase::InFlight(id) => Some(id),
            Phase::Due | Phase::Waiting { .. } => None,
        }
    }

    /// Takes in that the driver read the clock.
    pub(crate) fn woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        let Phase::Waiting { timer, .. } = &mut self.phase else { return Err(Misuse::NotWaiting) };
        timer.woke(now);
        Ok(())
    }

    /// Decides what the result of `request` means.
    pub(crate) fn settle(self, request: RequestKind, answer: ResponseClass<'_>, now: Timestamp) -> Verdict<'_> {
        match answer {
            ResponseClass::Object(object) => Verdict::Object(object),
            ResponseClass::Unreadable(trouble, damaged) => Verdict::Unreadable(trouble, damaged),
            ResponseClass::Refused(error) => Verdict::Refused(error),
            ResponseClass::TooMany(error) => Verdict::End(Failure::RateLimited { retry_at: come_back(now, error.retry_after), error }),
            ResponseClass::Unavailable(error) if request.may_follow(&error) => self.busy(error, now),
            ResponseClass::Unavailable(error) => Verdict::Lost(error.into()),
            ResponseClass::Lost(trouble) => Verdict::Lost(trouble),
            ResponseClass::NotSent(failure) => self.not_sent(failure, now),
            ResponseClass::Broken(violation) => Verdict::End(Failure::Protocol(violation)),
        }
    }

    fn busy(self, error: ServerError, now: Timestamp) -> Verdict<'static> {
        if self.busy >= BUSY_REPEATS {
            return Verdict::End(give_up(error.into(), false, now));
        }
        let trouble = error.into();
        let wait = named_wait(&trouble).unwrap_or_else(|| doubled(self.busy));
        Verdict::Again(Self { busy: self.busy.saturating_add(1), ..self }.after(wait, trouble, now))
    }

    fn not_sent(self, failure: TransportFailure, now: Timestamp) -> Verdict<'static> {
        match failure.kind {
            TransportKind::NotTried => return Verdict::Again(Self { phase: Phase::Due, ..self }),
            // A certificate or a proxy's refusal does not change within seconds.
            TransportKind::Tls | TransportKind::Proxy => return Verdict::End(give_up(failure.into(), false, now)),
            _ => {}
        }
        let since = self.unsent_since.unwrap_or(now);
        let tries = self.unsent.saturating_add(1);
        if tries >= UNSENT_TRIES || now.since(since) > UNSENT_WITHIN {
            return Verdict::End(give_up(failure.into(), false, now));
        }
        let wait = doubled(self.unsent);
        Verdict::Again(Self { unsent: tries, unsent_since: Some(since), ..self }.after(wait, failure.into(), now))
    }

    /// Waits before the next try.
    pub(crate) fn after(self, wait: Duration, trouble: Trouble, now: Timestamp) -> Self {
        Self { phase: Phase::Waiting { timer: Timer::new(now, wait), trouble }, ..self }
    }

    /// Waits out a 429 before another try, which the ceremony decided on: as long as the service says, else a minute. `None` if that was done
    /// three times.
    pub(crate) fn wait_out(self, trouble: Trouble, now: Timestamp) -> Option<Self> {
        let wait = named_wait(&trouble).unwrap_or(COME_BACK);
        let again = Self { busy: self.busy.saturating_add(1), ..self };
        (again.busy <= BUSY_REPEATS).then(|| again.after(wait, trouble, now))
    }

    /// Waits before another try that the ceremony decided on: as long as the service says, or else a little.
    pub(crate) fn repeat(self, trouble: Trouble, now: Timestamp) -> Self {
        self.after(named_wait(&trouble).unwrap_or(FIRST_WAIT), trouble, now)
    }
}

/// The failure when the tries brought no definite answer.
pub(crate) fn give_up(trouble: Trouble, may_be_delivered: bool, now: Timestamp) -> Failure {
    let retry_at = come_back(now, trouble.retry_after());
    Failure::GaveUp { trouble, retry_at, may_be_delivered }
}

/// When the caller may retry: after `Retry-After`, capped at one year, or else after a minute.
pub(crate) fn come_back(now: Timestamp, retry_after: Option<u64>) -> Timestamp {
    now.after(retry_after.map_or(COME_BACK, |seconds| Duration::from_secs(seconds.min(LONGEST_AWAY))))
}

/// The wait that the service named. A time in the past, or zero, does not allow an earlier retry.
fn named_wait(trouble: &Trouble) -> Option<Duration> {
    let seconds = trouble.retry_after()?.min(u64::from(LONGEST));
    Some(Duration::from_secs(seconds).max(FIRST_WAIT))
}

fn doubled(times: u8) -> Duration {
    FIRST_WAIT.saturating_mul(1 << times.min(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_service_says_that_it_did_not_carry_out_what_does_harm_when_it_is_repeated() {
        let listed: Vec<_> = NOT_CARRIED_OUT.iter().map(|entry| alloc::format!("{entry:?}")).collect();
        assert_eq!(listed, [""; 0], "each entry needs the page that says so, in its comment");
    }
}
