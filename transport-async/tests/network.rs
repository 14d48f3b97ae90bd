//! Tests a proxy and a company's certificates that the caller names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../transport-blocking/tests/common/forwarder.rs"]
mod forwarder;
#[path = "../../transport-blocking/tests/common/tls_server.rs"]
mod tls_server;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use enlist_async::{Client, Proxies, Proxy};
use enlist_core::claim::Enrolment;
use enlist_core::{Ceremony, Delivery, Exchange, Origin, Timestamp, TransportFailure, TransportKind};
use forwarder::Forwarder;
use http::Response;
use tls_server::Server;

const CA: &[u8] = include_bytes!("../../net/tests/tls/ca.pem");
const BODY: &str = "claim_token=canary-body";

/// A service without TLS, and what it received.
struct Plain {
    port: u16,
    received: Arc<Mutex<Vec<String>>>,
}

impl Plain {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
                while !request.ends_with(BODY.as_bytes()) {
                    match stream.read(&mut buffer) {
                        Ok(length) if length > 0 => request.extend(&buffer[..length]),
                        _ => break,
                    }
                }
                kept.lock().unwrap().push(String::from_utf8(request).unwrap());
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
            }
        });
        Self { port, received }
    }

    fn exchange(&self) -> Exchange {
        exchange(&format!("http://127.0.0.1:{}/path?token=canary-query", self.port))
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

fn exchange(url: &str) -> Exchange {
    let mut ceremony = Enrolment::new(Origin::parse("http://127.0.0.1").unwrap(), None, None);
    let mut exchange = ceremony.begin(Timestamp::from_unix_ms(0)).unwrap();
    exchange.request = http::Request::post(url).body(BODY.as_bytes().to_vec().into()).unwrap();
    exchange.timeout = Duration::from_secs(5);
    exchange
}

fn tls_exchange(server: &Server) -> Exchange {
    exchange(&format!("https://localhost:{}/?token=canary-query", server.port))
}

fn execute(client: &Client, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(client.execute(exchange));
    let shown = format!("{answer:?}{client:?}{}", answer.as_ref().map_or_else(ToString::to_string, |_| String::new()));
    assert!(!shown.contains("canary") && !shown.contains("joe"), "{shown}");
    answer
}

fn by(url: &str) -> Proxies {
    Proxies::default().with(Proxy::parse(url).unwrap())
}

fn client_by(proxies: Proxies) -> Client {
    Client::builder().proxies(proxies).build().unwrap()
}

fn client_that_trusts(pem: &[u8]) -> Client {
    Client::builder().proxies(Proxies::default()).trust_pem(pem).unwrap().build().unwrap()
}

/// A request for plain http is handed to the proxy whole. The proxy may be on this machine, because the user named it.
#[test]
fn a_plain_http_request_reaches_the_proxy_with_its_absolute_url() {
    let (proxy, service) = (Forwarder::with_login(), Plain::new());
    let client = client_by(by(&proxy.url_with_login()));
    assert_eq!(execute(&client, &service.exchange()).unwrap().body(), b"{}");
    let heads = proxy.heads().concat();
    assert!(heads.starts_with(&format!("POST http://127.0.0.1:{}/path?token=canary-query HTTP/1.1\r\n", service.port)), "{heads}");
    assert_eq!(service.received().len(), 1);
}

#[test]
fn the_proxy_cannot_read_an_https_request() {
    let (proxy, server) = (Forwarder::with_login(), Server::new(include_bytes!("../../net/tests/tls/valid.der")));
    let client = Client::builder().proxies(by(&proxy.url_with_login())).trust_pem(CA).unwrap().build().unwrap();
    assert_eq!(execute(&client, &tls_exchange(&server)).unwrap().body(), b"{}");
    let heads = proxy.heads().concat();
    assert!(heads.starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\n", server.port)) && !heads.contains("canary"), "{heads}");
    let received = server.received();
    assert!(received.ends_with(BODY) && !received.to_ascii_lowercase().contains("proxy-authorization"), "{received}");
}

#[test]
fn without_the_login_that_the_proxy_wants_nothing_reaches_the_service() {
    let (proxy, service) = (Forwarder::with_login(), Plain::new());
    let wrong = proxy.url().replace("http://", "http://canary:x@");
    for url in [proxy.url(), wrong] {
        for exchange in [service.exchange(), exchange("https://service.invalid/")] {
            let failure = execute(&client_by(by(&url)), &exchange).unwrap_err();
            assert_eq!((failure.kind, failure.delivery), (TransportKind::Proxy, Delivery::NotSent), "{failure:?}");
            assert!(failure.text.starts_with("407"), "{}", failure.text);
        }
    }
    assert!(service.received().is_empty());
}

#[test]
fn an_unreachable_proxy_is_a_failure_of_the_proxy() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for proxy in [format!("http://127.0.0.1:{port}"), "http://proxy.invalid:3128".to_owned(), format!("socks5h://127.0.0.1:{port}")] {
        let failure = execute(&client_by(by(&proxy)), &exchange("https://service.invalid/")).unwrap_err();
        assert_eq!((failure.kind, failure.delivery), (TransportKind::Proxy, Delivery::NotSent), "{proxy} {failure:?}");
    }
}

/// A resolver that panics, as Tokio does when there can be no further thread.
struct PanickingResolver;

impl reqwest::dns::Resolve for PanickingResolver {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        panic!("no thread")
    }
}

#[test]
fn a_panic_of_the_library_is_a_failure_and_nothing_was_sent() {
    let client = Client::configured(|builder| builder.no_proxy().dns_resolver(Arc::new(PanickingResolver))).unwrap();
    let failure = execute(&client, &exchange("http://service.invalid/")).unwrap_err();
    assert_eq!((failure.kind, failure.delivery), (TransportKind::Connect, Delivery::NotSent), "{failure:?}");
}

#[test]
fn an_excluded_host_is_reached_without_the_proxy() {
    let (proxy, service) = (Forwarder::new(), Plain::new());
    for (list, through) in [("127.0.0.0/8", 0), ("*", 0), ("other.example", 1)] {
        let excepting = Proxies::from_variables(|name| (name == "no_proxy").then(|| list.to_owned())).unwrap();
        let client = client_by(excepting.with(Proxy::parse(&proxy.url()).unwrap()));
        assert!(execute(&client, &service.exchange()).is_ok());
        assert_eq!(proxy.heads().len(), through, "{list}");
    }
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
fn a_request_without_a_body_is_not_sent_to_an_untrusted_server_either() {
    let server = Server::new(include_bytes!("../../net/tests/tls/valid.der"));
    let mut bodiless = tls_exchange(&server);
    bodiless.request = http::Request::get(bodiless.request.uri()).body(enlist_core::Body::default()).unwrap();
    let failure = execute(&client_by(Proxies::default()), &bodiless).unwrap_err();
    assert_eq!((failure.kind, failure.delivery), (TransportKind::Tls, Delivery::NotSent));
}

/// The environment belongs to the process, so the test below runs this one again in child processes with other variables.
#[test]
#[ignore = "run by the_environment_names_the_proxy"]
fn with_the_environments_proxy() {
    let Ok(port) = std::env::var("TEST_PEER") else { return };
    let service = format!("http://127.0.0.1:{port}/");
    match Client::new() {
        Ok(client) => {
            assert!(execute(&client, &exchange(&service)).is_ok());
            for url in ["https://service.invalid/", "http://service.invalid/"] {
                let failure = execute(&client, &exchange(url)).unwrap_err();
                assert_ne!(failure.kind, TransportKind::Timeout);
            }
        }
        Err(refused) => println!("{refused}"),
    }
}

#[test]
fn the_environment_names_the_proxy() {
    for (variables, expected) in [
        (&[("ALL_PROXY", "PROXY")][..], 2),
        (&[("HTTPS_PROXY", "PROXY")], 1),
        (&[("https_proxy", "PROXY"), ("HTTPS_PROXY", "http://other.invalid")], 1),
        (&[("http_proxy", "PROXY")], 1),
        (&[("HTTP_PROXY", "PROXY")], 0),
        (&[("ALL_PROXY", "PROXY"), ("NO_PROXY", "other.example, .invalid")], 0),
    ] {
        let (proxy, service) = (Forwarder::with_login(), Plain::new());
        let said = in_another_process(service.port, variables, &proxy.url());
        assert_eq!((proxy.heads().len(), service.received().len()), (expected, 1), "{variables:?} {said}");
    }
    let service = Plain::new();
    let said = in_another_process(service.port, &[("HTTPS_PROXY", "ftp://joe:canary@proxy.example")], "");
    assert!(said.contains("HTTPS_PROXY: not a valid proxy") && !said.contains("canary"), "{said}");
    assert!(service.received().is_empty());
}

fn in_another_process(port: u16, variables: &[(&str, &str)], proxy: &str) -> String {
    let mut again = Command::new(std::env::current_exe().unwrap());
    for inherited in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        again.env_remove(inherited).env_remove(inherited.to_lowercase());
    }
    again.envs(variables.iter().map(|(name, value)| (*name, value.replace("PROXY", proxy)))).env("TEST_PEER", port.to_string());
    let output = again.args(["--exact", "with_the_environments_proxy", "--ignored", "--nocapture"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    said
}
