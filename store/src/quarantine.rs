//! Flows whose file is damaged. Nobody can resume them, and they must not block anything else.

use std::fs;
use std::path::{Path, PathBuf};

use enlist_core::CeremonyKind;

use crate::kind;
use crate::{Flow, Store, StoreError, files};

/// A flow whose file cannot be read. It is moved to the quarantine, never removed: a person may still get something out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedFlow {
    /// The flow's name.
    pub name: String,
    path: PathBuf,
    reason: String,
}

impl DamagedFlow {
    pub(crate) fn new(name: String, path: PathBuf, reason: impl ToString) -> Self {
        Self { name, path, reason: reason.to_string() }
    }

    /// The error for a caller that needs this flow.
    #[must_use]
    pub fn error(&self) -> StoreError {
        StoreError::corrupt(&self.path, &self.reason)
    }

    /// Whether it may have been a rotation, whose answer decides which badge is the valid one.
    #[must_use]
    pub fn may_be_rotation(&self) -> bool {
        kind::of_flow(&self.name) == Some(CeremonyKind::BadgeRotation)
    }

    /// A sentence for the user, for a command that changes nothing.
    #[must_use]
    pub fn left_words(&self) -> String {
        let (path, reason) = (self.path.display(), &self.reason);
        format!("the flow {path} is damaged: {reason}. The next command that changes something moves it aside. {}", self.loss())
    }

    /// A sentence for the user, after the flow was moved to the quarantine with this number of answers.
    #[must_use]
    pub fn moved_words(&self, answers: usize) -> String {
        let (path, reason) = (self.path.display(), &self.reason);
        let beside = if answers == 0 { "" } else { ", and what had come for it, perhaps a credential, to a file beside it" };
        format!("the flow {} is damaged: {reason}. It was moved to {path}{beside}. {}", self.name, self.loss())
    }

    fn loss(&self) -> &'static str {
        kind::of_flow(&self.name).map_or("What was on its way may be lost", kind::loss)
    }
}

impl Store {
    /// The flows that cannot be resumed because their files are damaged.
    ///
    /// # Errors
    /// As [`flows`](Self::flows).
    pub fn damaged_flows(&self) -> Result<Vec<DamagedFlow>, StoreError> {
        Ok(Flow::all(&self.flows_folder())?.1)
    }

    /// Moves a damaged flow and its answers to the quarantine. Returns the flow with its new path, and the number of its answers. The
    /// caller holds the lock.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn quarantine(&self, damaged: DamagedFlow) -> Result<(DamagedFlow, usize), StoreError> {
        // The flow is moved last: without it nobody would look for its journals.
        let journal = self.journal_of(&damaged.name);
        let answers = match journal.holds()? {
            Some(id) => journal.quarantine(id, &self.quarantine_folder()).map(|_| 1)?,
            None => journal.remove().map(|()| 0)?,
        };
        let folder = self.quarantine_folder();
        files::make_folder(&folder)?;
        let path = free(&folder, &damaged.name, ".flow");
        let moved = fs::rename(&damaged.path, &path).and_then(|()| files::sync_folder(&folder));
        let moved = moved.and_then(|()| files::sync_folder(&self.flows_folder()));
        moved.map_err(|error| StoreError::unwritable(&path, &error))?;
        Ok((DamagedFlow { path, ..damaged }, answers))
    }
}

/// A path in the quarantine at which there is nothing: somebody may have put a damaged flow back, and the earlier copy must stay.
pub(crate) fn free(folder: &Path, name: &str, ending: &str) -> PathBuf {
    let more = (2u32..).map(|number| folder.join(format!("{name}-{number}{ending}")));
    let mut paths = std::iter::once(folder.join(format!("{name}{ending}"))).chain(more);
    paths.find(|path| fs::symlink_metadata(path).is_err()).unwrap_or_else(|| folder.join(name))
}
