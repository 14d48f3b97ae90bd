//! Hints for a service that cannot be reached, by the class of the failure.

use std::sync::Mutex;

use enlist_core::{Failure, TransportFailure, TransportKind, Trouble};

/// The origin of the last request of this process. An error about the network names it.
static LAST_ORIGIN: Mutex<Option<String>> = Mutex::new(None);

/// Records the origin of a request before it is sent.
pub(crate) fn sending_to(origin: String) {
    if let Ok(mut last) = LAST_ORIGIN.lock() {
        *last = Some(origin);
    }
}

/// The message about a failure of the network, with the origin that could not be reached. `None` if the failure is not about the network.
pub(super) fn named(failure: &Failure, words: &str) -> Option<String> {
    hint(failure)?;
    let last = LAST_ORIGIN.lock().ok()?.clone()?;
    Some(format!("{last} cannot be reached: {}", words.strip_prefix("given up: ").unwrap_or(words)))
}

/// A hint about what to check. `None` if the failure is not about the network.
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
            "a company's proxy may intercept the connection; if so, trust its certificate with --ca-file FILE or SSL_CERT_FILE; \
             `enlist doctor` examines it",
        ),
        TransportKind::Tls if says("expired") || says("not valid yet") => {
            Some("this machine's clock may be wrong, which `enlist doctor` checks; otherwise the service's certificate has expired")
        }
        TransportKind::Tls => Some("another server may have answered, such as a login portal; `enlist doctor` examines it"),
        TransportKind::Proxy if says("407") => {
            Some("the proxy requires a login; set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT, percent-encoded")
        }
        TransportKind::Proxy => {
            Some("check --proxy, HTTPS_PROXY and ALL_PROXY; NO_PROXY lists the hosts to reach without a proxy; see `enlist doctor`")
        }
        TransportKind::Dns => Some("there may be no network; if a proxy is required, set HTTPS_PROXY; see `enlist doctor`"),
        TransportKind::Connect => {
            Some("no server listens there, or a firewall blocks it; if a proxy is required, set HTTPS_PROXY; see `enlist doctor`")
        }
        TransportKind::Timeout => Some("the network or the service is slow, or a firewall drops the requests; see `enlist doctor`"),
        _ => None,
    }
}
