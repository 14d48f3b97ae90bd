//! The durable file store of enlist: identities, and the ceremonies that are on the way to them.
//!
//! ```text
//! <home>/profiles/.used                                           the profile that is used when nobody names one
//! <home>/profiles/<profile>/<service>/lock                        locked while a process changes something here
//!                                     credential.json             what a ceremony brought, or the name of its keyring item
//!                                     flows/<flow>.json           a ceremony that has not ended
//!                                     journal/<flow>.journal      room for the raw answer of a delivering exchange, then the answer
//!                                     quarantine/<flow>-<n>.answer  an answer that could not be read, for a person
//!                                     quarantine/<flow>.flow        a damaged flow, for a person
//! ```
//! Folders have mode 0700 and files 0600 from their first byte. Files are replaced whole.

#![forbid(unsafe_code)]

mod backend;
mod credential;
mod error;
pub mod files;
mod flow;
mod head;
mod journal;
pub mod keyring;
mod kind;
mod lock;
mod name;
mod profiles;
mod quarantine;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use enlist_core::{Exchange, ExchangeId, Snapshot};

use credential::Held;
use journal::{Journal, Nonce};

pub use backend::{Backend, Warning};
pub use credential::Credential;
pub use error::StoreError;
pub use flow::Flow;
pub use journal::ExchangeResult;
pub use lock::Lock;
pub use name::{NameError, ProfileName, ServiceKey};
pub use profiles::Profiles;
pub use quarantine::DamagedFlow;

/// The folder of all profiles.
const PROFILES: &str = "profiles";

/// One profile's identity at one service, and the flows that are on the way to it.
#[derive(Clone, Debug)]
pub struct Store {
    profile_folder: PathBuf,
    folder: PathBuf,
    backend: Option<Backend>,
}

impl Store {
    /// The store of `profile` at `service` below the folder `home`. Nothing is read or made yet.
    #[must_use]
    pub fn of(home: &Path, profile: &ProfileName, service: &ServiceKey) -> Self {
        let profile_folder = home.join(PROFILES).join(profile.as_str());
        Self { folder: profile_folder.join(service.folder()), profile_folder, backend: None }
    }

    /// A profile's name like `profile` under which nothing is kept yet.
    #[must_use]
    pub fn free_profile(home: &Path, profile: &ProfileName) -> ProfileName {
        let is_free = |name: &ProfileName| !home.join(PROFILES).join(name.as_str()).exists();
        (2..).map(|number| profile.numbered(number)).find(is_free).unwrap_or_default()
    }

    /// Takes the lock, which a process needs before it changes anything, and before its first request.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process holds it; never waits. [`StoreError::Unwritable`] and [`StoreError::Exposed`] when
    /// the folders cannot be made, or others can write to them.
    pub fn lock(&self) -> Result<Lock, StoreError> {
        // Whoever may write to the folder of all profiles could put another profile in the place of ours.
        if let Some(profiles) = self.profile_folder.parent() {
            files::make_folder(profiles)?;
            profiles::sweep(profiles);
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
            Err(error @ (StoreError::Newer { .. } | StoreError::Unreleased { .. })) => return Err(error),
            // What is wrong with it otherwise is found by whoever needs the credential.
            _ => {}
        }
        match Flow::all(&self.flows_folder()) {
            Ok((flows, _)) => match flows.iter().find(|flow| flow.is_newer()) {
                Some(flow) => Err(StoreError::Newer { path: self.flow_path(&flow.name) }),
                None => Ok(()),
            },
            Err(error @ (StoreError::Newer { .. } | StoreError::Unreleased { .. })) => Err(error),
            Err(_) => Ok(()),
        }
    }

    /// Refuses a store with a folder that only unreleased versions had.
    pub(crate) fn refuse_unreleased(&self) -> Result<(), StoreError> {
        let path = self.folder.join("kept");
        if path.exists() { Err(StoreError::Unreleased { path }) } else { Ok(()) }
    }

    /// The flows that can be resumed; [`damaged_flows`](Self::damaged_flows) returns the others.
    ///
    /// # Errors
    /// [`StoreError`] when a file cannot be read, is not ours, or was written by a newer version.
    pub fn flows(&self) -> Result<Vec<Flow>, StoreError> {
        self.refuse_unreleased()?;
        Ok(Flow::all(&self.flows_folder())?.0)
    }

    /// Writes a flow durably.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn save_flow(&self, flow: &Flow) -> Result<(), StoreError> {
        flow.save(&self.flows_folder())
    }

    /// Removes a flow and its journal, but nothing in quarantine. Succeeds when there is no such flow.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn remove_flow(&self, name: &str) -> Result<(), StoreError> {
        self.journal_of(name).remove()?;
        Flow::remove(name, &self.flows_folder())
    }

    /// Makes room for the answers of a flow, and shows that its credential can be written, before the flow's first request.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn reserve(&self, flow: &str) -> Result<(), StoreError> {
        files::make_folder(&self.folder)?;
        files::prove_replaceable(&self.credential_path())?;
        self.journal_of(flow).reserve(Exchange::MAX_BODY)
    }

    /// Writes the flow durably as it is with `exchange` in flight, and makes sure that there is room for the answer.
    ///
    /// # Errors
    /// [`StoreError`]. The exchange must not be sent then.
    pub fn prepare(&self, flow: &mut Flow, snapshot: Snapshot, exchange: &Exchange) -> Result<(), StoreError> {
        flow.nonce = if exchange.delivers { Some(Nonce::random()?) } else { None };
        flow.snapshot = snapshot;
        if exchange.delivers {
            self.journal_of(&flow.name).reserve(exchange.max_body)?;
        }
        self.save_flow(flow)
    }

    /// Writes down the answer to a delivering exchange durably, before it is parsed. Only a 2xx can hold a credential, so nothing else
    /// is written.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn write_answer(&self, flow: &Flow, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), StoreError> {
        match flow.nonce.filter(|_| exchange.delivers) {
            Some(nonce) => self.journal_of(&flow.name).write(exchange.id, &nonce, answer),
            None => Ok(()),
        }
    }

    /// The answer that was written down for exactly this exchange. `None` when none was, so that the answer is lost. A record that was
    /// not written to its end counts as an answer that was cut off.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or is not ours.
    pub fn answer(&self, flow: &Flow, id: ExchangeId) -> Result<Option<ExchangeResult>, StoreError> {
        match flow.nonce.filter(|_| flow.snapshot.in_flight() == Some(id)) {
            Some(nonce) => self.journal_of(&flow.name).read(id, &nonce),
            None => Ok(None),
        }
    }

    /// Writes the flow durably after an answer was taken in. Then quarantines the answer if it could not be read, and wipes it
    /// otherwise.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn save(&self, flow: &mut Flow, snapshot: Snapshot) -> Result<(), StoreError> {
        flow.nonce = flow.nonce.filter(|_| snapshot.in_flight().is_some() && snapshot.in_flight() == flow.snapshot.in_flight());
        flow.snapshot = snapshot;
        self.save_flow(flow)?;
        self.settle_journal(flow)
    }

    /// Quarantines an answer that could not be read, and wipes one that is not needed any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settle_journal(&self, flow: &Flow) -> Result<(), StoreError> {
        let journal = self.journal_of(&flow.name);
        let Some(id) = journal.holds()? else { return Ok(()) };
        if flow.snapshot.unreadable().iter().any(|kept| kept.as_u64() == id) {
            journal.quarantine(id, &self.quarantine_folder()).map(drop)
        } else if flow.nonce.is_none() {
            journal.wipe()
        } else {
            Ok(())
        }
    }

    /// The number of answers and flows in quarantine.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the folder cannot be read.
    pub fn quarantined(&self) -> Result<usize, StoreError> {
        Ok(files::names(&self.quarantine_folder(), "")?.len())
    }

    /// Where the unreadable answers to the exchanges `ids` of a flow are.
    #[must_use]
    pub fn quarantine_paths(&self, flow: &str, ids: &[ExchangeId]) -> Vec<PathBuf> {
        ids.iter().map(|id| journal::quarantine_path(&self.quarantine_folder(), flow, id.as_u64())).collect()
    }

    /// Whether there is a file of a flow of this name.
    #[must_use]
    pub fn has_flow(&self, name: &str) -> bool {
        self.flow_path(name).exists()
    }

    /// The file that holds a flow.
    #[must_use]
    pub fn flow_path(&self, name: &str) -> PathBuf {
        Flow::path(name, &self.flows_folder())
    }

    fn journal_of(&self, flow: &str) -> Journal {
        Journal::of(&self.journal_folder(), flow)
    }

    fn credential_path(&self) -> PathBuf {
        self.folder.join("credential.json")
    }

    fn flows_folder(&self) -> PathBuf {
        self.folder.join("flows")
    }

    fn journal_folder(&self) -> PathBuf {
        self.folder.join("journal")
    }

    fn quarantine_folder(&self) -> PathBuf {
        self.folder.join("quarantine")
    }
}
