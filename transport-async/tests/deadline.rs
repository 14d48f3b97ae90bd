//! Tests what becomes of an answer that has arrived when the deadline is over.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "../../transport-blocking/tests/common/tls_server.rs"]
mod tls_server;

use common::Async;
use enlist_async::{Client, Proxies};
use enlist_conformance::stopped::{self, Tls};
use enlist_conformance::stores;

const CA: &[u8] = include_bytes!("../../net/tests/tls/ca.pem");

fn driver() -> Async {
    Async::with(Client::builder().proxies(Proxies::default()).trust_pem(CA).unwrap().build().unwrap())
}

#[test]
fn a_client_that_was_stopped_past_its_deadline_keeps_the_answer() {
    let child = stores::rerun_test("a_client_that_was_stopped_past_its_deadline_keeps_the_answer").unwrap();
    stopped::run(&mut driver(), child, None).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn a_client_that_was_stopped_past_its_deadline_keeps_the_answer_over_tls() {
    let child = stores::rerun_test("a_client_that_was_stopped_past_its_deadline_keeps_the_answer_over_tls").unwrap();
    let accept = tls_server::accept(include_bytes!("../../net/tests/tls/valid.der"));
    let tls: Tls = Box::new(|stream| Ok(Box::new(accept(stream)?)));
    stopped::run(&mut driver(), child, Some(tls)).unwrap_or_else(|why| panic!("{why}"));
}
