//! A request that is no poll: when it is due, how often it is repeated, and which troubles end it.
//!
//! Repeated by itself is only what certainly was not carried out: a request that was not sent, and one refused with 503.
//! An answer that was lost is the ceremony's business.

use core::time::Duration;

use crate::ceremony::{Step, WaitReason};
use crate::error::{Misuse, ServerError, TransportFailure, TransportKind, Trouble};
use crate::exchange::ExchangeId;
use crate::failure::Failure;
use crate::pace::{LONGEST, Timer};
use crate::time::Timestamp;
use crate::wire::Answer;
use crate::wire::json::Object;

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

/// One request and its repeats.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
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

/// What an answer means for the call.
pub(crate) enum Next<'a> {
    /// Read it.
    Object(Object<'a>),
    /// A definite no.
    Refused(ServerError),
    /// Sent; what became of it is not known.
    Lost(Trouble),
    /// As `Lost`, but the bytes may hold what was asked for.
    Unreadable(Trouble),
    /// Not carried out: the same again, when it is due.
    Again(Call),
    /// The end.
    End(Failure),
}

impl Call {
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

    /// When it is due, if it waits.
    pub(crate) fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.phase {
            Phase::Waiting { timer, .. } => timer.until(now),
            Phase::Due | Phase::InFlight(_) => None,
        }
    }

    /// Why it waits, if it does.
    pub(crate) fn trouble(&self) -> Option<&Trouble> {
        match &self.phase {
            Phase::Waiting { trouble, .. } => Some(trouble),
            Phase::Due | Phase::InFlight(_) => None,
        }
    }

    /// The same call, sent as exchange `id`.
    pub(crate) fn sent(self, id: ExchangeId) -> Self {
        Self { phase: Phase::InFlight(id), ..self }
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

    pub(crate) fn settle(self, answer: Answer<'_>, now: Timestamp) -> Next<'_> {
        match answer {
            Answer::Object(object) => Next::Object(object),
            Answer::Unreadable(trouble) => Next::Unreadable(trouble),
            Answer::Refused(error) => Next::Refused(error),
            Answer::TooMany(error) => Next::End(Failure::RateLimited { retry_at: come_back(now, error.retry_after), error }),
            Answer::Unavailable(error) => self.refused_busy(error, now),
            Answer::Lost(trouble) => Next::Lost(trouble),
            Answer::NotSent(failure) => self.not_sent(failure, now),
            Answer::Broken(violation) => Next::End(Failure::Protocol(violation)),
        }
    }

    fn refused_busy(self, error: ServerError, now: Timestamp) -> Next<'static> {
        if self.busy >= BUSY_REPEATS {
            return Next::End(give_up(error.into(), false, now));
        }
        let named = error.retry_after.map(|seconds| Duration::from_secs(seconds.min(u64::from(LONGEST))));
        // A time that is past, or nought, is no leave to hurry.
        let wait = named.map_or_else(|| doubled(self.busy), |named| named.max(FIRST_WAIT));
        Next::Again(Self { busy: self.busy.saturating_add(1), ..self }.after(wait, error.into(), now))
    }

    fn not_sent(self, failure: TransportFailure, now: Timestamp) -> Next<'static> {
        match failure.kind {
            TransportKind::NotTried => return Next::Again(Self { phase: Phase::Due, ..self }),
            // Neither a certificate nor a proxy's refusal gets better in seconds.
            TransportKind::Tls | TransportKind::Proxy => return Next::End(give_up(failure.into(), false, now)),
            _ => {}
        }
        let since = self.unsent_since.unwrap_or(now);
        let tries = self.unsent.saturating_add(1);
        if tries >= UNSENT_TRIES || now.since(since) > UNSENT_WITHIN {
            return Next::End(give_up(failure.into(), false, now));
        }
        let wait = doubled(self.unsent);
        Next::Again(Self { unsent: tries, unsent_since: Some(since), ..self }.after(wait, failure.into(), now))
    }

    /// The same call after a wait.
    pub(crate) fn after(self, wait: Duration, trouble: Trouble, now: Timestamp) -> Self {
        Self { phase: Phase::Waiting { timer: Timer::new(now, wait), trouble }, ..self }
    }

    /// The same request once more a little later, on the ceremony's word.
    pub(crate) fn repeat(self, trouble: Trouble, now: Timestamp) -> Self {
        self.after(FIRST_WAIT, trouble, now)
    }
}

/// The failure of tries that brought no definite answer.
pub(crate) fn give_up(trouble: Trouble, doubt: bool, now: Timestamp) -> Failure {
    let retry_at = come_back(now, trouble.retry_after());
    Failure::GaveUp { trouble, retry_at, doubt }
}

/// When a request that is over may be made anew: when the service says, as far as that is a date that anybody could go by.
pub(crate) fn come_back(now: Timestamp, retry_after: Option<u64>) -> Timestamp {
    now.after(retry_after.map_or(COME_BACK, |seconds| Duration::from_secs(seconds.min(LONGEST_AWAY))))
}

fn doubled(times: u8) -> Duration {
    FIRST_WAIT.saturating_mul(1 << times.min(5))
}
