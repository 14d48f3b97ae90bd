//! Where a credential is: in its file, or in the keyring with its file saying so.

use clap::ValueEnum;

use super::credential::Held;
use super::{Credential, Store, StoreError, keyring};

/// Where a credential is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// In a file of its owner's alone (0600)
    File,
    /// In the platform's keyring; in a file when that fails
    Keyring,
}

/// Something that the user should know of what was done all the same.
pub(crate) type Remark = Option<String>;

impl Store {
    /// The same, keeping new credentials there; `None` is where the one before it is, or else a file.
    pub(crate) fn keeping_in(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }

    pub(crate) fn credential(&self) -> Result<Option<Credential>, StoreError> {
        let path = self.credential_path();
        let item = match Held::read(&path)? {
            None => return Ok(None),
            Some(Held::Here(credential)) => return Ok(Some(credential)),
            Some(Held::InKeyring(item)) => item,
        };
        let bytes = keyring::get(&item).map_err(|trouble| StoreError::Keyring { path: path.clone(), trouble })?;
        match Held::parse(&bytes, &path)? {
            Held::Here(credential) => Ok(Some(credential)),
            Held::InKeyring(_) => Err(StoreError::corrupt(&path, "the keyring holds no credential under the name that it gives")),
        }
    }

    /// Keeps it durably in place of the one before it.
    pub(crate) fn save_credential(&self, credential: &Credential) -> Result<Remark, StoreError> {
        let path = self.credential_path();
        let former = Held::read(&path).ok().flatten().and_then(Held::item);
        let place = self.place.unwrap_or_else(|| if former.is_some() { Place::Keyring } else { Place::File });
        let trouble = match place {
            Place::File => None,
            Place::Keyring => self.save_in_keyring(credential)?.err(),
        };
        if place == Place::File || trouble.is_some() {
            credential.save(&path)?;
        }
        let is_in_file = trouble.map(|trouble| format!("{trouble}; the credential is kept in a file instead: {}", path.display()));
        Ok(is_in_file.into_iter().chain(former.as_deref().and_then(removed)).reduce(|one, other| format!("{one}; {other}")))
    }

    /// Into a new item, so that the one before it stays until the file names this one.
    fn save_in_keyring(&self, credential: &Credential) -> Result<Result<(), keyring::Trouble>, StoreError> {
        let path = self.credential_path();
        let item = new_item().map_err(|error| StoreError::corrupt(&path, error))?;
        if let Err(trouble) = keyring::put(&item, &credential.to_bytes(&path)?) {
            return Ok(Err(trouble));
        }
        Held::InKeyring(item.clone()).save(&path).inspect_err(|_| {
            let _ = keyring::delete(&item);
        })?;
        Ok(Ok(()))
    }

    pub(crate) fn remove_credential(&self) -> Result<Remark, StoreError> {
        let remark = self.clear_keyring();
        super::files::remove(&self.credential_path())?;
        Ok(remark)
    }

    /// Removes what the keyring holds of it; the file that names it is about to go too.
    pub(crate) fn clear_keyring(&self) -> Remark {
        let held = Held::read(&self.credential_path()).ok().flatten();
        held.and_then(Held::item).as_deref().and_then(removed)
    }
}

fn removed(item: &str) -> Remark {
    keyring::delete(item).err().map(|trouble| format!("{trouble}; its item \"{item}\" of the service \"enlist\" is left there"))
}

/// A name that tells nothing and that no other item has.
fn new_item() -> Result<String, getrandom::Error> {
    Ok(format!("{:016x}", getrandom::u64()?))
}
