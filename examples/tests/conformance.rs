//! Runs the cases of `enlist-conformance` on the examples' clients.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs, dead_code, unreachable_pub)]

#[path = "../own_client.rs"]
mod own_client;
#[path = "../smol_hyper.rs"]
mod smol_hyper;

use enlist_async::Execute;
use enlist_conformance::matrix::{self, Times};
use enlist_conformance::{Driver, Verdict, cases};
use enlist_core::{Exchange, ExchangeResult};

/// A client over `std::net::TcpStream`, driven by the loop of the cases.
struct OwnClient;

impl Driver for OwnClient {
    fn execute(&mut self, exchange: &Exchange) -> ExchangeResult {
        own_client::execute(exchange)
    }

    fn speaks_https(&self) -> bool {
        false
    }
}

/// A client with hyper on smol, driven by the loop of the cases.
struct SmolHyper(smol_hyper::Client);

impl Driver for SmolHyper {
    fn execute(&mut self, exchange: &Exchange) -> ExchangeResult {
        smol::block_on(self.0.execute(exchange))
    }

    fn speaks_https(&self) -> bool {
        false
    }
}

/// The cases with heads that these small clients do not read: such an answer counts as lost. The transports repair these heads.
const UNREAD_HEADS: [&str; 2] = ["a_head_that_breaks_the_rules_costs_no_answer", "a_large_head_costs_no_answer"];

fn every_case(driver: &mut impl Driver) {
    let verdicts: Vec<_> = cases().iter().map(|case| case.run(driver)).collect();
    let (unread, failed): (Vec<_>, Vec<_>) =
        verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).partition(|mismatch| UNREAD_HEADS.contains(&mismatch.name));
    assert_eq!(unread.len(), UNREAD_HEADS.len(), "a client that reads these heads is not to be excused");
    let failed: Vec<_> = failed.into_iter().map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), verdicts.len(), failed.join("\n"));
    let skipped = verdicts.iter().filter(|verdict| matches!(verdict, Ok(Verdict::Skipped(_)))).count();
    assert_eq!(skipped, 1, "only the case of TLS");
}

#[test]
fn the_hand_rolled_client_passes_every_case() {
    every_case(&mut OwnClient);
}

#[test]
fn hyper_on_smol_passes_every_case() {
    every_case(&mut SmolHyper(smol_hyper::Client::new()));
}

/// The faults of TLS are skipped.
#[test]
fn the_hand_rolled_client_meets_every_fault_once() {
    let cells = matrix::cells();
    let failed: Vec<_> =
        cells.iter().filter_map(|cell| cell.run(&mut OwnClient, Times::Once).err()).map(|mismatch| mismatch.to_string()).collect();
    assert!(failed.is_empty(), "{} of {} cells:\n{}", failed.len(), cells.len(), failed.join("\n"));
}
