//! A locked store: what one process changes while no other does.

use std::sync::Arc;
use std::time::SystemTime;

use enlist_core::Timestamp;

use crate::ceremony::{FlowEnd, StoredCeremony, end_of};
use crate::lock::Lock;
use crate::{Credential, DamagedFlow, Flow, FlowRecord, ServiceStore, StoreError, backend, files, flow};

/// One profile's store at one service, locked. A clone is the same session. The lock is released when the last clone and the last
/// [`FlowStore`](crate::FlowStore) of the session are dropped, and when the process ends.
#[derive(Clone, Debug)]
pub struct Session {
    store: ServiceStore,
    recovery: Arc<Recovery>,
    _lock: Arc<Lock>,
}

/// The result of finishing what earlier processes left.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The flows that ended with an answer that had been written down and not read, or whose end had been saved and not acted upon.
    /// A credential has been put in its place. A flow that failed is still there, so that a crash cannot hide the failure: remove it
    /// with [`Session::remove_flow`] when it has been reported. Until then each session finds it again.
    pub ended: Vec<(Flow, FlowEnd)>,
    /// The damaged flows, which are in quarantine now.
    pub quarantined: Vec<DamagedFlow>,
    /// Sentences for the user about what did not work.
    pub warnings: Vec<String>,
}

/// The result of handling the end of a ceremony.
#[derive(Debug)]
pub struct Finished {
    /// How the ceremony ended. A credential in it is the one that is on disk now.
    pub end: FlowEnd,
    /// A sentence for the user about what did not work on the way.
    pub warning: Option<String>,
}

impl ServiceStore {
    /// Locks the store, so that this process can change it, and takes in what earlier processes left unfinished: answers that were
    /// written down and not read, and credentials that had come and were not put in their place.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process holds the lock; this never waits. [`StoreError::Newer`] and
    /// [`StoreError::Unreleased`] when another version wrote something here. [`StoreError::Unwritable`] and [`StoreError::Exposed`]
    /// when the folders cannot be made, or others can write to them.
    pub fn lock(&self) -> Result<Session, StoreError> {
        self.lock_at(system_clock())
    }

    /// Locks the store as [`lock`](Self::lock) does, with `now` as the time at which answers are taken in.
    ///
    /// # Errors
    /// As [`lock`](Self::lock).
    pub fn lock_at(&self, now: Timestamp) -> Result<Session, StoreError> {
        Session::open(self.clone(), self.take_lock()?, now)
    }
}

impl Session {
    fn open(store: ServiceStore, lock: Lock, now: Timestamp) -> Result<Self, StoreError> {
        let mut session = Self { store, recovery: Arc::default(), _lock: Arc::new(lock) };
        session.recovery = Arc::new(session.recover(now)?);
        Ok(session)
    }

    /// The store, to look at.
    #[must_use]
    pub fn store(&self) -> &ServiceStore {
        &self.store
    }

    /// The things that earlier processes left, as they were when the session was opened.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The flows that can be resumed.
    ///
    /// # Errors
    /// [`StoreError`] when a flow cannot be read.
    pub fn flows(&self) -> Result<Vec<Flow>, StoreError> {
        let flows = self.store.flows()?;
        flows.refused.into_iter().next().map_or(Ok(flows.readable), Err)
    }

    /// Handles the end of a ceremony. Stores the credential, and then removes the flow, which contains it too. A flow
    /// that failed is removed too, unless a later attempt needs it. `None`, and nothing is changed, when the ceremony has not ended.
    ///
    /// # Errors
    /// [`StoreError`]. The flow is on disk still.
    pub fn finish<C: StoredCeremony>(&self, flow: &str, ceremony: &C) -> Result<Option<Finished>, StoreError> {
        end_of(ceremony).map(|end| self.act_upon(flow, end)).transpose()
    }

    /// Removes a flow and its journal, but nothing in quarantine. Succeeds when there is no such flow.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn remove_flow(&self, name: &str) -> Result<(), StoreError> {
        self.store.journal_of(name).remove()?;
        files::remove(&flow::path(&self.store.flows_folder(), name))
    }

    /// The credential; `None` when there is none.
    ///
    /// # Errors
    /// As [`ServiceStore::credential`].
    pub fn credential(&self) -> Result<Option<Credential>, StoreError> {
        self.store.credential()
    }

    /// Writes the credential durably in place of the one before it. Returns a sentence about what did not work on the way.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn keep(&self, credential: &Credential) -> Result<Option<String>, StoreError> {
        backend::write(credential, &self.store.credential_path(), self.store.backend)
    }

    /// Removes the credential. Succeeds when there is none. Returns a sentence about what did not work on the way.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn remove_credential(&self) -> Result<Option<String>, StoreError> {
        backend::remove(&self.store.credential_path())
    }

    /// Writes a flow durably.
    pub(crate) fn save(&self, flow: &FlowRecord) -> Result<(), StoreError> {
        flow.save(&self.store.flows_folder())
    }

    /// Makes room for the answers of a flow, and shows that its credential can be written.
    pub(crate) fn reserve(&self, flow: &FlowRecord) -> Result<(), StoreError> {
        files::make_folder(&self.store.folder)?;
        files::prove_replaceable(&self.store.credential_path())?;
        self.store.journal_of(flow.name()).reserve(enlist_core::Exchange::MAX_BODY).map(drop)
    }

    /// Quarantines an answer that could not be read, and wipes one that is not needed any more.
    pub(crate) fn settle_journal(&self, flow: &FlowRecord) -> Result<(), StoreError> {
        let journal = self.store.journal_of(flow.name());
        let Some(id) = journal.holds()? else { return Ok(()) };
        if flow.snapshot().unreadable().iter().any(|unreadable| unreadable.as_u64() == id) {
            journal.quarantine(id, &self.store.quarantine_folder()).map(drop)
        } else if flow.nonce.is_none() {
            journal.wipe()
        } else {
            Ok(())
        }
    }

    fn recover(&self, now: Timestamp) -> Result<Recovery, StoreError> {
        let mut recovery = Recovery::default();
        for damaged in self.store.flows()?.damaged {
            recovery.quarantined.push(self.quarantine(damaged)?);
        }
        for mut flow in self.flows()? {
            self.store.bring_back(&flow.record)?;
            self.take_in_journaled(&mut flow, now)?;
            self.settle_journal(&flow.record)?;
            let Some(end) = flow.end() else { continue };
            let end = match end {
                FlowEnd::FailedAndKept(_) => continue,
                failed @ FlowEnd::Failed(_) => failed,
                brought @ FlowEnd::Brought(_) => {
                    let finished = self.act_upon(flow.name(), brought)?;
                    recovery.warnings.extend(finished.warning);
                    finished.end
                }
            };
            recovery.ended.push((flow, end));
        }
        Ok(recovery)
    }

    /// Moves a damaged flow and its answer to the quarantine.
    fn quarantine(&self, damaged: DamagedFlow) -> Result<DamagedFlow, StoreError> {
        // The flow is moved last: without it nobody would look for its journal.
        let (journal, folder) = (self.store.journal_of(&damaged.name), self.store.quarantine_folder());
        let has_answer = match journal.holds()? {
            Some(id) => journal.quarantine(id, &folder).map(|_| true)?,
            None => journal.remove().map(|()| false)?,
        };
        damaged.move_to(&folder, has_answer)
    }

    /// Feeds an answer that was written down and not read to its ceremony.
    fn take_in_journaled(&self, flow: &mut Flow, now: Timestamp) -> Result<(), StoreError> {
        let Some(id) = flow.record.snapshot.in_flight() else { return Ok(()) };
        let Some(answer) = self.store.answer(&flow.record, id)? else { return Ok(()) };
        let path = self.store.flow_path(flow.name());
        flow.ceremony.take_in(now, id, answer).map_err(|misuse| StoreError::corrupt(&path, misuse))?;
        (flow.record.snapshot, flow.record.nonce) = (flow.ceremony.snapshot(), None);
        self.save(&flow.record)
    }

    fn act_upon(&self, flow: &str, end: FlowEnd) -> Result<Finished, StoreError> {
        match end {
            FlowEnd::Brought(credential) => {
                let (credential, warning) = self.promote(flow, *credential)?;
                return Ok(Finished { end: FlowEnd::Brought(Box::new(credential)), warning });
            }
            FlowEnd::Failed(_) => self.remove_flow(flow)?,
            FlowEnd::FailedAndKept(_) => {}
        }
        Ok(Finished { end, warning: None })
    }

    /// Writes the credential durably, and only then removes the flow that holds the same. An older credential is replaced by that, and
    /// with it a pre-claim token, which the service has revoked.
    fn promote(&self, flow: &str, credential: Credential) -> Result<(Credential, Option<String>), StoreError> {
        let former = match self.credential() {
            // The new credential must not wait for a keyring that is gone.
            Err(StoreError::Keyring { .. }) => None,
            read => read?,
        };
        let credential = credential.after(former.as_ref());
        let warning = self.keep(&credential)?;
        self.remove_flow(flow)?;
        Ok((credential, warning))
    }
}

fn system_clock() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(0).after(since_1970)
}
