//! Tests which servers the client trusts, which route it takes, and that it sends nothing to anybody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use enlist_async::Client;
use enlist_core::claim::Enrolment;
use enlist_core::{Ceremony, Delivery, Exchange, Origin, Timestamp, TransportFailure, TransportKind};
use http::Response;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, Stream};

const CA: &[u8] = include_bytes!("../../net/tests/tls/ca.der");
const KEY: &[u8] = include_bytes!("../../net/tests/tls/key.der");
const BODY: &str = "claim_token=canary-body";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// Serves each connection on a thread of its own, and keeps what `serve` says that it received.
struct Peer {
    port: u16,
    received: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    fn new(serve: impl Fn(&mut TcpStream) -> io::Result<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (kept, serve) = (Arc::clone(&received), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, kept, serve) = (stream.unwrap(), Arc::clone(&kept), Arc::clone(&serve));
                thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                    let said = serve(&mut stream).unwrap_or_default();
                    kept.lock().unwrap().push(said);
                });
            }
        });
        Self { port, received }
    }

    /// A peer with this certificate. It keeps what it decrypts.
    fn tls(certificate: &'static [u8]) -> Self {
        let builder =
            ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
        let config = Arc::new(builder.with_no_client_auth().with_single_cert(vec![CertificateDer::from(certificate)], key).unwrap());
        Self::new(move |stream| {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = Stream::new(&mut connection, stream);
            let request = read_until(&mut tls, BODY);
            tls.write_all(ANSWER).and_then(|()| tls.flush())?;
            Ok(request)
        })
    }

    fn received(&self) -> String {
        // The thread of a connection may not have finished yet.
        for _ in 0..100 {
            let received = self.received.lock().unwrap().join("\n");
            if !received.is_empty() {
                return received;
            }
            thread::sleep(Duration::from_millis(5));
        }
        String::new()
    }
}

fn read_until(stream: &mut impl Read, end: &str) -> String {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    while !request.ends_with(end.as_bytes()) {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => request.extend(&buffer[..length]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

fn client_that_trusts(certificate: &'static [u8]) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate)).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
    let tls = builder.with_root_certificates(roots).with_no_client_auth();
    Client::configured(|builder| builder.tls_backend_preconfigured(tls.clone())).unwrap()
}

fn exchange(url: &str) -> Exchange {
    let mut ceremony = Enrolment::new(Origin::parse("http://127.0.0.1").unwrap(), None, None);
    let mut exchange = ceremony.begin(Timestamp::from_unix_ms(0)).unwrap();
    exchange.request = http::Request::post(url).header("accept", "*/*").body(BODY.as_bytes().to_vec().into()).unwrap();
    exchange.timeout = Duration::from_secs(5);
    exchange
}

fn execute(client: &Client, url: &str) -> Result<Response<Vec<u8>>, TransportFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(client.execute(&exchange(url)));
    let shown = format!("{answer:?}{client:?}{}", answer.as_ref().map_or_else(ToString::to_string, |_| String::new()));
    assert!(!shown.contains("canary"), "{shown}");
    answer
}

#[test]
fn a_trusted_server_is_used() {
    let server = Peer::tls(include_bytes!("../../net/tests/tls/valid.der"));
    let url = format!("https://localhost:{}/?token=canary-query", server.port);
    assert_eq!(execute(&client_that_trusts(CA), &url).unwrap().body(), b"{}");
    assert!(server.received().ends_with(BODY));
}

#[test]
fn nothing_is_sent_to_an_untrusted_server() {
    for (certificate, client, word) in [
        (&include_bytes!("../../net/tests/tls/valid.der")[..], Client::new().unwrap(), "UnknownIssuer"),
        (include_bytes!("../../net/tests/tls/self_signed.der"), client_that_trusts(CA), "UnknownIssuer"),
        (include_bytes!("../../net/tests/tls/expired.der"), client_that_trusts(CA), "expired"),
        (include_bytes!("../../net/tests/tls/other_name.der"), client_that_trusts(CA), "not valid for the name"),
    ] {
        let server = Peer::tls(certificate);
        let failure = execute(&client, &format!("https://localhost:{}/?token=canary-query", server.port)).unwrap_err();
        assert_eq!((failure.kind, failure.delivery), (TransportKind::Tls, Delivery::NotSent), "{failure:?}");
        assert!(failure.text.contains(word), "{}", failure.text);
        assert!(!server.received().contains(BODY));
    }
}

fn client_by(port: u16) -> Client {
    let url = format!("http://user:canary-header@127.0.0.1:{port}");
    Client::configured(|builder| builder.proxy(reqwest::Proxy::all(&url).unwrap())).unwrap()
}

#[test]
fn a_proxy_that_refuses_gets_no_byte_of_the_request() {
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\n\r\n<html>",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "",
    ] {
        let proxy = Peer::new(move |stream| {
            let head = read_until(stream, "\r\n\r\n");
            stream.write_all(answer.as_bytes())?;
            Ok(head)
        });
        let failure = execute(&client_by(proxy.port), "https://service.invalid/?token=canary-query").unwrap_err();
        assert_eq!((failure.kind, failure.delivery), (TransportKind::Proxy, Delivery::NotSent), "{answer}: {failure:?}");
        let received = proxy.received();
        assert!(received.starts_with("CONNECT service.invalid:443 ") && !received.contains("canary"), "{received}");
    }
}

#[test]
fn nothing_is_sent_through_a_proxy_that_is_not_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let failure = execute(&client_by(port), "https://service.invalid/").unwrap_err();
    assert_eq!((failure.kind, failure.delivery), (TransportKind::Connect, Delivery::NotSent), "{failure:?}");
}

#[test]
fn this_machine_is_reached_without_a_proxy() {
    let proxy = Peer::new(|_| Ok("somebody came".to_owned()));
    let peer = Peer::new(|stream| {
        let request = read_until(stream, BODY);
        stream.write_all(ANSWER)?;
        Ok(request)
    });
    for host in ["127.0.0.1", "localhost", "LOCALHOST"] {
        let answer = execute(&client_by(proxy.port), &format!("http://{host}:{}/", peer.port));
        assert_eq!(answer.unwrap().body(), b"{}", "{host}");
    }
    assert!(proxy.received.lock().unwrap().is_empty());
}

/// If a connection were kept, the second request would be sent on it and never be answered.
#[test]
fn each_exchange_has_a_connection_of_its_own() {
    let peer = Peer::new(|stream| {
        let request = read_until(stream, BODY);
        stream.write_all(ANSWER)?;
        // A second request would be read, and never answered.
        Ok(request + &read_until(stream, BODY))
    });
    let keeping = Client::configured(|builder| builder.pool_max_idle_per_host(10)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for client in [Client::new().unwrap(), keeping] {
        for _ in 0..3 {
            let answer = runtime.block_on(client.execute(&exchange(&format!("http://127.0.0.1:{}/", peer.port))));
            assert_eq!(answer.unwrap().body(), b"{}");
        }
    }
}
