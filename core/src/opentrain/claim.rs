//! The claim: the owner's e-mail goes out, a link and a code are shown, and polls wait for the token, which comes once.
//!
//! One value is one attempt. The states speak in classes (pending, slow down, lapsed, denied, delivered, spent); which of a
//! service's words means which class is said in `wire`.

use core::convert::Infallible;
use core::time::Duration;

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::polling::{Doubt, Goal, Polled, Polling, Turn};
use super::{ClaimedToken, Registration, wire};
use crate::call::{self, Call, Next};
use crate::ceremony::{Ceremony, Input, Step, WaitReason, sealed};
use crate::error::{Misuse, TransportKind};
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::{Failure, SaidBy};
use crate::origin::{Endpoint, Origin};
use crate::pace::{DEFAULT_INTERVAL, Pace};
use crate::secret::{ClaimLink, ClaimToken, Email, UserCode};
use crate::snapshot::{ResumeError, Snapshot};
use crate::time::Timestamp;
use crate::wire::{Answer, request::exchange, wipe};

/// How often a claim start whose answer was lost is sent in all.
const MOST_STARTS: u8 = 3;

/// A claim attempt, from its start to the token.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub(crate) terms: Terms,
    pub(crate) owner: Email,
    pub(crate) last_id: u64,
    pub(crate) seen: Timestamp,
    pub(crate) memory: Memory,
    pub(crate) state: State,
}

/// What outlives a state, and an attempt: another attempt must know what may still come of the last one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Memory {
    pub(crate) pace: Pace,
    /// A poll's answer was lost, and no definite one has come since: the token may have been in it.
    pub(crate) doubt: bool,
    /// The exchanges whose unreadable 2xx may hold the token.
    pub(crate) kept: Vec<ExchangeId>,
    /// The last code that the owner may have seen. Without one, nothing can have been approved.
    pub(crate) shown: Option<Arc<EnterCode>>,
}

/// What the registration fixed for every attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Terms {
    pub(crate) origin: Origin,
    pub(crate) claim_endpoint: Endpoint,
    pub(crate) token_endpoint: Endpoint,
    pub(crate) claim_token: ClaimToken,
    pub(crate) window_ends: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Starting(Starting),
    /// Started at this time; the notice has not been shown yet.
    Announcing(Timestamp),
    Polling(Polling),
    Done(Result<ClaimedToken, Failure>),
}

/// The start's request is due or under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Starting {
    pub(crate) call: Call,
    /// How many starts were sent whose answer was lost.
    pub(crate) lost: u8,
}

/// What the owner must do: open the link, type the code.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EnterCode {
    /// The code. Shown even when the link is.
    pub user_code: UserCode,
    /// The link, on the pinned origin.
    pub verification_uri: ClaimLink,
    /// Whom the service expects to type the code.
    pub owner: Email,
    /// When the attempt ends, by this machine's clock.
    pub expires_at: Timestamp,
    /// The service's first poll interval, in seconds.
    pub interval: u32,
    /// Whether the service says that it sent the link by e-mail. Show the link all the same.
    pub email_sent: bool,
}

impl Claim {
    /// An attempt to have `owner` claim `registration`. The service may mail them; the code is shown by
    /// [`Step::Notify`].
    #[must_use]
    pub fn new(registration: &Registration, owner: Email) -> Self {
        let terms = Terms {
            origin: registration.origin.clone(),
            claim_endpoint: registration.claim_endpoint.clone(),
            token_endpoint: registration.token_endpoint.clone(),
            claim_token: registration.claim_token.clone(),
            window_ends: registration.claim_token_expires_at,
        };
        let seen = Timestamp::from_unix_ms(0);
        let memory = Memory { pace: Pace::new(DEFAULT_INTERVAL), doubt: false, kept: Vec::new(), shown: None };
        Self { terms, owner, last_id: 0, seen, memory, state: State::Starting(Starting::first()) }
    }

    /// Another attempt, on the owner's word, in place of this one. When the owner may have seen a code, it polls once more before
    /// it starts, at this attempt's pace: an approval may be under way, and a start would break it off. Only the service's own
    /// word that this attempt is over makes that needless.
    ///
    /// A [`Claim::new`] from a registration that was used for a claim before knows nothing of that; restart the old one instead.
    ///
    /// # Errors
    /// [`Misuse::StillInFlight`] while an answer is owed, [`Misuse::Finished`] when this attempt brought the token.
    pub fn restart(&self, owner: Email) -> Result<Self, Misuse> {
        if let Some(id) = self.in_flight() {
            return Err(Misuse::StillInFlight(id));
        }
        let start_at_once = || State::Starting(Starting::first());
        let poll_first = |polling: Polling| State::Polling(polling.before_start());
        let state = match &self.state {
            State::Done(Ok(_)) => return Err(Misuse::Finished),
            State::Polling(polling) => poll_first(polling.clone()),
            State::Announcing(started_at) => poll_first(Polling::first(&self.memory.pace, *started_at)),
            State::Done(Err(failure)) if ended_by_service(failure) => start_at_once(),
            State::Starting(_) | State::Done(Err(_)) if self.memory.shown.is_none() => start_at_once(),
            State::Starting(_) | State::Done(Err(_)) => poll_first(Polling::first(&self.memory.pace, self.seen)),
        };
        Ok(Self { owner, state, ..self.clone() })
    }

    /// What the owner must do, once the attempt has started and until it ends.
    #[must_use]
    pub fn notice(&self) -> Option<&EnterCode> {
        match &self.state {
            State::Announcing(_) | State::Polling(Polling { goal: Goal::Token, .. }) => self.memory.shown.as_deref(),
            _ => None,
        }
    }

    /// Whether an answer was lost, or could not be read, that may have held the token. It stays true of a claim that failed.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        self.memory.doubt
    }

    /// The pinned origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.terms.origin
    }

    /// Who is to claim.
    #[must_use]
    pub fn owner(&self) -> &Email {
        &self.owner
    }

    /// When the claim window ends; `None` when the service did not say.
    #[must_use]
    pub fn window_expires_at(&self) -> Option<Timestamp> {
        self.terms.window_ends
    }

    pub(crate) fn in_flight(&self) -> Option<ExchangeId> {
        match &self.state {
            State::Starting(starting) => starting.call.in_flight(),
            State::Polling(Polling { turn: Turn::InFlight { id, .. }, .. }) => Some(*id),
            _ => None,
        }
    }

    /// The state after the answer to the exchange in flight.
    fn answered(&mut self, now: Timestamp, id: ExchangeId, answer: Answer<'_>) -> State {
        match self.state.clone() {
            State::Starting(starting) => starting.on_answer(&self.terms, &self.owner, &mut self.memory, answer, now),
            State::Polling(polling) => {
                if matches!(&answer, Answer::NotSent(failure) if failure.kind == TransportKind::NotTried) {
                    return State::Polling(polling.due_again(&self.memory.pace));
                }
                let polled = wire::polled(answer);
                self.memory.learn(id, &polled);
                if let (Polled::Delivered(_), Some(shown)) = (&polled, &self.memory.shown) {
                    // The code that was typed may have been an earlier attempt's, and so another owner's.
                    self.owner = shown.owner.clone();
                }
                polling.on_answer(&self.terms, &mut self.memory, polled, now)
            }
            state @ (State::Announcing(_) | State::Done(_)) => state,
        }
    }
}

/// Whether the service itself said that nothing can come of the attempt any more.
fn ended_by_service(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Denied(_)
            | Failure::WindowExpired
            | Failure::AttemptExpired { said_by: SaidBy::Service, doubt: false }
            | Failure::UnknownClaimToken(_)
            | Failure::CredentialLost { .. }
            | Failure::CredentialUnreadable { .. }
    )
}

impl Memory {
    /// `pending` ends a doubt; an unreadable answer is remembered until then. `slow_down` ends none: a service may say it
    /// before it has looked at the claim.
    fn learn(&mut self, id: ExchangeId, polled: &Polled) {
        match polled {
            Polled::Pending { .. } => {
                self.doubt = false;
                self.kept.clear();
            }
            Polled::Unanswered { doubt, .. } => {
                self.doubt |= *doubt != Doubt::None;
                self.kept.extend((*doubt == Doubt::Unreadable).then_some(id));
            }
            // A redirect or another answer without a meaning here may stand in the place of one that delivered.
            Polled::Broken(_) => self.doubt = true,
            _ => {}
        }
    }

    /// A new attempt: nothing of the last one counts any more.
    fn begin_attempt(&mut self, notice: EnterCode) {
        *self = Self { pace: Pace::new(notice.interval), doubt: false, kept: Vec::new(), shown: Some(Arc::new(notice)) };
    }

    /// The clock was put back: the attempt's end, which was reckoned by it, moves along.
    pub(crate) fn clock_put_back(&mut self, by: Duration) {
        if let Some(shown) = &mut self.shown
            && !by.is_zero()
        {
            let shown = Arc::make_mut(shown);
            shown.expires_at = shown.expires_at.before(by);
        }
    }

    /// Whether the last attempt is over by our clock; `None` when there was none.
    pub(crate) fn is_over(&self, now: Timestamp) -> Option<bool> {
        self.shown.as_ref().map(|shown| now >= shown.expires_at)
    }
}

impl Terms {
    pub(crate) fn window_is_over(&self, now: Timestamp, skew: Duration) -> bool {
        self.window_ends.is_some_and(|end| now > end.after(skew))
    }
}

impl Starting {
    const fn first() -> Self {
        Self { call: Call::due(), lost: 0 }
    }

    fn on_answer(self, terms: &Terms, owner: &Email, memory: &mut Memory, answer: Answer<'_>, now: Timestamp) -> State {
        let failed = |failure| State::Done(Err(failure));
        match self.call.settle(answer, now) {
            Next::Object(object) => match wire::started(&object, &terms.origin, owner, now) {
                Ok(notice) => {
                    memory.begin_attempt(notice);
                    State::Announcing(now)
                }
                Err(violation) => failed(Failure::Protocol(violation)),
            },
            Next::Refused(error) => failed(wire::start_refused(error, terms.window_is_over(now, Duration::ZERO))),
            // The start may have been carried out. Another one is harmless but for an approval under way: poll first.
            Next::Lost(trouble) | Next::Unreadable(trouble) => {
                let lost = self.lost.saturating_add(1);
                if lost >= MOST_STARTS {
                    return failed(call::give_up(trouble, memory.doubt, now));
                }
                State::Polling(Polling::before_second_start(lost, trouble, memory, now))
            }
            Next::Again(call) => State::Starting(Self { call, lost: self.lost }),
            Next::End(failure) => failed(failure),
        }
    }
}

impl sealed::Sealed for Claim {}

impl Ceremony for Claim {
    type Notice = EnterCode;
    type Prompt = Infallible;
    type Answer = Infallible;
    type Outcome = ClaimedToken;

    const NAME: &'static str = "opentrain.claim";

    fn poll(&self, now: Timestamp) -> Step<EnterCode, Infallible, ClaimedToken> {
        match &self.state {
            State::Starting(starting) => starting.call.step(now),
            State::Announcing(_) => match self.notice() {
                Some(notice) => Step::Notify(notice.clone()),
                // Not reached: an attempt that has started has its notice, in a resumed claim too.
                None => Step::Wait { until: now, why: WaitReason::Pending },
            },
            State::Polling(polling) => polling.step(now),
            State::Done(result) => Step::Done(result.clone()),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse> {
        let id = ExchangeId(self.last_id.saturating_add(1));
        let (state, exchange) = match (&self.state, self.poll(now)) {
            (State::Starting(Starting { call, lost }), Step::Send) => {
                let state = State::Starting(Starting { call: call.clone().sent(id), lost: *lost });
                (state, exchange(id, wire::start(&self.terms, &self.owner), false))
            }
            (State::Polling(polling), Step::Send) => {
                let state = State::Polling(Polling { turn: Turn::InFlight { id, begun_at: now }, ..polling.clone() });
                (state, exchange(id, wire::poll(&self.terms.token_endpoint, &self.terms.claim_token), true))
            }
            _ => return Err(Misuse::NothingToSend),
        };
        if let State::Polling(polling) = &mut self.state {
            self.memory.clock_put_back(polling.clock_put_back(now));
        }
        (self.last_id, self.seen, self.state) = (id.as_u64(), now, state);
        Ok(exchange)
    }

    fn handle(&mut self, now: Timestamp, input: Input<Infallible>) -> Result<(), Misuse> {
        if matches!(self.state, State::Done(_)) {
            return Ok(());
        }
        let (id, result) = match input {
            Input::Response { id, response } => (id, Ok(response)),
            Input::Failed { id, failure } => (id, Err(failure)),
            Input::Answer(never) => match never {},
            Input::Notified => {
                let State::Announcing(started_at) = self.state else { return Err(Misuse::NothingToShow) };
                self.state = State::Polling(Polling::first(&self.memory.pace, started_at));
                return Ok(());
            }
            Input::Woke => {
                return match &mut self.state {
                    State::Polling(polling) => polling.woke(&mut self.memory, now),
                    State::Starting(starting) => starting.call.woke(now),
                    _ => Err(Misuse::NotWaiting),
                };
            }
        };
        if self.in_flight() != Some(id) {
            return Err(Misuse::NotInFlight(id));
        }
        if let State::Polling(polling) = &mut self.state {
            self.memory.clock_put_back(polling.clock_put_back(now));
        }
        let delivery = if matches!(self.state, State::Starting(_)) { wire::STARTED } else { wire::DELIVERY };
        self.state = match self.answered(now, id, Answer::read(&result, now, delivery)) {
            State::Done(Err(failure)) => State::Done(Err(failure.with_doubt(self.memory.doubt))),
            state => state,
        };
        self.seen = now;
        wipe(result);
        Ok(())
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::of_claim(self)
    }

    fn resume(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        snapshot.to_claim()
    }
}
