//! The rotation: the badge goes for another one, with another key and another DID. The old one is dead at once, and the new one
//! comes once.
//!
//! So it is asked for only when the service has just said that the old badge is valid, and never twice by itself. After an
//! answer that was lost, `verify` is asked which of the two worlds this is. Until that is known, the old badge is kept.

use core::convert::Infallible;
use core::time::Duration;

use alloc::vec::Vec;

use super::held::{QUICK, SLOW};
use super::{Did, Verdict, wire};
use crate::call::{self, Call, Next};
use crate::ceremony::{Ceremony, Input, Step, sealed};
use crate::error::{Misuse, ServerError, TransportKind, Trouble, Violation};
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::{Failure, Service};
use crate::origin::Origin;
use crate::secret::Badge;
use crate::snapshot::{ResumeError, Snapshot};
use crate::time::Timestamp;
use crate::wire::{Answer as HttpAnswer, request::exchange, wipe};

/// How often the first `verify` is sent in all when answers are lost.
const MOST_CHECKS: u8 = 3;
/// What stands before each `verify` after a lost answer: five within two minutes.
const PROBES: [Duration; 5] =
    [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(20), Duration::from_secs(30), Duration::from_secs(60)];
/// A rotation may still be under way for so long after it was sent (sentryagent.md section 1): until then, that the old badge is
/// valid proves nothing.
const SETTLED: Duration = Duration::from_secs(30);

/// A rotation, from the look at the old badge to the new one.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    pub(crate) origin: Origin,
    pub(crate) badge: Badge,
    pub(crate) last_id: u64,
    pub(crate) seen: Timestamp,
    /// The exchanges whose unreadable 2xx may hold the new badge.
    pub(crate) kept: Vec<ExchangeId>,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// Is the old badge valid? Its answer was lost so often before.
    Checking {
        call: Call,
        lost: u8,
    },
    /// It is, and nothing was asked since.
    Rotating(Call),
    /// The rotation's answer told nothing: is the old badge still valid?
    Probing(Probing),
    /// Nobody could be asked.
    Asking {
        trouble: Trouble,
        sent_at: Timestamp,
    },
    Done(Result<Rotated, Failure>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probing {
    /// What came instead of the new badge.
    pub(crate) trouble: Trouble,
    /// When the rotation was sent.
    pub(crate) sent_at: Timestamp,
    /// How many answers there were.
    pub(crate) asked: u8,
    pub(crate) call: Call,
}

/// What the rotation delivered, once.
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

    /// The new DID. Whoever knew the old one must be told.
    #[must_use]
    pub fn did(&self) -> Option<&Did> {
        self.did.as_ref()
    }

    /// When, by the service's clock.
    #[must_use]
    pub fn rotated_at(&self) -> Option<Timestamp> {
        self.rotated_at
    }
}

/// What the human is asked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RotatePrompt {
    /// The rotation was sent and its answer lost, and the service could not be asked whether the old badge is still valid. Ask
    /// it again? That is harmless; it is left to somebody who knows when the service can be reached. Keep the old badge.
    VerifyAgain {
        /// What became of the rotation's answer.
        trouble: Trouble,
    },
}

/// The human's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotateAnswer {
    /// Yes: up to five times within two minutes.
    VerifyAgain,
}

impl Rotation {
    /// A rotation of `badge`, on its owner's word: services that know the agent by its badge or its DID will have to be told.
    #[must_use]
    pub fn new(origin: Origin, badge: Badge) -> Self {
        let state = State::Checking { call: Call::due(), lost: 0 };
        Self { origin, badge, last_id: 0, seen: Timestamp::from_unix_ms(0), kept: Vec::new(), state }
    }

    /// The pinned origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The badge that was to be rotated. Kept until the new one is safe.
    #[must_use]
    pub fn old_badge(&self) -> &Badge {
        &self.badge
    }

    /// Whether the old badge may be dead and the new one lost. It stays true of a rotation that proved so.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        match &self.state {
            State::Checking { .. } => false,
            State::Rotating(call) => call.in_flight().is_some(),
            State::Probing(_) | State::Asking { .. } => true,
            State::Done(result) => {
                matches!(result, Err(Failure::CredentialLost { .. } | Failure::CredentialUnreadable { .. }))
            }
        }
    }

    fn call(&self) -> Option<&Call> {
        match &self.state {
            State::Checking { call, .. } | State::Rotating(call) | State::Probing(Probing { call, .. }) => Some(call),
            State::Asking { .. } | State::Done(_) => None,
        }
    }

    /// The old badge must be valid, by an answer and not by the lack of one.
    fn on_checked(call: Call, lost: u8, answer: HttpAnswer<'_>, now: Timestamp) -> State {
        match call.clone().settle(answer, now) {
            Next::Object(object) => match wire::verified(&object) {
                Ok(Verdict::Valid { .. }) => State::Rotating(Call::due()),
                Ok(Verdict::NotValid) => failed(Failure::BadgeInvalid),
                Err(violation) => failed(Failure::Protocol(violation)),
            },
            Next::Refused(error) => failed(Failure::Rejected(error)),
            Next::Lost(trouble) | Next::Unreadable(trouble) => {
                let lost = lost.saturating_add(1);
                if lost >= MOST_CHECKS {
                    return failed(call::give_up(trouble, false, now));
                }
                State::Checking { call: call.repeat(trouble, now), lost }
            }
            Next::Again(call) => State::Checking { call, lost },
            Next::End(failure) => failed(failure),
        }
    }

    /// Sent once. Repeated is only what certainly was not sent.
    fn on_rotated(&mut self, call: Call, id: ExchangeId, answer: HttpAnswer<'_>, now: Timestamp) -> State {
        let trouble = match answer {
            // It may have come too late to be a refusal.
            HttpAnswer::Unavailable(error) => error.into(),
            HttpAnswer::Broken(violation) => violation.into(),
            answer => match call.settle(answer, now) {
                Next::Object(object) => match wire::rotated(&object, &self.badge) {
                    Ok(rotated) => return State::Done(Ok(rotated)),
                    Err(violation) => self.unreadable(id, violation.into()),
                },
                Next::Unreadable(trouble) => self.unreadable(id, trouble),
                Next::Lost(trouble) => trouble,
                Next::Refused(error) if is_plain_no(&error) => return failed(Failure::Rejected(error)),
                Next::Refused(error) => error.into(),
                Next::Again(call) => return State::Rotating(call),
                Next::End(failure) => return failed(failure),
            },
        };
        State::Probing(Probing { call: next_probe(0, &trouble, &trouble, now), sent_at: self.seen, asked: 0, trouble })
    }

    fn unreadable(&mut self, id: ExchangeId, trouble: Trouble) -> Trouble {
        self.kept.push(id);
        trouble
    }

    fn on_probed(&self, probing: Probing, answer: HttpAnswer<'_>, now: Timestamp) -> State {
        let Probing { trouble, sent_at, asked, .. } = probing;
        if let HttpAnswer::NotSent(failure) = &answer
            && failure.kind == TransportKind::NotTried
        {
            return State::Probing(Probing { trouble, sent_at, asked, call: Call::due() });
        }
        let asked = asked.saturating_add(1);
        let is_last = usize::from(asked) >= PROBES.len();
        let silence = match answer {
            HttpAnswer::Object(object) => match wire::verified(&object) {
                Ok(Verdict::NotValid) => return failed(self.no_badge(&trouble)),
                Ok(Verdict::Valid { .. }) if is_last || is_over(&trouble) || now.since(sent_at) >= SETTLED => {
                    return failed(not_rotated(trouble, now));
                }
                Ok(Verdict::Valid { .. }) => trouble.clone(),
                Err(violation) => violation.into(),
            },
            HttpAnswer::Unreadable(silence) | HttpAnswer::Lost(silence) => silence,
            HttpAnswer::Refused(error) | HttpAnswer::TooMany(error) | HttpAnswer::Unavailable(error) => error.into(),
            HttpAnswer::NotSent(failure) => failure.into(),
            HttpAnswer::Broken(violation) => violation.into(),
        };
        if is_last {
            return State::Asking { trouble, sent_at };
        }
        State::Probing(Probing { call: next_probe(asked, &trouble, &silence, now), trouble, sent_at, asked })
    }

    /// The old badge is dead, and there is no new one. Who is to blame for that, the rotation's answer says.
    fn no_badge(&self, trouble: &Trouble) -> Failure {
        let service = Service::SentryAgent;
        match trouble {
            Trouble::Server(error) if is_about_the_badge(error) => Failure::BadgeInvalid,
            _ if self.kept.is_empty() => Failure::CredentialLost { service },
            _ => Failure::CredentialUnreadable { service, kept: self.kept.clone() },
        }
    }
}

/// The old badge is still valid: nothing has happened.
fn not_rotated(trouble: Trouble, now: Timestamp) -> Failure {
    match trouble {
        Trouble::Server(error) if error.status == 503 => call::give_up(error.into(), false, now),
        Trouble::Server(error) if error.status < 500 => Failure::Rejected(error),
        Trouble::Unreadable(violation @ (Violation::Redirect { .. } | Violation::UnexpectedStatus { .. })) => Failure::Protocol(violation),
        trouble => Failure::NotRotated { trouble },
    }
}

/// A no to the request as such: nothing was done, whatever the badge is worth.
const fn is_plain_no(error: &ServerError) -> bool {
    matches!(error.status, 400 | 403 | 404 | 405)
}

/// A no that says that the badge is good for nothing any more. A conflict and a timeout say nothing of it.
const fn is_about_the_badge(error: &ServerError) -> bool {
    matches!(error.status, 400..=407 | 410..=499)
}

/// Whether the service has said a word that leaves nothing under way.
const fn is_over(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Server(error) if is_about_the_badge(error))
}

/// The `verify` after `asked` of them, not before the service wants to be asked.
fn next_probe(asked: u8, trouble: &Trouble, last: &Trouble, now: Timestamp) -> Call {
    let named = last.retry_after().map_or(0, |seconds| seconds.min(crate::pace::LONGEST.into()));
    let gap = PROBES.get(usize::from(asked)).copied().unwrap_or_default();
    Call::due().after(gap.max(Duration::from_secs(named)), trouble.clone(), now)
}

fn failed(failure: Failure) -> State {
    State::Done(Err(failure))
}

fn verify_exchange(id: ExchangeId, origin: &Origin, badge: &Badge) -> Exchange {
    Exchange { timeout: QUICK, ..exchange(id, wire::verify(origin, badge), false) }
}

impl sealed::Sealed for Rotation {}

impl Ceremony for Rotation {
    type Notice = Infallible;
    type Prompt = RotatePrompt;
    type Answer = RotateAnswer;
    type Outcome = Rotated;

    const NAME: &'static str = "sentryagent.rotation";

    fn poll(&self, now: Timestamp) -> Step<Infallible, RotatePrompt, Rotated> {
        match &self.state {
            State::Checking { call, .. } | State::Rotating(call) | State::Probing(Probing { call, .. }) => call.step(now),
            State::Asking { trouble, .. } => Step::Ask(RotatePrompt::VerifyAgain { trouble: trouble.clone() }),
            State::Done(result) => Step::Done(result.clone()),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse> {
        let id = ExchangeId(self.last_id.saturating_add(1));
        if self.poll(now) != Step::Send {
            return Err(Misuse::NothingToSend);
        }
        let (state, exchange) = match self.state.clone() {
            State::Checking { call, lost } => {
                (State::Checking { call: call.sent(id), lost }, verify_exchange(id, &self.origin, &self.badge))
            }
            State::Rotating(call) => {
                let rotate = exchange(id, wire::rotate(&self.origin, &self.badge), true);
                (State::Rotating(call.sent(id)), Exchange { timeout: SLOW, ..rotate })
            }
            State::Probing(probing) => {
                let call = probing.call.clone().sent(id);
                (State::Probing(Probing { call, ..probing }), verify_exchange(id, &self.origin, &self.badge))
            }
            State::Asking { .. } | State::Done(_) => return Err(Misuse::NothingToSend),
        };
        (self.last_id, self.seen, self.state) = (id.as_u64(), now, state);
        Ok(exchange)
    }

    fn handle(&mut self, now: Timestamp, input: Input<RotateAnswer>) -> Result<(), Misuse> {
        if matches!(self.state, State::Done(_)) {
            return Ok(());
        }
        let (id, result) = match input {
            Input::Response { id, response } => (id, Ok(response)),
            Input::Failed { id, failure } => (id, Err(failure)),
            Input::Answer(RotateAnswer::VerifyAgain) => return self.verify_again(now),
            Input::Notified => return Err(Misuse::NothingToShow),
            Input::Woke => return self.on_woke(now),
        };
        if self.call().and_then(Call::in_flight) != Some(id) {
            return Err(Misuse::NotInFlight(id));
        }
        let delivery = if matches!(self.state, State::Rotating(_)) { wire::ROTATED } else { wire::VERIFIED };
        let answer = HttpAnswer::read(&result, now, delivery);
        self.state = match self.state.clone() {
            State::Checking { call, lost } => Self::on_checked(call, lost, answer, now),
            State::Rotating(call) => self.on_rotated(call, id, answer, now),
            State::Probing(probing) => self.on_probed(probing, answer, now),
            state => state,
        };
        self.seen = now;
        wipe(result);
        Ok(())
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::of_rotation(self)
    }

    fn resume(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        snapshot.to_rotation()
    }
}

impl Rotation {
    fn verify_again(&mut self, now: Timestamp) -> Result<(), Misuse> {
        let State::Asking { trouble, sent_at } = self.state.clone() else { return Err(Misuse::NotAsked) };
        self.seen = now;
        self.state = State::Probing(Probing { trouble, sent_at, asked: 0, call: Call::due() });
        Ok(())
    }

    fn on_woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        match &mut self.state {
            State::Checking { call, .. } | State::Rotating(call) | State::Probing(Probing { call, .. }) => call.woke(now),
            State::Asking { .. } | State::Done(_) => Err(Misuse::NotWaiting),
        }
    }
}
