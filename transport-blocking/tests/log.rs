//! What the libraries below write to a log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io;
use std::sync::{Arc, Mutex};

use common::*;
use log::{LevelFilter, Log, Metadata, Record};

static LINES: Mutex<String> = Mutex::new(String::new());

struct Lines;

impl Log for Lines {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.lock().unwrap().push_str(&format!("{} {}\n", record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// Our own events: all of them, as they would be written down.
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

/// At trace level they write down every byte, as the crate's documentation says.
#[test]
fn a_debug_log_has_no_secret() {
    log::set_logger(&Lines).unwrap();
    log::set_max_level(LevelFilter::Debug);
    let moved = "HTTP/1.1 302 Found\r\nset-cookie: canary-header\r\nlocation: /?canary-query\r\ncontent-length: 11\r\n\r\ncanary-body";
    assert!(client().execute(&Peer::answering(moved).exchange()).is_ok());
    assert!(client().execute(&Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncanary-body").exchange()).is_err());
    let lines = LINES.lock().unwrap();
    assert!(lines.contains("ureq"), "nothing was logged at all");
    assert!(!lines.contains("canary"), "{lines}");
}
