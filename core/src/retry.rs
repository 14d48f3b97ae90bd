//! A request that is not a poll: when it is due, how often it is repeated, and which troubles end it.
//!
//! Only a request that certainly was not carried out is repeated here: one that was not sent, and one that was refused with 503.
//! An answer that was lost is judged by the ceremony.

use core::time::Duration;

use crate::ceremony::{Step, WaitReason};
use crate::error::{Misuse, ServerError, TransportFailure, TransportKind, Trouble};
use crate::exchange::ExchangeId;
use crate::failure::Failure;
use crate::http::json::Object;
use crate::http::response::ResponseClass;
use crate::pace::{LONGEST, Timer};
use crate::types::timestamp::Timestamp;

/// How often a request that was not sent is tried in all, and within which time.
const UNSENT_TRIES: u8 = 3;
const UNSENT_WITHIN: Duration = Duration::from_secs(10);
/// How often a request refused with 503 is repeated.
const BUSY_REPEATS: u8 = 3;
/// The first wait, doubled with each repeat.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// When to come back if the service names no time.
const COME_BACK: Duration = Duration::from_secs(60);
/// The longest that a service may send anybody away, in seconds: a year.
const LONGEST_AWAY: u64 = 365 * 86_400;

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
    /// Read it.
    Object(Object<'a>),
    /// A definite no.
    Refused(ServerError),
    /// Sent; what became of it is not known.
    Lost(Trouble),
    /// Sent, and the answer cannot be read; its bytes may hold what was asked for.
    Unreadable(Trouble),
    /// Not carried out: send it again when it is due.
    Again(Attempts),
    /// The end.
    End(Failure),
}

impl Attempts {
    pub(crate) const fn due() -> Self {
        Self { phase: Phase::Due, unsent: 0, unsent_since: None, busy: 0 }
    }

    pub(crate) fn step<N, P, O>(&self, now: Timestamp) -> Step<N, P, O> {
        match &self.phase {
            Phase::Due => Step::Send,
            Phase::InFlight(id) => Step::InFlight(*id),
            Phase::Waiting { timer, trouble } => match timer.until(now) {
                Some(until) => Step::Wait { until, why: WaitReason::Trouble(trouble.clone()) },
                None => Step::Send,
            },
        }
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

    /// The request was handed out as exchange `id`.
    pub(crate) fn send(&mut self, id: ExchangeId) {
        self.phase = Phase::InFlight(id);
    }

    pub(crate) fn in_flight(&self) -> Option<ExchangeId> {
        match self.phase {
            Phase::InFlight(id) => Some(id),
            Phase::Due | Phase::Waiting { .. } => None,
        }
    }

    /// The driver looked at the clock.
    pub(crate) fn woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        let Phase::Waiting { timer, .. } = &mut self.phase else { return Err(Misuse::NotWaiting) };
        timer.woke(now);
        Ok(())
    }

    pub(crate) fn settle(self, answer: ResponseClass<'_>, now: Timestamp) -> Verdict<'_> {
        match answer {
            ResponseClass::Object(object) => Verdict::Object(object),
            ResponseClass::Unreadable(trouble) => Verdict::Unreadable(trouble),
            ResponseClass::Refused(error) => Verdict::Refused(error),
            ResponseClass::TooMany(error) => Verdict::End(Failure::RateLimited { retry_at: come_back(now, error.retry_after), error }),
            ResponseClass::Unavailable(error) => self.refused_busy(error, now),
            ResponseClass::Lost(trouble) => Verdict::Lost(trouble),
            ResponseClass::NotSent(failure) => self.not_sent(failure, now),
            ResponseClass::Broken(violation) => Verdict::End(Failure::Protocol(violation)),
        }
    }

    fn refused_busy(self, error: ServerError, now: Timestamp) -> Verdict<'static> {
        if self.busy >= BUSY_REPEATS {
            return Verdict::End(give_up(error.into(), false, now));
        }
        let named = error.retry_after.map(|seconds| Duration::from_secs(seconds.min(u64::from(LONGEST))));
        // A time that is past, or nought, is no leave to hurry.
        let wait = named.map_or_else(|| doubled(self.busy), |named| named.max(FIRST_WAIT));
        Verdict::Again(Self { busy: self.busy.saturating_add(1), ..self }.after(wait, error.into(), now))
    }

    fn not_sent(self, failure: TransportFailure, now: Timestamp) -> Verdict<'static> {
        match failure.kind {
            TransportKind::NotTried => return Verdict::Again(Self { phase: Phase::Due, ..self }),
            // Neither a certificate nor a proxy's refusal gets better in seconds.
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

    /// Waits a little before another try, which the ceremony decided on.
    pub(crate) fn repeat(self, trouble: Trouble, now: Timestamp) -> Self {
        self.after(FIRST_WAIT, trouble, now)
    }
}

/// The failure of tries that brought no definite answer.
pub(crate) fn give_up(trouble: Trouble, doubt: bool, now: Timestamp) -> Failure {
    let retry_at = come_back(now, trouble.retry_after());
    Failure::GaveUp { trouble, retry_at, doubt }
}

/// When the caller may retry: after `Retry-After`, capped at one year, or else after a minute.
pub(crate) fn come_back(now: Timestamp, retry_after: Option<u64>) -> Timestamp {
    now.after(retry_after.map_or(COME_BACK, |seconds| Duration::from_secs(seconds.min(LONGEST_AWAY))))
}

fn doubled(times: u8) -> Duration {
    FIRST_WAIT.saturating_mul(1 << times.min(5))
}
