//! The host of the everyday commands: it keeps everything, and asks only whom it may.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::Duration;

use enlist_blocking::{Client, DriveError, Ending, Host, drive};
use enlist_core::{Ceremony, Delivery, Exchange, ExchangeId, ExchangeResult, Failure, Snapshot, Timestamp, TransportFailure, WaitReason};
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
            Ok(()) => {
                let cell = RefCell::new(&mut *self);
                drive(ceremony, &execute, &mut KeeperHost(&cell), &mut KeeperStore(&cell))
            }
            Err(problem) => Err(DriveError::Store(problem)),
        };
        self.voice.leave_screen();
        match ending {
            Ok(Ending::Finished(result)) => Ok(Driven::Finished(result)),
            Ok(Ending::Paused) => {
                self.keep(&ceremony.snapshot())?;
                Ok(Driven::Paused)
            }
            Err(DriveError::Host(problem) | DriveError::Store(problem)) => {
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
            self.voice.output.event("flow_started", &json!({ "ceremony": snapshot.kind().as_str() }))?;
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

/// The keeper as a drive's host. Host and store are one keeper, and never asked at the same time.
struct KeeperHost<'k, 'a>(&'k RefCell<&'k mut Keeper<'a>>);

impl<C: Everyday> Host<C> for KeeperHost<'_, '_> {
    type Error = Problem;

    fn now(&mut self) -> Timestamp {
        now()
    }

    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, Problem> {
        let mut keeper = self.0.borrow_mut();
        if keeper.voice.output.is_unread() {
            return Ok(ControlFlow::Break(()));
        }
        let patience = if keeper.voice.started { keeper.patience } else { keeper.patience.for_a_start() };
        if patience.allows(until) {
            let whom = if keeper.voice.started { "owner" } else { "service" };
            keeper.voice.waiting(until, why, whom)?;
        }
        let interrupt = keeper.interrupt;
        Ok(patience.wait_by(until, interrupt, |time| keeper.voice.pass(time)))
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), Problem> {
        C::show(notice, &mut self.0.borrow_mut().voice)
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Problem> {
        let mut keeper = self.0.borrow_mut();
        if keeper.interrupt.exit_code().is_some() {
            return Ok(ControlFlow::Break(()));
        }
        C::ask(prompt, &mut keeper.voice)
    }
}

/// The keeper as a drive's store.
struct KeeperStore<'k, 'a>(&'k RefCell<&'k mut Keeper<'a>>);

impl enlist_core::Store for KeeperStore<'_, '_> {
    type Error = Problem;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), Problem> {
        let keeper = &mut **self.0.borrow_mut();
        if keeper.unsent.is_none() {
            keeper.unsent.clone_from(&keeper.saved);
        }
        let snapshot = ceremony.snapshot();
        keeper.store.prepare(&mut keeper.flow, snapshot.clone(), exchange)?;
        keeper.saved = Some(snapshot);
        keeper.sent = true;
        Ok(())
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), Problem> {
        let keeper = &mut **self.0.borrow_mut();
        keeper.store.write_answer(&keeper.flow, exchange, answer)?;
        if !matches!(answer, Err(TransportFailure { delivery: Delivery::NotSent, .. })) {
            keeper.unsent = None;
        }
        keeper.answered |= answer.is_ok();
        Ok(())
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, Problem> {
        let keeper = self.0.borrow();
        Ok(keeper.store.answer(&keeper.flow, id)?)
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), Problem> {
        self.0.borrow_mut().keep(&ceremony.snapshot())
    }
}
