//! The anonymous registration. It delivers two secrets once, so it is a ceremony and not a plain API call.

use core::convert::Infallible;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::Registration;
use super::dialect::Dialect;
use crate::ceremony::{Ceremony, Input, Step, sealed};
use crate::error::{Misuse, Trouble};
use crate::exchange::{Exchange, ExchangeId, ExchangeLog};
use crate::failure::Failure;
use crate::http::pinned_origins::PinnedOrigins;
use crate::http::request::exchange;
use crate::http::response::ResponseClass;
use crate::machine::{self, MOVED, Machine};
use crate::retry::{Attempts, RequestKind, Verdict};
use crate::snapshot::{CeremonyKind, ResumeError, Snapshot};
use crate::types::origin::Origin;
use crate::types::secret::BadInput;
use crate::types::timestamp::Timestamp;

/// A name that people read on the claim page: not empty, and without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// Accepts `text` without the white space around it.
    ///
    /// # Errors
    /// [`BadInput`] if the text is empty or contains a control character.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let text = text.trim();
        let is_fine = !text.is_empty() && !text.contains(char::is_control);
        is_fine
            .then(|| Self(text.to_owned()))
            .ok_or(BadInput { what: "name", rule: "a text that is not empty and has no control characters" })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The registration, from its request to the two secrets.
///
/// After a lost answer, an account may exist that nobody can reach, and a repeat makes another one. So the request is repeated only if a
/// person agrees ([`EnrolmentPrompt::RegisterAgain`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Enrolment {
    pub(crate) dialect: Dialect,
    pub(crate) origins: PinnedOrigins,
    pub(crate) agent_name: Option<Label>,
    pub(crate) organization_name: Option<Label>,
    pub(crate) log: ExchangeLog,
    /// The exchanges whose unreadable 2xx may contain the two secrets.
    pub(crate) unreadable: Vec<ExchangeId>,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Registering(Attempts),
    Asking { trouble: Trouble },
    Done(Result<Registration, Failure>),
}

/// A question to the human.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EnrolmentPrompt {
    /// Asks whether to register another account. The request was sent and its answer was lost, so an account may exist that nobody can
    /// reach.
    RegisterAgain {
        /// The reason why the answer is missing.
        trouble: Trouble,
    },
}

/// The human's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnrolmentAnswer {
    /// Register another account.
    RegisterAgain,
}

impl Enrolment {
    /// Makes a registration at OpenTrain's `origin`. The human sees `agent_name` on the claim page. `organization_name` becomes the name of
    /// the new account's organization.
    #[must_use]
    pub fn new(origin: Origin, agent_name: Option<Label>, organization_name: Option<Label>) -> Self {
        Self::in_dialect(Dialect::OpenTrain, origin, agent_name, organization_name)
    }

    /// Makes a registration at a service that uses `dialect`. The service's origin is pinned: nothing is ever sent to another one.
    #[must_use]
    pub fn in_dialect(dialect: Dialect, origin: Origin, agent_name: Option<Label>, organization_name: Option<Label>) -> Self {
        Self {
            dialect,
            origins: PinnedOrigins::only(origin),
            agent_name,
            organization_name,
            log: ExchangeLog::new(),
            unreadable: Vec::new(),
            state: State::Registering(Attempts::due()),
        }
    }

    /// The name that the agent shows to its owner.
    #[must_use]
    pub fn agent_name(&self) -> Option<&Label> {
        self.agent_name.as_ref()
    }

    fn answered(&mut self, attempts: Attempts, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp) -> State {
        match attempts.settle(RequestKind::Enrolment, answer, now) {
            Verdict::Object(object) => match self.dialect.registration(&object, &self.origins) {
                Ok(registration) => State::Done(Ok(registration)),
                Err(violation) => {
                    self.unreadable.push(id);
                    State::Done(Err(Failure::Protocol(violation)))
                }
            },
            Verdict::Refused(error) => State::Done(Err(self.dialect.registration_refused(error))),
            Verdict::Lost(trouble) => State::Asking { trouble },
            Verdict::Unreadable(trouble, damaged) => {
                self.unreadable.push(id);
                match self.dialect.damaged_registration(damaged, &self.origins) {
                    Some(registration) => State::Done(Ok(registration)),
                    None => State::Asking { trouble },
                }
            }
            Verdict::Again(attempts) => State::Registering(attempts),
            Verdict::End(failure) => State::Done(Err(failure)),
        }
    }
}

impl sealed::Sealed for Enrolment {}

impl Ceremony for Enrolment {
    type Notice = Infallible;
    type Prompt = EnrolmentPrompt;
    type Answer = EnrolmentAnswer;
    type Outcome = Registration;

    const KIND: CeremonyKind = CeremonyKind::Enrolment;

    fn poll(&self, now: Timestamp) -> Step<Infallible, EnrolmentPrompt, Registration> {
        match &self.state {
            State::Registering(attempts) => attempts.step(now),
            State::Asking { trouble } => Step::Ask(EnrolmentPrompt::RegisterAgain { trouble: trouble.clone() }),
            State::Done(result) => Step::Done(result.clone()),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse> {
        machine::begin(self, now)
    }

    fn handle(&mut self, now: Timestamp, input: Input<EnrolmentAnswer>) -> Result<(), Misuse> {
        machine::handle(self, now, input)
    }

    fn snapshot(&self) -> Snapshot {
        self.to_snapshot()
    }

    fn peek(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        Self::from_snapshot(snapshot)
    }
}

impl Machine for Enrolment {
    fn log(&mut self) -> &mut ExchangeLog {
        &mut self.log
    }

    fn in_flight(&self) -> Option<ExchangeId> {
        match &self.state {
            State::Registering(attempts) => attempts.in_flight(),
            State::Asking { .. } | State::Done(_) => None,
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    fn send(&mut self, id: ExchangeId, _now: Timestamp) -> Option<Exchange> {
        let State::Registering(attempts) = &mut self.state else { return None };
        attempts.send(id);
        let request = self.dialect.register(self.origins.service(), self.agent_name.as_ref(), self.organization_name.as_ref());
        Some(exchange(id, request, true))
    }

    fn success_member(&self) -> &'static str {
        self.dialect.delivery_member()
    }

    fn on_response(&mut self, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp) {
        self.state = match core::mem::replace(&mut self.state, State::Done(Err(MOVED))) {
            State::Registering(attempts) => self.answered(attempts, id, answer, now),
            state => state,
        };
    }

    fn on_human(&mut self, answer: EnrolmentAnswer, _now: Timestamp) -> Result<(), Misuse> {
        let (State::Asking { .. }, EnrolmentAnswer::RegisterAgain) = (&self.state, answer) else { return Err(Misuse::NotAsked) };
        self.state = State::Registering(Attempts::due());
        Ok(())
    }

    fn on_woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        let State::Registering(attempts) = &mut self.state else { return Err(Misuse::NotWaiting) };
        attempts.woke(now)
    }
}
