//! All profiles of a home, and which of them is meant without a word.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Lock, PROFILES, Service, Store, StoreError, files};
use crate::args::profile_name;

/// Holds the name of the profile in use. No profile can have this name, nor one of those that are being removed.
const USED: &str = ".used";

/// What is on its way out has this in front of its name.
const REMOVED: &str = ".removed-";

#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    home: PathBuf,
    folder: PathBuf,
}

impl Profiles {
    pub(crate) fn of(home: &Path) -> Self {
        Self { home: home.to_owned(), folder: home.join(PROFILES) }
    }

    /// All, in order.
    pub(crate) fn names(&self) -> Result<Vec<String>, StoreError> {
        let is_profile = |name: &String| profile_name(name).is_ok() && self.has(name);
        Ok(files::names(&self.folder, "")?.into_iter().filter(is_profile).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        fs::symlink_metadata(self.folder.join(name)).is_ok_and(|found| found.is_dir())
    }

    /// The one in use; `None` when nobody chose one.
    pub(crate) fn used(&self) -> Result<Option<String>, StoreError> {
        if !self.folder.is_dir() {
            return Ok(None);
        }
        let path = self.folder.join(USED);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let name = std::str::from_utf8(&bytes).ok().and_then(|text| profile_name(text.trim_end()).ok());
        name.map(Some).ok_or_else(|| StoreError::corrupt(&path, "it names no profile; enlist profile use NAME mends that"))
    }

    pub(crate) fn choose(&self, name: &str) -> Result<(), StoreError> {
        files::replace(&self.folder.join(USED), format!("{name}\n").as_bytes())
    }

    /// Nobody else changes anything in `name` while this is held.
    pub(crate) fn lock(&self, name: &str) -> Result<Vec<Lock>, StoreError> {
        Service::ALL.iter().map(|service| Store::of(&self.home, name, *service).lock()).collect()
    }

    /// Gives `old`, which is locked, a name that nobody has. What is in it knows nothing of its profile's name.
    pub(crate) fn rename(&self, old: &str, new: &str) -> Result<(), StoreError> {
        self.move_away(old, new)?;
        self.follow(old, new)
    }

    /// `old` became `new`: who uses the one uses the other.
    pub(crate) fn follow(&self, old: &str, new: &str) -> Result<(), StoreError> {
        if self.used()?.as_deref() == Some(old) { self.choose(new) } else { Ok(()) }
    }

    /// Removes `name`, which is locked. At no moment is a part of it left under its name.
    pub(crate) fn remove(&self, name: &str) -> Result<(), StoreError> {
        if self.used()?.as_deref() == Some(name) {
            files::remove(&self.folder.join(USED))?;
        }
        let removed = format!("{REMOVED}{name}-{}", std::process::id());
        self.move_away(name, &removed)?;
        let path = self.folder.join(removed);
        fs::remove_dir_all(&path).and_then(|()| files::sync_folder(&self.folder)).map_err(|error| StoreError::unwritable(&path, &error))
    }

    fn move_away(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let to = self.folder.join(to);
        // Onto a profile that another process has just made the kernel moves nothing: that one is not empty.
        let moved = fs::rename(self.folder.join(from), &to).and_then(|()| files::sync_folder(&self.folder));
        moved.map_err(|error| StoreError::unwritable(&to, &error))
    }
}

/// Removes what is left in `folder` of profiles whose removal was broken off. Another process may be at the same.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(REMOVED)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
