//! A flow whose file is damaged: nobody can go on with it, and it stands in nobody's way.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Flow, Journal, Store, StoreError, files};

/// A flow that cannot be read. It is moved aside, never removed: a person may still get something out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damaged {
    pub(crate) name: String,
    path: PathBuf,
    reason: String,
}

impl Damaged {
    pub(super) fn new(name: String, path: PathBuf, reason: impl ToString) -> Self {
        Self { name, path, reason: reason.to_string() }
    }

    /// For whoever needs just this flow.
    pub(crate) fn error(&self) -> StoreError {
        StoreError::corrupt(&self.path, &self.reason)
    }

    /// Whether it may have been a rotation, whose answer decides which badge is the good one.
    pub(crate) fn may_be_rotation(&self) -> bool {
        Flow::is_rotation(&self.name)
    }

    /// What is said where nothing is changed.
    pub(crate) fn left_words(&self) -> String {
        let (path, reason) = (self.path.display(), &self.reason);
        format!("the flow {path} is damaged: {reason}. The next command that changes something moves it aside. {}", self.loss())
    }

    /// What is said when it was moved, with so many answers of it.
    pub(crate) fn moved_words(&self, answers: usize) -> String {
        let (path, reason) = (self.path.display(), &self.reason);
        let beside = if answers == 0 { "" } else { ", and what had come for it, perhaps a credential, to a file beside it" };
        format!("the flow {} is damaged: {reason}. It was moved to {path}{beside}. {}", self.name, self.loss())
    }

    fn loss(&self) -> &'static str {
        Flow::loss(&self.name)
    }
}

impl Store {
    pub(crate) fn damaged_flows(&self) -> Result<Vec<Damaged>, StoreError> {
        Ok(Flow::all(&self.flows_folder())?.1)
    }

    /// Moves a damaged flow, and what was written down for it, to where a person finds it: where it is now, and how many answers
    /// are beside it. The caller holds the lock.
    pub(crate) fn set_aside(&self, damaged: Damaged) -> Result<(Damaged, usize), StoreError> {
        let mut answers = 0;
        // The flow last: without it nobody would look for its journals.
        for journal in Journal::of_flow(&self.journal_folder(), &damaged.name)? {
            if journal.is_written()? {
                journal.keep_aside(&self.kept_folder())?;
                answers += 1;
            } else {
                journal.remove()?;
            }
        }
        files::make_folder(&self.kept_folder())?;
        let kept = free(&self.kept_folder(), &damaged.name);
        let moved = fs::rename(&damaged.path, &kept).and_then(|()| files::sync_folder(&self.kept_folder()));
        let moved = moved.and_then(|()| files::sync_folder(&self.flows_folder()));
        moved.map_err(|error| StoreError::unwritable(&kept, &error))?;
        Ok((Damaged { path: kept, ..damaged }, answers))
    }
}

/// A path that nothing is at: what somebody put back, and is damaged again, is kept too.
fn free(folder: &Path, name: &str) -> PathBuf {
    let more = (2u32..).map(|number| folder.join(format!("{name}-{number}.flow")));
    let mut paths = std::iter::once(folder.join(format!("{name}.flow"))).chain(more);
    paths.find(|path| fs::symlink_metadata(path).is_err()).unwrap_or_else(|| folder.join(name))
}
