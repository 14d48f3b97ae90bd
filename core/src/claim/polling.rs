//! The polls of a claim: how often, until when, and the effect of each answer.

use core::time::Duration;

use super::ClaimedToken;
use super::machine::{AttemptHistory, ClaimContext, Starting, State};
use crate::ceremony::Step;
use crate::error::{Misuse, ServerError, Trouble};
use crate::exchange::ExchangeId;
use crate::failure::{Failure, SaidBy};
use crate::pace::WaitReason;
use crate::pace::{Pace, Timer};
use crate::retry::{self, Attempts};
use crate::types::secret::PersonalToken;
use crate::types::timestamp::Timestamp;

/// How many polls without a definite answer are made at the attempt's end and before a second start.
const MOST_UNANSWERED: u8 = 8;
/// How far in the past the window's end must be before `expired_token` is about the window, because clocks differ.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Polling {
    pub(crate) turn: Turn,
    /// The polls without a definite answer that count towards giving up.
    pub(crate) unanswered: u8,
    pub(crate) goal: Goal,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Turn {
    Waiting { timer: Timer, why: WaitReason },
    InFlight { id: ExchangeId, begun_at: Timestamp },
}

/// The purpose of the polls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// The token of this attempt.
    Token,
    /// To be sure that a start breaks off no approval, a definite answer is awaited first. `lost` starts were lost before.
    Start { lost: u8 },
}

/// The meaning of the answer to a poll.
#[derive(Debug)]
pub(crate) enum Polled {
    Delivered(ClaimedToken),
    Pending {
        interval: Option<u32>,
        retry_after: Option<u64>,
    },
    SlowDown {
        interval: Option<u32>,
        retry_after: Option<u64>,
    },
    Expired,
    Denied(ServerError),
    /// The claim token is unknown, or was good for a token that has been delivered.
    Consumed(ServerError),
    /// There is no definite answer.
    Unanswered {
        trouble: Trouble,
        fate: AnswerFate,
        /// The token in a damaged answer.
        candidate: Option<PersonalToken>,
    },
    Refused(ServerError),
    /// An error in the documented form with an undocumented code.
    Undocumented(ServerError),
}

/// The knowledge about an answer that was not definite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerFate {
    /// The request was not sent, so there was no answer.
    NotSent,
    Lost,
    Unreadable,
}

impl Polled {
    pub(crate) const fn unanswered(trouble: Trouble, fate: AnswerFate) -> Self {
        Self::Unanswered { trouble, fate, candidate: None }
    }
}

impl Polling {
    /// The notice was shown. The first poll is due one interval after `since`, the receipt of the start's answer.
    pub(crate) fn first(pace: &Pace, since: Timestamp) -> Self {
        let turn = Turn::Waiting { timer: Timer::new(since, pace.gap()), why: WaitReason::Pending };
        Self { turn, unanswered: 0, goal: Goal::Token }
    }

    pub(crate) fn before_second_start(lost: u8, trouble: Trouble, history: &mut AttemptHistory, now: Timestamp) -> Self {
        history.pace.troubled(trouble.retry_after());
        let turn = Turn::Waiting { timer: Timer::new(now, history.pace.gap()), why: WaitReason::Trouble(trouble) };
        Self { turn, unanswered: 0, goal: Goal::Start { lost } }
    }

    pub(crate) fn before_start(self) -> Self {
        Self { unanswered: 0, goal: Goal::Start { lost: 0 }, ..self }
    }

    /// The poll was not sent, so it is due again at once.
    pub(crate) fn due_again(self, pace: &Pace) -> Self {
        let timer = match self.turn {
            Turn::InFlight { begun_at, .. } => Timer::new(begun_at.before(pace.gap()), pace.gap()),
            Turn::Waiting { timer, .. } => timer,
        };
        Self { turn: Turn::Waiting { timer, why: WaitReason::Pending }, ..self }
    }

    pub(crate) fn step<N, P, O>(&self, now: Timestamp) -> Step<N, P, O> {
        match &self.turn {
            Turn::InFlight { id, .. } => Step::InFlight(*id),
            Turn::Waiting { timer, why } => match timer.until(now) {
                Some(until) => Step::Wait { until, why: why.clone() },
                None => Step::Send,
            },
        }
    }

    /// The driver read the clock. If the clock was put back, the attempt's end is moved back too.
    pub(crate) fn woke(&mut self, history: &mut AttemptHistory, now: Timestamp) -> Result<(), Misuse> {
        let Turn::Waiting { timer, .. } = &mut self.turn else { return Err(Misuse::NotWaiting) };
        history.clock_put_back(timer.woke(now));
        Ok(())
    }

    /// Reads the clock when a poll begins and when its answer has arrived. If the clock was put back since this turn began, the turn counts
    /// as begun now. Returns the visible length of the jump.
    pub(crate) fn clock_put_back(&mut self, now: Timestamp) -> Duration {
        let began = match &mut self.turn {
            Turn::InFlight { begun_at, .. } => begun_at,
            Turn::Waiting { timer, .. } => &mut timer.anchor,
        };
        let back = began.since(now);
        *began = now.min(*began);
        back
    }

    /// Whether this poll began after the attempt had ended by our clock. It is then the last poll.
    fn was_last(&self, history: &AttemptHistory) -> bool {
        match (self.goal, &self.turn) {
            (Goal::Token, Turn::InFlight { begun_at, .. }) => history.is_over(*begun_at) == Some(true),
            _ => false,
        }
    }

    pub(crate) fn on_answer(self, context: &ClaimContext, history: &mut AttemptHistory, polled: Polled, now: Timestamp) -> State {
        let failed = |failure| State::Done(Err(failure));
        let may_be_delivered = history.may_be_delivered;
        match polled {
            Polled::Delivered(token) => State::Done(Ok(token)),
            Polled::Pending { interval, retry_after } => self.on_pending(history, now, |pace| pace.answered(interval, retry_after)),
            Polled::SlowDown { interval, retry_after } => self.on_pending(history, now, |pace| pace.slow_down(interval, retry_after)),
            Polled::Unanswered { trouble, .. } => self.on_unanswered(history, trouble, now),
            Polled::Expired if context.window_is_over(now, CLOCK_SKEW) => failed(Failure::WindowExpired),
            Polled::Expired => self.or_start(Failure::AttemptExpired { said_by: SaidBy::Service, may_be_delivered }),
            Polled::Consumed(error) => self.on_consumed(error, context, history, now),
            Polled::Denied(error) => failed(Failure::Denied(error)),
            // Before any start, a service may refuse a poll in its own way. The start will show the real state.
            Polled::Refused(error) => self.or_start(Failure::Rejected(error)),
            Polled::Undocumented(error) if history.shown.is_none() => self.or_start(Failure::Rejected(error)),
            Polled::Undocumented(error) => self.on_unanswered(history, error.into(), now),
        }
    }

    fn on_pending(mut self, history: &mut AttemptHistory, now: Timestamp, adapt: impl FnOnce(&mut Pace)) -> State {
        // The pace is adapted before the end is checked, because another attempt's first poll uses it.
        adapt(&mut history.pace);
        if self.was_last(history) {
            return State::Done(Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: false }));
        }
        if let Goal::Start { lost } = self.goal {
            return State::Starting(Starting { attempts: Attempts::due(), lost });
        }
        let why = if history.pace.slowed { WaitReason::SlowedDown } else { WaitReason::Pending };
        self.unanswered = 0;
        State::Polling(self.wait(history, why, now))
    }

    fn on_unanswered(mut self, history: &mut AttemptHistory, trouble: Trouble, now: Timestamp) -> State {
        // While the attempt lives, only its end stops the polls.
        if self.was_last(history) || self.goal != Goal::Token {
            self.unanswered = self.unanswered.saturating_add(1);
        }
        // The pace is adapted before giving up, because another attempt's first poll uses it.
        history.pace.troubled(trouble.retry_after());
        if self.unanswered >= MOST_UNANSWERED {
            return State::Done(Err(retry::give_up(trouble, history.may_be_delivered, now)));
        }
        State::Polling(self.wait(history, WaitReason::Trouble(trouble), now))
    }

    /// While an attempt lives whose code the owner may have seen, `invalid_grant` says that the token was delivered: to us if an answer
    /// was lost that may have contained it, and otherwise to somebody whom we do not know. After the attempt's end, it may say that the
    /// attempt has expired. Unreadable answers are reported in any case.
    fn on_consumed(self, error: ServerError, context: &ClaimContext, history: &AttemptHistory, now: Timestamp) -> State {
        let service = context.dialect.service();
        if !history.unreadable.is_empty() {
            return State::Done(Err(Failure::CredentialUnreadable { service, exchanges: history.unreadable.clone() }));
        }
        match history.is_over(now) {
            Some(true) => self.or_start(Failure::AttemptExpired { said_by: SaidBy::Service, may_be_delivered: history.may_be_delivered }),
            Some(false) if history.may_be_delivered => State::Done(Err(Failure::CredentialLost { service })),
            Some(false) => State::Done(Err(Failure::ClaimTokenSpent(error))),
            None => self.or_start(Failure::UnknownClaimToken(error)),
        }
    }

    /// Before a start, a failure that would end an attempt lets the start proceed.
    fn or_start(self, failure: Failure) -> State {
        match self.goal {
            Goal::Start { lost } => State::Starting(Starting { attempts: Attempts::due(), lost }),
            Goal::Token => State::Done(Err(failure)),
        }
    }

    fn wait(self, history: &AttemptHistory, why: WaitReason, now: Timestamp) -> Self {
        let timer = Timer::new(now, history.pace.gap());
        Self { turn: Turn::Waiting { timer, why }, ..self }
    }
}
