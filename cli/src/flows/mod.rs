//! What the commands know of each ceremony beyond driving it: its words, what it leaves behind, and how its pauses are told.

mod claim;
mod enrolment;
mod host;
mod registration;
mod rotation;
pub(crate) mod select;
pub(crate) mod session;

use std::ops::ControlFlow;

use enlist_core::{Ceremony, ExchangeId, Input, Store as _, Timestamp};

use crate::error::Error;
use crate::output::data::Data;
use crate::output::{Next, Outcome};
use crate::prompt::Prompter;
use crate::store::{AnyCeremony, Flow, FlowStore, ProfileName, Service, StoredCeremony};
use crate::view::Time;
use crate::view::flow::{Awaiting, PendingFlow};
use crate::wait_policy::now;

pub(crate) use claim::{ends_registration, may_be_lost};

/// A ceremony as the commands deal with it.
pub(crate) trait CliCeremony: StoredCeremony {
    /// Tells the human something.
    fn show(notice: &Self::Notice, prompter: &mut Prompter<'_>) -> Result<(), Error>;

    /// Asks the human; `Break` when nobody answers.
    fn ask(prompt: &Self::Prompt, prompter: &mut Prompter<'_>) -> Result<ControlFlow<(), Self::Answer>, Error>;

    /// What it waits for, in a word.
    fn awaiting(&self) -> Awaiting;

    /// When that ends.
    fn expires_at(&self) -> Option<Timestamp>;

    /// How a pause is told.
    fn paused(&self, pause: &Pause<'_>) -> Outcome;

    /// Whether the human's part has begun: from then on a command may leave at any wait.
    fn is_started(&self) -> bool {
        true
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
    fn unanswered(&self, error: Error, data: impl Into<Data>, next: Next) -> Outcome {
        match self.interrupted {
            Some(_) => Outcome::pending(self.interrupted, false, data, next),
            None if self.declined => {
                let error = Error::Declined { flow: Some(self.flow.to_owned()) };
                Outcome::stopped(error, data, Some(self.resume(&[], "when the person has thought better of it")))
            }
            None => Outcome::stopped(error, data, Some(next)),
        }
    }

    /// The command that goes on from here.
    fn resume(&self, arguments: &[&str], when: &'static str) -> Next {
        Next::new(&[&["resume", self.flow], arguments].concat(), when)
    }
}

/// The flow in a list of all that is pending.
pub(crate) fn pending(flow: &Flow, service: Service, profile: &ProfileName) -> PendingFlow {
    let (awaiting, expires_at) = match flow.ceremony() {
        AnyCeremony::Enrolment(ceremony) => awaited(ceremony),
        AnyCeremony::Claim(ceremony) => awaited(ceremony),
        AnyCeremony::BadgeRegistration(ceremony) => awaited(ceremony),
        AnyCeremony::BadgeRotation(ceremony) => awaited(ceremony),
    };
    PendingFlow { flow: flow.name().to_owned(), service, profile: profile.to_string(), awaiting, expires_at }
}

fn awaited<C: CliCeremony>(ceremony: &C) -> (Awaiting, Option<Time>) {
    (ceremony.awaiting(), ceremony.expires_at().map(Time))
}

/// Takes in that the answer in flight is lost, and saves what came of it.
pub(crate) fn take_in_lost<C: Ceremony>(ceremony: &mut C, id: ExchangeId, flow: &mut FlowStore) -> Result<(), Error> {
    ceremony.handle(now(), Input::lost(id)).map_err(Error::internal)?;
    Ok(flow.save(ceremony)?)
}
