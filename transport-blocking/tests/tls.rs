//! Tests which servers the client trusts, and that it sends nothing to anybody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::{Read, Write};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use common::*;
use enlist_blocking::Client;
use enlist_core::{Delivery, Exchange, TransportFailure, TransportKind};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, Stream, SupportedProtocolVersion, version};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

const CA: &[u8] = include_bytes!("../../net/tests/tls/ca.der");
const VALID: &[u8] = include_bytes!("../../net/tests/tls/valid.der");
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// A server with this certificate, which keeps what it decrypts.
struct Server {
    peer: Peer,
    decrypted: mpsc::Receiver<String>,
}

impl Server {
    fn new(certificate: &'static [u8], versions: &[&'static SupportedProtocolVersion], asks_for_certificate: bool) -> Self {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_protocol_versions(versions).unwrap();
        let builder = if asks_for_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from(CA)).unwrap();
            let provider = Arc::new(ring::default_provider());
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(&include_bytes!("../../net/tests/tls/key.der")[..]));
        let config = Arc::new(builder.with_single_cert(vec![CertificateDer::from(certificate)], key).unwrap());
        let (said, decrypted) = mpsc::channel();
        let peer = Peer::raw(move |stream| {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = Stream::new(&mut connection, stream);
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !request.ends_with(BODY.as_bytes()) {
                match tls.read(&mut buffer) {
                    Ok(length) if length > 0 => request.extend(&buffer[..length]),
                    _ => break,
                }
            }
            let _ = tls.write_all(ANSWER).and_then(|()| tls.flush());
            said.send(String::from_utf8(request).unwrap()).unwrap();
            Ok(())
        });
        Self { peer, decrypted }
    }

    fn exchange(&self) -> Exchange {
        exchange(&format!("https://localhost:{}/?token=canary-query", self.peer.port))
    }

    fn decrypted(&self) -> String {
        self.decrypted.recv_timeout(Duration::from_secs(5)).unwrap()
    }
}

fn client_that_trusts(certificate: &'static [u8]) -> Client {
    let roots = RootCerts::new_with_certs(&[Certificate::from_der(certificate)]);
    let tls = TlsConfig::builder().root_certs(roots).build();
    Client::from_agent(ureq::Agent::config_builder().proxy(None).tls_config(tls).build().new_agent())
}

fn assert_not_sent(failure: &TransportFailure, kind: TransportKind) {
    assert_eq!((failure.kind, failure.delivery), (kind, Delivery::NotSent), "{failure:?}");
}

#[test]
fn a_trusted_server_is_used_in_tls_1_2_and_1_3() {
    for version in [&version::TLS12, &version::TLS13] {
        let server = Server::new(VALID, &[version], false);
        let client = client_that_trusts(CA);
        for _ in 0..2 {
            assert_eq!(execute(&client, &server.exchange()).unwrap().body(), b"{}");
            assert!(server.decrypted().ends_with(BODY));
        }
        assert!(!server.peer.received().contains("canary"));
    }
}

#[test]
fn nothing_is_sent_to_an_untrusted_server() {
    for (certificate, client, word) in [
        (VALID, client(), "UnknownIssuer"),
        (&include_bytes!("../../net/tests/tls/self_signed.der")[..], client_that_trusts(CA), "UnknownIssuer"),
        (&include_bytes!("../../net/tests/tls/expired.der")[..], client_that_trusts(CA), "expired"),
        (&include_bytes!("../../net/tests/tls/other_name.der")[..], client_that_trusts(CA), "not valid for the name"),
    ] {
        let server = Server::new(certificate, &[&version::TLS12, &version::TLS13], false);
        let failure = execute(&client, &server.exchange()).unwrap_err();
        assert_not_sent(&failure, TransportKind::Tls);
        assert!(failure.text.contains(word), "{}", failure.text);
        assert_eq!(server.decrypted(), "");
    }
}

/// Nothing shows how much of a request without a body was sent, but a certificate is checked before anything is sent.
#[test]
fn a_request_without_a_body_is_not_sent_to_an_untrusted_server_either() {
    let server = Server::new(VALID, &[&version::TLS13], false);
    let mut bodiless = server.exchange();
    bodiless.request = http::Request::get(bodiless.request.uri()).body(enlist_core::Body::default()).unwrap();
    assert_not_sent(&execute(&client(), &bodiless).unwrap_err(), TransportKind::Tls);
    assert_eq!(server.decrypted(), "");
}

/// In TLS 1.3, a server refuses a client without a certificate when the client has usually sent its request already.
#[test]
fn a_refusal_after_the_handshake_may_have_delivered_the_request() {
    let refused = |version| {
        let failure = execute(&client_that_trusts(CA), &Server::new(VALID, &[version], true).exchange()).unwrap_err();
        (failure.kind, failure.delivery)
    };
    // The server closes the connection. Whether the client notices that while it is still writing is a matter of chance.
    let broken = (TransportKind::Connect, Delivery::NotSent);
    let (in_1_3, in_1_2) = (refused(&version::TLS13), refused(&version::TLS12));
    assert!([(TransportKind::Closed, Delivery::Unknown), broken].contains(&in_1_3), "{in_1_3:?}");
    assert!([(TransportKind::Tls, Delivery::NotSent), broken].contains(&in_1_2), "{in_1_2:?}");
}

#[test]
fn nothing_is_sent_where_tls_is_not_spoken() {
    let https = |peer: &Peer| exchange(&format!("https://localhost:{}/?token=canary-query", peer.port));
    let plain = Peer::raw(|stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").and_then(|()| stream.hold()));
    assert_not_sent(&failed(&https(&plain)), TransportKind::Tls);
    let closing = Peer::raw(|stream| stream.read(&mut [0; 4096]).map(|_| ()));
    assert_not_sent(&failed(&https(&closing)), TransportKind::Connect);
    let silent = Peer::raw(Spied::hold);
    assert_not_sent(&failed(&Exchange { timeout: Duration::from_millis(300), ..https(&silent) }), TransportKind::Timeout);
    for peer in [plain, closing, silent] {
        assert!(!peer.received().is_empty() && !peer.received().contains("canary"));
    }
}
