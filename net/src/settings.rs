//! The settings that the builders of both clients take.

use std::time::Duration;

use crate::proxies::{BadProxy, Proxies};
use crate::trust::TrustAnchors;

/// The longest time that a connection may take to establish: name lookup, TCP, proxy and TLS. The deadline of the exchange applies as well.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The settings of a client. The default takes the proxies from the environment and trusts the Mozilla roots.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Settings {
    proxies: Option<Proxies>,
    trust: TrustAnchors,
}

/// Why a client could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A variable of the environment should name a proxy, and its value is not the URL of one.
    #[error(transparent)]
    Proxy(#[from] BadProxy),
    /// A PEM bundle contains no certificate that could be read. The text says why.
    #[error("no certificates in PEM form: {0}")]
    Certificates(String),
    /// The TLS library refuses its configuration. The text is the library's.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
    /// The HTTP library refuses its settings. The text is the library's.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}

impl Settings {
    /// Uses these proxies and ignores the environment. [`Proxies::default`] uses none.
    pub fn with_proxies(self, proxies: Proxies) -> Self {
        Self { proxies: Some(proxies), ..self }
    }

    /// Trusts the certificates of this PEM bundle too.
    ///
    /// # Errors
    /// [`BuildError::Certificates`], as [`TrustAnchors::add_pem`] says.
    pub fn with_trusted_pem(mut self, bundle: &[u8]) -> Result<Self, BuildError> {
        self.trust.add_pem(bundle)?;
        Ok(self)
    }

    /// The proxies to use, read from the environment unless they were given, and the authorities to trust.
    ///
    /// # Errors
    /// [`BuildError::Proxy`] if a variable of the environment names a proxy that is not one.
    pub fn resolve(self) -> Result<(Proxies, TrustAnchors), BuildError> {
        let proxies = match self.proxies {
            Some(proxies) => proxies,
            None => Proxies::from_environment()?,
        };
        Ok((proxies, self.trust))
    }
}
