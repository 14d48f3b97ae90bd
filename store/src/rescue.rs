//! Second places for an answer that came once, used when the store can no longer be written.
//!
//! A record in such a place is the record that the journal would hold. It names its flow, its exchange and the nonce, so only the flow that
//! sent the request takes it, and the record is removed then.

use std::env;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use enlist_core::ExchangeId;
use zeroize::Zeroizing;

use crate::files;

const ENDING: &str = ".answer";

/// The store's plan for an answer that came once and cannot be written into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescue {
    /// The folders that are tried, in this order. The folder above each must exist. A folder that exists must belong to this user, and
    /// nobody else may be able to enter it; otherwise it is passed over.
    pub folders: Vec<PathBuf>,
    /// How long all places, the store's own first, are tried again and again. The call blocks for this time at most.
    pub patience: Duration,
}

impl Default for Rescue {
    /// `$XDG_RUNTIME_DIR/enlist`, `$XDG_STATE_HOME/enlist-rescue` and `/dev/shm/enlist-<uid>`, for 30 seconds.
    fn default() -> Self {
        let variable = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state_home = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")));
        let folders = [
            variable("XDG_RUNTIME_DIR").map(|folder| folder.join("enlist")),
            state_home.map(|folder| folder.join("enlist-rescue")),
            Some(Path::new("/dev/shm").join(format!("enlist-{}", files::own_uid()))),
        ];
        Self { folders: folders.into_iter().flatten().collect(), patience: Duration::from_secs(30) }
    }
}

impl Rescue {
    /// Writes `record` durably into the first folder that takes it, and returns its path. The folders on the device of `store` come last,
    /// because that device has just failed.
    pub(crate) fn keep(&self, flow: &str, id: ExchangeId, record: &[u8], store: &Path) -> Option<PathBuf> {
        let device = fs::metadata(store).ok().map(|found| found.dev());
        let usable = self.folders.iter().filter_map(|folder| Some((folder, make_own_folder(folder)?)));
        let (beside, elsewhere): (Vec<_>, Vec<_>) = usable.partition(|(_, own)| Some(*own) == device);
        let paths = elsewhere.into_iter().chain(beside).map(|(folder, _)| path_in(folder, flow, id));
        paths.into_iter().find(|path| write(path, record).is_ok())
    }

    /// The record of an exchange, if it begins with `key`.
    pub(crate) fn find(&self, flow: &str, id: ExchangeId, key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let records = self.own_folders().filter_map(|folder| files::read(&path_in(folder, flow, id)).ok().flatten());
        records.into_iter().find(|record| record.starts_with(key))
    }

    /// Removes the records of an exchange. One that cannot be removed is never taken again, because its nonce is used up.
    pub(crate) fn remove(&self, flow: &str, id: ExchangeId) {
        for folder in self.own_folders() {
            let _ = fs::remove_file(path_in(folder, flow, id));
        }
    }

    fn own_folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.folders.iter().filter(|folder| own_device(folder).is_some())
    }
}

fn path_in(folder: &Path, flow: &str, id: ExchangeId) -> PathBuf {
    folder.join(format!("{flow}-{id}{ENDING}"))
}

/// Makes the folder, or makes sure that it is ours, and returns its device.
fn make_own_folder(folder: &Path) -> Option<u64> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => None,
        _ => own_device(folder),
    }
}

/// The device of a folder of ours that nobody else can enter.
fn own_device(folder: &Path) -> Option<u64> {
    let found = fs::symlink_metadata(folder).ok()?;
    (found.is_dir() && found.uid() == files::own_uid() && found.mode() & 0o077 == 0).then(|| found.dev())
}

/// Writes a new file in place of what an earlier request of the flow may have left. The rest of a failed attempt is removed, because it may
/// hold a part of a secret.
fn write(path: &Path, record: &[u8]) -> io::Result<()> {
    files::write_new(path, record).inspect_err(|_| drop(fs::remove_file(path)))
}
