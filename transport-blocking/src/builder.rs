//! How a client is told which way to go and whom to trust.

use enlist_core::{BadProxy, Proxies};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::Agent;

use crate::client::{Client, Route};
use crate::tls;

/// Settings of a [`Client`]: the proxies that the environment names and the Mozilla roots, unless told otherwise.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    proxies: Option<Proxies>,
    roots: Option<RootCertStore>,
}

/// No client could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The environment names a proxy that is none.
    #[error(transparent)]
    Proxy(#[from] BadProxy),
    /// What should be certificates is none.
    #[error("no certificates in PEM form: {0}")]
    Certificates(String),
    /// The TLS library refuses.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

impl ClientBuilder {
    /// Goes by these proxies, and does not look at the environment. [`Proxies::default`] goes by none.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Trusts the certificates of this PEM bundle too: a company's own authority, say.
    ///
    /// # Errors
    /// [`BuildError::Certificates`] when there is none in it that could be trusted.
    pub fn trust_pem(mut self, bundle: &[u8]) -> Result<Self, BuildError> {
        let found: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(bundle).collect();
        let found = found.map_err(|error| BuildError::Certificates(error.to_string()))?;
        let roots = self.roots.get_or_insert_with(RootCertStore::empty);
        // A system's bundle may hold an old one that cannot be read; what is needed is seldom that one.
        if roots.add_parsable_certificates(found).0 == 0 {
            return Err(BuildError::Certificates("there is none that could be read".to_owned()));
        }
        Ok(self)
    }

    /// The client.
    ///
    /// # Errors
    /// [`BuildError`] when the environment names a proxy that is none.
    pub fn build(self) -> Result<Client, BuildError> {
        let proxies = match self.proxies {
            Some(proxies) => proxies,
            None => Proxies::from_variables(variable)?,
        };
        // A poll comes every five seconds or more, and servers close idle connections after five. ureq looks at a kept
        // connection before it reuses it, but one that closes a moment later would still get the request, which is lost then:
        // nothing is kept.
        let config = Agent::config_builder().max_idle_connections(0).proxy(None).build();
        let agent = match self.roots {
            None => config.new_agent(),
            Some(roots) => tls::agent(config, roots)?,
        };
        Ok(Client { agent, route: Route::By(proxies) })
    }
}

/// `None` only where there is none.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
