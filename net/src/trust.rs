//! The certificate authorities that a client trusts.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::build_error::BuildError;
use crate::pem::{PemBundle, add_certificates};

/// The certificate authorities that a client trusts: the Mozilla roots, which are compiled in, and the ones that were added.
///
/// An added authority is trusted beside the Mozilla roots, never in their place: a company's proxy that opens some TLS connections lets
/// others pass unopened, and those present the usual certificates.
#[derive(Clone, Debug)]
pub struct TrustAnchors {
    added: RootCertStore,
}

impl Default for TrustAnchors {
    fn default() -> Self {
        Self { added: RootCertStore::empty() }
    }
}

impl TrustAnchors {
    /// Adds the certificates of a PEM bundle, such as the certificate of a company's own authority, and says how many there are. An entry
    /// that cannot be read is skipped: the bundle of a system may contain a damaged or an outdated one, and it is rarely the one that is
    /// needed.
    ///
    /// # Errors
    /// [`BuildError::Certificates`] if no certificate in the bundle could be read.
    pub fn add_pem(&mut self, bundle: &[u8]) -> Result<PemBundle, BuildError> {
        match add_certificates(bundle, &mut self.added) {
            PemBundle { certificates: 0, .. } => Err(BuildError::Certificates("the bundle contains none that could be read".to_owned())),
            counted => Ok(counted),
        }
    }

    /// Whether no authority was added. A client may then use the Mozilla roots that its HTTP library brings.
    #[must_use]
    pub fn is_mozilla_only(&self) -> bool {
        self.added.is_empty()
    }

    /// A TLS configuration that trusts these authorities: rustls on ring, TLS 1.2 and 1.3, no client certificate.
    ///
    /// # Errors
    /// [`BuildError::Tls`] if rustls refuses the configuration.
    pub fn into_tls_config(self) -> Result<ClientConfig, BuildError> {
        let mut roots = self.added;
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| BuildError::Tls(error.to_string()))?;
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CA: &[u8] = include_bytes!("../tests/tls/ca.pem");
    const UNREADABLE: &[u8] = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_bundle_without_a_readable_certificate_is_refused() {
        let torn = &CA[..CA.len() / 2];
        for bundle in [&b""[..], b"x", UNREADABLE, torn, include_bytes!("../tests/tls/ca.der")] {
            let mut trust = TrustAnchors::default();
            let refused = trust.add_pem(bundle).unwrap_err();
            assert!(matches!(refused, BuildError::Certificates(_)) && trust.is_mozilla_only(), "{refused}");
        }
    }

    #[test]
    fn an_unreadable_certificate_in_a_bundle_is_skipped() {
        let mut trust = TrustAnchors::default();
        assert!(trust.is_mozilla_only());
        let counted = trust.add_pem(&[b"# A comment.\n", UNREADABLE, CA].concat()).unwrap();
        assert_eq!(counted, PemBundle { certificates: 1, unreadable: 1 });
        assert!(!trust.is_mozilla_only());
        trust.into_tls_config().unwrap();
    }

    /// The handshakes themselves are tested in the transports.
    #[test]
    fn the_mozilla_roots_alone_make_a_configuration() {
        let config = TrustAnchors::default().into_tls_config().unwrap();
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 100 && config.alpn_protocols.is_empty());
    }
}
