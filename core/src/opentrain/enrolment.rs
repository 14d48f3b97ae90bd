//! The anonymous registration. It delivers two secrets once, so it is a ceremony and no plain call.

use core::convert::Infallible;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Registration, wire};
use crate::call::{Call, Next};
use crate::ceremony::{Ceremony, Input, Step, sealed};
use crate::error::{Misuse, Trouble};
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::Failure;
use crate::origin::Origin;
use crate::secret::BadInput;
use crate::snapshot::{ResumeError, Snapshot};
use crate::time::Timestamp;
use crate::wire as http_wire;
use crate::wire::request::exchange;

/// A name that people will read on the claim page: not empty, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// Takes `text` without the white space around it.
    ///
    /// # Errors
    /// [`BadInput`] when nothing is left, or a control character is in it.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let text = text.trim();
        let is_fine = !text.is_empty() && !text.contains(char::is_control);
        is_fine.then(|| Self(text.to_owned())).ok_or(BadInput { what: "name", rule: "not empty, and without control characters" })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The registration, from its request to the two secrets.
///
/// A lost answer leaves an account that nobody can reach, and asking again makes another one: that is done on a person's
/// word only ([`Prompt::RegisterAgain`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Enrolment {
    pub(crate) origin: Origin,
    pub(crate) agent_name: Option<Label>,
    pub(crate) organization_name: Option<Label>,
    pub(crate) last_id: u64,
    pub(crate) seen: Timestamp,
    pub(crate) kept: Vec<ExchangeId>,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Registering(Call),
    Asking { trouble: Trouble },
    Done(Result<Registration, Failure>),
}

/// What the human is asked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Prompt {
    /// The request was sent and its answer lost: an account may exist that nobody can reach. Register another one?
    RegisterAgain {
        /// What became of the answer.
        trouble: Trouble,
    },
}

/// The human's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Yes, register another account.
    RegisterAgain,
}

impl Enrolment {
    /// A registration at `origin`. `agent_name` is shown to the human on the claim page; `organization_name` goes to the
    /// new account.
    #[must_use]
    pub fn new(origin: Origin, agent_name: Option<Label>, organization_name: Option<Label>) -> Self {
        let state = State::Registering(Call::due());
        Self { origin, agent_name, organization_name, last_id: 0, seen: Timestamp::from_unix_ms(0), kept: Vec::new(), state }
    }

    /// How the agent calls itself before its owner.
    #[must_use]
    pub fn agent_name(&self) -> Option<&Label> {
        self.agent_name.as_ref()
    }

    fn on_answer(&self, call: Call, id: ExchangeId, answer: http_wire::Answer<'_>, now: Timestamp) -> (State, Option<ExchangeId>) {
        match call.settle(answer, now) {
            Next::Object(object) => match wire::registration(&object, &self.origin) {
                Ok(registration) => (State::Done(Ok(registration)), None),
                Err(violation) => (State::Done(Err(Failure::Protocol(violation))), Some(id)),
            },
            Next::Refused(error) => (State::Done(Err(wire::register_refused(error))), None),
            Next::Lost(trouble) => (State::Asking { trouble }, None),
            Next::Unreadable(trouble) => (State::Asking { trouble }, Some(id)),
            Next::Again(call) => (State::Registering(call), None),
            Next::End(failure) => (State::Done(Err(failure)), None),
        }
    }
}

impl sealed::Sealed for Enrolment {}

impl Ceremony for Enrolment {
    type Notice = Infallible;
    type Prompt = Prompt;
    type Answer = Answer;
    type Outcome = Registration;

    const NAME: &'static str = "opentrain.enrolment";

    fn poll(&self, now: Timestamp) -> Step<Infallible, Prompt, Registration> {
        match &self.state {
            State::Registering(call) => call.step(now),
            State::Asking { trouble } => Step::Ask(Prompt::RegisterAgain { trouble: trouble.clone() }),
            State::Done(result) => Step::Done(result.clone()),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse> {
        let (State::Registering(call), Step::Send) = (&self.state, self.poll(now)) else {
            return Err(Misuse::NothingToSend);
        };
        self.last_id = self.last_id.saturating_add(1);
        let id = ExchangeId(self.last_id);
        self.seen = now;
        self.state = State::Registering(call.clone().sent(id));
        let request = wire::register(&self.origin, self.agent_name.as_ref(), self.organization_name.as_ref());
        Ok(exchange(id, request, true))
    }

    fn handle(&mut self, now: Timestamp, input: Input<Answer>) -> Result<(), Misuse> {
        if matches!(self.state, State::Done(_)) {
            return Ok(());
        }
        let (id, result) = match input {
            Input::Response { id, response } => (id, Ok(response)),
            Input::Failed { id, failure } => (id, Err(failure)),
            Input::Answer(Answer::RegisterAgain) => {
                let State::Asking { .. } = self.state else { return Err(Misuse::NotAsked) };
                self.seen = now;
                self.state = State::Registering(Call::due());
                return Ok(());
            }
            Input::Notified => return Err(Misuse::NothingToShow),
            Input::Woke => {
                let State::Registering(call) = &mut self.state else { return Err(Misuse::NotWaiting) };
                return call.woke(now);
            }
        };
        let State::Registering(call) = &self.state else { return Err(Misuse::NotInFlight(id)) };
        if call.in_flight() != Some(id) {
            return Err(Misuse::NotInFlight(id));
        }
        let answer = http_wire::Answer::read(&result, now, wire::DELIVERY);
        let (state, kept) = self.on_answer(call.clone(), id, answer, now);
        self.seen = now;
        self.state = state;
        self.kept.extend(kept);
        http_wire::wipe(result);
        Ok(())
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::of_enrolment(self)
    }

    fn resume(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        snapshot.to_enrolment()
    }
}
