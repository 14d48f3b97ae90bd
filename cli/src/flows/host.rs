//! The host of the commands: it has a clock, waits as long as the wait policy allows, and asks the human.

use std::ops::ControlFlow;

use enlist_blocking::{DriveError, Ending, Host, drive};
use enlist_core::{Timestamp, WaitReason};

use crate::error::Error;
use crate::flows::CliCeremony;
use crate::interrupt::Interrupt;
use crate::network::Client;
use crate::prompt::Prompter;
use crate::store::FlowStore;
use crate::wait_policy::{WaitPolicy, now};

/// The program around a ceremony while it is driven.
pub(crate) struct CliHost<'a> {
    pub(crate) wait_policy: WaitPolicy,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) prompter: Prompter<'a>,
}

impl<'a> CliHost<'a> {
    pub(crate) fn new(wait_policy: WaitPolicy, interrupt: &'a Interrupt, prompter: Prompter<'a>) -> Self {
        Self { wait_policy, interrupt, prompter }
    }

    /// Drives `ceremony`, which `flow` keeps.
    pub(crate) fn drive<C: CliCeremony>(
        &mut self,
        ceremony: &mut C,
        flow: &mut FlowStore,
        client: &Client,
    ) -> Result<Ending<C::Outcome>, Error> {
        self.prompter.started |= ceremony.is_started();
        let ending = drive(ceremony, client, self, flow);
        self.prompter.leave_screen();
        ending.map_err(|error| match error {
            DriveError::Host(error) => error,
            DriveError::Store(error) => error.into(),
            DriveError::Misuse(misuse) => Error::internal(misuse),
        })
    }
}

impl<C: CliCeremony> Host<C> for CliHost<'_> {
    type Error = Error;

    fn now(&mut self) -> Timestamp {
        now()
    }

    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, Error> {
        if self.prompter.output.is_unread() {
            return Ok(ControlFlow::Break(()));
        }
        let wait_policy = if self.prompter.started { self.wait_policy } else { self.wait_policy.for_a_start() };
        if wait_policy.allows(until) {
            self.prompter.waiting(until, why)?;
        }
        Ok(wait_policy.wait_by(until, self.interrupt, |time| self.prompter.pass(time)))
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), Error> {
        C::show(notice, &mut self.prompter)
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Error> {
        if self.interrupt.exit_code().is_some() {
            return Ok(ControlFlow::Break(()));
        }
        C::ask(prompt, &mut self.prompter)
    }
}
