//! Files that hold secrets. Their mode is 0600 from the first byte, in folders of mode 0700, and they are replaced whole or not at
//! all.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::StoreError;

/// The most bytes that a file of ours has. The largest answer fits in with room to spare.
const LARGEST: u64 = 1024 * 1024;

/// The ending of a file that is being written.
const TEMPORARY: &str = ".tmp";

/// Makes `folder` and the missing folders above it durably, with mode 0700.
///
/// # Errors
/// [`StoreError::Unwritable`]; [`StoreError::Exposed`] when there is something else, or a folder that others can enter.
pub fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let missing: Vec<_> = folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).collect();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let made = made.and_then(|()| missing.iter().try_for_each(|folder| sync_folder(parent(folder))));
    made.map_err(|error| StoreError::unwritable(folder, &error))?;
    let is_ours = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir() && found.mode() & 0o077 == 0 && found.uid() == own_uid());
    if is_ours { Ok(()) } else { Err(StoreError::exposed(folder, "a folder of yours that nobody else can enter (0700)")) }
}

/// Replaces the file at `path` by `bytes` durably, and makes its folder if there is none.
///
/// # Errors
/// As [`make_folder`].
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    make_folder(parent(path))?;
    replace_in_place(path, bytes)
}

/// Replaces the file at `path` by `bytes` durably: writes a temporary file beside it, syncs it, renames it and syncs the folder. The
/// folder must exist, and others may read it.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn replace_in_place(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = parent(path);
    let temporary = temporary_beside(path);
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path)).and_then(|()| sync_folder(folder));
    written.map_err(|error| {
        // The rest of a failed write may hold a part of a secret.
        let _ = fs::remove_file(&temporary);
        StoreError::unwritable(path, &error)
    })
}

/// Shows that `path` could be replaced, by making and removing a file beside it. Nothing of that has to last, so nothing is synced.
pub(crate) fn prove_replaceable(path: &Path) -> Result<(), StoreError> {
    let temporary = temporary_beside(path);
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary);
    let removed = made.and_then(|_| fs::remove_file(&temporary));
    removed.map_err(|error| StoreError::unwritable(path, &error))
}

/// Makes a new synced file of `bytes`. A leftover of an earlier process with the same id is removed first.
///
/// # Errors
/// The operating system's.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads the file at `path`; `None` when there is none.
///
/// # Errors
/// As [`open`]; [`StoreError::Corrupt`] when the file has more than 1 MiB.
pub fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let Some(mut file) = open(path, OpenOptions::new().read(true))? else { return Ok(None) };
    let mut bytes = Zeroizing::new(Vec::new());
    Read::by_ref(&mut file).take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| StoreError::unreadable(path, &error))?;
    if bytes.len() as u64 > LARGEST { Err(StoreError::foreign(path, "a file of at most 1 MiB")) } else { Ok(Some(bytes)) }
}

/// Opens a file of ours with `options`; `None` when there is none. Does not follow a link.
///
/// # Errors
/// [`StoreError::Exposed`] for a file of somebody else or one that others can read; [`StoreError::Corrupt`] for a link, and for a file
/// that cannot be opened; [`StoreError::Unwritable`] when the disk is full or read-only.
pub fn open(path: &Path, options: &mut OpenOptions) -> Result<Option<File>, StoreError> {
    let file = match options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(_) if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) => {
            return Err(StoreError::foreign(path, "a file, not a link"));
        }
        // A lock is opened for writing, so these are faults of the disk, not of the file.
        Err(error) if matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            return Err(StoreError::unwritable(path, &error));
        }
        Err(error) => return Err(StoreError::unreadable(path, &error)),
    };
    let found = file.metadata().map_err(|error| StoreError::unreadable(path, &error))?;
    let is_ours = found.is_file() && found.nlink() == 1 && found.uid() == own_uid() && found.mode() & 0o077 == 0;
    if is_ours { Ok(Some(file)) } else { Err(StoreError::exposed(path, "a file of yours that nobody else can read (0600)")) }
}

/// Removes the file at `path` durably. Succeeds when there is none.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other,
    };
    removed.and_then(|()| sync_folder(parent(path))).map_err(|error| StoreError::unwritable(path, &error))
}

/// The names in `folder` that end in `ending`, without that ending, in order. Names that begin with a dot are left out.
pub(crate) fn names(folder: &Path, ending: &str) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| StoreError::unreadable(folder, &error))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| StoreError::unreadable(folder, &error))?.file_name();
        names.extend(name.to_str().filter(|name| !name.starts_with('.')).and_then(|name| name.strip_suffix(ending)).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Removes the temporary files in `folder`. The caller holds the lock, so the processes that wrote them have ended.
pub(crate) fn sweep(folder: &Path) -> Result<(), StoreError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(TEMPORARY)) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Syncs a folder, which makes a rename or a removal in it durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The folder that `path` is in.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn temporary_beside(path: &Path) -> std::path::PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}{TEMPORARY}", std::process::id()));
    path.with_file_name(name)
}

/// The user id of this process.
#[must_use]
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}
