//! The claim: it sends the owner's e-mail address, shows a link and a code, and polls for the token, which is delivered once.
//!
//! One value is one attempt. The states know classes of answers (pending, slow down, expired, denied, delivered, consumed). The [`Dialect`]
//! translates a service's answers into these classes.

use core::convert::Infallible;
use core::time::Duration;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::dialect::Dialect;
use super::polling::{AnswerFate, Goal, Polled, Polling, Turn};
use super::{ClaimedToken, EnterCode, Registration};
use crate::ceremony::{Ceremony, Input, Step, sealed};
use crate::error::{Misuse, TransportKind};
use crate::exchange::{Exchange, ExchangeId, ExchangeLog};
use crate::failure::{Failure, SaidBy};
use crate::http::pinned_origins::{Endpoint, PinnedOrigins};
use crate::http::request::exchange;
use crate::http::response::ResponseClass;
use crate::machine::{self, MOVED, Machine};
use crate::pace::WaitReason;
use crate::pace::{DEFAULT_INTERVAL, Pace};
use crate::retry::{self, Attempts, RequestKind, Verdict};
use crate::snapshot::{CeremonyKind, ResumeError, Snapshot};
use crate::types::origin::Origin;
use crate::types::secret::{ClaimToken, Email, PersonalToken};
use crate::types::timestamp::Timestamp;

/// How often a claim start is sent at most when its answers are lost.
const MOST_STARTS: u8 = 3;
/// How many polls without a definite answer follow a candidate at most.
const MOST_UNDECIDED: u8 = 3;

/// A claim attempt, from its start to the token.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub(crate) context: ClaimContext,
    pub(crate) owner: Email,
    pub(crate) log: ExchangeLog,
    pub(crate) history: AttemptHistory,
    pub(crate) state: State,
}

/// The history that survives a state and an attempt. Another attempt must know what may still result from the last one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AttemptHistory {
    pub(crate) pace: Pace,
    /// Whether a poll's answer was lost and no definite one has come since. The token may have been in it.
    pub(crate) may_be_delivered: bool,
    /// The exchanges whose unreadable 2xx may contain the token.
    pub(crate) unreadable: Vec<ExchangeId>,
    /// The token in a damaged answer, until another answer decides about it.
    pub(crate) candidate: Option<Box<Candidate>>,
    /// The last code that the owner may have seen. Without a code, nothing can have been approved.
    pub(crate) shown: Option<Arc<EnterCode>>,
}

/// A token in a damaged answer. It may be the delivery, or something that a gateway put there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) token: PersonalToken,
    /// The number of polls since that brought no definite answer.
    pub(crate) polls: u8,
}

/// The values that the registration fixed for every attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClaimContext {
    pub(crate) dialect: Dialect,
    pub(crate) origins: PinnedOrigins,
    pub(crate) claim_endpoint: Endpoint,
    pub(crate) token_endpoint: Endpoint,
    pub(crate) claim_token: ClaimToken,
    /// The pre-claim token. It is kept only to recognise its echo.
    pub(crate) old_token: PersonalToken,
    pub(crate) window_ends: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Starting(Starting),
    /// The attempt started at this time, and the notice has not been shown yet.
    Announcing(Timestamp),
    Polling(Polling),
    Done(Result<ClaimedToken, Failure>),
}

/// The start's request, due or in flight.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Starting {
    pub(crate) attempts: Attempts,
    /// The number of starts whose answer was lost.
    pub(crate) lost: u8,
}

impl Claim {
    /// Makes an attempt in which `owner` claims `registration`. The service may send an e-mail to the owner; [`Step::Notify`] shows the
    /// code.
    #[must_use]
    pub fn new(registration: &Registration, owner: Email) -> Self {
        let context = ClaimContext {
            dialect: registration.dialect,
            origins: registration.origins.clone(),
            claim_endpoint: registration.claim_endpoint.clone(),
            token_endpoint: registration.token_endpoint.clone(),
            claim_token: registration.claim_token.clone(),
            old_token: registration.access_token.clone(),
            window_ends: registration.claim_token_expires_at,
        };
        let history = AttemptHistory {
            pace: Pace::new(DEFAULT_INTERVAL),
            may_be_delivered: false,
            unreadable: Vec::new(),
            candidate: None,
            shown: None,
        };
        Self { context, owner, log: ExchangeLog::new(), history, state: State::Starting(Starting::first()) }
    }

    /// Makes another attempt in place of this one, with the owner's consent. If the owner may have seen a code, the new attempt polls once
    /// more before it starts, at this attempt's pace: an approval may be in progress, and a start would break it off. This poll is skipped
    /// only if the service itself said that this attempt is over.
    ///
    /// A [`Claim::new`] from a registration that was claimed before knows nothing of that. Restart the old claim instead.
    ///
    /// # Errors
    /// [`Misuse::StillInFlight`] while an answer is awaited, [`Misuse::Finished`] if this attempt brought the token.
    pub fn restart(&self, owner: Email) -> Result<Self, Misuse> {
        if let Some(id) = self.in_flight() {
            return Err(Misuse::StillInFlight(id));
        }
        let start_at_once = || State::Starting(Starting::first());
        let poll_first = |polling: Polling| State::Polling(polling.before_start());
        let state = match &self.state {
            State::Done(Ok(_)) => return Err(Misuse::Finished),
            State::Polling(polling) => poll_first(polling.clone()),
            State::Announcing(started_at) => poll_first(Polling::first(&self.history.pace, *started_at)),
            State::Done(Err(failure)) if ended_by_service(failure) => start_at_once(),
            State::Starting(_) | State::Done(Err(_)) if self.history.shown.is_none() => start_at_once(),
            State::Starting(_) | State::Done(Err(_)) => poll_first(Polling::first(&self.history.pace, self.log.seen)),
        };
        Ok(Self { owner, state, ..self.clone() })
    }

    /// The instructions for the owner, from the start of the attempt to its end.
    #[must_use]
    pub fn notice(&self) -> Option<&EnterCode> {
        match &self.state {
            State::Announcing(_) | State::Polling(Polling { goal: Goal::Token, .. }) => self.history.shown.as_deref(),
            _ => None,
        }
    }

    /// Whether an answer was lost or could not be read that may have contained the token. It stays true after the claim has failed.
    #[must_use]
    pub fn may_be_delivered(&self) -> bool {
        self.history.may_be_delivered
    }

    /// Whether the token came in a damaged answer and no later answer confirmed it. It must be used or verified once before anything older
    /// is deleted.
    #[must_use]
    pub fn is_unconfirmed(&self) -> bool {
        matches!(self.state, State::Done(Ok(_))) && self.history.candidate.is_some()
    }

    /// The pinned origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.context.origins.service()
    }

    /// The owner who is to claim.
    #[must_use]
    pub fn owner(&self) -> &Email {
        &self.owner
    }

    /// The end of the claim window; `None` if the service did not say.
    #[must_use]
    pub fn window_expires_at(&self) -> Option<Timestamp> {
        self.context.window_ends
    }

    fn polled(&mut self, polling: Polling, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp) -> State {
        if matches!(&answer, ResponseClass::NotSent(failure) if failure.kind == TransportKind::NotTried) {
            return State::Polling(polling.due_again(&self.history.pace));
        }
        let polled = self.context.dialect.polled(answer);
        self.history.learn(id, &polled);
        let polled = self.history.judge(polled, &self.context);
        if let (Polled::Delivered(_), Some(shown)) = (&polled, &self.history.shown) {
            // The code that was typed may belong to an earlier attempt, and so to another owner.
            self.owner = shown.owner.clone();
        }
        polling.on_answer(&self.context, &mut self.history, polled, now)
    }
}

/// Whether the service itself said that the attempt can no longer succeed.
fn ended_by_service(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Denied(_)
            | Failure::WindowExpired
            | Failure::AttemptExpired { said_by: SaidBy::Service, may_be_delivered: false }
            | Failure::UnknownClaimToken(_)
            | Failure::ClaimTokenSpent(_)
            | Failure::CredentialLost { .. }
            | Failure::CredentialUnreadable { .. }
    )
}

impl AttemptHistory {
    /// Learns from the answer to a poll. `pending` rules out an earlier delivery; until then, an unreadable answer is remembered.
    /// `slow_down` rules out nothing, because a service may send it before it has looked at the claim.
    fn learn(&mut self, id: ExchangeId, polled: &Polled) {
        match polled {
            Polled::Pending { .. } => {
                self.may_be_delivered = false;
                self.unreadable.clear();
            }
            Polled::Unanswered { fate, .. } => {
                self.may_be_delivered |= *fate != AnswerFate::NotSent;
                self.unreadable.extend((*fate == AnswerFate::Unreadable).then_some(id));
            }
            // It may have replaced the answer that delivered.
            Polled::Undocumented(_) => self.may_be_delivered = true,
            _ => {}
        }
    }

    /// Lets the answer to a poll decide about a candidate, after [`learn`](Self::learn). `pending`, `slow_down` and a refusal by the owner say
    /// that it was none. The spent word, or the same value again, says that it was the delivery. If the attempt is over, or if three polls
    /// bring no definite answer, it is taken and stays unconfirmed.
    fn judge(&mut self, polled: Polled, context: &ClaimContext) -> Polled {
        let held = self.candidate.take();
        match (polled, held) {
            (Polled::Unanswered { candidate: Some(token), .. }, Some(held)) if token == held.token => Polled::Delivered(held.token()),
            (Polled::Unanswered { trouble, fate, candidate: Some(token) }, held) if self.shown.is_some() && context.is_new(&token) => {
                let polls = held.map_or(0, |held| held.polls.saturating_add(1));
                self.decide(Box::new(Candidate { token, polls }), Polled::unanswered(trouble, fate))
            }
            (polled @ Polled::Unanswered { fate: AnswerFate::NotSent, .. }, held) => {
                self.candidate = held;
                polled
            }
            (polled @ (Polled::Unanswered { .. } | Polled::Undocumented(_)), Some(held)) => {
                let polls = held.polls.saturating_add(1);
                self.decide(Box::new(Candidate { polls, ..*held }), polled)
            }
            (Polled::Consumed(_), Some(held)) => Polled::Delivered(held.token()),
            (Polled::Expired | Polled::Refused(_), Some(held)) => {
                let token = held.token();
                self.candidate = Some(held);
                Polled::Delivered(token)
            }
            (polled, _) => polled,
        }
    }

    /// Keeps a candidate, and takes it when enough polls have brought no definite answer.
    fn decide(&mut self, candidate: Box<Candidate>, polled: Polled) -> Polled {
        let (polls, token) = (candidate.polls, candidate.token());
        self.candidate = Some(candidate);
        if polls >= MOST_UNDECIDED { Polled::Delivered(token) } else { polled }
    }

    /// Begins a new attempt. Nothing of the last attempt counts any more.
    fn begin_attempt(&mut self, notice: EnterCode) {
        *self = Self {
            pace: Pace::new(notice.interval),
            may_be_delivered: false,
            unreadable: Vec::new(),
            candidate: None,
            shown: Some(Arc::new(notice)),
        };
    }

    /// The clock was put back, so the attempt's end, which was computed with it, is moved back too.
    pub(crate) fn clock_put_back(&mut self, by: Duration) {
        if let Some(shown) = &mut self.shown
            && !by.is_zero()
        {
            let shown = Arc::make_mut(shown);
            shown.expires_at = shown.expires_at.before(by);
        }
    }

    /// Whether the last attempt is over by our clock; `None` if there was none.
    pub(crate) fn is_over(&self, now: Timestamp) -> Option<bool> {
        self.shown.as_ref().map(|shown| now >= shown.expires_at)
    }
}

impl Candidate {
    fn token(&self) -> ClaimedToken {
        ClaimedToken { access_token: self.token.clone(), scopes: Vec::new() }
    }
}

impl ClaimContext {
    /// Whether the ceremony does not hold this token yet. Gateways and error pages echo what was sent.
    fn is_new(&self, token: &PersonalToken) -> bool {
        ![self.claim_token.expose(), self.old_token.expose()].contains(&token.expose())
    }

    pub(crate) fn window_is_over(&self, now: Timestamp, skew: Duration) -> bool {
        self.window_ends.is_some_and(|end| now > end.after(skew))
    }
}

impl Starting {
    const fn first() -> Self {
        Self { attempts: Attempts::due(), lost: 0 }
    }

    fn on_answer(
        self,
        context: &ClaimContext,
        owner: &Email,
        history: &mut AttemptHistory,
        answer: ResponseClass<'_>,
        now: Timestamp,
    ) -> State {
        let failed = |failure| State::Done(Err(failure));
        match self.attempts.settle(RequestKind::ClaimStart, answer, now) {
            Verdict::Object(object) => match context.dialect.started(&object, context, owner, now) {
                Ok(notice) => {
                    history.begin_attempt(notice);
                    State::Announcing(now)
                }
                Err(violation) => failed(Failure::Protocol(violation)),
            },
            Verdict::Refused(error) => failed(context.dialect.start_refused(error, context.window_is_over(now, Duration::ZERO))),
            // The start may have been carried out. Another one is harmless unless an approval is in progress, so a poll comes first.
            Verdict::Lost(trouble) | Verdict::Unreadable(trouble, _) => {
                let lost = self.lost.saturating_add(1);
                if lost >= MOST_STARTS {
                    return failed(retry::give_up(trouble, history.may_be_delivered, now));
                }
                State::Polling(Polling::before_second_start(lost, trouble, history, now))
            }
            Verdict::Again(attempts) => State::Starting(Self { attempts, lost: self.lost }),
            Verdict::End(failure) => failed(failure),
        }
    }
}

impl sealed::Sealed for Claim {}

impl Ceremony for Claim {
    type Notice = EnterCode;
    type Prompt = Infallible;
    type Answer = Infallible;
    type Outcome = ClaimedToken;

    const KIND: CeremonyKind = CeremonyKind::Claim;

    fn poll(&self, now: Timestamp) -> Step<EnterCode, Infallible, ClaimedToken> {
        match &self.state {
            State::Starting(starting) => starting.attempts.step(now),
            State::Announcing(_) => match self.notice() {
                Some(notice) => Step::Notify(notice.clone()),
                // This is not reached: an attempt that has started has its notice, in a resumed claim too.
                None => Step::Wait { until: now, why: WaitReason::Pending },
            },
            State::Polling(polling) => polling.step(now),
            State::Done(result) => Step::Done(result.clone()),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse> {
        machine::begin(self, now)
    }

    fn handle(&mut self, now: Timestamp, input: Input<Infallible>) -> Result<(), Misuse> {
        machine::handle(self, now, input)
    }

    fn snapshot(&self) -> Snapshot {
        self.to_snapshot()
    }

    fn peek(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        Self::from_snapshot(snapshot)
    }
}

impl Machine for Claim {
    fn log(&mut self) -> &mut ExchangeLog {
        &mut self.log
    }

    fn in_flight(&self) -> Option<ExchangeId> {
        match &self.state {
            State::Starting(starting) => starting.attempts.in_flight(),
            State::Polling(Polling { turn: Turn::InFlight { id, .. }, .. }) => Some(*id),
            State::Announcing(_) | State::Polling(_) | State::Done(_) => None,
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    fn send(&mut self, id: ExchangeId, now: Timestamp) -> Option<Exchange> {
        let dialect = self.context.dialect;
        match &mut self.state {
            State::Starting(starting) => {
                starting.attempts.send(id);
                Some(exchange(id, dialect.start(&self.context, &self.owner), true))
            }
            State::Polling(polling) => {
                self.history.clock_put_back(polling.clock_put_back(now));
                polling.turn = Turn::InFlight { id, begun_at: now };
                Some(exchange(id, dialect.poll(&self.context), true))
            }
            State::Announcing(_) | State::Done(_) => None,
        }
    }

    fn success_member(&self) -> &'static str {
        let dialect = self.context.dialect;
        if matches!(self.state, State::Starting(_)) { dialect.start_member() } else { dialect.delivery_member() }
    }

    fn on_response(&mut self, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp) {
        if let State::Polling(polling) = &mut self.state {
            self.history.clock_put_back(polling.clock_put_back(now));
        }
        let state = match core::mem::replace(&mut self.state, State::Done(Err(MOVED))) {
            State::Starting(starting) => starting.on_answer(&self.context, &self.owner, &mut self.history, answer, now),
            State::Polling(polling) => self.polled(polling, id, answer, now),
            state @ (State::Announcing(_) | State::Done(_)) => state,
        };
        self.state = match state {
            // Nobody has decided about the candidate, and nobody will.
            State::Done(Err(Failure::GaveUp { .. })) if self.history.candidate.is_some() => match &self.history.candidate {
                Some(candidate) => State::Done(Ok(candidate.token())),
                None => state,
            },
            State::Done(Err(failure)) => State::Done(Err(failure.with_may_be_delivered(self.history.may_be_delivered))),
            state => state,
        };
    }

    fn on_human(&mut self, answer: Infallible, _now: Timestamp) -> Result<(), Misuse> {
        match answer {}
    }

    fn on_notified(&mut self) -> Result<(), Misuse> {
        let State::Announcing(started_at) = self.state else { return Err(Misuse::NothingToShow) };
        self.state = State::Polling(Polling::first(&self.history.pace, started_at));
        Ok(())
    }

    fn on_woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        match &mut self.state {
            State::Polling(polling) => polling.woke(&mut self.history, now),
            State::Starting(starting) => starting.attempts.woke(now),
            State::Announcing(_) | State::Done(_) => Err(Misuse::NotWaiting),
        }
    }
}
