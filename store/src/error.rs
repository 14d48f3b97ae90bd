//! The ways in which the store can fail.

use std::io;
use std::path::{Path, PathBuf};

use crate::keyring::KeyringError;

/// Why the store could not be used. Nothing was changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the lock of this profile and service.
    #[error("another enlist is at work on this profile and service{}", holder_words(*.holder))]
    Locked {
        /// The id of that process, if the lock file contains it.
        holder: Option<u32>,
    },
    /// A file or a folder cannot be written.
    #[error("cannot write {}: {reason}", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// The store cannot be written any more. An answer that came once is in another place, and the next [`Session`](crate::Session) takes
    /// it in from there.
    #[error("cannot write {}: {reason}; the service's answer is kept in {} until the store can be written again", .path.display(), .kept.display())]
    Rescued {
        /// The file or folder that could not be written.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
        /// Where the answer is.
        kept: PathBuf,
    },
    /// An answer that came once could be written nowhere, so it is lost. Its text is in no error.
    #[error("the service's answer came and could be stored nowhere: cannot write {}: {reason}", .path.display())]
    NotStored {
        /// The file or folder of the store that could not be written.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// The operating system does not open or read a file now. Nothing is known about its content.
    #[error("cannot read {}: {reason}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// A file holds something that does not belong there, or there is something else than a file.
    #[error("{} is left as it is: {reason}", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The reason. It never quotes the file.
        reason: String,
    },
    /// Others can read or change a file or folder, or it belongs to somebody else.
    #[error("{} is left as it is: it should be {expected}", .path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// The required state.
        expected: &'static str,
    },
    /// A newer version of enlist wrote the file.
    #[error("{} was written by a newer version of enlist, and was left as it is", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// An unreleased version of enlist wrote the file or folder. Its formats are not converted.
    #[error("{} was written by an unreleased version of enlist, and was left as it is", .path.display())]
    Unreleased {
        /// The file or folder.
        path: PathBuf,
    },
    /// The keyring does not give the credential that a file says it holds.
    #[error("{} is left as it is: it says that the credential is in the keyring, and {error}", .path.display())]
    Keyring {
        /// The credential's file.
        path: PathBuf,
        /// Why the keyring does not give it.
        error: KeyringError,
    },
    /// The home is not named by an absolute path.
    #[error("{} is not an absolute path", .path.display())]
    RelativeHome {
        /// The path.
        path: PathBuf,
    },
    /// The operating system gives no random bytes, which a new name needs.
    #[error("the operating system gives no random bytes: {reason}")]
    NoRandom {
        /// The operating system's words.
        reason: String,
    },
}

impl StoreError {
    /// A path that could not be written.
    #[must_use]
    pub fn unwritable(path: &Path, error: &io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), reason: error.to_string() }
    }

    /// A path that could not be read.
    #[must_use]
    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), reason: error.to_string() }
    }

    /// A path at which there is something else than `expected`.
    #[must_use]
    pub fn foreign(path: &Path, expected: &str) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: format!("it should be {expected}") }
    }

    /// A path that is open to others, where `expected` says what it should be.
    #[must_use]
    pub fn exposed(path: &Path, expected: &'static str) -> Self {
        Self::Exposed { path: path.to_owned(), expected }
    }

    /// A file whose content is wrong. `reason` must not quote it.
    pub fn corrupt(path: &Path, reason: impl ToString) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: reason.to_string() }
    }

    /// A file that should be there and is not.
    #[must_use]
    pub fn missing(path: &Path) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: "it should be there and is not".to_owned() }
    }

    /// Whether it is about a file that another version of enlist wrote.
    pub(crate) fn is_of_another_version(&self) -> bool {
        matches!(self, Self::Newer { .. } | Self::Unreleased { .. })
    }

    pub(crate) fn no_random(error: &getrandom::Error) -> Self {
        Self::NoRandom { reason: error.to_string() }
    }
}

fn holder_words(holder: Option<u32>) -> String {
    holder.map_or_else(String::new, |pid| format!(" (process {pid})"))
}
