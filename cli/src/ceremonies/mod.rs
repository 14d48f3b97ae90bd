//! What the commands know of each ceremony beyond driving it: its words, what it leaves behind, and how its pauses are told.

mod claim;
mod enrolment;
mod registration;
mod rotation;

use std::ops::ControlFlow;

use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::{Ceremony, CeremonyKind, Failure, Input, Step, Timestamp};

use crate::identity;
use crate::output::data::Data;
use crate::output::{Next, Outcome, Output};
use crate::patience::now;
use crate::problem::Problem;
use crate::store::{Credential, Flow, ProfileName, Service, Store, StoreError};
use crate::talk::Voice;
use crate::view::Time;
use crate::view::flow::{Awaiting, PendingFlow};

pub(crate) use claim::{ends_registration, may_be_lost};

/// A ceremony as the commands deal with it.
pub(crate) trait Everyday: Ceremony {
    /// Tells the human something.
    fn show(notice: &Self::Notice, voice: &mut Voice<'_>) -> Result<(), Problem>;

    /// Asks the human; `Break` when nobody answers.
    fn ask(prompt: &Self::Prompt, voice: &mut Voice<'_>) -> Result<ControlFlow<(), Self::Answer>, Problem>;

    /// What it brought, as it is kept.
    fn credential(&self, outcome: &Self::Outcome) -> Credential;

    /// What it waits for, in a word.
    fn awaiting(&self) -> Awaiting;

    /// When that ends.
    fn expires_at(&self) -> Option<Timestamp>;

    /// How a pause is told.
    fn paused(&self, pause: &Pause<'_>) -> Outcome;

    /// The event of its success.
    const BROUGHT: &'static str;

    /// Tells what it brought.
    fn tell(credential: &Credential, output: &Output) -> Result<(), Problem> {
        identity::tell(credential, output)
    }

    /// Whether the human's part has begun: from then on a command may leave at any wait.
    fn is_started(&self) -> bool {
        true
    }

    /// Whether a failed one is kept: another attempt must know what may still come of it.
    fn outlives_failure(_failure: &Failure) -> bool {
        false
    }
}

/// Where a drive stopped short of the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause<'a> {
    pub(crate) flow: &'a str,
    /// The exit code of the signal that came.
    pub(crate) interrupted: Option<u8>,
    /// Nothing but a start was asked for.
    pub(crate) no_wait: bool,
    pub(crate) is_ci: bool,
    /// Nobody waits for the owner.
    pub(crate) fails_fast: bool,
    /// A person is there, whose turn does not end.
    pub(crate) is_human: bool,
    /// A person was asked, and said no.
    pub(crate) declined: bool,
    /// A one-time code was handed in by this command.
    pub(crate) handed_in: bool,
}

impl Pause<'_> {
    /// A pause that is told as one: not over, and nothing wrong. `well_started`: all is done that `--no-wait` asks for.
    fn pending(&self, well_started: bool, data: impl Into<Data>, next: Next) -> Outcome {
        Outcome::pending(self.interrupted, self.no_wait && well_started, data, next)
    }

    /// A question that a person must answer; `problem` says which.
    fn unanswered(&self, problem: Problem, data: impl Into<Data>, next: Next) -> Outcome {
        match self.interrupted {
            Some(_) => Outcome::pending(self.interrupted, false, data, next),
            None if self.declined => {
                let problem = Problem::Declined { flow: Some(self.flow.to_owned()) };
                Outcome::stopped(problem, data, Some(self.resume(&[], "when the person has thought better of it")))
            }
            None => Outcome::stopped(problem, data, Some(next)),
        }
    }

    /// The command that goes on from here.
    fn resume(&self, arguments: &[&str], when: &'static str) -> Next {
        Next::new(&[&["resume", self.flow], arguments].concat(), when)
    }
}

/// A saved ceremony, whichever it is.
pub(crate) enum Live {
    Enrolment(Enrolment),
    Claim(Claim),
    Registration(BadgeRegistration),
    Rotation(BadgeRotation),
}

/// How a flow ended.
pub(crate) enum End {
    Brought(Box<Credential>),
    Failed(Failure),
    /// It failed, and is kept for the attempt after it.
    FailedAndKept(Failure),
}

macro_rules! whichever {
    ($live:expr, $ceremony:ident => $then:expr) => {
        match $live {
            Live::Enrolment($ceremony) => $then,
            Live::Claim($ceremony) => $then,
            Live::Registration($ceremony) => $then,
            Live::Rotation($ceremony) => $then,
        }
    };
}

impl Live {
    /// The ceremony of `flow`, as it was saved in `store`.
    pub(crate) fn of(flow: &Flow, store: &Store) -> Result<Self, StoreError> {
        let snapshot = &flow.snapshot;
        let resumed = match snapshot.kind() {
            CeremonyKind::Enrolment => Enrolment::peek(snapshot).map(Self::Enrolment),
            CeremonyKind::Claim => Claim::peek(snapshot).map(Self::Claim),
            CeremonyKind::BadgeRegistration => BadgeRegistration::peek(snapshot).map(Self::Registration),
            CeremonyKind::BadgeRotation => BadgeRotation::peek(snapshot).map(Self::Rotation),
        };
        resumed.map_err(|error| StoreError::corrupt(&store.flow_path(&flow.name), error))
    }

    pub(crate) fn end(&self) -> Option<End> {
        whichever!(self, ceremony => end_of(ceremony))
    }

    /// Takes in the answer that was written down and not yet read, if there is one.
    pub(crate) fn settle(&mut self, flow: &mut Flow, store: &Store) -> Result<(), Problem> {
        whichever!(self, ceremony => settle(ceremony, flow, store))
    }

    /// The flow in a list of all that is pending in `profile`.
    pub(crate) fn summary(&self, flow: &Flow, profile: &ProfileName) -> PendingFlow {
        let (awaiting, expires_at) = whichever!(self, ceremony => (ceremony.awaiting(), ceremony.expires_at()));
        let (flow, profile, service) = (flow.name.clone(), profile.to_string(), self.service());
        PendingFlow { flow, service, profile, awaiting, expires_at: expires_at.map(Time) }
    }

    const fn service(&self) -> Service {
        match self {
            Self::Enrolment(_) | Self::Claim(_) => Service::Opentrain,
            Self::Registration(_) | Self::Rotation(_) => Service::Sentryagent,
        }
    }
}

fn end_of<C: Everyday>(ceremony: &C) -> Option<End> {
    let Step::Done(result) = ceremony.poll(now()) else { return None };
    Some(match result {
        Ok(outcome) => End::Brought(Box::new(ceremony.credential(&outcome))),
        Err(failure) if C::outlives_failure(&failure) => End::FailedAndKept(failure),
        Err(failure) => End::Failed(failure),
    })
}

fn settle<C: Everyday>(ceremony: &mut C, flow: &mut Flow, store: &Store) -> Result<(), Problem> {
    let Step::InFlight(id) = ceremony.poll(now()) else { return Ok(()) };
    let Some(answer) = store.answer(flow, id)? else { return Ok(()) };
    take_in(ceremony, Input::answered(id, answer), flow, store)
}

/// Takes in an answer and saves what came of it.
pub(crate) fn take_in<C: Ceremony>(ceremony: &mut C, answer: Input<C::Answer>, flow: &mut Flow, store: &Store) -> Result<(), Problem> {
    ceremony.handle(now(), answer).map_err(Problem::internal)?;
    Ok(store.save(flow, ceremony.snapshot())?)
}
