//! The settings of a client: its proxies and the authorities that it trusts.

use enlist_net::{BuildError, Proxies, Settings};
use http::Uri;

use crate::client::{Client, built, pinned};

/// The settings of a [`Client`]. By default it uses the proxies that the environment names and trusts the Mozilla roots.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    settings: Settings,
}

impl Client {
    /// A client with the default settings: it uses the proxies that the environment names, as [`Proxies`] says, and trusts the Mozilla
    /// roots. A proxy may be an HTTP or a SOCKS proxy.
    ///
    /// No connection is opened before an exchange needs one.
    ///
    /// # Errors
    /// [`BuildError`], as [`ClientBuilder::build`] says.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// Returns a builder, which takes other proxies and further certificates.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl ClientBuilder {
    /// Uses these proxies and ignores the environment. [`Proxies::default`] uses none.
    pub fn proxies(self, proxies: Proxies) -> Self {
        Self { settings: self.settings.with_proxies(proxies) }
    }

    /// Trusts the certificates of this PEM bundle beside the Mozilla roots, such as the certificate of a company's own authority.
    /// An entry of the bundle that cannot be read is skipped. [`PemBundle::count`](enlist_net::PemBundle::count) says how many there are.
    ///
    /// # Errors
    /// [`BuildError::Certificates`] if the bundle contains no certificate that could be read.
    pub fn trust_pem(self, bundle: &[u8]) -> Result<Self, BuildError> {
        Ok(Self { settings: self.settings.with_trusted_pem(bundle)? })
    }

    /// Builds the client.
    ///
    /// # Errors
    /// [`BuildError::Proxy`] if a variable of the environment should name a proxy and does not: a connection without the proxy that
    /// somebody asked for would be worse than none. [`BuildError::Tls`] or [`BuildError::Client`] if rustls or reqwest refuses its
    /// settings.
    pub fn build(self) -> Result<Client, BuildError> {
        let (proxies, trust) = self.settings.resolve()?;
        let rules = proxies.clone();
        let proxy =
            reqwest::Proxy::custom(move |url| rules.proxy_for(&url.as_str().parse::<Uri>().ok()?).map(|proxy| proxy.expose().to_string()));
        let builder = reqwest::ClientBuilder::new().tls_backend_preconfigured(trust.into_tls_config()?).proxy(proxy);
        let client = built(pinned(builder))?;
        // One client is enough, because the proxy rules decide about requests for this machine.
        Ok(Client { direct: client.clone(), proxied: client, proxies: Some(proxies) })
    }
}
