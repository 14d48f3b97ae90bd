//! Where a credential is: in its file, or in the keyring, in which case its file names the keyring item.

use crate::credential::{Held, Place, save_item};
use crate::keyring::{self, KeyringError};
use crate::{Credential, Store, StoreError, files};

/// Where a new credential is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// In a file that only its owner can read (0600).
    File,
    /// In the platform's keyring, or in a file when the keyring fails.
    Keyring,
}

/// A sentence for the user about something that did not work, although the call as a whole did.
pub type Warning = Option<String>;

impl Store {
    /// This store, writing new credentials to `backend`. With `None` the credential stays where the one before it is, or else goes
    /// into a file.
    #[must_use]
    pub fn with_backend(self, backend: Option<Backend>) -> Self {
        Self { backend, ..self }
    }

    /// The credential; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read, or the keyring does not give it.
    pub fn credential(&self) -> Result<Option<Credential>, StoreError> {
        self.refuse_unreleased()?;
        let path = self.credential_path();
        let item = match Held::read(&path)? {
            None => return Ok(None),
            Some(Held { place: Place::Here(credential), .. }) => return Ok(Some(credential)),
            Some(Held { place: Place::Keyring(item), .. }) => item,
        };
        let bytes = keyring::get(&item).map_err(|error| StoreError::Keyring { path: path.clone(), error })?;
        match Held::parse(&bytes, &path)?.place {
            Place::Here(credential) => Ok(Some(credential)),
            Place::Keyring(_) => Err(StoreError::corrupt(&path, "the keyring holds no credential under the name that it gives")),
        }
    }

    /// Writes the credential durably in place of the one before it.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn save_credential(&self, credential: &Credential) -> Result<Warning, StoreError> {
        let path = self.credential_path();
        let former = Held::read(&path).ok().flatten().and_then(Held::item);
        let backend = self.backend.unwrap_or_else(|| if former.is_some() { Backend::Keyring } else { Backend::File });
        let failed = match backend {
            Backend::File => None,
            Backend::Keyring => self.save_in_keyring(credential)?.err(),
        };
        if backend == Backend::File || failed.is_some() {
            credential.save(&path)?;
        }
        let is_in_file = failed.map(|error| format!("{error}; the credential is kept in a file instead: {}", path.display()));
        Ok(is_in_file.into_iter().chain(former.as_deref().and_then(removed)).reduce(|one, other| format!("{one}; {other}")))
    }

    /// Writes the credential into a new item, so that the old item stays until the file names the new one.
    fn save_in_keyring(&self, credential: &Credential) -> Result<Result<(), KeyringError>, StoreError> {
        let path = self.credential_path();
        let item = new_item()?;
        if let Err(error) = keyring::put(&item, &credential.to_bytes(&path)?) {
            return Ok(Err(error));
        }
        save_item(&item, &path).inspect_err(|_| {
            let _ = keyring::delete(&item);
        })?;
        Ok(Ok(()))
    }

    /// Removes the credential. Succeeds when there is none.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn remove_credential(&self) -> Result<Warning, StoreError> {
        let warning = self.clear_keyring();
        files::remove(&self.credential_path())?;
        Ok(warning)
    }

    /// Removes the credential's keyring item. The caller removes the file that names it next.
    pub fn clear_keyring(&self) -> Warning {
        let held = Held::read(&self.credential_path()).ok().flatten();
        held.and_then(Held::item).as_deref().and_then(removed)
    }
}

fn removed(item: &str) -> Warning {
    keyring::delete(item).err().map(|error| format!("{error}; its item \"{item}\" of the service \"enlist\" is left there"))
}

/// A random name, which no other item has.
fn new_item() -> Result<String, StoreError> {
    Ok(format!("{:016x}", getrandom::u64().map_err(|error| StoreError::no_random(&error))?))
}
