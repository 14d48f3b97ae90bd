//! The facts about a store that the cases need.

use std::env;
use std::error::Error;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::Command;

use enlist_core::{Snapshot, Store};

use super::folder;

/// The result of what a fixture does. Its error is shown as the reason why a case failed.
pub type Fallible<T> = Result<T, Box<dyn Error>>;

/// A kind of store under test.
///
/// A *place* is a folder that the case makes, empty at first and readable by its owner alone. A store that does not keep files uses the
/// path as a name, for example of a schema, and overrides [`crash`](Self::crash), [`holds`](Self::holds) and [`tear`](Self::tear).
pub trait Fixture {
    /// The store.
    type Store: Store<Error: Display>;

    /// The folder in which the places are made. Override it to run the cases on another file system.
    ///
    /// The default is the system's folder for temporary files.
    fn folder(&self) -> PathBuf {
        env::temp_dir()
    }

    /// Opens the store of the flow at `place`. If the place is empty, the store is one to which nothing was saved yet.
    ///
    /// # Errors
    /// The place is in use by another store, or cannot be read.
    fn open(&self, place: &Path) -> Fallible<Self::Store>;

    /// Opens a store for a new flow at a place where an earlier flow ended or was given up. From then on [`open`](Self::open) opens
    /// the new flow there.
    ///
    /// The default is [`open`](Self::open): the new flow takes the place of the earlier one.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn open_for_another_flow(&self, place: &Path) -> Fallible<Self::Store> {
        self.open(place)
    }

    /// The snapshot that the store holds, as a process reads it to resume the ceremony. `None` if nothing was saved.
    ///
    /// # Errors
    /// The snapshot cannot be read.
    fn saved(&self, store: &mut Self::Store) -> Fallible<Option<Snapshot>>;

    /// Whether the store, when it was opened, found that its flow had ended and acted upon that: it put the credential in its place, for
    /// example. Then the store need not hold a snapshot any more.
    ///
    /// The default is `false`: the ceremony learns of an answer that was written down only when it is driven again.
    ///
    /// # Errors
    /// The store cannot tell.
    fn has_ended(&self, _store: &mut Self::Store) -> Fallible<bool> {
        Ok(false)
    }

    /// Copies to `copy`, an empty place, what would be left if the process that owns the store died now. Then the store may be dropped;
    /// what its destructor still writes must not get into the copy.
    ///
    /// The default copies the files at `place`.
    ///
    /// # Errors
    /// The copy cannot be made.
    fn crash(&self, store: Self::Store, place: &Path, copy: &Path) -> Fallible<()> {
        folder::copy(place, copy)?;
        drop(store);
        Ok(())
    }

    /// Whether the place holds `bytes` anywhere, also in records that the store does not use any more.
    ///
    /// The default looks for the bytes in the files at `place`. A store that encodes or encrypts what it keeps overrides this.
    ///
    /// # Errors
    /// The place cannot be read.
    fn holds(&self, place: &Path, bytes: &[u8]) -> Fallible<bool> {
        folder::holds(place, bytes)
    }

    /// Damages the record of an answer with this body as an interrupted write would. No store is open at the place.
    ///
    /// The default changes the file that holds the body. A store whose writes are atomic by other means, as a database's are,
    /// returns [`Support::No`].
    ///
    /// # Errors
    /// No record of the answer was found, or it cannot be changed.
    fn tear(&self, place: &Path, body: &[u8], tear: Tear) -> Fallible<Support> {
        folder::tear(place, body, tear).map(|()| Support::Yes)
    }

    /// Makes every later write of the open store fail for want of room, or lets it succeed again.
    ///
    /// The default is [`Support::No`], which skips the cases of a full disk.
    ///
    /// # Errors
    /// The store cannot be put into this state.
    fn set_disk_full(&self, _store: &mut Self::Store, _place: &Path, _is_full: bool) -> Fallible<Support> {
        Ok(Support::No)
    }

    /// A command that calls [`run`](crate::stores::run) with an equal fixture in another process, for the case in which a process is killed.
    /// [`rerun_test`](crate::stores::rerun_test) makes one of a test.
    ///
    /// The default is `None`, which skips the case.
    fn child(&self) -> Option<Command> {
        None
    }
}

/// Whether a fixture can do what a case needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It was done.
    Yes,
    /// The store has nothing of the kind, so the case is skipped.
    No,
}

/// How the write of a record was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// The second half of the body is missing, and everything after it.
    Short,
    /// The second half of the body is still the zeros of the room that was reserved for it.
    Zeros,
    /// A byte in the middle of the body is another one.
    WrongByte,
}

impl Tear {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Short, Self::Zeros, Self::WrongByte];
}

/// A sentence about the mistake of a store. It contains no secret and no bytes of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

impl Broken {
    pub(crate) fn new(what: impl Display) -> Self {
        Self(what.to_string())
    }
}

impl From<Box<dyn Error>> for Broken {
    fn from(error: Box<dyn Error>) -> Self {
        Self::new(error)
    }
}
