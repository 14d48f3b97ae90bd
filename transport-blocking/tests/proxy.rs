//! Tests which route requests take when a proxy is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use common::*;
use enlist_blocking::{BuildError, Client};
use enlist_core::{Delivery, Exchange, TransportKind};
use ureq::{Agent, Proxy};

/// A name that does not exist, so that only a proxy can reach it.
const ELSEWHERE: &str = "http://service.invalid/?token=canary-query";

fn client_by(port: u16) -> Client {
    let proxy = Proxy::new(&format!("http://user:canary-header@127.0.0.1:{port}")).unwrap();
    Client::from_agent(Agent::config_builder().proxy(Some(proxy)).build().new_agent())
}

#[test]
fn an_exchange_goes_through_the_proxy() {
    let proxy = Peer::new(|stream| {
        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        stream.read_request()?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
    });
    assert_eq!(execute(&client_by(proxy.port), &exchange(ELSEWHERE)).unwrap().body(), b"{}");
    assert!(proxy.received().starts_with("CONNECT service.invalid:80 HTTP/1.1\r\n"));
}

#[test]
fn this_machine_is_reached_without_a_proxy() {
    let proxy = Peer::answering("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    let peer = Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    for host in ["127.0.0.1", "localhost", "LOCALHOST"] {
        let url = format!("http://{host}:{}/", peer.port);
        assert!(execute(&client_by(proxy.port), &exchange(&url)).is_ok(), "{host}");
    }
    assert_eq!((proxy.connections(), peer.connections()), (0, 3));
}

#[test]
fn a_proxy_that_refuses_gets_no_byte_of_the_request() {
    for (answer, kind) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n", TransportKind::Proxy),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", TransportKind::Proxy),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", TransportKind::Proxy),
        ("", TransportKind::Proxy),
        ("SSH-2.0-OpenSSH_9.6\r\n", TransportKind::BadHttp),
    ] {
        let proxy = Peer::answering(answer);
        let failure = execute(&client_by(proxy.port), &exchange(ELSEWHERE)).unwrap_err();
        assert_eq!((failure.kind, failure.delivery, &failure.partial), (kind, Delivery::NotSent, &None), "{failure:?}");
        assert!(!proxy.received().contains("canary"));
    }
}

#[test]
fn nothing_is_sent_through_a_proxy_that_is_not_there_or_does_not_answer() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let failure = execute(&client_by(port), &exchange(ELSEWHERE)).unwrap_err();
    assert_eq!((failure.kind, failure.delivery), (TransportKind::Proxy, Delivery::NotSent));
    let silent = Peer::raw(Spied::hold);
    let short = Exchange { timeout: Duration::from_millis(300), ..exchange(ELSEWHERE) };
    let failure = execute(&client_by(silent.port), &short).unwrap_err();
    assert_eq!((failure.kind, failure.delivery), (TransportKind::Timeout, Delivery::NotSent));
}

/// The environment belongs to the process, so the tests below run this one again in child processes with other variables.
#[test]
#[ignore = "run by the tests below"]
fn with_the_environments_proxy() {
    let Ok(peer) = std::env::var("TEST_PEER") else { return };
    let client = Client::new().unwrap();
    assert!(client.execute(&exchange(&peer)).is_ok());
    for url in [ELSEWHERE, "https://service.invalid/"] {
        let failure = client.execute(&exchange(url)).unwrap_err();
        assert_eq!(failure.delivery, Delivery::NotSent);
    }
}

/// Runs the test above in a child process with these variables, and returns its output.
fn in_another_process(peer: &Peer, variables: &[(&str, &str)]) -> String {
    let mut again = Command::new(std::env::current_exe().unwrap());
    for inherited in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        again.env_remove(inherited).env_remove(inherited.to_lowercase());
    }
    again.envs(variables.iter().copied()).env("TEST_PEER", peer.url());
    let output = again.args(["--exact", "with_the_environments_proxy", "--ignored", "--nocapture"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn the_environment_names_the_proxy() {
    // The first bytes that a SOCKS 5 client and an HTTP client send.
    for (scheme, greeting) in [("http", "CONNECT service.invalid:"), ("socks5h", "\u{5}")] {
        for (variable, times) in [("ALL_PROXY", 2), ("HTTPS_PROXY", 1), ("https_proxy", 1), ("http_proxy", 1), ("HTTP_PROXY", 0)] {
            let proxy = Peer::raw(|stream| {
                let mut first = [0];
                stream.read_exact(&mut first)?;
                if first == *b"C" { stream.read_request().map(|_| ()) } else { Ok(()) }
            });
            let peer = Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
            in_another_process(&peer, &[(variable, &format!("{scheme}://127.0.0.1:{}", proxy.port))]);
            assert_eq!((proxy.connections(), peer.connections()), (times, 1), "{scheme} in {variable}");
            assert!(times == 0 || proxy.received().starts_with(greeting), "{:?}", proxy.received());
        }
    }
}

#[test]
fn the_environment_names_exceptions() {
    let proxy = Peer::answering("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    let peer = Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    in_another_process(&peer, &[("ALL_PROXY", &format!("127.0.0.1:{}", proxy.port)), ("NO_PROXY", "other.example, .invalid")]);
    assert_eq!(proxy.connections(), 0);
}

/// A connection without the proxy that somebody asked for would be worse than none.
#[test]
fn no_client_is_built_if_the_variable_names_an_invalid_proxy() {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.env("https_proxy", "ftp://joe:canary-header@proxy.example");
    let output = again.args(["--exact", "with_a_bad_variable", "--ignored", "--nocapture"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("refused: https_proxy: ") && !said.contains("canary"), "{said}");
}

#[test]
#[ignore = "run by the test above"]
fn with_a_bad_variable() {
    if std::env::var_os("https_proxy").is_some() {
        let refused = Client::new().unwrap_err();
        assert!(matches!(refused, BuildError::Proxy(_)) && !format!("{refused:?}").contains("canary"));
        println!("refused: {refused}");
    }
}
