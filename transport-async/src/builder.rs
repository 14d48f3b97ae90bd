//! How a client is told which way to go and whom to trust.

use std::sync::Arc;

use enlist_core::{BadProxy, Proxies};
use http::Uri;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::client::{Client, pinned};

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
    /// reqwest refuses its settings.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
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
    /// [`BuildError`] when the environment names a proxy that is none, or reqwest refuses its settings.
    pub fn build(self) -> Result<Client, BuildError> {
        let proxies = match self.proxies {
            Some(proxies) => proxies,
            None => Proxies::from_variables(variable)?,
        };
        let tls = tls(self.roots.unwrap_or_else(RootCertStore::empty))?;
        let by = proxies.clone();
        let proxy =
            reqwest::Proxy::custom(move |url| by.proxy_for(&url.as_str().parse::<Uri>().ok()?).map(|proxy| proxy.expose().to_string()));
        let builder = pinned(reqwest::ClientBuilder::new().tls_backend_preconfigured(tls).proxy(proxy));
        let client = built(builder)?;
        // Loopback is the proxies' own business.
        Ok(Client { direct: client.clone(), proxied: client, proxies: Some(proxies) })
    }
}

pub(crate) fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, BuildError> {
    builder.build().map_err(|error| BuildError::Client(error.without_url().to_string()))
}

/// The Mozilla roots and `more`, ring, TLS 1.2 and 1.3.
pub(crate) fn tls(mut more: RootCertStore) -> Result<ClientConfig, BuildError> {
    more.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| BuildError::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(more).with_no_client_auth())
}

/// `None` only where there is none.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
