//! Flows whose file is damaged. Nobody can resume them, and they must not block anything else.

use std::fs;
use std::path::{Path, PathBuf};

use enlist_core::CeremonyKind;

use crate::ceremony::{kind_of_flow, loss};
use crate::{StoreError, files};

/// A flow whose file cannot be read. It is moved to the quarantine, never removed: a person may still get something out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedFlow {
    /// The flow's name.
    pub name: String,
    path: PathBuf,
    reason: String,
    /// Whether an answer had been written down for it, and is in quarantine beside it.
    has_answer: bool,
}

impl DamagedFlow {
    pub(crate) fn new(name: String, path: PathBuf, reason: impl ToString) -> Self {
        Self { name, path, reason: reason.to_string(), has_answer: false }
    }

    /// The error for a caller that needs this flow.
    #[must_use]
    pub fn error(&self) -> StoreError {
        StoreError::corrupt(&self.path, &self.reason)
    }

    /// Whether it may have been a rotation, whose answer decides which badge is the valid one.
    #[must_use]
    pub fn may_be_rotation(&self) -> bool {
        kind_of_flow(&self.name) == Some(CeremonyKind::BadgeRotation)
    }

    /// A sentence for the user, for a command that changes nothing.
    #[must_use]
    pub fn left_words(&self) -> String {
        let (path, reason) = (self.path.display(), &self.reason);
        format!("the flow {path} is damaged: {reason}. The next command that changes something moves it aside. {}", self.loss())
    }

    /// A sentence for the user, after the flow was moved to the quarantine.
    #[must_use]
    pub fn moved_words(&self) -> String {
        let (path, reason) = (self.path.display(), &self.reason);
        let beside = if self.has_answer { ", and what had come for it, perhaps a credential, to a file beside it" } else { "" };
        format!("the flow {} is damaged: {reason}. It was moved to {path}{beside}. {}", self.name, self.loss())
    }

    /// Moves the file to `folder`, the quarantine.
    pub(crate) fn move_to(self, folder: &Path, has_answer: bool) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        let path = free(folder, &self.name, ".flow");
        let moved = fs::rename(&self.path, &path).and_then(|()| files::sync_folder(folder));
        let moved = moved.and_then(|()| files::sync_folder(files::parent(&self.path)));
        moved.map_err(|error| StoreError::unwritable(&path, &error))?;
        Ok(Self { path, has_answer, ..self })
    }

    fn loss(&self) -> &'static str {
        kind_of_flow(&self.name).map_or("What was on its way may be lost", loss)
    }
}

/// A path in the quarantine at which there is nothing: somebody may have put a damaged flow back, and the earlier copy must stay.
pub(crate) fn free(folder: &Path, name: &str, ending: &str) -> PathBuf {
    let more = (2u32..).map(|number| folder.join(format!("{name}-{number}{ending}")));
    let mut paths = std::iter::once(folder.join(format!("{name}{ending}"))).chain(more);
    paths.find(|path| fs::symlink_metadata(path).is_err()).unwrap_or_else(|| folder.join(name))
}
