//! Tests this crate's own events. The test is alone in its program: `tracing` asks the first thread that reaches an event whether the event
//! is wanted, and keeps the answer. An exchange of another test, in a thread without a subscriber, would disable the event for this test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io;
use std::sync::{Arc, Mutex};

use common::*;

/// All events, as a log would contain them.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<u8>>>);

impl io::Write for Events {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_exchange_is_an_event_without_a_secret() {
    let events = Events::default();
    let writer = events.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let answer = "HTTP/1.1 404 Not Found\r\nset-cookie: canary-header\r\ncontent-length: 11\r\n\r\ncanary-body";
        let peer = Peer::answering(answer);
        assert!(client().execute(&exchange(&format!("http://127.0.0.1:{}/v1/manifest/canary?canary-query", peer.port))).is_ok());
        assert!(client().execute(&Peer::new(|_| Ok(())).exchange()).is_err());
    });
    let said = String::from_utf8(events.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = said.lines().filter(|line| line.contains("enlist::exchange")).collect();
    let [answered, unanswered] = lines[..] else { panic!("{said}") };
    for (line, parts) in [
        (answered, ["DEBUG", "method=\"POST\"", "path=\"/v1/manifest/{did}\"", "status=404", "ms="]),
        (unanswered, ["INFO", "kind=Closed", "delivery=Unknown", "by_proxy=false", "ms="]),
    ] {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    assert!(!said.contains("canary"), "{said}");
}
