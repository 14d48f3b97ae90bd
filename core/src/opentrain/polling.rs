//! The polls of a claim: how often, until when, and what each answer leads to.

use core::time::Duration;

use super::ClaimedToken;
use super::claim::{Memory, Starting, State, Terms};
use crate::call::{self, Call};
use crate::ceremony::{Step, WaitReason};
use crate::error::{Misuse, ServerError, Trouble, Violation};
use crate::exchange::ExchangeId;
use crate::failure::{Failure, SaidBy, Service};
use crate::pace::{Pace, Timer};
use crate::time::Timestamp;

/// How many polls without a definite answer are made at the attempt's end, and before a second start.
const MOST_UNANSWERED: u8 = 8;
/// By how much the window's date must be past before `expired_token` is about the window: clocks differ.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Polling {
    pub(crate) turn: Turn,
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// The token of this attempt.
    Token,
    /// To be sure that a start breaks off no approval: a definite answer is awaited first. So many starts were lost before.
    Start { lost: u8 },
}

/// What the answer to a poll means.
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
    /// The notice was shown: the first poll is due one interval after `since`, the receipt of the start's answer.
    pub(crate) fn first(pace: &Pace, since: Timestamp) -> Self {
        let turn = Turn::Waiting { timer: Timer::new(since, pace.gap()), why: WaitReason::Pending };
        Self { turn, unanswered: 0, goal: Goal::Token }
    }

    pub(crate) fn before_second_start(lost: u8, trouble: Trouble, memory: &mut Memory, now: Timestamp) -> Self {
        memory.pace.troubled(trouble.retry_after());
        let turn = Turn::Waiting { timer: Timer::new(now, memory.pace.gap()), why: WaitReason::Trouble(trouble) };
        Self { turn, unanswered: 0, goal: Goal::Start { lost } }
    }

    pub(crate) fn before_start(self) -> Self {
        Self { unanswered: 0, goal: Goal::Start { lost: 0 }, ..self }
    }

    /// Nothing was sent: the wait before this poll is over, and stays over as long as the clock is not put back behind its end.
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

    /// The driver looked at the clock.
    pub(crate) fn woke(&mut self, memory: &mut Memory, now: Timestamp) -> Result<(), Misuse> {
        let Turn::Waiting { timer, .. } = &mut self.turn else { return Err(Misuse::NotWaiting) };
        memory.clock_put_back(timer.woke(now));
        Ok(())
    }

    /// Looks at the clock when a poll is begun, and when its answer has come. If it was put back since this turn began, the turn
    /// began just now by what it says; gives the length of the jump as far as it shows.
    pub(crate) fn clock_put_back(&mut self, now: Timestamp) -> Duration {
        let began = match &mut self.turn {
            Turn::InFlight { begun_at, .. } => begun_at,
            Turn::Waiting { timer, .. } => &mut timer.anchor,
        };
        let back = began.since(now);
        *began = now.min(*began);
        back
    }

    /// Whether this poll was begun when the attempt was over by our clock: then it was the last.
    fn was_last(&self, memory: &Memory) -> bool {
        match (self.goal, &self.turn) {
            (Goal::Token, Turn::InFlight { begun_at, .. }) => memory.is_over(*begun_at) == Some(true),
            _ => false,
        }
    }

    pub(crate) fn on_answer(self, terms: &Terms, memory: &mut Memory, polled: Polled, now: Timestamp) -> State {
        let failed = |failure| State::Done(Err(failure));
        let doubt = memory.doubt;
        match polled {
            Polled::Delivered(token) => State::Done(Ok(token)),
            Polled::Pending { interval, retry_after } => self.on_pending(memory, now, |pace| pace.answered(interval, retry_after)),
            Polled::SlowDown { interval, retry_after } => self.on_pending(memory, now, |pace| pace.slow_down(interval, retry_after)),
            Polled::Unanswered { trouble, .. } => self.on_unanswered(memory, trouble, now),
            Polled::Lapsed if terms.window_is_over(now, CLOCK_SKEW) => failed(Failure::WindowExpired),
            Polled::Lapsed => self.or_start(Failure::AttemptExpired { said_by: SaidBy::Service, doubt }),
            Polled::Spent(error) => self.on_spent(error, memory, now),
            Polled::Denied(error) => failed(Failure::Denied(error)),
            // Before any start a service may refuse a poll in its own words: the start will tell.
            Polled::Refused(error) if error.status == 400 => self.or_start(Failure::Rejected(error)),
            Polled::Refused(error) => failed(Failure::Rejected(error)),
            Polled::Broken(violation) => failed(Failure::Protocol(violation)),
        }
    }

    fn on_pending(mut self, memory: &mut Memory, now: Timestamp, adapt: impl FnOnce(&mut Pace)) -> State {
        // Before the end is looked at: another attempt's first poll goes by this pace.
        adapt(&mut memory.pace);
        if self.was_last(memory) {
            return State::Done(Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, doubt: false }));
        }
        if let Goal::Start { lost } = self.goal {
            return State::Starting(Starting { call: Call::due(), lost });
        }
        let why = if memory.pace.slowed { WaitReason::SlowedDown } else { WaitReason::Pending };
        self.unanswered = 0;
        State::Polling(self.wait(memory, why, now))
    }

    fn on_unanswered(mut self, memory: &mut Memory, trouble: Trouble, now: Timestamp) -> State {
        // While the attempt lives, only its end ends the polls.
        if self.was_last(memory) || self.goal != Goal::Token {
            self.unanswered = self.unanswered.saturating_add(1);
        }
        // Before it is given up: another attempt's first poll goes by this pace.
        memory.pace.troubled(trouble.retry_after());
        if self.unanswered >= MOST_UNANSWERED {
            return State::Done(Err(call::give_up(trouble, memory.doubt, now)));
        }
        State::Polling(self.wait(memory, WaitReason::Trouble(trouble), now))
    }

    /// `invalid_grant` proves a loss only under a doubt, and while an attempt lived whose code the owner may have seen:
    /// afterwards it may say that the attempt lapsed. Unreadable bytes are pointed to in any case.
    fn on_spent(self, error: ServerError, memory: &Memory, now: Timestamp) -> State {
        let service = Service::OpenTrain;
        if !memory.kept.is_empty() {
            return State::Done(Err(Failure::CredentialUnreadable { service, kept: memory.kept.clone() }));
        }
        match memory.is_over(now) {
            Some(true) => self.or_start(Failure::AttemptExpired { said_by: SaidBy::Service, doubt: memory.doubt }),
            Some(false) if memory.doubt => State::Done(Err(Failure::CredentialLost { service })),
            _ => self.or_start(Failure::UnknownClaimToken(error)),
        }
    }

    /// For polls that only precede a start, what would end an attempt clears the way.
    fn or_start(self, failure: Failure) -> State {
        match self.goal {
            Goal::Start { lost } => State::Starting(Starting { call: Call::due(), lost }),
            Goal::Token => State::Done(Err(failure)),
        }
    }

    fn wait(self, memory: &Memory, why: WaitReason, now: Timestamp) -> Self {
        let timer = Timer::new(now, memory.pace.gap());
        Self { turn: Turn::Waiting { timer, why }, ..self }
    }
}
