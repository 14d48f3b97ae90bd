//! The folder below which everything is kept: its profiles, and the one that is used when nobody names one.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::head::{Body, Format, Unusable};
use crate::lock::Lock;
use crate::service_store::REMOVED;
use crate::{ProfileName, Rescue, ServiceKey, ServiceStore, StoreError, backend, files};

/// The folder of all profiles.
const PROFILES: &str = "profiles";

/// The file with the name of the profile in use. It begins with a dot, as no profile's name does.
const USED: &str = ".used";

const FORMAT: Format = Format { name: "enlist-profile-choice", version: 1, minor: 0 };

/// The folder below which everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    path: PathBuf,
    rescue: Rescue,
}

/// One profile: the identities of one agent, at most one at each service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    folder: PathBuf,
    name: ProfileName,
    rescue: Rescue,
}

impl Home {
    /// The home at `path`. Nothing is read or made yet.
    ///
    /// # Errors
    /// [`StoreError::RelativeHome`] when `path` is relative: with another working directory it would be another home.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        if path.is_absolute() { Ok(Self { path, rescue: Rescue::default() }) } else { Err(StoreError::RelativeHome { path }) }
    }

    /// This home, with other places for answers that cannot be written into it.
    #[must_use]
    pub fn with_rescue(self, rescue: Rescue) -> Self {
        Self { rescue, ..self }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The profile of this name, which need not exist yet.
    #[must_use]
    pub fn profile(&self, name: &ProfileName) -> Profile {
        Profile { folder: self.folder_of(name.as_str()), name: name.clone(), rescue: self.rescue.clone() }
    }

    /// The names of all profiles, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be read.
    pub fn profiles(&self) -> Result<Vec<ProfileName>, StoreError> {
        let names = files::names(&self.profiles_folder(), "")?;
        Ok(names.iter().filter_map(|name| ProfileName::parse(name).ok()).filter(|name| self.has_profile(name)).collect())
    }

    /// Whether there is a profile of this name.
    #[must_use]
    pub fn has_profile(&self, name: &ProfileName) -> bool {
        fs::symlink_metadata(self.folder_of(name.as_str())).is_ok_and(|found| found.is_dir())
    }

    /// A profile's name like `name` under which nothing is kept yet.
    #[must_use]
    pub fn free_profile(&self, name: &ProfileName) -> ProfileName {
        let is_free = |name: &ProfileName| !self.folder_of(name.as_str()).exists();
        (2..).map(|number| name.numbered(number)).find(is_free).unwrap_or_default()
    }

    /// The profile in use; `None` when nobody chose one.
    ///
    /// # Errors
    /// [`StoreError`] when the choice cannot be read.
    pub fn used_profile(&self) -> Result<Option<ProfileName>, StoreError> {
        Ok(self.choice()?.map(|choice| choice.name))
    }

    /// Makes `name` the profile in use. It need not exist yet. A damaged choice is replaced.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]; [`StoreError::Newer`] and [`StoreError::Unreleased`] when another version made the choice.
    pub fn use_profile(&self, name: &ProfileName) -> Result<(), StoreError> {
        if let Err(error) = self.used_for_change()
            && error.is_of_another_version()
        {
            return Err(error);
        }
        files::refuse_open_home(&self.path)?;
        let path = self.choice_path();
        let body = ChoiceBody { profile: name.to_string() };
        files::replace(&path, &FORMAT.write(&body).map_err(|error| StoreError::corrupt(&path, error))?)
    }

    /// Makes `new` the profile in use if `old` is, after `old` was renamed.
    ///
    /// # Errors
    /// As [`use_profile`](Self::use_profile).
    pub fn follow_rename(&self, old: &ProfileName, new: &ProfileName) -> Result<(), StoreError> {
        if self.used_for_change()?.as_ref() == Some(old) { self.use_profile(new) } else { Ok(()) }
    }

    /// Locks the profile at all `services`, so that no other process changes anything there. Name every service that a process may use.
    ///
    /// # Errors
    /// As [`ServiceStore::lock`].
    pub fn lock_profile(&self, name: &ProfileName, services: &[ServiceKey]) -> Result<LockedProfile, StoreError> {
        let profile = self.profile(name);
        let stores: Vec<_> = services.iter().map(|service| profile.service(service)).collect();
        let locks = stores.iter().map(ServiceStore::take_lock).collect::<Result<_, _>>()?;
        Ok(LockedProfile { home: self.clone(), name: name.clone(), stores, _locks: locks })
    }

    /// The profile in use, for a caller that is going to change the choice.
    fn used_for_change(&self) -> Result<Option<ProfileName>, StoreError> {
        match self.choice()? {
            Some(choice) if choice.is_newer => Err(StoreError::Newer { path: self.choice_path() }),
            choice => Ok(choice.map(|choice| choice.name)),
        }
    }

    fn choice(&self) -> Result<Option<Choice>, StoreError> {
        if !self.profiles_folder().is_dir() {
            return Ok(None);
        }
        let path = self.choice_path();
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        Choice::parse(&bytes).map(Some).map_err(|unusable| unusable.at(&path))
    }

    fn choice_path(&self) -> PathBuf {
        self.folder_of(USED)
    }

    fn folder_of(&self, name: &str) -> PathBuf {
        self.profiles_folder().join(name)
    }

    fn profiles_folder(&self) -> PathBuf {
        self.path.join(PROFILES)
    }
}

impl Profile {
    /// The profile's name.
    #[must_use]
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// The profile's identity at a service, and the flows that are on the way to it.
    #[must_use]
    pub fn service(&self, key: &ServiceKey) -> ServiceStore {
        ServiceStore::in_folder(&self.folder, key, self.rescue.clone())
    }
}

/// A profile that no other process can change. The locks are released when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct LockedProfile {
    home: Home,
    name: ProfileName,
    stores: Vec<ServiceStore>,
    _locks: Vec<Lock>,
}

impl LockedProfile {
    /// Renames the profile to `new`, which no profile is called. No file inside names its profile.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]; [`StoreError::Newer`] when a newer version chose the profile in use.
    pub fn rename(self, new: &ProfileName) -> Result<(), StoreError> {
        self.home.used_for_change()?;
        self.move_away(new.as_str())?;
        self.home.follow_rename(&self.name, new)
    }

    /// Removes the profile and its keyring items. Under its name there is either all of it or nothing. Returns sentences about what
    /// could not be removed from the keyring.
    ///
    /// # Errors
    /// As [`rename`](Self::rename).
    pub fn remove(self) -> Result<Vec<String>, StoreError> {
        let used = self.home.used_for_change()?;
        let warnings = self.stores.iter().filter_map(|store| backend::clear_keyring(&store.credential_path())).collect();
        if used.as_ref() == Some(&self.name) {
            files::remove(&self.home.choice_path())?;
        }
        let removed = format!("{REMOVED}{}-{}", self.name, std::process::id());
        self.move_away(&removed)?;
        let (path, folder) = (self.home.folder_of(&removed), self.home.profiles_folder());
        let cleared = fs::remove_dir_all(&path).and_then(|()| files::sync_folder(&folder));
        cleared.map_err(|error| StoreError::unwritable(&path, &error))?;
        Ok(warnings)
    }

    fn move_away(&self, to: &str) -> Result<(), StoreError> {
        let to = self.home.folder_of(to);
        // The kernel refuses to move a folder onto one that is not empty, such as a profile that another process has just made.
        let moved = fs::rename(self.home.folder_of(self.name.as_str()), &to);
        let moved = moved.and_then(|()| files::sync_folder(&self.home.profiles_folder()));
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
            Unusable::Damaged(_) => Unusable::damaged("it does not name a profile; `enlist profile use NAME` repairs it"),
            other => other,
        })
    }
}
