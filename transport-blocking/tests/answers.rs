//! What is sent, and which answers come through.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::Write;
use std::time::Duration;

use common::*;
use enlist_core::{Delivery, Exchange, TransportKind};
use enlist_sandbox::{Action, Config, Sandbox, Scripted};
use http::header::{CONTENT_ENCODING, LOCATION, RETRY_AFTER, SET_COOKIE};

#[test]
fn the_request_is_sent_as_it_was_built() {
    let peer = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n");
    execute(&client(), &peer.exchange()).unwrap();
    let received = peer.received();
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().collect();
    lines[1..].sort_unstable();
    let host = format!("host: 127.0.0.1:{}", peer.port);
    let built = ["accept: application/json", "authorization: Bearer canary-header", "content-length: 23", &host];
    assert_eq!(lines[0], "POST /path?token=canary-query HTTP/1.1");
    assert_eq!((&lines[1..], body), (&built[..], BODY));
}

#[test]
fn no_header_is_added_that_was_not_there() {
    let peer = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let mut exchange = peer.exchange();
    exchange.request.headers_mut().clear();
    execute(&client(), &exchange).unwrap();
    let received = peer.received().to_lowercase();
    for added in ["accept:", "accept-encoding:", "user-agent:", "cookie:", "referer:", "expect:", "transfer-encoding:"] {
        assert!(!received.contains(added), "{received}");
    }
}

#[test]
fn every_status_is_an_answer_with_its_headers_and_body() {
    for status in [200, 201, 400, 401, 403, 404, 407, 409, 410, 429, 451, 500, 502, 503, 504, 599] {
        let body = r#"{"error":"authorization_pending"}"#;
        let head = format!("HTTP/1.1 {status} X\r\nretry-after: 7\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 33\r\n\r\n");
        let answer = execute(&client(), &Peer::answering(head + body).exchange()).unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (status, body.as_bytes()));
        assert_eq!((answer.headers()[RETRY_AFTER].as_bytes(), answer.headers().get_all(SET_COOKIE).iter().count()), (&b"7"[..], 2));
        assert!(answer.extensions().is_empty(), "the URL stays behind");
    }
}

#[test]
fn no_redirect_is_followed() {
    for status in [300, 301, 302, 303, 304, 307, 308] {
        for rest in ["content-length: 0\r\n\r\n", "content-length: 4\r\n\r\nmove"] {
            let evil = Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
            let location = evil.url();
            let peer = Peer::answering(format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\n{rest}"));
            let answer = client().execute(&peer.exchange()).unwrap();
            assert_eq!((answer.status().as_u16(), answer.headers()[LOCATION].to_str().unwrap()), (status, location.as_str()));
            assert_eq!((peer.connections(), evil.connections()), (1, 0));
        }
    }
}

#[test]
fn no_compression_is_asked_for_and_none_undone() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    // 1 kB and 73 kB on the wire.
    for (decoded_bytes, is_whole) in [(1_000_000, true), (75_000_000, false)] {
        sandbox.script([Scripted::new("/bomb", Action::GzipBomb { decoded_bytes })]);
        // To make it takes a busy machine a while.
        let bomb = Exchange { timeout: Duration::from_secs(60), ..exchange(&format!("{}/bomb", sandbox.url())) };
        let answer = execute(&client(), &bomb);
        assert_eq!(answer.is_ok(), is_whole);
        let bytes = match answer {
            Ok(answer) => {
                assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
                answer.into_body()
            }
            Err(failure) => {
                assert_eq!((failure.kind, failure.delivery), (TransportKind::BodyTooLarge, Delivery::Unknown));
                failure.partial.unwrap().body
            }
        };
        assert!(bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() <= 64 * 1024);
    }
    assert!(sandbox.requests()[0].headers.iter().all(|(name, _)| name != "accept-encoding"));
}

#[test]
fn a_body_of_the_cap_is_whole_and_one_byte_more_is_cut_there() {
    for (length, max, is_whole) in [(1000, 1000, true), (1001, 1000, false), (0, 0, true), (1, 0, false), (1001, usize::MAX, true)] {
        let body = "x".repeat(length);
        for head in [format!("content-length: {length}\r\n\r\n{body}"), format!("connection: close\r\n\r\n{body}")] {
            let mut exchange = Peer::answering(format!("HTTP/1.1 400 No\r\n{head}")).exchange();
            exchange.max_body = max;
            let answer = execute(&client(), &exchange);
            assert_eq!(answer.is_ok(), is_whole, "{length} of {max}");
            if let Err(failure) = answer {
                assert_eq!((failure.kind, failure.partial), (TransportKind::BodyTooLarge, partial(400, &body[..max])));
            }
        }
    }
}

#[test]
fn an_endless_body_is_left_soon() {
    let (said, written) = std::sync::mpsc::channel();
    let peer = Peer::new(move |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 60000000\r\n\r\n")?;
        let sent = (0..6000).take_while(|_| stream.write_all(&[b'x'; 10_000]).is_ok()).count();
        said.send(sent * 10_000).unwrap();
        Ok(())
    });
    let exchange = peer.exchange();
    let failure = failed(&exchange);
    assert_eq!((failure.kind, failure.delivery), (TransportKind::BodyTooLarge, Delivery::Unknown));
    assert_eq!(failure.partial, partial(200, vec![b'x'; exchange.max_body]));
    // What the system's buffers took, and no more.
    assert!(written.recv().unwrap() < 20_000_000);
}

#[test]
fn a_body_in_chunks_is_put_together() {
    let peer = Peer::answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_eq!(execute(&client(), &peer.exchange()).unwrap().body(), b"abcde");
}

/// With neither a length nor chunks, an answer that was cut off looks like a whole one: its reader must judge.
#[test]
fn a_body_that_ends_with_the_connection_is_taken_as_whole() {
    let peer = Peer::answering("HTTP/1.1 200 OK\r\n\r\n{\"access_tok");
    assert_eq!(execute(&client(), &peer.exchange()).unwrap().body(), b"{\"access_tok");
}

#[test]
fn early_hints_are_passed_over() {
    let peer = Peer::answering("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    assert_eq!(execute(&client(), &peer.exchange()).unwrap().body(), b"{}");
}

/// Were a connection kept, the second request would go to a server that is gone, or be lost with it.
#[test]
fn each_exchange_has_a_connection_of_its_own() {
    let peer = Peer::new(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}")?;
        // A second request would be read, and never answered.
        stream.read_request().map(|_| ())
    });
    // ureq does not share connections between requests whose user agents differ; here they are the same.
    let keeping = enlist_blocking::Client::from_agent(ureq::Agent::config_builder().proxy(None).user_agent("").build().new_agent());
    for client in [enlist_blocking::Client::new().unwrap(), keeping] {
        let before = peer.connections();
        for _ in 0..3 {
            execute(&client, &peer.exchange()).unwrap();
        }
        assert_eq!(peer.connections() - before, 3);
    }
}

#[test]
fn no_connection_is_held_between_exchanges() {
    let (said, closed) = std::sync::mpsc::channel();
    let peer = Peer::new(move |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}")?;
        stream.hold()?;
        said.send(()).unwrap();
        Ok(())
    });
    let client = enlist_blocking::Client::new().unwrap();
    execute(&client, &peer.exchange()).unwrap();
    assert!(closed.recv_timeout(Duration::from_secs(5)).is_ok());
}

#[test]
fn a_server_that_closes_idle_connections_costs_nothing() {
    let peer = Peer::answering("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}");
    let client = enlist_blocking::Client::new().unwrap();
    for _ in 0..20 {
        execute(&client, &peer.exchange()).unwrap();
    }
}

#[test]
fn a_get_without_a_body_is_answered_too() {
    let peer = Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    let mut exchange = peer.exchange();
    exchange.request = http::Request::get(peer.url()).body(enlist_core::Body::default()).unwrap();
    assert_eq!(execute(&client(), &exchange).unwrap().body(), b"{}");
}
