//! The host of the everyday commands: it keeps everything, and asks only whom it may.

use std::ops::ControlFlow;
use std::time::Duration;

use enlist_blocking::{Client, DriveError, Ending, Host, drive};
use enlist_core::{Delivery, Exchange, ExchangeId, Failure, Input, Snapshot, Timestamp, TransportFailure, WaitReason};
use http::Response;
use serde_json::json;

use crate::ceremonies::Everyday;
use crate::interrupt::Interrupt;
use crate::patience::{Patience, now};
use crate::problem::Problem;
use crate::store::{Flow, Store};
use crate::talk::Voice;

/// Keeps one flow while it is driven.
pub(crate) struct Keeper<'a> {
    pub(crate) store: &'a Store,
    pub(crate) flow: Flow,
    pub(crate) patience: Patience,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) voice: Voice<'a>,
    /// The snapshot that is on disk.
    saved: Option<Snapshot>,
    /// A request may have left.
    sent: bool,
    /// How it was before the requests of which surely none was sent, if those are the last ones.
    unsent: Option<Snapshot>,
    /// An answer has come, in this command or before it.
    answered: bool,
}

/// How far a drive came.
pub(crate) enum Driven<O> {
    Finished(Result<O, Failure>),
    /// At a wait, or at a question that nobody answers now; the flow is saved.
    Paused,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(store: &'a Store, flow: Flow, patience: Patience, interrupt: &'a Interrupt, voice: Voice<'a>) -> Self {
        voice.output.is_in(&flow.name);
        Self { store, flow, patience, interrupt, voice, saved: None, sent: false, unsent: None, answered: false }
    }

    /// A flow that is on disk already.
    pub(crate) fn resumed(self) -> Self {
        // What was there before this command stays, whatever happens.
        Self { saved: Some(self.flow.snapshot.clone()), sent: true, answered: true, ..self }
    }

    /// Drives `ceremony`, whose flow this keeps.
    pub(crate) fn drive<C: Everyday>(
        &mut self,
        ceremony: &mut C,
        client: &Client,
        timeout: Option<Duration>,
    ) -> Result<Driven<C::Outcome>, Problem> {
        self.voice.started |= ceremony.is_started();
        let execute = |exchange: &Exchange| match timeout {
            Some(timeout) if timeout < exchange.timeout => client.execute(&with_timeout(exchange, timeout)),
            _ => client.execute(exchange),
        };
        let ending = match self.prove_writable(&ceremony.snapshot()) {
            Ok(()) => drive(ceremony, execute, self),
            Err(problem) => Err(DriveError::Host(problem)),
        };
        self.voice.leave_screen();
        match ending {
            Ok(Ending::Finished(result)) => Ok(Driven::Finished(result)),
            Ok(Ending::Paused) => {
                self.keep(&ceremony.snapshot())?;
                Ok(Driven::Paused)
            }
            Err(DriveError::Host(problem)) => {
                if !self.sent {
                    // Nothing came of it, so nothing of it stays. That it cannot be removed matters as little.
                    let _ = self.store.remove_flow(&self.flow.name);
                }
                Err(problem)
            }
            Err(DriveError::Misuse(misuse)) => Err(Problem::internal(misuse)),
        }
    }

    /// The flow as if its last requests had not been tried: none of them was sent. `None` when one may have been, and when nothing was
    /// reached before them that would be worth keeping.
    pub(crate) fn untried(&self) -> Option<Flow> {
        let snapshot = self.unsent.clone().filter(|_| self.answered)?;
        let mut flow = self.flow.clone();
        flow.snapshot = snapshot;
        Some(flow)
    }

    /// Before the first request, also one that delivers nothing: an SMS or an owner's code is no use to a full disk.
    fn prove_writable(&mut self, snapshot: &Snapshot) -> Result<(), Problem> {
        let is_new = self.saved.is_none();
        self.keep(snapshot)?;
        self.store.reserve(&self.flow.name)?;
        if is_new {
            self.voice.output.event("flow_started", &json!({ "ceremony": snapshot.ceremony() }))?;
        }
        Ok(())
    }

    /// Saves a snapshot, unless it is the one that was saved last.
    fn keep(&mut self, snapshot: &Snapshot) -> Result<(), Problem> {
        if self.saved.as_ref() != Some(snapshot) {
            self.store.save(&mut self.flow, snapshot.clone())?;
            self.saved = Some(snapshot.clone());
        }
        Ok(())
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

    fn prepare(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> Result<(), Problem> {
        if self.unsent.is_none() {
            self.unsent.clone_from(&self.saved);
        }
        self.store.prepare(&mut self.flow, snapshot.clone(), exchange)?;
        self.saved = Some(snapshot.clone());
        self.sent = true;
        Ok(())
    }

    fn journal(&mut self, exchange: &Exchange, answer: &Result<Response<Vec<u8>>, TransportFailure>) -> Result<(), Problem> {
        self.store.write_answer(&self.flow, exchange, answer)?;
        if !matches!(answer, Err(TransportFailure { delivery: Delivery::NotSent, .. })) {
            self.unsent = None;
        }
        self.answered |= answer.is_ok();
        Ok(())
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<Input<C::Answer>>, Problem> {
        Ok(self.store.answer(&self.flow, id)?.map(|answer| Input::answered(id, answer)))
    }

    fn save(&mut self, snapshot: &Snapshot) -> Result<(), Problem> {
        self.keep(snapshot)
    }
}
