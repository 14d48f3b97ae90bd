//! All profiles below a home, and the one that is used when nobody names one.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::head::{Body, Format, Unusable};
use crate::{Lock, PROFILES, ProfileName, ServiceKey, Store, StoreError, files};

/// The file with the name of the profile in use. It begins with a dot, as no profile's name does.
const USED: &str = ".used";

const FORMAT: Format = Format { name: "enlist-profile-choice", version: 1, minor: 0 };

/// The beginning of the name of a folder whose profile is being removed.
const REMOVED: &str = ".removed-";

/// All profiles below one home.
#[derive(Clone, Debug)]
pub struct Profiles {
    home: PathBuf,
    folder: PathBuf,
}

impl Profiles {
    /// The profiles below the folder `home`. Nothing is read yet.
    #[must_use]
    pub fn of(home: &Path) -> Self {
        Self { home: home.to_owned(), folder: home.join(PROFILES) }
    }

    /// The names of all profiles, in order.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the folder cannot be read.
    pub fn names(&self) -> Result<Vec<ProfileName>, StoreError> {
        let names = files::names(&self.folder, "")?;
        Ok(names.iter().filter_map(|name| ProfileName::parse(name).ok()).filter(|name| self.has(name)).collect())
    }

    /// Whether there is a profile of this name.
    #[must_use]
    pub fn has(&self, name: &ProfileName) -> bool {
        fs::symlink_metadata(self.folder.join(name.as_str())).is_ok_and(|found| found.is_dir())
    }

    /// The profile in use; `None` when nobody chose one.
    ///
    /// # Errors
    /// [`StoreError`] when the choice cannot be read.
    pub fn used(&self) -> Result<Option<ProfileName>, StoreError> {
        Ok(self.choice()?.map(|choice| choice.name))
    }

    /// The profile in use, for a caller that is going to change the choice.
    fn used_for_change(&self) -> Result<Option<ProfileName>, StoreError> {
        match self.choice()? {
            Some(choice) if choice.is_newer => Err(StoreError::Newer { path: self.folder.join(USED) }),
            choice => Ok(choice.map(|choice| choice.name)),
        }
    }

    fn choice(&self) -> Result<Option<Choice>, StoreError> {
        if !self.folder.is_dir() {
            return Ok(None);
        }
        let path = self.folder.join(USED);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        Choice::parse(&bytes).map(Some).map_err(|unusable| unusable.at(&path))
    }

    /// Makes `name` the profile in use. It need not exist yet. A damaged choice is replaced.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]; [`StoreError::Newer`] and [`StoreError::Unreleased`] when another version made the choice.
    pub fn choose(&self, name: &ProfileName) -> Result<(), StoreError> {
        if let Err(error @ (StoreError::Newer { .. } | StoreError::Unreleased { .. })) = self.used_for_change() {
            return Err(error);
        }
        let path = self.folder.join(USED);
        let body = ChoiceBody { profile: name.to_string() };
        files::replace(&path, &FORMAT.write(&body).map_err(|error| StoreError::corrupt(&path, error))?)
    }

    /// Locks `name` at all `services`: no other process changes anything there while the locks are held.
    ///
    /// # Errors
    /// As [`Store::lock`].
    pub fn lock(&self, name: &ProfileName, services: &[ServiceKey]) -> Result<Vec<Lock>, StoreError> {
        services.iter().map(|service| Store::of(&self.home, name, service).lock()).collect()
    }

    /// Renames `old`, which the caller has locked, to `new`, which no profile is called. No file inside names its profile.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]; [`StoreError::Newer`] when a newer version chose the profile in use.
    pub fn rename(&self, old: &ProfileName, new: &ProfileName) -> Result<(), StoreError> {
        self.used_for_change()?;
        self.move_away(old, new.as_str())?;
        self.follow(old, new)
    }

    /// Makes `new` the profile in use if `old` is, because `old` was renamed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn follow(&self, old: &ProfileName, new: &ProfileName) -> Result<(), StoreError> {
        if self.used_for_change()?.as_ref() == Some(old) { self.choose(new) } else { Ok(()) }
    }

    /// Removes `name`, which the caller has locked. Under its name there is either all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn remove(&self, name: &ProfileName) -> Result<(), StoreError> {
        if self.used_for_change()?.as_ref() == Some(name) {
            files::remove(&self.folder.join(USED))?;
        }
        let removed = format!("{REMOVED}{name}-{}", std::process::id());
        self.move_away(name, &removed)?;
        let path = self.folder.join(removed);
        fs::remove_dir_all(&path).and_then(|()| files::sync_folder(&self.folder)).map_err(|error| StoreError::unwritable(&path, &error))
    }

    fn move_away(&self, from: &ProfileName, to: &str) -> Result<(), StoreError> {
        let to = self.folder.join(to);
        // The kernel refuses to move a folder onto one that is not empty, such as a profile that another process has just made.
        let moved = fs::rename(self.folder.join(from.as_str()), &to).and_then(|()| files::sync_folder(&self.folder));
        moved.map_err(|error| StoreError::unwritable(&to, &error))
    }
}

/// The choice of a profile, as its file holds it.
struct Choice {
    name: ProfileName,
    is_newer: bool,
}

#[derive(Serialize, Deserialize)]
struct ChoiceBody {
    profile: String,
}

impl Body for ChoiceBody {
    const MEMBERS: &'static [&'static str] = &["profile"];
}

impl Choice {
    fn parse(bytes: &[u8]) -> Result<Self, Unusable> {
        let is_bare_name = std::str::from_utf8(bytes).is_ok_and(|text| ProfileName::parse(text.trim_end()).is_ok());
        if is_bare_name {
            return Err(Unusable::Unreleased);
        }
        let read = || {
            let opened = FORMAT.open(bytes)?;
            let ChoiceBody { profile } = opened.read()?;
            let named = ProfileName::parse(&profile).map_err(|_| opened.unless_newer(Unusable::damaged("")));
            Ok(Self { name: named?, is_newer: opened.is_newer })
        };
        read().map_err(|unusable| match unusable {
            Unusable::Damaged(_) => Unusable::damaged("it names no profile; enlist profile use NAME mends that"),
            other => other,
        })
    }
}

/// Removes the rest of profiles whose removal was interrupted. Another process may be doing the same.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(REMOVED)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
