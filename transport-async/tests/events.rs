//! Tests this crate's own events. The test is alone in its program for the reason given in the test of the blocking transport.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use enlist_async::{Client, Proxies};
use enlist_core::{Exchange, ExchangeId};

/// All events, as a log would contain them.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<u8>>>);

impl Write for Events {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers every connection with `answer`.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn an_exchange_is_an_event_without_a_secret() {
    let events = Events::default();
    let writer = events.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(move || writer.clone()).finish();
    let client = Client::builder().proxies(Proxies::default()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let send = |url: &str| {
        let request = http::Request::get(url).header("authorization", "Bearer canary").body(Vec::new()).unwrap();
        let exchange = Exchange {
            id: ExchangeId::PLAIN,
            request: request.map(Into::into),
            timeout: Exchange::TIMEOUT,
            max_body: 100,
            delivers: false,
        };
        runtime.block_on(client.execute(&exchange)).is_ok()
    };
    tracing::subscriber::with_default(subscriber, || {
        let url = answering("HTTP/1.1 404 Not Found\r\nset-cookie: canary\r\ncontent-length: 6\r\n\r\ncanary");
        assert!(send(&format!("{url}/v1/manifest/canary?canary")));
        assert!(!send(&answering("")));
    });
    let said = String::from_utf8(events.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = said.lines().filter(|line| line.contains("enlist::exchange")).collect();
    let [answered, unanswered] = lines[..] else { panic!("{said}") };
    for (line, parts) in [
        (answered, ["DEBUG", "method=\"GET\"", "path=\"/v1/manifest/{did}\"", "status=404", "ms="]),
        (unanswered, ["INFO", "kind=Closed", "delivery=Unknown", "by_proxy=false", "ms="]),
    ] {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    assert!(!said.contains("canary"), "{said}");
}
