//! Keeps one flow on disk while its ceremony is driven.

use enlist_core::{Ceremony, Delivery, Exchange, ExchangeId, ExchangeResult, Snapshot, Store, TransportFailure};

use crate::journal::Nonce;
use crate::{FlowRecord, Intent, Session, StoreError};

/// The [`Store`] of one flow: hand it to a driver together with the flow's ceremony. It holds its session, so it can move to another
/// thread or task.
#[derive(Debug)]
pub struct FlowStore {
    session: Session,
    flow: FlowRecord,
    /// A request may have left this machine.
    sent: bool,
    /// An answer has come, in this process or before it.
    answered: bool,
    /// The snapshot to roll back to if no request since then left this machine.
    unsent: Option<Snapshot>,
}

impl Session {
    /// Makes a flow of a new ceremony. The flow is on disk then, and room is reserved for its answers and its credential, so that a full
    /// disk is noticed before anything is sent.
    ///
    /// # Errors
    /// [`StoreError`]. Nothing of the flow is left then.
    pub fn begin<C: Ceremony>(&self, ceremony: &C) -> Result<FlowStore, StoreError> {
        self.begin_with(ceremony, Intent::default())
    }

    /// Makes a flow of a new ceremony as [`begin`](Self::begin) does, and keeps what the caller wants with it.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn begin_with<C: Ceremony>(&self, ceremony: &C, intent: Intent) -> Result<FlowStore, StoreError> {
        let flow = FlowRecord::new(ceremony, intent)?;
        let begun = self.save(&flow).and_then(|()| self.reserve(&flow));
        begun.inspect_err(|_| {
            let _ = self.remove_flow(flow.name());
        })?;
        Ok(FlowStore::begun(self.clone(), flow))
    }

    /// Goes on with a flow that is on disk; [`Flow::into_parts`](crate::Flow::into_parts) gives its record and its ceremony.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn resume(&self, flow: FlowRecord) -> Result<FlowStore, StoreError> {
        self.settle_journal(&flow)?;
        self.reserve(&flow)?;
        Ok(FlowStore::resumed(self.clone(), flow))
    }
}

impl FlowStore {
    fn begun(session: Session, flow: FlowRecord) -> Self {
        Self { session, flow, sent: false, answered: false, unsent: None }
    }

    /// What earlier processes reached with the flow stays, whatever happens now.
    fn resumed(session: Session, flow: FlowRecord) -> Self {
        Self { session, flow, sent: true, answered: true, unsent: None }
    }

    /// The flow as it is on disk.
    #[must_use]
    pub fn flow(&self) -> &FlowRecord {
        &self.flow
    }

    /// The session that the flow belongs to.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Removes the flow again if no request of it can have left this machine, because then nothing came of it. For a drive that ended
    /// with an error.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn remove_if_unsent(&self) -> Result<(), StoreError> {
        if self.sent { Ok(()) } else { self.session.remove_flow(self.flow.name()) }
    }

    /// Puts the flow back to where it was before its last requests if surely none of them was sent, and returns the snapshot. `None`,
    /// and nothing is changed, when one may have been sent, and when no answer had come before them that would be worth keeping.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn roll_back(&mut self) -> Result<Option<Snapshot>, StoreError> {
        let Some(snapshot) = self.unsent.clone().filter(|_| self.answered) else { return Ok(None) };
        self.write(snapshot.clone(), None)?;
        Ok(Some(snapshot))
    }

    fn write(&mut self, snapshot: Snapshot, nonce: Option<Nonce>) -> Result<(), StoreError> {
        let flow = FlowRecord { snapshot, nonce, ..self.flow.clone() };
        self.session.save(&flow)?;
        self.flow = flow;
        Ok(())
    }
}

impl Store for FlowStore {
    type Error = StoreError;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), StoreError> {
        let nonce = if exchange.delivers { Some(Nonce::random()?) } else { None };
        if exchange.delivers {
            self.session.store().journal_of(self.flow.name()).reserve(exchange.max_body)?;
        }
        let before = self.flow.snapshot().clone();
        self.write(ceremony.snapshot(), nonce).inspect_err(|_| {
            // The file may have been replaced before the failure, and would say that a request was sent.
            let _ = self.session.save(&self.flow);
        })?;
        self.unsent.get_or_insert(before);
        self.sent = true;
        Ok(())
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), StoreError> {
        if !matches!(answer, Err(TransportFailure { delivery: Delivery::NotSent, .. })) {
            self.unsent = None;
        }
        self.answered |= answer.is_ok();
        match self.flow.nonce.filter(|_| exchange.delivers) {
            Some(nonce) => self.session.store().journal_of(self.flow.name()).write(exchange.id, &nonce, answer),
            None => Ok(()),
        }
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, StoreError> {
        self.session.store().answer(&self.flow, id)
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), StoreError> {
        let snapshot = ceremony.snapshot();
        if *self.flow.snapshot() != snapshot {
            // The answer of an exchange in flight is still to come.
            let nonce = self.flow.nonce.filter(|_| snapshot.in_flight() == self.flow.snapshot().in_flight());
            self.write(snapshot, nonce)?;
        }
        self.session.settle_journal(&self.flow)
    }
}
