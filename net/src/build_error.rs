//! The error of the builders of both clients.

use crate::proxies::BadProxy;

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
