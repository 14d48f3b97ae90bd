//! Where identities and pending flows are kept.
//!
//! ```text
//! <home>/profiles/.used                                           the profile that is meant without a word
//! <home>/profiles/<profile>/<service>/lock                        one command at a time
//!                                     credential.json             what a ceremony brought, or the keyring's item that holds it
//!                                     flows/<flow>.json           a ceremony that has not ended
//!                                     journal/<flow>-<n>.journal  room for, then the raw answer of, a delivering exchange
//!                                     kept/<flow>-<n>.answer      answers that could not be read, for a person
//!                                     kept/<flow>.flow            a flow that is damaged, likewise
//! <home>/keys/<origin>.json                                      a service's published keys
//! ```
//! Folders are 0700, files 0600, from their first byte. Files are replaced whole.

mod credential;
mod damage;
mod error;
pub(crate) mod files;
mod flow;
mod journal;
mod keeping;
pub(crate) mod keyring;
mod lock;
mod newer;
mod profiles;
#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use enlist_core::opentrain::{self, Claim, Enrolment};
use enlist_core::sentryagent::{self, Registration, Rotation};
use enlist_core::{Ceremony, ExchangeId};

use crate::args::LONGEST_PROFILE;

pub(crate) use credential::Credential;
pub(crate) use damage::Damaged;
pub(crate) use error::StoreError;
pub(crate) use flow::Flow;
pub(crate) use journal::Journal;
pub(crate) use keeping::{Place, Remark};
pub(crate) use lock::Lock;
pub(crate) use profiles::Profiles;

/// A service, as commands name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    Opentrain,
    Sentryagent,
}

impl Service {
    pub(crate) const ALL: [Self; 2] = [Self::Opentrain, Self::Sentryagent];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Opentrain => "opentrain",
            Self::Sentryagent => "sentryagent",
        }
    }

    pub(crate) const fn base_url(self) -> &'static str {
        match self {
            Self::Opentrain => opentrain::BASE_URL,
            Self::Sentryagent => sentryagent::BASE_URL,
        }
    }

    /// The variables that name another address, ours first.
    pub(crate) const fn url_variables(self) -> &'static [&'static str] {
        match self {
            Self::Opentrain => &["ENLIST_OPENTRAIN_URL", "OT_API_BASE_URL", "OPENTRAIN_API_BASE_URL"],
            Self::Sentryagent => &["ENLIST_SENTRYAGENT_URL"],
        }
    }

    pub(crate) fn of_ceremony(name: &str) -> Option<Self> {
        match name {
            Enrolment::NAME | Claim::NAME => Some(Self::Opentrain),
            Registration::NAME | Rotation::NAME => Some(Self::Sentryagent),
            _ => None,
        }
    }
}

/// The folder of all profiles.
const PROFILES: &str = "profiles";

/// One profile's identity at one service, and what is under way to it.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    profile_folder: PathBuf,
    folder: PathBuf,
    place: Option<Place>,
}

impl Store {
    pub(crate) fn of(home: &Path, profile: &str, service: Service) -> Self {
        let profile_folder = home.join(PROFILES).join(profile);
        Self { folder: profile_folder.join(service.name()), profile_folder, place: None }
    }

    /// A profile's name like `profile` that nothing is kept under yet.
    pub(crate) fn free_profile(home: &Path, profile: &str) -> String {
        let name = |number: u32| {
            let ending = format!("-{number}");
            let room = LONGEST_PROFILE - ending.len();
            format!("{}{ending}", profile.get(..room).unwrap_or(profile))
        };
        (2..).map(name).find(|name| !home.join(PROFILES).join(name).exists()).unwrap_or_default()
    }

    /// The lock that a command takes before it changes anything, and before its first request.
    pub(crate) fn lock(&self) -> Result<Lock, StoreError> {
        // A folder that others may write to would let them put another one in the place of ours.
        if let Some(profiles) = self.profile_folder.parent() {
            files::make_folder(profiles)?;
            profiles::sweep(profiles);
        }
        files::make_folder(&self.profile_folder)?;
        let lock = Lock::take(&self.folder.join("lock"))?;
        // Whatever is half written here was left by a process that is gone.
        for folder in [self.folder.clone(), self.flows_folder(), self.journal_folder()] {
            files::sweep(&folder)?;
        }
        Ok(lock)
    }

    /// Those that can go on; `damaged_flows` are the others.
    pub(crate) fn flows(&self) -> Result<Vec<Flow>, StoreError> {
        Ok(Flow::all(&self.flows_folder())?.0)
    }

    pub(crate) fn save_flow(&self, flow: &Flow) -> Result<(), StoreError> {
        flow.save(&self.flows_folder())
    }

    /// The flow is over, and what it brought is kept: its journals go with it, but for those set aside.
    pub(crate) fn remove_flow(&self, name: &str) -> Result<(), StoreError> {
        for journal in Journal::of_flow(&self.journal_folder(), name)? {
            journal.remove()?;
        }
        Flow::remove(name, &self.flows_folder())
    }

    pub(crate) fn journal(&self, flow: &str, id: ExchangeId) -> Journal {
        Journal::of(&self.journal_folder(), flow, id)
    }

    /// Shows that an answer will have room, and that what it brings can be kept.
    pub(crate) fn prove_room(&self) -> Result<(), StoreError> {
        files::prove_replaceable(&self.credential_path())?;
        Journal::prove_room(&self.journal_folder())
    }

    /// Sets aside the answers that could not be read, and drops the journals that have served.
    pub(crate) fn settle_journals(&self, flow: &Flow) -> Result<(), StoreError> {
        for id in flow.snapshot.kept() {
            let journal = self.journal(&flow.name, *id);
            if journal.path().exists() {
                journal.keep_aside(&self.kept_folder())?;
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

    /// How many answers and flows are kept that nobody could read.
    pub(crate) fn kept(&self) -> Result<usize, StoreError> {
        Ok(files::names(&self.kept_folder(), "")?.len())
    }

    /// Where the answers are that could not be read.
    pub(crate) fn kept_paths(&self, flow: &str, ids: &[ExchangeId]) -> Vec<PathBuf> {
        ids.iter().map(|id| self.journal(flow, *id).aside_path(&self.kept_folder())).collect()
    }

    /// Whether there is a file of a flow of this name.
    pub(crate) fn has_flow(&self, name: &str) -> bool {
        self.flow_path(name).exists()
    }

    /// The file that holds a flow.
    pub(crate) fn flow_path(&self, name: &str) -> PathBuf {
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

    fn kept_folder(&self) -> PathBuf {
        self.folder.join("kept")
    }
}
