//! Tests the event of an exchange. The test is alone in its program: `tracing` asks the first thread that reaches an event whether the
//! event is wanted, and keeps the answer for every thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enlist_core::{Delivery, Exchange, ExchangeId, TransportFailure, TransportKind};
use enlist_net::record_exchange;
use http::{Request, Response};

/// The lines of a log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_exchange_is_one_event_without_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(move || writer.clone()).finish();
    let request = Request::post("https://canary.example/v1/manifest/canary?canary").header("authorization", "canary");
    let request = request.body(b"canary".to_vec()).unwrap();
    let exchange =
        Exchange { id: ExchangeId::PLAIN, request: request.map(Into::into), timeout: Exchange::TIMEOUT, max_body: 100, delivers: true };
    let answered = Response::builder().status(404).header("set-cookie", "canary").body(b"canary".to_vec()).unwrap();
    let failure = TransportFailure { text: "canary".to_owned(), ..TransportFailure::new(TransportKind::Closed, Delivery::Unknown) };
    tracing::subscriber::with_default(subscriber, || {
        record_exchange(&exchange, true, Duration::from_millis(1234), &Ok(answered));
        record_exchange(&exchange, false, Duration::MAX, &Err(failure));
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let [answered, unanswered] = lines[..] else { panic!("{text}") };
    for (line, parts) in [
        (
            answered,
            ["DEBUG enlist::exchange: answered", "method=\"POST\"", "path=\"/v1/manifest/{did}\"", "status=404", "ms=1234 by_proxy=true"],
        ),
        (unanswered, ["INFO enlist::exchange: no whole answer", "method=\"POST\"", "kind=Closed", "delivery=Unknown", "by_proxy=false"]),
    ] {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    assert!(!text.contains("canary"), "{text}");
}
