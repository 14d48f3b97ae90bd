//! Keeps one flow on disk while its ceremony is driven.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use enlist_core::{Ceremony, Delivery, Exchange, ExchangeId, ExchangeResult, Snapshot, Store, TransportFailure};

use crate::journal::{Journal, Nonce};
use crate::{FlowRecord, Intent, Session, StoreError, files};

/// The pause before the places for an answer are tried again.
const RETRY: Duration = Duration::from_millis(250);

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
    /// The journal of the delivering exchange in flight. It stays open until the answer is in it.
    room: Option<File>,
    /// Where the last answer is that could not be written into the journal.
    unwritten: Option<Unwritten>,
}

/// The fate of an answer that could not be written into the journal.
#[derive(Debug)]
enum Unwritten {
    /// It is in a second place.
    Rescued(PathBuf),
    /// It is in memory only.
    Nowhere,
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
        Self { session, flow, sent: false, answered: false, unsent: None, room: None, unwritten: None }
    }

    /// The progress of earlier processes stays, whatever happens now.
    fn resumed(session: Session, flow: FlowRecord) -> Self {
        Self { session, flow, sent: true, answered: true, unsent: None, room: None, unwritten: None }
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

    fn journal_file(&self) -> Journal {
        self.session.store().journal_of(self.flow.name())
    }

    /// Writes the record of an answer into the journal, or else into a second place. Both are tried until one takes it or the patience is
    /// over, because an answer that came once exists nowhere else.
    fn write_down(&mut self, id: ExchangeId, record: &[u8], room: Option<File>) -> Result<(), StoreError> {
        let (journal, store) = (self.journal_file(), self.session.store());
        let (mut room, end) = (room, Instant::now() + store.rescue.patience);
        loop {
            let reserved = room.take().map_or_else(|| journal.reserve(0), Ok);
            let Err(error) = reserved.and_then(|room| journal.write(&room, record)) else { return Ok(()) };
            if let Some(path) = store.rescue.keep(self.flow.name(), id, record, &store.folder) {
                self.unwritten = Some(Unwritten::Rescued(path));
                return Ok(());
            }
            if Instant::now() >= end {
                self.unwritten = Some(Unwritten::Nowhere);
                return Err(error);
            }
            thread::sleep(RETRY.min(store.rescue.patience));
        }
    }

    /// Removes a record from its second place, because the flow holds what was in it. An answer that could not be read goes back into the
    /// journal, from which it is quarantined.
    fn drop_rescued(&self, id: ExchangeId, path: &Path) -> Result<(), StoreError> {
        if self.flow.snapshot().unreadable().contains(&id)
            && let Some(record) = files::read(path)?
        {
            let journal = self.journal_file();
            journal.write(&journal.reserve(0)?, &record)?;
        }
        self.session.store().rescue.remove(self.flow.name(), id);
        Ok(())
    }

    /// The error of a save that failed, which says where the answer is that came before it.
    fn not_saved(&self, error: StoreError) -> StoreError {
        match (error, &self.unwritten) {
            (StoreError::Unwritable { path, reason }, Some(Unwritten::Rescued(kept))) => {
                StoreError::Rescued { path, reason, kept: kept.clone() }
            }
            (StoreError::Unwritable { path, reason }, Some(Unwritten::Nowhere)) => StoreError::NotStored { path, reason },
            (error, _) => error,
        }
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
        self.room = if exchange.delivers { Some(self.journal_file().reserve(exchange.max_body)?) } else { None };
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
        let room = self.room.take();
        let Some(nonce) = self.flow.nonce.filter(|_| exchange.delivers) else { return Ok(()) };
        match self.journal_file().record(exchange.id, &nonce, answer) {
            Some(record) => self.write_down(exchange.id, &record, room),
            None => Ok(()),
        }
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, StoreError> {
        self.session.store().answer(&self.flow, id)
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), StoreError> {
        let snapshot = ceremony.snapshot();
        let was_in_flight = self.flow.snapshot().in_flight();
        if *self.flow.snapshot() != snapshot {
            // The answer of an exchange in flight is still to come.
            let nonce = self.flow.nonce.filter(|_| snapshot.in_flight() == was_in_flight);
            self.write(snapshot, nonce).map_err(|error| self.not_saved(error))?;
        }
        if let (Some(Unwritten::Rescued(path)), Some(id)) = (self.unwritten.take(), was_in_flight) {
            self.drop_rescued(id, &path)?;
        }
        self.session.settle_journal(&self.flow)
    }
}
