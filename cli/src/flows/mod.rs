//! The ceremonies of the commands: their messages, their questions, and how a pause is reported.

mod claim;
mod enrolment;
mod host;
pub(crate) mod registration;
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

/// A ceremony that commands can drive.
pub(crate) trait CliCeremony: StoredCeremony {
    /// Shows the notice to the human.
    fn show(notice: &Self::Notice, prompter: &mut Prompter<'_>) -> Result<(), Error>;

    /// Asks the human. `Break` if nobody answers.
    fn ask(prompt: &Self::Prompt, prompter: &mut Prompter<'_>) -> Result<ControlFlow<(), Self::Answer>, Error>;

    /// The thing for which the ceremony waits.
    fn awaiting(&self) -> Awaiting;

    /// The time at which the wait ends.
    fn expires_at(&self) -> Option<Timestamp>;

    /// The outcome of a pause.
    fn paused(&self, pause: &Pause<'_>) -> Outcome;

    /// A warning about the credential that the ceremony brought.
    fn warning(&self) -> Option<String> {
        None
    }

    /// Whether the human's part has begun. From then on, a command may return at any wait.
    fn is_started(&self) -> bool {
        true
    }
}

/// The circumstances of a drive that stopped before the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause<'a> {
    pub(crate) flow: &'a str,
    /// The exit code of the signal, if one came.
    pub(crate) interrupted: Option<u8>,
    /// The command was only asked to start the ceremony.
    pub(crate) no_wait: bool,
    pub(crate) is_ci: bool,
    /// The command fails instead of waiting for the owner.
    pub(crate) fails_fast: bool,
    /// A person runs the command.
    pub(crate) is_human: bool,
    /// A person was asked and said no.
    pub(crate) declined: bool,
    /// This command submitted a one-time code.
    pub(crate) handed_in: bool,
}

impl Pause<'_> {
    /// The outcome of a pause without an error. `well_started` means that the command has done everything that `--no-wait` asks for.
    fn pending(&self, well_started: bool, data: impl Into<Data>, next: Next) -> Outcome {
        Outcome::pending(self.interrupted, self.no_wait && well_started, data, next)
    }

    /// The outcome of a question that nobody has answered. `error` names the question.
    fn unanswered(&self, error: Error, data: impl Into<Data>, next: Next) -> Outcome {
        match self.interrupted {
            Some(_) => Outcome::pending(self.interrupted, false, data, next),
            None if self.declined => {
                let error = Error::Declined { flow: Some(self.flow.to_owned()) };
                Outcome::stopped(error, data, Some(self.resume(&[], "if the person changes their mind").for_owner()))
            }
            None => Outcome::stopped(error, data, Some(next)),
        }
    }

    /// The command that continues the flow.
    fn resume(&self, arguments: &[&str], when: &'static str) -> Next {
        Next::new(&[&["resume", self.flow], arguments].concat(), when)
    }
}

/// The entry of a flow in the list of pending flows.
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

/// Tells the ceremony that the answer in flight is lost, and saves it.
pub(crate) fn take_in_lost<C: Ceremony>(ceremony: &mut C, id: ExchangeId, flow: &mut FlowStore) -> Result<(), Error> {
    ceremony.handle(now(), Input::lost(id)).map_err(Error::internal)?;
    Ok(flow.save(ceremony)?)
}
