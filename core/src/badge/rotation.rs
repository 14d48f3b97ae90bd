//! The rotation: the service exchanges a badge for another one with another key and another DID. The old badge is dead at once, and the new
//! one is delivered once.
//!
//! So a rotation is sent only when the service has just said that the old badge is valid, and it is never repeated automatically. After a
//! lost answer, `verify` shows whether the rotation happened. Until that is known, the old badge is kept.

use core::convert::Infallible;
use core::time::Duration;

use alloc::vec::Vec;

use super::calls::{QUICK, SLOW};
use super::did::did_of;
use super::{Did, Validity, wire};
use crate::ceremony::{Ceremony, Input, Step, sealed};
use crate::error::{Misuse, ServerError, TransportKind, Trouble, Violation};
use crate::exchange::{Exchange, ExchangeId, ExchangeLog};
use crate::failure::{Failure, Service};
use crate::http::request::exchange;
use crate::http::response::ResponseClass;
use crate::machine::{self, MOVED, Machine};
use crate::retry::{self, Attempts, RequestKind, Verdict};
use crate::snapshot::{CeremonyKind, ResumeError, Snapshot};
use crate::types::origin::Origin;
use crate::types::secret::Badge;
use crate::types::timestamp::Timestamp;

/// How often the first `verify` is sent at most when answers are lost.
const MOST_CHECKS: u8 = 3;
/// The waits before each `verify` after a lost answer: five within two minutes.
const PROBES: [Duration; 5] =
    [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(20), Duration::from_secs(30), Duration::from_secs(60)];
/// How long a rotation may be in progress after it was sent (sentryagent.md section 1). Until then, a valid old badge proves nothing.
const SETTLED: Duration = Duration::from_secs(30);

/// A rotation, from the first `verify` of the old badge to the new badge.
#[derive(Clone, Debug, PartialEq)]
pub struct BadgeRotation {
    pub(crate) origin: Origin,
    pub(crate) badge: Badge,
    pub(crate) log: ExchangeLog,
    /// The exchanges whose unreadable 2xx may contain the new badge.
    pub(crate) unreadable: Vec<ExchangeId>,
    /// The new badge in a damaged answer, until `verify` decides about it.
    pub(crate) candidate: Option<Badge>,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// Asks whether the old badge is valid. `lost` answers have been lost before.
    Checking {
        attempts: Attempts,
        lost: u8,
    },
    /// The old badge is valid, and nothing has been asked since.
    Rotating(Attempts),
    /// The rotation's answer decided nothing, so `verify` asks whether the old badge is still valid.
    Probing(Probing),
    /// The service could not be reached for `verify`, so a person is asked.
    Asking {
        trouble: Trouble,
        sent_at: Timestamp,
    },
    Done(Result<Rotated, Failure>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probing {
    /// The result that came instead of the new badge.
    pub(crate) trouble: Trouble,
    /// The time when the rotation was sent.
    pub(crate) sent_at: Timestamp,
    /// The number of answers so far.
    pub(crate) asked: u8,
    pub(crate) attempts: Attempts,
}

/// The outcome of a rotation, which the service delivers once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    pub(crate) badge: Badge,
    pub(crate) did: Option<Did>,
    pub(crate) rotated_at: Option<Timestamp>,
}

impl Rotated {
    /// The new badge.
    #[must_use]
    pub fn badge(&self) -> &Badge {
        &self.badge
    }

    /// The new DID. Everyone who knows the old one must be told.
    #[must_use]
    pub fn did(&self) -> Option<&Did> {
        self.did.as_ref()
    }

    /// The time of the rotation, by the service's clock.
    #[must_use]
    pub fn rotated_at(&self) -> Option<Timestamp> {
        self.rotated_at
    }
}

/// A question to the human.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RotationPrompt {
    /// Asks whether to call `verify` again. The rotation was sent, its answer was lost, and the service could not be asked whether the old
    /// badge is still valid. Calling it again is harmless; a person decides because they know when the service can be reached. Keep the old
    /// badge.
    VerifyAgain {
        /// The reason why the rotation's answer is missing.
        trouble: Trouble,
    },
}

/// The human's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationAnswer {
    /// Call `verify` again, up to five times within two minutes.
    VerifyAgain,
}

impl BadgeRotation {
    /// Makes a rotation of `badge`, which needs its owner's consent: services that know the agent by its badge or its DID will have to be
    /// told.
    #[must_use]
    pub fn new(origin: Origin, badge: Badge) -> Self {
        let state = State::Checking { attempts: Attempts::due(), lost: 0 };
        Self { origin, badge, log: ExchangeLog::new(), unreadable: Vec::new(), candidate: None, state }
    }

    /// The pinned origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The badge to rotate. It is kept until the new one is safe.
    #[must_use]
    pub fn old_badge(&self) -> &Badge {
        &self.badge
    }

    /// Whether the old badge may be dead and the new one lost. It stays true after the rotation has failed with that result.
    #[must_use]
    pub fn may_be_delivered(&self) -> bool {
        match &self.state {
            State::Checking { .. } => false,
            State::Rotating(attempts) => attempts.in_flight().is_some(),
            State::Probing(_) | State::Asking { .. } => true,
            State::Done(result) => {
                matches!(result, Err(Failure::CredentialLost { .. } | Failure::CredentialUnreadable { .. }))
            }
        }
    }

    /// Handles the first `verify`. The old badge must be valid according to an answer, not for lack of one.
    fn on_checked(attempts: Attempts, lost: u8, answer: ResponseClass<'_>, now: Timestamp) -> State {
        match attempts.clone().settle(RequestKind::Verify, answer, now) {
            Verdict::Object(object) => match wire::verified(&object) {
                Ok(Validity::Valid { .. }) => State::Rotating(Attempts::due()),
                Ok(Validity::NotValid) => failed(Failure::BadgeInvalid),
                Err(violation) => failed(Failure::Protocol(violation)),
            },
            Verdict::Refused(error) => failed(Failure::Rejected(error)),
            Verdict::Lost(trouble) | Verdict::Unreadable(trouble, _) => {
                let lost = lost.saturating_add(1);
                if lost >= MOST_CHECKS {
                    return failed(retry::give_up(trouble, false, now));
                }
                State::Checking { attempts: attempts.repeat(trouble, now), lost }
            }
            Verdict::Again(attempts) => State::Checking { attempts, lost },
            Verdict::End(failure) => failed(failure),
        }
    }

    /// Handles the answer to the rotation. A rotation is repeated only if it was certainly not sent.
    fn on_rotated(&mut self, attempts: Attempts, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp) -> State {
        let trouble = match answer {
            ResponseClass::Broken(violation) => violation.into(),
            ResponseClass::TooMany(error) => error.into(),
            answer => match attempts.settle(RequestKind::Rotation, answer, now) {
                Verdict::Object(object) => match wire::rotated(&object, &self.badge) {
                    Ok(rotated) => return State::Done(Ok(rotated)),
                    Err(violation) => self.unreadable(id, violation.into()),
                },
                Verdict::Unreadable(trouble, damaged) => {
                    self.candidate = wire::damaged_badge(damaged, wire::ROTATED).filter(|badge| *badge != self.badge);
                    self.unreadable(id, trouble)
                }
                Verdict::Lost(trouble) => trouble,
                // Whoever wrote a refusal, only `verify` shows whether the rotation happened.
                Verdict::Refused(error) => error.into(),
                Verdict::Again(attempts) => return State::Rotating(attempts),
                Verdict::End(failure) => return failed(failure),
            },
        };
        State::Probing(Probing { attempts: next_probe(0, &trouble, &trouble, now), sent_at: self.log.seen, asked: 0, trouble })
    }

    fn unreadable(&mut self, id: ExchangeId, trouble: Trouble) -> Trouble {
        self.unreadable.push(id);
        trouble
    }

    fn on_probed(&self, probing: Probing, answer: ResponseClass<'_>, now: Timestamp) -> State {
        let Probing { trouble, sent_at, asked, .. } = probing;
        if let ResponseClass::NotSent(failure) = &answer
            && failure.kind == TransportKind::NotTried
        {
            return State::Probing(Probing { trouble, sent_at, asked, attempts: Attempts::due() });
        }
        let asked = asked.saturating_add(1);
        let is_last = usize::from(asked) >= PROBES.len();
        let silence = match answer {
            ResponseClass::Object(object) => match wire::verified(&object) {
                Ok(Validity::NotValid) => return State::Done(self.without_old_badge(&trouble)),
                Ok(Validity::Valid { .. }) if is_last || is_over(&trouble) || now.since(sent_at) >= SETTLED => {
                    return failed(not_rotated(trouble, now));
                }
                Ok(Validity::Valid { .. }) => trouble.clone(),
                Err(violation) => violation.into(),
            },
            ResponseClass::Unreadable(silence, _) | ResponseClass::Lost(silence) => silence,
            ResponseClass::Refused(error) | ResponseClass::TooMany(error) | ResponseClass::Unavailable(error) => error.into(),
            ResponseClass::NotSent(failure) => failure.into(),
            ResponseClass::Broken(violation) => violation.into(),
        };
        if is_last {
            return State::Asking { trouble, sent_at };
        }
        State::Probing(Probing { attempts: next_probe(asked, &trouble, &silence, now), trouble, sent_at, asked })
    }

    /// The result when the old badge is dead. A badge in a damaged answer is then the new one. Without one, the rotation's answer says who
    /// ended the old badge.
    fn without_old_badge(&self, trouble: &Trouble) -> Result<Rotated, Failure> {
        let service = Service::SentryAgent;
        match (trouble, &self.candidate) {
            (_, Some(badge)) => Ok(Rotated { badge: badge.clone(), did: did_of(badge), rotated_at: None }),
            (Trouble::Server(error), None) if says_badge_was_dead(error) => Err(Failure::BadgeInvalid),
            _ if self.unreadable.is_empty() => Err(Failure::CredentialLost { service }),
            _ => Err(Failure::CredentialUnreadable { service, exchanges: self.unreadable.clone() }),
        }
    }
}

/// The failure when the old badge is still valid, so that nothing has happened.
fn not_rotated(trouble: Trouble, now: Timestamp) -> Failure {
    match trouble {
        Trouble::Server(error) if error.status == 503 => retry::give_up(error.into(), false, now),
        Trouble::Server(error) if error.status == 429 => Failure::RateLimited { retry_at: retry::come_back(now, error.retry_after), error },
        Trouble::Server(error) if error.status < 500 => Failure::Rejected(error),
        Trouble::Unreadable(violation @ (Violation::Redirect { .. } | Violation::UnexpectedStatus { .. })) => Failure::Protocol(violation),
        trouble => Failure::NotRotated { trouble },
    }
}

/// Whether the service says of the badge that it was no longer valid before the rotation. A gateway does not know of badges.
fn says_badge_was_dead(error: &ServerError) -> bool {
    error.code.as_ref().is_some_and(|code| code.raw().to_ascii_lowercase().contains("badge"))
}

/// Whether the service gave an answer after which nothing is in progress. A conflict and a timeout do not say that, and a page without a
/// code may be a gateway's.
fn is_over(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Server(error) if error.code.is_some() && matches!(error.status, 400..=407 | 410..=499))
}

/// The next `verify` after `asked` of them, not earlier than the service allows.
fn next_probe(asked: u8, trouble: &Trouble, last: &Trouble, now: Timestamp) -> Attempts {
    let named = last.retry_after().map_or(0, |seconds| seconds.min(crate::pace::LONGEST.into()));
    let gap = PROBES.get(usize::from(asked)).copied().unwrap_or_default();
    Attempts::due().after(gap.max(Duration::from_secs(named)), trouble.clone(), now)
}

fn failed(failure: Failure) -> State {
    State::Done(Err(failure))
}

fn verify_exchange(id: ExchangeId, origin: &Origin, badge: &Badge) -> Exchange {
    Exchange { timeout: QUICK, ..exchange(id, wire::verify(origin, badge), false) }
}

impl sealed::Sealed for BadgeRotation {}

impl Ceremony for BadgeRotation {
    type Notice = Infallible;
    type Prompt = RotationPrompt;
    type Answer = RotationAnswer;
    type Outcome = Rotated;

    const KIND: CeremonyKind = CeremonyKind::BadgeRotation;

    fn poll(&self, now: Timestamp) -> Step<Infallible, RotationPrompt, Rotated> {
        match &self.state {
            State::Checking { attempts, .. } | State::Rotating(attempts) | State::Probing(Probing { attempts, .. }) => attempts.step(now),
            State::Asking { trouble, .. } => Step::Ask(RotationPrompt::VerifyAgain { trouble: trouble.clone() }),
            State::Done(result) => Step::Done(result.clone()),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse> {
        machine::begin(self, now)
    }

    fn handle(&mut self, now: Timestamp, input: Input<RotationAnswer>) -> Result<(), Misuse> {
        machine::handle(self, now, input)
    }

    fn snapshot(&self) -> Snapshot {
        self.to_snapshot()
    }

    fn peek(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        Self::from_snapshot(snapshot)
    }
}

impl Machine for BadgeRotation {
    fn log(&mut self) -> &mut ExchangeLog {
        &mut self.log
    }

    fn in_flight(&self) -> Option<ExchangeId> {
        match &self.state {
            State::Checking { attempts, .. } | State::Rotating(attempts) | State::Probing(Probing { attempts, .. }) => attempts.in_flight(),
            State::Asking { .. } | State::Done(_) => None,
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    fn send(&mut self, id: ExchangeId, _now: Timestamp) -> Option<Exchange> {
        let (attempts, exchange) = match &mut self.state {
            State::Checking { attempts, .. } | State::Probing(Probing { attempts, .. }) => {
                (attempts, verify_exchange(id, &self.origin, &self.badge))
            }
            State::Rotating(attempts) => {
                let rotate = exchange(id, wire::rotate(&self.origin, &self.badge), true);
                (attempts, Exchange { timeout: SLOW, ..rotate })
            }
            State::Asking { .. } | State::Done(_) => return None,
        };
        attempts.send(id);
        Some(exchange)
    }

    fn success_member(&self) -> &'static str {
        if matches!(self.state, State::Rotating(_)) { wire::ROTATED } else { wire::VERIFIED }
    }

    fn on_response(&mut self, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp) {
        self.state = match core::mem::replace(&mut self.state, failed(MOVED)) {
            State::Checking { attempts, lost } => Self::on_checked(attempts, lost, answer, now),
            State::Rotating(attempts) => self.on_rotated(attempts, id, answer, now),
            State::Probing(probing) => self.on_probed(probing, answer, now),
            state @ (State::Asking { .. } | State::Done(_)) => state,
        };
    }

    fn on_human(&mut self, answer: RotationAnswer, _now: Timestamp) -> Result<(), Misuse> {
        self.state = match (core::mem::replace(&mut self.state, failed(MOVED)), answer) {
            (State::Asking { trouble, sent_at }, RotationAnswer::VerifyAgain) => {
                State::Probing(Probing { trouble, sent_at, asked: 0, attempts: Attempts::due() })
            }
            (state, _) => {
                self.state = state;
                return Err(Misuse::NotAsked);
            }
        };
        Ok(())
    }

    fn on_woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        match &mut self.state {
            State::Checking { attempts, .. } | State::Rotating(attempts) | State::Probing(Probing { attempts, .. }) => attempts.woke(now),
            State::Asking { .. } | State::Done(_) => Err(Misuse::NotWaiting),
        }
    }
}
