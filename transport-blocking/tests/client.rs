//! The behaviour of this crate's client beyond the duties of every client, for which `enlist-conformance` has the cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::Write;
use std::thread;
use std::time::Duration;

use common::*;
use enlist_core::{Delivery, Exchange, TransportFailure, TransportKind};
use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport};

const SHORT: Duration = Duration::from_millis(300);

#[track_caller]
fn assert_failure(failure: &TransportFailure, kind: TransportKind, delivery: Delivery) {
    assert_eq!((failure.kind, failure.delivery), (kind, delivery), "{failure:?}");
}

fn short(exchange: Exchange) -> Exchange {
    Exchange { timeout: SHORT, ..exchange }
}

/// The failure that comes of this answer when the connection is closed after it.
fn cut_off(answer: &'static str) -> TransportFailure {
    failed(&Peer::answering(answer).exchange())
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

/// If a connection were kept, the second request would be sent on it and never be answered.
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

/// A connection that is closed with unread bytes is reset by the system. The client sees it while it writes, or afterwards.
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
fn chunks_that_are_none_are_no_http() {
    let failure = cut_off("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
    assert_failure(&failure, TransportKind::BadHttp, Delivery::Unknown);
    assert_eq!(failure.partial.unwrap().status, 200);
}

#[test]
fn a_head_has_its_cap() {
    let answer = |length: usize| format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(length));
    let own = enlist_blocking::Client::builder().proxies(enlist_blocking::Proxies::default()).build().unwrap();
    for (client, below, above) in [(client(), 90, 110), (own, 390, 410)] {
        assert!(execute(&client, &Peer::answering(answer(below * 1024)).exchange()).is_ok());
        let failure = execute(&client, &Peer::answering(answer(above * 1024)).exchange()).unwrap_err();
        assert_failure(&failure, TransportKind::BadHttp, Delivery::Unknown);
    }
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(1000));
    assert_failure(&failed(&Peer::answering(many).exchange()), TransportKind::BadHttp, Delivery::Unknown);
}

#[test]
fn early_hints_without_end_are_left_soon() {
    let peer = Peer::new(|stream| {
        let block = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000);
        loop {
            stream.write_all(block.as_bytes())?;
        }
    });
    let exchange = Exchange { timeout: Duration::from_secs(2), ..peer.exchange() };
    assert_failure(&failed(&exchange), TransportKind::BadHttp, Delivery::Unknown);
}

/// A resolver that panics, as ureq's does when there can be no further thread.
#[derive(Debug)]
struct PanickingResolver;

impl Resolver for PanickingResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        panic!("no thread")
    }
}

/// A connection that panics when the answer is read.
#[derive(Debug)]
struct PanickingReader<T>(T);

impl<T: Transport> Transport for PanickingReader<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        panic!("no answer")
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}

#[derive(Debug)]
struct PanickingReaders;

impl<T: Transport> Connector<T> for PanickingReaders {
    type Out = PanickingReader<T>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<T>) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(PanickingReader))
    }
}

#[test]
fn a_panic_of_the_library_is_a_failure_that_says_whether_anything_was_sent() {
    let peer = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let config = || ureq::Agent::config_builder().proxy(None).build();
    let connector = ().chain(TcpConnector::default()).chain(PanickingReaders);
    for (agent, kind, delivery) in [
        (ureq::Agent::with_parts(config(), TcpConnector::default(), PanickingResolver), TransportKind::Connect, Delivery::NotSent),
        (ureq::Agent::with_parts(config(), connector, DefaultResolver::default()), TransportKind::Closed, Delivery::Unknown),
    ] {
        let client = enlist_blocking::Client::from_agent(agent);
        assert_failure(&execute(&client, &peer.exchange()).unwrap_err(), kind, delivery);
    }
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
