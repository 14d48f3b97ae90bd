//! The polls of a claim: how often, until when, and what each answer leads to.

use core::time::Duration;

use alloc::sync::Arc;

use super::ClaimedToken;
use super::claim::{EnterCode, Starting, State, Terms};
use crate::call::{self, Call};
use crate::ceremony::{Step, WaitReason};
use crate::error::{Misuse, ServerError, Trouble, Violation};
use crate::exchange::ExchangeId;
use crate::failure::{Failure, SaidBy, Service};
use crate::pace::{DEFAULT_INTERVAL, Pace, Timer};
use crate::time::Timestamp;

/// How many polls without a definite answer are made at the attempt's end, and before a second start.
const MOST_UNANSWERED: u8 = 8;
/// By how much the window's date must be past before `expired_token` is about the window: clocks differ.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Polling {
    pub(crate) turn: Turn,
    pub(crate) pace: Pace,
    /// A poll's answer was lost, and no definite one has come since: the token may have been in it.
    pub(crate) doubt: bool,
    /// Polls without a definite answer that count towards giving up.
    pub(crate) unanswered: u8,
    pub(crate) goal: Goal,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Turn {
    Waiting { timer: Timer, why: WaitReason },
    InFlight { id: ExchangeId, begun_at: Timestamp },
}

/// What the polls are for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Goal {
    /// The token of this attempt.
    Token(Arc<EnterCode>),
    /// To be sure that a (second) start breaks off no approval: a definite answer is awaited first.
    /// `after_attempt` when the owner may have seen a code before.
    Start { lost: u8, after_attempt: bool },
}

/// What the answer to a poll means.
#[derive(Debug)]
pub(crate) enum Polled {
    Delivered(ClaimedToken),
    Pending {
        retry_after: Option<u64>,
    },
    SlowDown {
        retry_after: Option<u64>,
    },
    Lapsed,
    Denied(ServerError),
    /// The claim token is unknown, or was good for a token that has been delivered.
    Spent(ServerError),
    /// No definite answer.
    Unanswered {
        trouble: Trouble,
        doubt: Doubt,
    },
    Refused(ServerError),
    Broken(Violation),
}

/// Whether the token may have been in an answer that was not definite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    None,
    Lost,
    Unreadable,
}

impl Polled {
    pub(crate) const fn unanswered(trouble: Trouble, doubt: Doubt) -> Self {
        Self::Unanswered { trouble, doubt }
    }
}

impl Polling {
    pub(crate) fn before_second_start(lost: u8, trouble: Trouble, now: Timestamp) -> Self {
        let mut pace = Pace::new(DEFAULT_INTERVAL);
        pace.troubled(None);
        let turn = Turn::Waiting { timer: Timer::new(now, pace.gap()), why: WaitReason::Trouble(trouble) };
        Self { turn, pace, doubt: false, unanswered: 0, goal: Goal::Start { lost, after_attempt: false } }
    }

    pub(crate) fn before_start(self) -> Self {
        Self { unanswered: 0, goal: Goal::Start { lost: 0, after_attempt: true }, ..self }
    }

    pub(crate) fn due_again(self, now: Timestamp) -> Self {
        Self { turn: Turn::Waiting { timer: Timer::new(now, Duration::ZERO), why: WaitReason::Pending }, ..self }
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

    /// The driver looked at the clock. If that was put back, the attempt's end moves with it.
    pub(crate) fn woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        let Turn::Waiting { timer, .. } = &mut self.turn else { return Err(Misuse::NotWaiting) };
        let back = timer.woke(now);
        if let Goal::Token(notice) = &mut self.goal
            && !back.is_zero()
        {
            let notice = Arc::make_mut(notice);
            notice.expires_at = notice.expires_at.before(back);
        }
        Ok(())
    }

    /// Whether this poll was begun when the attempt was over by our clock: then it was the last.
    fn was_last(&self) -> bool {
        match (&self.goal, &self.turn) {
            (Goal::Token(notice), Turn::InFlight { begun_at, .. }) => *begun_at >= notice.expires_at,
            _ => false,
        }
    }

    pub(crate) fn on_answer(self, terms: &Terms, kept: &[ExchangeId], polled: Polled, now: Timestamp) -> State {
        let failed = |failure| State::Done(Err(failure));
        match polled {
            Polled::Delivered(token) => State::Done(Ok(token)),
            Polled::Pending { retry_after } => self.on_pending(now, |pace| pace.answered(None, retry_after)),
            Polled::SlowDown { retry_after } => self.on_pending(now, |pace| pace.slow_down(None, retry_after)),
            Polled::Unanswered { trouble, doubt } => self.on_unanswered(trouble, doubt, now),
            Polled::Lapsed if terms.window_is_over(now, CLOCK_SKEW) => failed(Failure::WindowExpired),
            Polled::Lapsed => self.on_lapsed(),
            Polled::Spent(error) => self.on_spent(error, kept, now),
            Polled::Denied(error) => failed(Failure::Denied(error)),
            // Before any start a service may refuse a poll in its own words: the start will tell.
            Polled::Refused(error) if error.status == 400 => self.or_start(Failure::Rejected(error)),
            Polled::Refused(error) => failed(Failure::Rejected(error)),
            Polled::Broken(violation) => failed(Failure::Protocol(violation)),
        }
    }

    fn on_pending(mut self, now: Timestamp, adapt: impl FnOnce(&mut Pace)) -> State {
        if self.was_last() {
            return State::Done(Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, doubt: false }));
        }
        if let Goal::Start { lost, .. } = self.goal {
            return State::Starting(Starting { call: Call::due(), lost });
        }
        adapt(&mut self.pace);
        let why = if self.pace.slowed { WaitReason::SlowedDown } else { WaitReason::Pending };
        self.doubt = false;
        self.unanswered = 0;
        State::Polling(self.wait(why, now))
    }

    fn on_unanswered(mut self, trouble: Trouble, doubt: Doubt, now: Timestamp) -> State {
        self.doubt |= doubt != Doubt::None;
        // While the attempt lives, only its end ends the polls.
        if self.was_last() || matches!(self.goal, Goal::Start { .. }) {
            self.unanswered = self.unanswered.saturating_add(1);
        }
        if self.unanswered >= MOST_UNANSWERED {
            let Failure::GaveUp { trouble, retry_at, .. } = call::give_up(trouble, now) else { return State::Polling(self) };
            return State::Done(Err(Failure::GaveUp { trouble, retry_at, doubt: self.doubt }));
        }
        let retry_after = match &trouble {
            Trouble::Server(error) => error.retry_after,
            Trouble::Transport(_) | Trouble::Unreadable(_) => None,
        };
        self.pace.troubled(retry_after);
        State::Polling(self.wait(WaitReason::Trouble(trouble), now))
    }

    fn on_lapsed(self) -> State {
        let doubt = self.doubt;
        self.or_start(Failure::AttemptExpired { said_by: SaidBy::Service, doubt })
    }

    /// `invalid_grant` proves a loss only under a doubt and while the attempt lived: afterwards it may say that the attempt
    /// lapsed. Unreadable bytes are pointed to in any case.
    fn on_spent(self, error: ServerError, kept: &[ExchangeId], now: Timestamp) -> State {
        let service = Service::OpenTrain;
        if !kept.is_empty() {
            return State::Done(Err(Failure::CredentialUnreadable { service, kept: kept.to_vec() }));
        }
        let doubt = self.doubt;
        match &self.goal {
            Goal::Token(notice) if now >= notice.expires_at => {
                State::Done(Err(Failure::AttemptExpired { said_by: SaidBy::Service, doubt }))
            }
            Goal::Token(_) | Goal::Start { after_attempt: true, .. } if doubt => State::Done(Err(Failure::CredentialLost { service })),
            Goal::Token(_) | Goal::Start { .. } => self.or_start(Failure::UnknownClaimToken(error)),
        }
    }

    /// For polls that only precede a start, what would end an attempt clears the way.
    fn or_start(self, failure: Failure) -> State {
        match self.goal {
            Goal::Start { lost, .. } => State::Starting(Starting { call: Call::due(), lost }),
            Goal::Token(_) => State::Done(Err(failure)),
        }
    }

    fn wait(self, why: WaitReason, now: Timestamp) -> Self {
        let timer = Timer::new(now, self.pace.gap());
        Self { turn: Turn::Waiting { timer, why }, ..self }
    }
}
