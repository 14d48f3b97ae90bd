//! The part that the machines of all ceremonies share: they number exchanges, check that an answer is awaited, wipe what was read, and
//! ignore every input once they are done.

use crate::ceremony::{Ceremony, Input, Step};
use crate::error::Misuse;
use crate::exchange::{Exchange, ExchangeId, ExchangeLog};
use crate::failure::Failure;
use crate::http::response::{ResponseClass, wipe};
use crate::pace::WaitReason;
use crate::retry::{Attempts, Phase};
use crate::types::timestamp::Timestamp;

impl Attempts {
    /// The step of a ceremony that needs this request next.
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
}

/// A placeholder in a machine's state while a transition consumes the state itself. It is never visible, because the transition sets
/// another state before it returns.
pub(crate) const MOVED: Failure = Failure::WindowExpired;

/// A ceremony's own part of a machine.
pub(crate) trait Machine: Ceremony {
    /// The machine's record of its exchanges.
    fn log(&mut self) -> &mut ExchangeLog;

    /// The exchange whose answer is awaited.
    fn in_flight(&self) -> Option<ExchangeId>;

    /// Whether the ceremony has come to its end.
    fn is_done(&self) -> bool;

    /// Marks the request as in flight and builds it. It is called when `poll` says [`Step::Send`]; `None` leaves the state unchanged.
    fn send(&mut self, id: ExchangeId, now: Timestamp) -> Option<Exchange>;

    /// The member whose presence makes the awaited answer a success, whatever else is in it.
    fn success_member(&self) -> &'static str;

    /// Takes in the answer that was awaited.
    fn on_response(&mut self, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp);

    /// Takes in a human's answer.
    fn on_human(&mut self, answer: Self::Answer, now: Timestamp) -> Result<(), Misuse>;

    /// Takes in that the notice was shown.
    fn on_notified(&mut self) -> Result<(), Misuse> {
        Err(Misuse::NothingToShow)
    }

    /// Takes in that the driver read the clock.
    fn on_woke(&mut self, now: Timestamp) -> Result<(), Misuse>;
}

/// Implements [`Ceremony::begin`] for every machine.
pub(crate) fn begin<M: Machine>(machine: &mut M, now: Timestamp) -> Result<Exchange, Misuse> {
    if !matches!(machine.poll(now), Step::Send) {
        return Err(Misuse::NothingToSend);
    }
    let id = machine.log().last_id.saturating_add(1);
    let exchange = machine.send(ExchangeId(id), now).ok_or(Misuse::NothingToSend)?;
    *machine.log() = ExchangeLog { last_id: id, seen: now };
    Ok(exchange)
}

/// Implements [`Ceremony::handle`] for every machine.
pub(crate) fn handle<M: Machine>(machine: &mut M, now: Timestamp, input: Input<M::Answer>) -> Result<(), Misuse> {
    if machine.is_done() {
        return Ok(());
    }
    let (id, result) = match input {
        Input::Response { id, response } => (id, Ok(response)),
        Input::Failed { id, failure } => (id, Err(failure)),
        Input::Answer(answer) => {
            machine.on_human(answer, now)?;
            machine.log().seen = now;
            return Ok(());
        }
        Input::Notified => return machine.on_notified(),
        Input::Woke => return machine.on_woke(now),
    };
    if machine.in_flight() != Some(id) {
        return Err(Misuse::NotInFlight(id));
    }
    let answer = ResponseClass::read(&result, now, machine.success_member());
    machine.on_response(id, answer, now);
    machine.log().seen = now;
    wipe(result);
    Ok(())
}
