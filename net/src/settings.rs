//! The settings that the builders of both clients take.

use std::time::Duration;

use crate::build_error::BuildError;
use crate::proxies::Proxies;
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
