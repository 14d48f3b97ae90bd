//! The host of the everyday commands: it has a clock, waits as long as it may, and asks only whom it may. What is kept is the business of
//! the flow's store.

use std::ops::ControlFlow;
use std::time::Duration;

use enlist_blocking::{Client, DriveError, Ending, Host, drive};
use enlist_core::{Exchange, Timestamp, WaitReason};

use crate::ceremonies::Everyday;
use crate::interrupt::Interrupt;
use crate::patience::{Patience, now};
use crate::problem::Problem;
use crate::store::FlowStore;
use crate::talk::Voice;

/// The program around a ceremony while it is driven.
pub(crate) struct Keeper<'a> {
    pub(crate) patience: Patience,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) voice: Voice<'a>,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(patience: Patience, interrupt: &'a Interrupt, voice: Voice<'a>) -> Self {
        Self { patience, interrupt, voice }
    }

    /// Drives `ceremony`, which `flow` keeps.
    pub(crate) fn drive<C: Everyday>(
        &mut self,
        ceremony: &mut C,
        flow: &mut FlowStore<'_>,
        client: &Client,
        timeout: Option<Duration>,
    ) -> Result<Ending<C::Outcome>, Problem> {
        self.voice.started |= ceremony.is_started();
        let execute = |exchange: &Exchange| match timeout {
            Some(timeout) if timeout < exchange.timeout => client.execute(&with_timeout(exchange, timeout)),
            _ => client.execute(exchange),
        };
        let ending = drive(ceremony, &execute, self, flow);
        self.voice.leave_screen();
        ending.map_err(|error| match error {
            DriveError::Host(problem) => problem,
            DriveError::Store(error) => error.into(),
            DriveError::Misuse(misuse) => Problem::internal(misuse),
        })
    }
}

/// The exchange within the time that the command line allows; never longer than it takes by itself.
pub(crate) fn within(exchange: Exchange, longest: Option<Duration>) -> Exchange {
    let timeout = longest.map_or(exchange.timeout, |longest| longest.min(exchange.timeout));
    Exchange { timeout, ..exchange }
}

fn with_timeout(exchange: &Exchange, timeout: Duration) -> Exchange {
    Exchange { id: exchange.id, request: exchange.request.clone(), timeout, max_body: exchange.max_body, delivers: exchange.delivers }
}

impl<C: Everyday> Host<C> for Keeper<'_> {
    type Error = Problem;

    fn now(&mut self) -> Timestamp {
        now()
    }

    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, Problem> {
        if self.voice.output.is_unread() {
            return Ok(ControlFlow::Break(()));
        }
        let patience = if self.voice.started { self.patience } else { self.patience.for_a_start() };
        if patience.allows(until) {
            self.voice.waiting(until, why, if self.voice.started { "owner" } else { "service" })?;
        }
        Ok(patience.wait_by(until, self.interrupt, |time| self.voice.pass(time)))
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), Problem> {
        C::show(notice, &mut self.voice)
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Problem> {
        if self.interrupt.exit_code().is_some() {
            return Ok(ControlFlow::Break(()));
        }
        C::ask(prompt, &mut self.voice)
    }
}
