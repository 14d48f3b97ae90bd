//! The way out when a service cannot be reached, by the class of what went wrong.

use enlist_core::{Failure, TransportFailure, TransportKind, Trouble};

/// What to look at. `None` when it is nothing of the network.
pub(super) fn hint(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::GaveUp { trouble: Trouble::Transport(failure), .. } | Failure::NotRotated { trouble: Trouble::Transport(failure) } => {
            of_transport(failure)
        }
        _ => None,
    }
}

fn of_transport(failure: &TransportFailure) -> Option<&'static str> {
    let says = |word: &str| failure.text.contains(word);
    match failure.kind {
        TransportKind::Tls if says("UnknownIssuer") => Some(
            "somebody in between may open the connection, as companies' proxies do: trust its certificate with --ca-file FILE or \
             SSL_CERT_FILE, if that is so; enlist doctor looks closer",
        ),
        TransportKind::Tls if says("expired") || says("not valid yet") => {
            Some("is this machine's clock right? enlist doctor compares it; else the service's certificate is out of date")
        }
        TransportKind::Tls => Some("somebody else may have answered, a portal that wants a login first, say; enlist doctor looks closer"),
        TransportKind::Proxy if says("407") => {
            Some("the proxy wants a login: put it into HTTPS_PROXY, as http://NAME:PASSWORD@HOST:PORT, percent-encoded")
        }
        TransportKind::Proxy => {
            Some("look at --proxy, HTTPS_PROXY and ALL_PROXY; what is to be reached without a proxy goes into NO_PROXY; see enlist doctor")
        }
        TransportKind::Dns => Some("is there a network? Where only a proxy leads out, name it in HTTPS_PROXY; see enlist doctor"),
        TransportKind::Connect => Some(
            "nobody listens there, or a firewall is in between; where only a proxy leads out, name it in HTTPS_PROXY; see enlist doctor",
        ),
        TransportKind::Timeout => Some("the network or the service is slow, or a firewall swallows what is sent; see enlist doctor"),
        _ => None,
    }
}
