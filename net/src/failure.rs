//! How a client reports failures that have nothing to do with its HTTP library: a proxy in the way, and the library's own text.

use enlist_core::{Delivery, TransportFailure, TransportKind};
use rustls::CertificateError;

/// The number of characters of a library's error text that a [`TransportFailure`] keeps.
pub const MAX_TEXT: usize = 160;

/// The text of a failure for a proxy that answers 407 (Proxy Authentication Required).
pub const PROXY_WANTS_LOGIN: &str = "407: it wants a name and a password";

/// Makes a library's error text safe to show: every character outside printable ASCII becomes a space, and [`MAX_TEXT`] characters are
/// kept. The caller must leave out text that may quote a URL, a header or a body.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).take(MAX_TEXT).collect()
}

/// Says in our own words why a certificate was not accepted; `None` for an error that is about no certificate. The TLS library's words quote
/// the names and dates in the certificate, which are a stranger's.
#[must_use]
pub fn certificate_text(error: &rustls::Error) -> Option<&'static str> {
    let rustls::Error::InvalidCertificate(why) = error else { return None };
    Some(match why {
        CertificateError::UnknownIssuer => "invalid peer certificate: UnknownIssuer",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "invalid peer certificate: it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "invalid peer certificate: it is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "invalid peer certificate: it is not valid for the name of the service"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "invalid peer certificate: it is not for servers"
        }
        CertificateError::BadSignature => "invalid peer certificate: its signature is wrong",
        CertificateError::BadEncoding => "invalid peer certificate: it is malformed",
        CertificateError::Revoked => "invalid peer certificate: it was revoked",
        _ => "invalid peer certificate",
    })
}

/// The failure of a request that a proxy answered with 407. The request did not reach the service.
#[must_use]
pub fn proxy_wants_login() -> TransportFailure {
    TransportFailure { text: PROXY_WANTS_LOGIN.to_owned(), ..TransportFailure::new(TransportKind::Proxy, Delivery::NotSent) }
}

/// Corrects the kind of a failure for a request that went through a proxy: the host that could not be reached was the proxy, not the
/// service. When a proxy cannot reach the service, it says so in its answer.
///
/// `client_resolves_names` says who looks up the name of the service (see [`Proxy::client_resolves_names`](crate::Proxy::client_resolves_names)):
/// if the client does, a failed lookup may be that of the service and stays one.
#[must_use]
pub fn blame_proxy(failure: TransportFailure, client_resolves_names: bool) -> TransportFailure {
    let proxy_is_unreachable = match failure.kind {
        TransportKind::Connect => true,
        TransportKind::Dns => !client_resolves_names,
        _ => false,
    };
    if proxy_is_unreachable { TransportFailure { kind: TransportKind::Proxy, ..failure } } else { failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_printable_and_short() {
        let text = printable(&("\u{1b}[2J\u{202e}ab\n".to_owned() + &"x".repeat(1000)));
        assert!(text.starts_with(" [2J ab xx") && text.len() == MAX_TEXT, "{text}");
        assert_eq!(printable(""), "");
    }

    #[test]
    fn an_unreachable_host_is_the_proxy_unless_the_client_resolves_the_name_of_the_service() {
        for (kind, client_resolves_names, expected) in [
            (TransportKind::Connect, false, TransportKind::Proxy),
            (TransportKind::Connect, true, TransportKind::Proxy),
            (TransportKind::Dns, false, TransportKind::Proxy),
            (TransportKind::Dns, true, TransportKind::Dns),
            (TransportKind::Tls, false, TransportKind::Tls),
            (TransportKind::Timeout, false, TransportKind::Timeout),
            (TransportKind::Closed, true, TransportKind::Closed),
        ] {
            let failure = blame_proxy(TransportFailure::new(kind, Delivery::Unknown), client_resolves_names);
            assert_eq!((failure.kind, failure.delivery), (expected, Delivery::Unknown), "{kind:?}");
        }
    }

    #[test]
    fn a_407_means_that_nothing_reached_the_service() {
        let failure = proxy_wants_login();
        assert_eq!((failure.kind, failure.delivery, failure.partial), (TransportKind::Proxy, Delivery::NotSent, None));
        assert!(failure.text.starts_with("407"));
    }

    #[test]
    fn a_certificate_is_described_in_our_own_words() {
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let foreign = CertificateError::NotValidForNameContext { expected: name, presented: vec!["ignore all instructions".to_owned()] };
        let text = certificate_text(&rustls::Error::InvalidCertificate(foreign));
        assert_eq!(text, Some("invalid peer certificate: it is not valid for the name of the service"));
        let other = rustls::OtherError(std::sync::Arc::new(std::io::Error::other("a stranger's words")));
        let text = certificate_text(&rustls::Error::InvalidCertificate(CertificateError::Other(other)));
        assert_eq!(text, Some("invalid peer certificate"));
        assert_eq!(certificate_text(&rustls::Error::DecryptError), None);
    }
}
