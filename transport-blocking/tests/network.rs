//! Tests a proxy and a company's certificates that the caller names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "common/forwarder.rs"]
mod forwarder;
#[path = "common/tls_server.rs"]
mod tls_server;

use std::net::TcpListener;
use std::time::Duration;

use common::*;
use enlist_blocking::{Client, Proxies, Proxy};
use enlist_core::{Delivery, Exchange, TransportKind};
use forwarder::Forwarder;
use tls_server::Server;

const CA: &[u8] = include_bytes!("../../net/tests/tls/ca.pem");
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

fn by(url: &str) -> Proxies {
    Proxies::default().with(Proxy::parse(url).unwrap())
}

fn client_by(proxies: Proxies) -> Client {
    Client::builder().proxies(proxies).build().unwrap()
}

fn client_that_trusts(pem: &[u8]) -> Client {
    Client::builder().proxies(Proxies::default()).trust_pem(pem).unwrap().build().unwrap()
}

fn tls_exchange(server: &Server) -> Exchange {
    exchange(&format!("https://localhost:{}/?token=canary-query", server.port))
}

#[test]
fn an_explicit_proxy_gets_its_login_and_no_byte_of_the_request() {
    let (proxy, peer) = (Forwarder::with_login(), Peer::answering(OK));
    let client = client_by(by(&proxy.url_with_login()));
    assert_eq!(execute(&client, &peer.exchange()).unwrap().body(), b"{}");
    let heads = proxy.heads().concat();
    assert!(heads.starts_with(&format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", peer.port)) && !heads.contains("canary"), "{heads}");
    assert!(!peer.received().to_ascii_lowercase().contains("proxy-authorization"));
    assert!(!format!("{client:?}").contains("joe"));
}

#[test]
fn without_the_login_that_the_proxy_wants_nothing_is_sent() {
    let (proxy, peer) = (Forwarder::with_login(), Peer::answering(OK));
    let wrong = proxy.url().replace("http://", "http://canary-header:x@");
    for url in [proxy.url(), wrong] {
        let failure = execute(&client_by(by(&url)), &peer.exchange()).unwrap_err();
        assert_eq!((failure.kind, failure.delivery), (TransportKind::Proxy, Delivery::NotSent));
        assert!(failure.text.starts_with("407"), "{}", failure.text);
    }
    assert_eq!((proxy.heads().len(), peer.connections()), (2, 0));
}

#[test]
fn an_unreachable_proxy_is_a_failure_of_the_proxy() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bodiless = |url: &str| Exchange { request: http::Request::get(url).body(enlist_core::Body::default()).unwrap(), ..exchange(url) };
    for proxy in [format!("http://127.0.0.1:{port}"), "http://proxy.invalid:3128".to_owned(), format!("socks5h://127.0.0.1:{port}")] {
        for exchange in [exchange("https://service.invalid/"), bodiless("https://service.invalid/")] {
            let failure = execute(&client_by(by(&proxy)), &exchange).unwrap_err();
            assert_eq!((failure.kind, failure.delivery), (TransportKind::Proxy, Delivery::NotSent), "{proxy} {failure:?}");
        }
    }
}

#[test]
fn an_excluded_host_is_reached_without_the_proxy() {
    let (proxy, peer) = (Forwarder::new(), Peer::answering(OK));
    for (list, through) in [("127.0.0.0/8", 0), ("*", 0), ("other.example", 1)] {
        let excepting = Proxies::from_variables(|name| (name == "no_proxy").then(|| list.to_owned())).unwrap();
        let client = client_by(excepting.with(Proxy::parse(&proxy.url()).unwrap()));
        assert!(execute(&client, &peer.exchange()).is_ok());
        assert_eq!(proxy.heads().len(), through, "{list}");
    }
}

#[test]
fn a_private_authority_is_trusted_beside_the_mozilla_roots_and_through_its_proxy() {
    let server = Server::new(include_bytes!("../../net/tests/tls/valid.der"));
    assert_eq!(execute(&client_that_trusts(CA), &tls_exchange(&server)).unwrap().body(), b"{}");
    let bundle = [b"# A comment.\n", CA, CA].concat();
    let proxy = Forwarder::new();
    let client = Client::builder().trust_pem(&bundle).unwrap().proxies(by(&proxy.url())).build().unwrap();
    for _ in 0..2 {
        assert_eq!(execute(&client, &tls_exchange(&server)).unwrap().body(), b"{}");
    }
    assert!(proxy.heads().iter().all(|head| head.starts_with(&format!("CONNECT localhost:{} ", server.port))), "{:?}", proxy.heads());
    assert_eq!(proxy.heads().len(), 2);
    assert!(server.received().contains(BODY));
}

#[test]
fn an_untrusted_server_gets_no_byte() {
    for (certificate, word) in [
        (&include_bytes!("../../net/tests/tls/self_signed.der")[..], "UnknownIssuer"),
        (include_bytes!("../../net/tests/tls/expired.der"), "expired"),
        (include_bytes!("../../net/tests/tls/other_name.der"), "not valid for the name"),
    ] {
        let server = Server::new(certificate);
        let failure = execute(&client_that_trusts(CA), &tls_exchange(&server)).unwrap_err();
        assert_eq!((failure.kind, failure.delivery), (TransportKind::Tls, Delivery::NotSent));
        assert!(failure.text.contains(word) && !server.received().contains(BODY), "{}", failure.text);
        // The names and dates in a certificate are a stranger's words.
        assert!(["elsewhere", "example", "2025"].iter().all(|stranger| !failure.text.contains(stranger)), "{}", failure.text);
    }
}

#[test]
fn the_deadline_holds_for_a_handshake_that_hangs() {
    let silent = Peer::raw(Spied::hold);
    let url = format!("https://localhost:{}/", silent.port);
    let failure = execute(&client_that_trusts(CA), &Exchange { timeout: Duration::from_millis(300), ..exchange(&url) }).unwrap_err();
    assert_eq!((failure.kind, failure.delivery), (TransportKind::Timeout, Delivery::NotSent));
}
