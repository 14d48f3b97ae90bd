//! Tests what the libraries below this crate write to a log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Mutex;

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

/// At trace level the libraries log every byte, as the documentation of the crate says.
#[test]
fn a_debug_log_has_no_secret() {
    log::set_logger(&Lines).unwrap();
    log::set_max_level(LevelFilter::Debug);
    let moved = "HTTP/1.1 302 Found\r\nset-cookie: canary-header\r\nlocation: /?canary-query\r\ncontent-length: 11\r\n\r\ncanary-body";
    assert!(client().execute(&Peer::answering(moved).exchange()).is_ok());
    assert!(client().execute(&Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncanary-body").exchange()).is_err());
    let lines = LINES.lock().unwrap();
    assert!(lines.contains("ureq"), "ureq must log something, or the test proves nothing");
    assert!(!lines.contains("canary"), "{lines}");
}
