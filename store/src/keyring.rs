//! The platform's keyring. It may be locked, slow or missing, so each call runs on a thread of its own with a time limit.

use zeroize::Zeroizing;

/// Why the keyring could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// This binary was built without the feature `keyring`.
    #[error("this enlist was built without a keyring (feature `keyring`)")]
    NotBuilt,
    /// The keyring has no item of this name.
    #[error("the keyring has no item {0}")]
    Missing(String),
    /// The keyring did not answer within this number of seconds.
    #[error("the keyring did not answer within {0} s")]
    Silent(u64),
    /// The keyring refused, or there is none; with its words.
    #[error("the keyring cannot be used: {0}")]
    Refused(String),
}

/// Whether this binary was built with the feature `keyring`.
pub const IS_BUILT: bool = cfg!(feature = "keyring");

/// Writes `secret` as `item`, and reads it back.
pub(crate) fn put(item: &str, secret: &[u8]) -> Result<(), KeyringError> {
    platform::put(item, secret)?;
    if get(item)?.as_slice() == secret { Ok(()) } else { Err(KeyringError::Refused("it gave back something else".to_owned())) }
}

pub(crate) fn get(item: &str) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    platform::get(item)
}

/// Removes `item`. Succeeds when there is none.
pub(crate) fn delete(item: &str) -> Result<(), KeyringError> {
    platform::delete(item)
}

#[cfg(feature = "keyring")]
mod platform {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[cfg(target_os = "macos")]
    use apple_native_keyring_store::keychain::Store;
    #[cfg(not(target_os = "macos"))]
    use dbus_secret_service_keyring_store::Store;
    use keyring_core::api::CredentialStoreApi;
    use keyring_core::{Entry, Error};
    use zeroize::Zeroizing;

    use super::KeyringError;

    /// The name under which the keyring files all items of enlist.
    const SERVICE: &str = "enlist";

    /// The time limit of a call: a person may have to type a password into the keyring's own window.
    const LONGEST: Duration = Duration::from_secs(15);

    pub(super) fn put(item: &str, secret: &[u8]) -> Result<(), KeyringError> {
        let secret = Zeroizing::new(secret.to_vec());
        within_limit(item, move |entry| entry.set_secret(&secret))
    }

    pub(super) fn get(item: &str) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        within_limit(item, |entry| entry.get_secret().map(Zeroizing::new))
    }

    pub(super) fn delete(item: &str) -> Result<(), KeyringError> {
        match within_limit(item, Entry::delete_credential) {
            Err(KeyringError::Missing(_)) => Ok(()),
            other => other,
        }
    }

    /// Runs `call` with the item on a thread of its own. When it does not return in time, its thread stays until the process ends.
    fn within_limit<T: Send + 'static>(
        item: &str,
        call: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let name = item.to_owned();
        let run = move || Store::new().and_then(|store| store.build(SERVICE, &name, None)).and_then(|entry| call(&entry));
        answer_within(LONGEST, run)?.map_err(|error| keyring_error(item, &error))
    }

    fn answer_within<T: Send + 'static>(limit: Duration, run: impl FnOnce() -> T + Send + 'static) -> Result<T, KeyringError> {
        let (sender, receiver) = mpsc::channel();
        let run = move || {
            let _ = sender.send(run());
        };
        thread::Builder::new().spawn(run).map_err(|error| KeyringError::Refused(error.to_string()))?;
        receiver.recv_timeout(limit).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => KeyringError::Silent(limit.as_secs()),
            mpsc::RecvTimeoutError::Disconnected => KeyringError::Refused("it broke off".to_owned()),
        })
    }

    fn keyring_error(item: &str, error: &Error) -> KeyringError {
        match error {
            Error::NoEntry => KeyringError::Missing(item.to_owned()),
            // These errors hold the bytes of a secret.
            Error::BadEncoding(_) | Error::BadDataFormat(..) => KeyringError::Refused("its item cannot be read".to_owned()),
            Error::NotSupportedByStore(why) => KeyringError::Refused(why.clone()),
            other => KeyringError::Refused(other.to_string()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_call_that_does_not_come_back_is_given_up() {
            let (hold, held) = mpsc::channel::<()>();
            assert_eq!(answer_within(Duration::ZERO, move || held.recv().is_ok()), Err(KeyringError::Silent(0)));
            drop(hold);
            assert_eq!(answer_within(LONGEST, || 7), Ok(7));
            let broken = answer_within(LONGEST, || -> u8 { panic!("as a keyring's library might") });
            assert_eq!(broken, Err(KeyringError::Refused("it broke off".to_owned())));
        }
    }
}

#[cfg(not(feature = "keyring"))]
mod platform {
    use zeroize::Zeroizing;

    use super::KeyringError;

    pub(super) fn put(_item: &str, _secret: &[u8]) -> Result<(), KeyringError> {
        Err(KeyringError::NotBuilt)
    }

    pub(super) fn get(_item: &str) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        Err(KeyringError::NotBuilt)
    }

    pub(super) fn delete(_item: &str) -> Result<(), KeyringError> {
        Err(KeyringError::NotBuilt)
    }
}
