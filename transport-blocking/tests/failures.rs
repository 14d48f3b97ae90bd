//! What goes wrong, and whether the service may have seen the request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use common::*;
use enlist_core::{Body, Delivery, Exchange, TransportFailure, TransportKind};
use enlist_sandbox::{Action, Config, Sandbox, Scripted};

const SHORT: Duration = Duration::from_millis(300);

#[track_caller]
fn assert_failure(failure: &TransportFailure, kind: TransportKind, delivery: Delivery) {
    assert_eq!((failure.kind, failure.delivery), (kind, delivery), "{failure:?}");
}

fn short(exchange: Exchange) -> Exchange {
    Exchange { timeout: SHORT, ..exchange }
}

/// What this answer, and the end of the connection after it, comes to.
fn cut_off(answer: &'static str) -> TransportFailure {
    failed(&Peer::answering(answer).exchange())
}

#[test]
fn a_refused_connection_sends_nothing() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let failure = failed(&exchange(&format!("http://127.0.0.1:{port}/?token=canary-query")));
    assert_failure(&failure, TransportKind::Connect, Delivery::NotSent);
    assert!(failure.text.contains("refused"), "{}", failure.text);
}

#[test]
fn an_unknown_name_sends_nothing() {
    let failure = failed(&exchange("http://nothing.invalid/?token=canary-query"));
    assert_failure(&failure, TransportKind::Dns, Delivery::NotSent);
}

#[test]
fn a_connection_that_breaks_before_any_answer_may_have_delivered() {
    let failure = failed(&Peer::new(|_| Ok(())).exchange());
    assert_failure(&failure, TransportKind::Closed, Delivery::Unknown);
    assert_eq!(failure.partial, None);
}

/// Closed with unread bytes, which the system answers by a reset: seen while writing, or after.
#[test]
fn a_connection_that_is_reset_is_not_sent_only_if_nothing_was_taken() {
    let peers = [Peer::raw(|_| Ok(())), Peer::raw(|stream| stream.stream.peek(&mut [0]).map(|_| ()))];
    for failure in peers.map(|peer| failed(&peer.exchange())) {
        let seen = (failure.kind, failure.delivery);
        let expected = [(TransportKind::Closed, Delivery::Unknown), (TransportKind::Connect, Delivery::NotSent)];
        assert!(expected.contains(&seen), "{failure:?}");
    }
}

#[test]
fn a_body_that_is_cut_off_is_a_break_that_keeps_what_came() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"access_tok", "{\"access_tok"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n9\r\nde", "abcde"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", ""),
    ] {
        let failure = cut_off(answer);
        assert_failure(&failure, TransportKind::Closed, Delivery::Unknown);
        assert_eq!(failure.partial, partial(200, body), "{answer}");
    }
}

#[test]
fn the_sandboxs_cut_is_a_break_that_keeps_what_came() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    sandbox.script([Scripted::new("/api/agent/identity", Action::Cut { bytes: 10 })]);
    let failure = failed(&exchange(&format!("{}/api/agent/identity", sandbox.url())));
    assert_failure(&failure, TransportKind::Closed, Delivery::Unknown);
    assert_eq!(failure.partial.unwrap().body.len(), 10);
}

#[test]
fn chunks_that_are_none_are_no_http() {
    let failure = cut_off("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
    assert_failure(&failure, TransportKind::BadHttp, Delivery::Unknown);
    assert_eq!(failure.partial.unwrap().status, 200);
}

#[test]
fn what_is_no_http_is_called_so() {
    for answer in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "220 mail.example ESMTP\r\n",
        "\u{1b}[2J\u{7}\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nb\u{0}d: canary-header\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: canary-body\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    ] {
        let failure = cut_off(answer);
        assert_failure(&failure, TransportKind::BadHttp, Delivery::Unknown);
        assert_eq!(failure.partial, None);
    }
}

#[test]
fn a_head_that_breaks_off_is_a_break() {
    for answer in ["H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nretry-after: 5\r\n"] {
        assert_failure(&cut_off(answer), TransportKind::Closed, Delivery::Unknown);
    }
}

#[test]
fn a_head_has_its_cap() {
    let answer = |length: usize| format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(length));
    assert!(execute(&client(), &Peer::answering(answer(31 * 1024)).exchange()).is_ok());
    assert_failure(&failed(&Peer::answering(answer(33 * 1024)).exchange()), TransportKind::BadHttp, Delivery::Unknown);
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(1000));
    assert_failure(&failed(&Peer::answering(many).exchange()), TransportKind::BadHttp, Delivery::Unknown);
}

#[test]
fn heads_without_end_are_left_soon() {
    for (first, again) in [
        ("HTTP/1.1 200 OK\r\n", "x-more: of the same\r\n"),
        ("HTTP/1.1 200 OK\r\nx: ", "xxxxxxxx"),
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
    ] {
        let peer = Peer::new(move |stream| {
            stream.write_all(first.as_bytes())?;
            let block = again.repeat(1000);
            loop {
                stream.write_all(block.as_bytes())?;
            }
        });
        let exchange = Exchange { timeout: Duration::from_secs(2), ..peer.exchange() };
        assert_failure(&failed(&exchange), TransportKind::BadHttp, Delivery::Unknown);
    }
}

#[test]
fn the_deadline_holds_while_nothing_comes() {
    let peer = Peer::new(Spied::hold);
    let failure = failed(&short(peer.exchange()));
    assert_failure(&failure, TransportKind::Timeout, Delivery::Unknown);
    assert_eq!(failure.partial, None);
}

#[test]
fn the_deadline_holds_for_a_body_that_stalls() {
    let peer = Peer::new(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"access_tok")?;
        stream.hold()
    });
    let failure = failed(&short(peer.exchange()));
    assert_failure(&failure, TransportKind::Timeout, Delivery::Unknown);
    assert_eq!(failure.partial, partial(200, "{\"access_tok"));
}

#[test]
fn the_deadline_holds_for_a_body_that_drips() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    sandbox.script([Scripted::new("/drip", Action::Drip { status: 400, byte_every_ms: 20 })]);
    let failure = failed(&short(exchange(&format!("{}/drip", sandbox.url()))));
    assert_failure(&failure, TransportKind::Timeout, Delivery::Unknown);
    let body = failure.partial.unwrap().body;
    assert!((1..=15).contains(&body.len()), "{} bytes", body.len());
}

#[test]
fn the_deadline_holds_for_a_head_that_drips() {
    let peer = Peer::new(|stream| {
        for byte in b"HTTP/1.1 200 OK\r\nx: ".iter().chain(std::iter::repeat(&b'x')) {
            stream.write_all(&[*byte])?;
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    });
    assert_failure(&failed(&short(peer.exchange())), TransportKind::Timeout, Delivery::Unknown);
}

/// A request so large that the connection takes only a part of it.
#[test]
fn the_deadline_holds_while_the_request_is_not_taken() {
    let peer = Peer::raw(|stream| {
        thread::sleep(Duration::from_secs(2));
        stream.hold()
    });
    let mut exchange = short(peer.exchange());
    *exchange.request.body_mut() = vec![b'x'; 30_000_000].into();
    assert_failure(&failed(&exchange), TransportKind::Timeout, Delivery::Unknown);
}

/// Without a body nothing tells how far the request had come.
#[test]
fn a_request_without_a_body_counts_as_sent_but_for_a_refused_connection() {
    let bodiless = |url: &str| {
        let mut exchange = exchange(url);
        exchange.request = http::Request::post(url).body(Body::default()).unwrap();
        exchange
    };
    assert_failure(&failed(&bodiless(&Peer::new(|_| Ok(())).url())), TransportKind::Closed, Delivery::Unknown);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_failure(&failed(&bodiless(&format!("http://127.0.0.1:{port}/"))), TransportKind::Connect, Delivery::NotSent);
    assert_failure(&failed(&bodiless("http://nothing.invalid/")), TransportKind::Dns, Delivery::NotSent);
}
