//! Runs the cases of `enlist-conformance` on this crate's loop and client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::ops::ControlFlow;

use enlist_blocking::{Client, Host, drive};
use enlist_conformance::matrix::{self, Times};
use enlist_conformance::{Driven, Driver, MockError, MockHost, MockStore, Verdict, cases};
use enlist_core::{Ceremony, Exchange, ExchangeResult, Timestamp, WaitReason};

struct Blocking(Client);

impl Driver for Blocking {
    fn execute(&mut self, exchange: &Exchange) -> ExchangeResult {
        self.0.execute(exchange)
    }

    fn drive<C: Ceremony>(&mut self, ceremony: &mut C, host: &mut MockHost<C>, store: &mut MockStore) -> Driven<C::Outcome> {
        let network = host.network();
        drive(ceremony, &|exchange: &Exchange| self.0.execute(&network.adjust(exchange)), &mut HostAdapter(host), store)
    }
}

/// The mock as this crate's host.
struct HostAdapter<'a, C: Ceremony>(&'a mut MockHost<C>);

impl<C: Ceremony> Host<C> for HostAdapter<'_, C> {
    type Error = MockError;

    fn now(&mut self) -> Timestamp {
        self.0.now()
    }

    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, MockError> {
        self.0.wait(until, why)
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), MockError> {
        self.0.show(notice)
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, MockError> {
        self.0.ask(prompt)
    }
}

#[test]
fn every_case_comes_out_as_expected() {
    let mut driver = Blocking(Client::new().unwrap());
    let verdicts: Vec<_> = cases().iter().map(|case| case.run(&mut driver)).collect();
    let failed: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), verdicts.len(), failed.join("\n"));
    assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Passed)), "no case is skipped");
}

/// Plays every cell, prints how many passed, and shows those that failed.
fn play(driver: &mut Blocking, times: Times) {
    let cells = matrix::cells();
    let is_played = |cell: &&matrix::Cell| cell.reason().is_none() && (times == Times::Once || cell.recurs());
    let played: Vec<_> = cells.iter().filter(is_played).collect();
    let failed: Vec<_> = played.iter().filter_map(|cell| cell.run(driver, times).err()).map(|mismatch| mismatch.to_string()).collect();
    println!("{times:?}: {}/{} cells", played.len() - failed.len(), played.len());
    assert!(failed.is_empty(), "{} of {} cells:\n{}", failed.len(), played.len(), failed.join("\n"));
}

#[test]
fn every_request_meets_every_fault_once() {
    play(&mut Blocking(Client::new().unwrap()), Times::Once);
}

#[test]
#[ignore = "takes minutes; `.ci/nightly faults` runs it"]
fn every_request_meets_every_fault_whenever_it_is_sent() {
    play(&mut Blocking(Client::new().unwrap()), Times::Always);
}
