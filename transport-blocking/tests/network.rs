//! Tests a proxy and a company's certificates that the caller names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "common/forwarder.rs"]
mod forwarder;
#[path = "common/tls_server.rs"]
mod tls_server;

use std::io::Write;
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

/// Answers CONNECT with this, and each request in the tunnel with `{}`.
fn tunnelling(answer: String) -> Peer {
    Peer::new(move |stream| {
        stream.write_all(answer.as_bytes())?;
        stream.read_request()?;
        stream.write_all(OK.as_bytes())
    })
}

#[test]
fn a_proxy_may_open_a_tunnel_in_its_own_words() {
    for answer in [
        "HTTP/1.1 201 Created\r\n\r\n".to_owned(),
        "HTTP/1.0 299 Whatever\r\n\r\n".to_owned(),
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-more: of the same\r\n".repeat(200)),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(40_000)),
        "HTTP/1.1 200 OK\r\nno header\r\nX : y\r\n z\r\n\r\n".to_owned(),
    ] {
        let proxy = tunnelling(answer.clone());
        let found = execute(&client_by(by(&format!("http://127.0.0.1:{}", proxy.port))), &exchange("http://service.invalid/"));
        assert_eq!(found.map(|answer| answer.into_body()), Ok(b"{}".to_vec()), "{}", &answer[..40.min(answer.len())]);
        assert!(
            proxy.received().starts_with("CONNECT service.invalid:80 HTTP/1.1\r\nHost: service.invalid:80\r\n"),
            "{}",
            proxy.received()
        );
    }
}

#[test]
fn a_proxy_that_opens_no_tunnel_gets_no_byte_of_the_request() {
    for (answer, kind) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n", TransportKind::Proxy),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", TransportKind::Proxy),
        ("HTTP/1.1 302 Found\r\nlocation: http://portal.example/\r\n\r\n", TransportKind::Proxy),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", TransportKind::Proxy),
        ("HTTP/1.1 100 Continue\r\n\r\n", TransportKind::Proxy),
        ("HTTP/1.1 200 OK\r\nx: y\r\n", TransportKind::Proxy),
        ("", TransportKind::Proxy),
        ("SSH-2.0-OpenSSH_9.6\r\n", TransportKind::Proxy),
    ] {
        let proxy = Peer::answering(answer);
        let url = format!("http://user:canary-header@127.0.0.1:{}", proxy.port);
        let failure = execute(&client_by(by(&url)), &exchange("https://service.invalid/?token=canary-query")).unwrap_err();
        assert_eq!((failure.kind, failure.delivery, &failure.partial), (kind, Delivery::NotSent, &None), "{answer} {failure:?}");
        assert!(!proxy.received().contains("canary"));
    }
}

#[test]
fn the_deadline_holds_for_a_proxy_that_does_not_answer() {
    for hold in [Peer::raw(Spied::hold), tunnelling("HTTP/1.1 100 Continue\r\n\r\n".to_owned())] {
        let client = client_by(by(&format!("http://127.0.0.1:{}", hold.port)));
        let short = Exchange { timeout: Duration::from_millis(300), ..exchange("http://service.invalid/") };
        let failure = execute(&client, &short).unwrap_err();
        assert_eq!((failure.kind, failure.delivery), (TransportKind::Timeout, Delivery::NotSent), "{failure:?}");
    }
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
