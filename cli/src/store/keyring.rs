//! The platform's keyring. It may be locked, slow, or not there: each call runs on a thread of its own and has a time limit.

use zeroize::Zeroizing;

/// Why the keyring was of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// This binary was built without it.
    #[cfg_attr(feature = "keyring", allow(dead_code, reason = "only without the feature"))]
    #[error("this enlist was built without a keyring (feature `keyring`)")]
    NotBuilt,
    /// There is no such item.
    #[cfg(feature = "keyring")]
    #[error("the keyring has no item {0}")]
    Missing(String),
    /// It did not answer in time.
    #[cfg(feature = "keyring")]
    #[error("the keyring did not answer within {0} s")]
    Silent(u64),
    /// It refused, or there is none.
    #[error("the keyring cannot be used: {0}")]
    Refused(String),
}

/// Whether this binary can use one.
pub(crate) const IS_BUILT: bool = cfg!(feature = "keyring");

/// Keeps `secret` as `item`, and makes sure that it is there.
pub(crate) fn put(item: &str, secret: &[u8]) -> Result<(), Trouble> {
    platform::put(item, secret)?;
    if get(item)?.as_slice() == secret { Ok(()) } else { Err(Trouble::Refused("it gave back something else".to_owned())) }
}

pub(crate) fn get(item: &str) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    platform::get(item)
}

/// Removes `item`; that there is none is as well.
pub(crate) fn delete(item: &str) -> Result<(), Trouble> {
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

    use super::Trouble;

    /// Under which name everything of ours stands there.
    const SERVICE: &str = "enlist";

    /// Long enough to type a password into the keyring's own window.
    const LONGEST: Duration = Duration::from_secs(15);

    pub(super) fn put(item: &str, secret: &[u8]) -> Result<(), Trouble> {
        let secret = Zeroizing::new(secret.to_vec());
        within_limit(item, move |entry| entry.set_secret(&secret))
    }

    pub(super) fn get(item: &str) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        within_limit(item, |entry| entry.get_secret().map(Zeroizing::new))
    }

    pub(super) fn delete(item: &str) -> Result<(), Trouble> {
        match within_limit(item, Entry::delete_credential) {
            Err(Trouble::Missing(_)) => Ok(()),
            other => other,
        }
    }

    /// A call that does not come back keeps its thread, which ends with the process.
    fn within_limit<T: Send + 'static>(item: &str, call: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static) -> Result<T, Trouble> {
        let name = item.to_owned();
        let run = move || Store::new().and_then(|store| store.build(SERVICE, &name, None)).and_then(|entry| call(&entry));
        answer_within(LONGEST, run)?.map_err(|error| trouble(item, &error))
    }

    fn answer_within<T: Send + 'static>(limit: Duration, run: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
        let (sender, receiver) = mpsc::channel();
        let run = move || {
            let _ = sender.send(run());
        };
        thread::Builder::new().spawn(run).map_err(|error| Trouble::Refused(error.to_string()))?;
        receiver.recv_timeout(limit).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => Trouble::Silent(limit.as_secs()),
            mpsc::RecvTimeoutError::Disconnected => Trouble::Refused("it broke off".to_owned()),
        })
    }

    fn trouble(item: &str, error: &Error) -> Trouble {
        match error {
            Error::NoEntry => Trouble::Missing(item.to_owned()),
            // These hold the bytes of a secret.
            Error::BadEncoding(_) | Error::BadDataFormat(..) => Trouble::Refused("its item cannot be read".to_owned()),
            Error::NotSupportedByStore(why) => Trouble::Refused(why.clone()),
            other => Trouble::Refused(other.to_string()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_call_that_does_not_come_back_is_given_up() {
            let (hold, held) = mpsc::channel::<()>();
            assert_eq!(answer_within(Duration::ZERO, move || held.recv().is_ok()), Err(Trouble::Silent(0)));
            drop(hold);
            assert_eq!(answer_within(LONGEST, || 7), Ok(7));
            let broken = answer_within(LONGEST, || -> u8 { panic!("as a keyring's library might") });
            assert_eq!(broken, Err(Trouble::Refused("it broke off".to_owned())));
        }
    }
}

#[cfg(not(feature = "keyring"))]
mod platform {
    use zeroize::Zeroizing;

    use super::Trouble;

    pub(super) fn put(_item: &str, _secret: &[u8]) -> Result<(), Trouble> {
        Err(Trouble::NotBuilt)
    }

    pub(super) fn get(_item: &str) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        Err(Trouble::NotBuilt)
    }

    pub(super) fn delete(_item: &str) -> Result<(), Trouble> {
        Err(Trouble::NotBuilt)
    }
}
