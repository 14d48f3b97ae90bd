//! Files that hold secrets. Their mode is 0600 from the first byte, in folders of mode 0700, and they are replaced whole or not at
//! all.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::StoreError;

/// The most bytes that a file of ours has. The largest answer fits in with room to spare.
const LARGEST: u64 = 1024 * 1024;

/// The ending of a file that is being written.
const TEMPORARY: &str = ".tmp";

/// The requirements for a file.
const REGULAR: &str = "a regular file";

/// How often a file is opened that is replaced again and again meanwhile.
const MOST_OPENINGS: usize = 64;

/// Makes sure that nobody else can replace what is in the folder `home`. Succeeds when there is no such folder yet.
///
/// # Errors
/// [`StoreError::Exposed`].
pub(crate) fn refuse_open_home(home: &Path) -> Result<(), StoreError> {
    // In a sticky folder such as /tmp, others can add names but not change ours.
    let is_open = |found: &Metadata| found.is_dir() && found.mode() & 0o022 != 0 && found.mode() & 0o1000 == 0;
    match fs::metadata(home) {
        Ok(found) if is_open(&found) => Err(StoreError::exposed(home, "a folder in which nobody else can write (0700)")),
        _ => Ok(()),
    }
}

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
/// [`StoreError::Exposed`] for a file of somebody else or one that others can read; [`StoreError::Corrupt`] for a link, and for
/// something else that is not a regular file; [`StoreError::Unwritable`] when the disk is full or read-only;
/// [`StoreError::Unreadable`] when the operating system does not open the file for another reason.
pub fn open(path: &Path, options: &mut OpenOptions) -> Result<Option<File>, StoreError> {
    let opened = unless_replaced(path, || open_at_once(path, options, OFlags::NOFOLLOW));
    let (file, found) = match opened {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(not_opened(path, &error)),
    };
    if !found.is_file() {
        return Err(StoreError::foreign(path, REGULAR));
    }
    let is_ours = found.nlink() == 1 && found.uid() == own_uid() && found.mode() & 0o077 == 0;
    if is_ours { Ok(Some(file)) } else { Err(StoreError::exposed(path, "a file of yours that nobody else can read (0600)")) }
}

/// Opens a file that is not ours for reading, and never waits for somebody at the other end of a named pipe. Follows links.
///
/// # Errors
/// The operating system's, and one for everything that is not a regular file.
pub fn open_foreign(path: &Path) -> io::Result<File> {
    let (file, found) = open_at_once(path, OpenOptions::new().read(true), OFlags::empty())?;
    if found.is_file() { Ok(file) } else { Err(io::Error::other(format!("it should be {REGULAR}"))) }
}

/// Opens `path` without waiting, and says what was opened. Opening a named pipe waits for its other end otherwise.
fn open_at_once(path: &Path, options: &mut OpenOptions, flags: OFlags) -> io::Result<(File, Metadata)> {
    let file = options.custom_flags((flags | OFlags::NONBLOCK).bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    Ok((file, found))
}

/// Opens a file again when another process replaced it between the opening and the look at it: the file that was opened has no name
/// any more then.
fn unless_replaced(path: &Path, mut open: impl FnMut() -> io::Result<(File, Metadata)>) -> io::Result<(File, Metadata)> {
    for _ in 0..MOST_OPENINGS {
        let (file, found) = open()?;
        if found.nlink() > 0 {
            return Ok((file, found));
        }
    }
    Err(io::Error::other(format!("{} was replaced each time that it was opened", path.display())))
}

/// Why a file of ours was not opened.
pub(crate) fn not_opened(path: &Path, error: &io::Error) -> StoreError {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => return StoreError::foreign(path, "a file, not a link"),
        Ok(found) if !found.is_file() => return StoreError::foreign(path, REGULAR),
        _ => {}
    }
    match error.kind() {
        // A lock is opened for writing, so these are faults of the disk, not of the file.
        ErrorKind::ReadOnlyFilesystem | ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::unwritable(path, error),
        _ => StoreError::unreadable(path, error),
    }
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

/// Syncs a folder, which makes a rename or a removal in it durable. Does nothing on a file system that cannot sync a folder, such as
/// those of CIFS and FUSE.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(test)]
    tests::meet_fault()?;
    match File::open(folder)?.sync_all() {
        Err(error) if cannot_sync_folders(&error) => Ok(()),
        other => other,
    }
}

/// Whether `error`, of syncing a folder, says that the file system has no such operation.
fn cannot_sync_folders(error: &io::Error) -> bool {
    let unsupported = [Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS, Errno::BADF];
    Errno::from_io_error(error).is_some_and(|errno| unsupported.contains(&errno))
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

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static SYNC_FAILS: Cell<bool> = const { Cell::new(false) };
    }

    /// Lets the next sync of a folder in this thread fail, as a broken disk does.
    pub(crate) fn break_next_sync() {
        SYNC_FAILS.set(true);
    }

    pub(super) fn meet_fault() -> io::Result<()> {
        if SYNC_FAILS.take() { Err(Errno::IO.into()) } else { Ok(()) }
    }

    #[test]
    fn a_file_that_is_replaced_while_it_is_opened_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let open = |text: &str| {
            write_new(&path, text.as_bytes()).unwrap();
            File::open(&path).unwrap()
        };
        let replaced = open("old");
        let current = open("new");
        let mut files = vec![current, replaced.try_clone().unwrap(), replaced.try_clone().unwrap()];
        let (mut opened, _) = unless_replaced(&path, || {
            let file = files.pop().unwrap();
            let found = file.metadata()?;
            Ok((file, found))
        })
        .unwrap();
        let mut text = String::new();
        opened.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), files.len()), ("new", 0));
        // It is given up in the end.
        let always = unless_replaced(&path, || Ok((replaced.try_clone()?, replaced.metadata()?)));
        assert!(always.unwrap_err().to_string().contains("was replaced"));
    }

    #[test]
    fn a_reader_beside_a_writer_always_finds_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace_in_place(&path, b"0").unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for round in 0..300_u32 {
                    let temporary = temporary_beside(&path);
                    write_new(&temporary, round.to_string().as_bytes()).unwrap();
                    fs::rename(&temporary, &path).unwrap();
                }
            });
            while !writer.is_finished() {
                assert!(read(&path).unwrap().is_some());
            }
        });
    }

    #[test]
    fn a_folder_is_synced_where_that_can_be_done() {
        for ignored in [Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS, Errno::BADF] {
            assert!(cannot_sync_folders(&ignored.into()), "{ignored}");
        }
        for fatal in [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::ACCESS] {
            assert!(!cannot_sync_folders(&fatal.into()), "{fatal}");
        }
        // Only folders: a file that cannot be synced is not durable.
        #[cfg(target_os = "linux")]
        {
            let proc = Path::new("/proc/self");
            assert_eq!(File::open(proc).unwrap().sync_all().unwrap_err().kind(), ErrorKind::InvalidInput);
            sync_folder(proc).unwrap();
        }
    }
}
