//! Where a credential is: in its file, or in the keyring, in which case its file names the keyring item.

use std::path::Path;

use crate::credential::{Held, Place, save_item};
use crate::keyring::{self, KeyringError};
use crate::{Credential, StoreError, files};

/// Where a new credential is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// In a file that only its owner can read (0600).
    File,
    /// In the platform's keyring, or in a file when the keyring fails.
    Keyring,
}

/// The credential whose file is at `path`; `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Credential>, StoreError> {
    let item = match Held::read(path)? {
        None => return Ok(None),
        Some(Held { place: Place::Here(credential), .. }) => return Ok(Some(credential)),
        Some(Held { place: Place::Keyring(item), .. }) => item,
    };
    let bytes = keyring::get(&item).map_err(|error| StoreError::Keyring { path: path.to_owned(), error })?;
    match Held::parse(&bytes, path)?.place {
        Place::Here(credential) => Ok(Some(credential)),
        Place::Keyring(_) => Err(StoreError::corrupt(path, "the keyring holds no credential under the name that it gives")),
    }
}

/// Writes the credential durably in place of the one whose file is at `path`. Without a `backend`, it stays where that one is. Returns a
/// sentence about what did not work on the way.
pub(crate) fn write(credential: &Credential, path: &Path, backend: Option<Backend>) -> Result<Option<String>, StoreError> {
    let former = Held::read(path).ok().flatten().and_then(Held::item);
    let backend = backend.unwrap_or_else(|| if former.is_some() { Backend::Keyring } else { Backend::File });
    let failed = match backend {
        Backend::File => None,
        Backend::Keyring => write_to_keyring(credential, path)?.err(),
    };
    if backend == Backend::File || failed.is_some() {
        credential.save(path)?;
    }
    let is_in_file = failed.map(|error| format!("{error}; the credential is kept in a file instead: {}", path.display()));
    Ok(is_in_file.into_iter().chain(former.as_deref().and_then(removed)).reduce(|one, other| format!("{one}; {other}")))
}

/// Writes the credential into a new item, so that the old item stays until the file names the new one.
fn write_to_keyring(credential: &Credential, path: &Path) -> Result<Result<(), KeyringError>, StoreError> {
    let item = new_item()?;
    if let Err(error) = keyring::put(&item, &credential.to_bytes(path)?) {
        return Ok(Err(error));
    }
    save_item(&item, path).inspect_err(|_| {
        let _ = keyring::delete(&item);
    })?;
    Ok(Ok(()))
}

/// Removes the credential whose file is at `path`. Returns a sentence about what did not work on the way.
pub(crate) fn remove(path: &Path) -> Result<Option<String>, StoreError> {
    let warning = clear_keyring(path);
    files::remove(path)?;
    Ok(warning)
}

/// Removes the keyring item that the file at `path` names. The caller removes the file next.
pub(crate) fn clear_keyring(path: &Path) -> Option<String> {
    let held = Held::read(path).ok().flatten();
    held.and_then(Held::item).as_deref().and_then(removed)
}

fn removed(item: &str) -> Option<String> {
    keyring::delete(item).err().map(|error| format!("{error}; its item \"{item}\" of the service \"enlist\" is left there"))
}

/// A random name, which no other item has.
fn new_item() -> Result<String, StoreError> {
    Ok(format!("{:016x}", getrandom::u64().map_err(|error| StoreError::no_random(&error))?))
}
