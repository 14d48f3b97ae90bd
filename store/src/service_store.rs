//! One profile's identity at one service, and the flows that are on the way to it, to look at. Changes need a
//! [`Session`](crate::Session).

use std::fs;
use std::path::{Path, PathBuf};

use enlist_core::{ExchangeId, ExchangeResult};
use zeroize::Zeroizing;

use crate::ceremony::FlowEnd;
use crate::credential::Held;
use crate::flow::Read;
use crate::journal::{Journal, Nonce, quarantine_path};
use crate::lock::Lock;
use crate::{Backend, Credential, DamagedFlow, Flow, FlowRecord, Rescue, ServiceKey, StoreError, backend, files, flow};

/// The store of one profile at one service. Any number of processes may read it at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStore {
    pub(crate) profile_folder: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) backend: Option<Backend>,
    pub(crate) rescue: Rescue,
}

/// The flows in a store.
#[derive(Debug, Default)]
pub struct Flows {
    /// The flows that could be read, in the order of their names. Those of a newer version can only be looked at.
    pub readable: Vec<Flow>,
    /// The flows whose files are damaged.
    pub damaged: Vec<DamagedFlow>,
    /// Why the others could not be read: a link, a file that is open to others, or one of another version. They may be whole.
    pub refused: Vec<StoreError>,
}

/// The beginning of the name of a folder whose profile is being removed.
pub(crate) const REMOVED: &str = ".removed-";

impl ServiceStore {
    pub(crate) fn in_folder(profile_folder: &Path, service: &ServiceKey, rescue: Rescue) -> Self {
        Self { folder: profile_folder.join(service.folder()), profile_folder: profile_folder.to_owned(), backend: None, rescue }
    }

    /// The flows.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be read, or is one of an unreleased version.
    pub fn flows(&self) -> Result<Flows, StoreError> {
        self.refuse_unreleased()?;
        let mut flows = Flows::default();
        for read in Flow::all(&self.flows_folder())? {
            match read {
                Read::Flow(flow) => flows.readable.push(*flow),
                Read::Damaged(damaged) => flows.damaged.push(damaged),
                Read::Refused(error) => flows.refused.push(error),
            }
        }
        Ok(flows)
    }

    /// Whether [`lock`](Self::lock) would find something that an earlier process left unfinished.
    ///
    /// # Errors
    /// As [`flows`](Self::flows).
    pub fn has_unfinished(&self) -> Result<bool, StoreError> {
        for flow in self.flows()?.readable {
            let is_answered = match flow.record.snapshot.in_flight() {
                Some(id) => self.answer(&flow.record, id)?.is_some(),
                None => false,
            };
            if is_answered || matches!(flow.end(), Some(FlowEnd::Brought(_) | FlowEnd::Failed(_))) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// This store, writing new credentials to `backend`. With `None` the credential stays where the one before it is, or else goes
    /// into a file.
    #[must_use]
    pub fn with_backend(self, backend: Option<Backend>) -> Self {
        Self { backend, ..self }
    }

    /// The credential; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read, or the keyring does not give it.
    pub fn credential(&self) -> Result<Option<Credential>, StoreError> {
        self.refuse_unreleased()?;
        backend::read(&self.credential_path())
    }

    /// Whether there is a file of a flow of this name.
    #[must_use]
    pub fn has_flow(&self, name: &str) -> bool {
        self.flow_path(name).exists()
    }

    /// The file that holds a flow.
    #[must_use]
    pub fn flow_path(&self, name: &str) -> PathBuf {
        flow::path(&self.flows_folder(), name)
    }

    /// The number of answers and flows in quarantine.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be read.
    pub fn quarantined(&self) -> Result<usize, StoreError> {
        Ok(files::names(&self.quarantine_folder(), "")?.len())
    }

    /// Where the unreadable answers to the exchanges `ids` of a flow are.
    #[must_use]
    pub fn quarantine_paths(&self, flow: &str, ids: &[ExchangeId]) -> Vec<PathBuf> {
        ids.iter().map(|id| quarantine_path(&self.quarantine_folder(), flow, id.as_u64())).collect()
    }

    /// The answer that was written down for exactly this exchange, in the journal or in a second place. `None` when none was.
    pub(crate) fn answer(&self, flow: &FlowRecord, id: ExchangeId) -> Result<Option<ExchangeResult>, StoreError> {
        let Some(nonce) = flow.nonce.filter(|_| flow.snapshot.in_flight() == Some(id)) else { return Ok(None) };
        let journal = self.journal_of(flow.name());
        Ok(match journal.read(id, &nonce)? {
            Some(answer) => Some(answer),
            None => self.rescued(flow.name(), id, &nonce).map(|record| journal.answer_in(&record, id, &nonce)).unwrap_or_default(),
        })
    }

    /// The record of this exchange in a second place.
    fn rescued(&self, flow: &str, id: ExchangeId, nonce: &Nonce) -> Option<Zeroizing<Vec<u8>>> {
        self.rescue.find(flow, id, &self.journal_of(flow).key(id, nonce))
    }

    /// Moves the record of the exchange in flight from a second place back into the flow's journal.
    pub(crate) fn bring_back(&self, flow: &FlowRecord) -> Result<(), StoreError> {
        let Some((id, nonce)) = flow.snapshot.in_flight().zip(flow.nonce) else { return Ok(()) };
        if let Some(record) = self.rescued(flow.name(), id, &nonce) {
            let journal = self.journal_of(flow.name());
            let room = journal.reserve(enlist_core::Exchange::MAX_BODY)?;
            journal.write(&room, &record)?;
            self.rescue.remove(flow.name(), id);
        }
        Ok(())
    }

    /// Takes the lock alone. Removes what was half written, and refuses a store in which another version has written.
    pub(crate) fn take_lock(&self) -> Result<Lock, StoreError> {
        // Whoever may write to the folder of all profiles could put another profile in the place of ours.
        if let Some(profiles) = self.profile_folder.parent() {
            files::refuse_open_home(files::parent(profiles))?;
            files::make_folder(profiles)?;
            sweep_removed(profiles);
        }
        files::make_folder(&self.profile_folder)?;
        let lock = Lock::take(&self.folder.join("lock"))?;
        // With the lock held, a half-written file can only come from a process that has ended.
        for folder in [self.folder.clone(), self.flows_folder(), self.journal_folder()] {
            files::sweep(&folder)?;
        }
        self.refuse_other_versions()?;
        Ok(lock)
    }

    /// Makes sure that this version may change everything here: a file of another version must stay byte for byte as it is.
    fn refuse_other_versions(&self) -> Result<(), StoreError> {
        self.refuse_unreleased()?;
        let path = self.credential_path();
        match Held::read(&path) {
            Ok(Some(held)) if held.is_newer => return Err(StoreError::Newer { path }),
            Err(error) if error.is_of_another_version() => return Err(error),
            // What is wrong with it otherwise is found by whoever needs the credential.
            _ => {}
        }
        // What is wrong with a flow otherwise is found when the session is opened.
        let Ok(flows) = self.flows() else { return Ok(()) };
        if let Some(flow) = flows.readable.iter().find(|flow| flow.is_newer()) {
            return Err(StoreError::Newer { path: self.flow_path(flow.name()) });
        }
        flows.refused.into_iter().find(StoreError::is_of_another_version).map_or(Ok(()), Err)
    }

    /// Refuses a store with a folder that only unreleased versions had.
    pub(crate) fn refuse_unreleased(&self) -> Result<(), StoreError> {
        let path = self.folder.join("kept");
        if path.exists() { Err(StoreError::Unreleased { path }) } else { Ok(()) }
    }

    pub(crate) fn journal_of(&self, flow: &str) -> Journal {
        Journal::of(&self.journal_folder(), flow)
    }

    pub(crate) fn credential_path(&self) -> PathBuf {
        self.folder.join("credential.json")
    }

    pub(crate) fn flows_folder(&self) -> PathBuf {
        self.folder.join("flows")
    }

    pub(crate) fn journal_folder(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub(crate) fn quarantine_folder(&self) -> PathBuf {
        self.folder.join("quarantine")
    }
}

/// Removes the rest of profiles whose removal was interrupted. Another process may be doing the same.
fn sweep_removed(profiles: &Path) {
    let Ok(entries) = fs::read_dir(profiles) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(REMOVED)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
