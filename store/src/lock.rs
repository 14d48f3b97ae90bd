//! One process at a time may change a profile's store at a service. The kernel holds the lock, so it ends with the process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::{StoreError, files};

/// The lock of one profile and service. It is released when this is dropped, and when the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`, or says who holds it. Never waits.
    pub(crate) fn take(path: &Path) -> Result<Self, StoreError> {
        files::make_folder(files::parent(path))?;
        let unwritable = |error: std::io::Error| StoreError::unwritable(path, &error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = files::open(path, &mut options)?.ok_or_else(|| StoreError::missing(path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { holder: holder(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        if !is_still_at(&file, path) {
            // Another process renamed or removed the profile after we opened the file, and has ended.
            return Err(StoreError::Locked { holder: None });
        }
        // The number is for whoever finds the file locked. The lock itself is the kernel's.
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id())).map_err(unwritable)?;
        Ok(Self { _file: file })
    }
}

fn is_still_at(file: &File, path: &Path) -> bool {
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    file.metadata().is_ok_and(|opened| fs::symlink_metadata(path).is_ok_and(|found| identity(found) == identity(opened)))
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Between opening and locking, another process may rename the profile, or remove it and make a new one.
    #[test]
    fn a_lock_whose_file_went_elsewhere_is_none() {
        let home = tempfile::tempdir().unwrap();
        let (here, there) = (home.path().join("here"), home.path().join("there"));
        fs::create_dir(&here).unwrap();
        let path = here.join("lock");
        let opened = File::create(&path).unwrap();
        assert!(is_still_at(&opened, &path));
        fs::rename(&here, &there).unwrap();
        assert!(!is_still_at(&opened, &path) && is_still_at(&opened, &there.join("lock")));
        fs::create_dir(&here).unwrap();
        File::create(&path).unwrap();
        assert!(!is_still_at(&opened, &path));
    }
}
