//! What can be wrong with the store, each with the path that it is about.

use std::io;
use std::path::{Path, PathBuf};

use super::keyring::Trouble;

/// Why the store could not be used. Nothing was changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// Another process is at work on the same profile and service.
    #[error("another enlist is at work on this profile and service{}", holder_words(*.holder))]
    Locked { holder: Option<u32> },
    /// It cannot be written to.
    #[error("cannot write {}: {reason}", .path.display())]
    Unwritable { path: PathBuf, reason: String },
    /// Nobody said where it is.
    #[error("there is no place to keep anything: neither ENLIST_HOME, XDG_STATE_HOME nor HOME is set")]
    NoHome,
    /// It cannot be read, or holds what it should not.
    #[error("{} is left as it is: {reason}", .path.display())]
    Corrupt { path: PathBuf, reason: String },
    /// Others can get at it, or it is another's.
    #[error("{} is left as it is: it should be {expected}", .path.display())]
    Exposed { path: PathBuf, expected: &'static str },
    /// A later version of enlist wrote it, and can go on with it.
    #[error("{} is left as it is: a newer version of enlist wrote it", .path.display())]
    Newer { path: PathBuf },
    /// What a file says is in the keyring cannot be had from there.
    #[error("{} is left as it is: it says that the credential is in the keyring, and {trouble}", .path.display())]
    Keyring { path: PathBuf, trouble: Trouble },
}

impl StoreError {
    pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), reason: error.to_string() }
    }

    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: error.to_string() }
    }

    pub(crate) fn foreign(path: &Path, expected: &str) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: format!("it should be {expected}") }
    }

    pub(crate) fn exposed(path: &Path, expected: &'static str) -> Self {
        Self::Exposed { path: path.to_owned(), expected }
    }

    pub(crate) fn corrupt(path: &Path, reason: impl ToString) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn missing(path: &Path) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: "it should be there and is not".to_owned() }
    }
}

fn holder_words(holder: Option<u32>) -> String {
    holder.map_or_else(String::new, |pid| format!(" (process {pid})"))
}
