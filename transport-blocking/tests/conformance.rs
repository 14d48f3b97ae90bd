//! Runs the cases of `enlist-conformance` on this crate's loop and client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::ops::ControlFlow;

use enlist_blocking::{Client, Host, drive};
use enlist_conformance::matrix::{self, Times};
use enlist_conformance::{Driven, Driver, MockHost, MockHostError, Verdict, cases};
use enlist_core::{Ceremony, Exchange, ExchangeId, ExchangeResult, Store, Timestamp, WaitReason};

struct Blocking(Client);

impl Driver for Blocking {
    fn execute(&mut self, exchange: &Exchange) -> ExchangeResult {
        self.0.execute(exchange)
    }

    fn drive<C: Ceremony>(&mut self, ceremony: &mut C, stage: &mut MockHost<C>) -> Driven<C::Outcome> {
        let stage = std::cell::RefCell::new(stage);
        let direct = |exchange: &Exchange| stage.borrow_mut().direct(exchange);
        let client = |exchange: &Exchange| self.0.execute(&direct(exchange));
        drive(ceremony, &client, &mut HostAdapter(&stage), &mut StoreAdapter(&stage))
    }
}

/// The stage as this crate's host. The client asks the stage too, between the host's calls.
struct HostAdapter<'a, 'b, C: Ceremony>(&'a std::cell::RefCell<&'b mut MockHost<C>>);

impl<C: Ceremony> Host<C> for HostAdapter<'_, '_, C> {
    type Error = MockHostError;

    fn now(&mut self) -> Timestamp {
        self.0.borrow_mut().now()
    }

    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, MockHostError> {
        self.0.borrow_mut().wait(until, why)
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), MockHostError> {
        self.0.borrow_mut().show(notice)
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, MockHostError> {
        self.0.borrow_mut().ask(prompt)
    }
}

/// The store of the same case.
struct StoreAdapter<'a, 'b, C: Ceremony>(&'a std::cell::RefCell<&'b mut MockHost<C>>);

impl<H: Ceremony> Store for StoreAdapter<'_, '_, H> {
    type Error = MockHostError;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), MockHostError> {
        self.0.borrow_mut().prepare(&ceremony.snapshot(), exchange)
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), MockHostError> {
        self.0.borrow_mut().journal(exchange, answer)
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, MockHostError> {
        self.0.borrow_mut().journaled(id)
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), MockHostError> {
        self.0.borrow_mut().save(&ceremony.snapshot())
    }
}

#[test]
fn every_case_comes_out_as_expected() {
    let mut driver = Blocking(Client::new().unwrap());
    let verdicts: Vec<_> = cases().iter().map(|case| case.run(&mut driver)).collect();
    let failed: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), verdicts.len(), failed.join("\n"));
    assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Passed)), "nothing is passed over");
}

/// Prints how many cells were played, and fails with those that came out otherwise.
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
#[ignore = "it takes a minute: part of .ci/long"]
fn every_request_meets_every_fault_whenever_it_is_sent() {
    play(&mut Blocking(Client::new().unwrap()), Times::Always);
}
