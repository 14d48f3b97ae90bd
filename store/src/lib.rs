//! The durable file store of enlist: identities, and the ceremonies that are on the way to them.
//!
//! ```text
//! <home>/profiles/.used                                           the profile that is used when nobody names one
//! <home>/profiles/<profile>/<service>/lock                        locked while a process changes something here
//!                                     credential.json             what a ceremony brought, or the name of its keyring item
//!                                     flows/<flow>.json           a ceremony that has not ended
//!                                     journal/<flow>-<n>.journal  room for the raw answer of a delivering exchange, then the answer
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
mod journal;
pub mod keyring;
mod lock;
mod name;
mod profiles;
mod quarantine;
#[cfg(test)]
mod tests;
mod version;

use std::path::{Path, PathBuf};

use enlist_core::ExchangeId;

pub use backend::{Backend, Warning};
pub use credential::Credential;
pub use error::StoreError;
pub use flow::Flow;
pub use journal::Journal;
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
        Ok(lock)
    }

    /// The flows that can be resumed; [`damaged_flows`](Self::damaged_flows) returns the others.
    ///
    /// # Errors
    /// [`StoreError`] when a file cannot be read, is not ours, or was written by a newer version.
    pub fn flows(&self) -> Result<Vec<Flow>, StoreError> {
        Ok(Flow::all(&self.flows_folder())?.0)
    }

    /// Writes a flow durably.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn save_flow(&self, flow: &Flow) -> Result<(), StoreError> {
        flow.save(&self.flows_folder())
    }

    /// Removes a flow and its journals, except for those in quarantine. Succeeds when there is no such flow.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn remove_flow(&self, name: &str) -> Result<(), StoreError> {
        for journal in Journal::of_flow(&self.journal_folder(), name)? {
            journal.remove()?;
        }
        Flow::remove(name, &self.flows_folder())
    }

    /// The journal of one exchange of a flow.
    #[must_use]
    pub fn journal(&self, flow: &str, id: ExchangeId) -> Journal {
        Journal::of(&self.journal_folder(), flow, id)
    }

    /// Shows that the next answer will have room, and that its credential can be written.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn prove_room(&self) -> Result<(), StoreError> {
        files::prove_replaceable(&self.credential_path())?;
        Journal::prove_room(&self.journal_folder())
    }

    /// Quarantines the answers that could not be read, and removes the journals that are not needed any more.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn settle_journals(&self, flow: &Flow) -> Result<(), StoreError> {
        for id in flow.snapshot.kept() {
            let journal = self.journal(&flow.name, *id);
            if journal.path().exists() {
                journal.quarantine(&self.quarantine_folder())?;
            }
        }
        let owed = flow.snapshot.in_flight().map(|id| self.journal(&flow.name, id).path().to_owned());
        for journal in Journal::of_flow(&self.journal_folder(), &flow.name)? {
            if Some(journal.path()) != owed.as_deref() {
                journal.remove()?;
            }
        }
        Ok(())
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
        ids.iter().map(|id| self.journal(flow, *id).quarantine_path(&self.quarantine_folder())).collect()
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
