//! The settings of a client: its proxies and the authorities that it trusts.

use enlist_net::{BuildError, Proxies, Settings};

use crate::agent::AgentFactory;
use crate::client::{Agents, Client};

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
    /// somebody asked for would be worse than none. [`BuildError::Tls`] if rustls refuses the authorities.
    pub fn build(self) -> Result<Client, BuildError> {
        let (proxies, trust) = self.settings.resolve()?;
        Ok(Client { agents: Agents::PerExchange(AgentFactory::new(trust)?), proxies: Some(proxies) })
    }
}
