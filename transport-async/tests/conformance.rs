//! Runs the cases of `enlist-conformance` on this crate's loop and client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::Async;
use enlist_conformance::matrix::{self, Times};
use enlist_conformance::{Verdict, cases};

#[test]
fn every_case_comes_out_as_expected() {
    let mut driver = Async::new();
    let verdicts: Vec<_> = cases().iter().map(|case| case.run(&mut driver)).collect();
    let failed: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), verdicts.len(), failed.join("\n"));
    assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Passed)), "no case is skipped");
}

/// Plays every cell, prints how many passed, and shows those that failed.
fn play(driver: &mut Async, times: Times) {
    let cells = matrix::cells();
    let is_played = |cell: &&matrix::Cell| cell.reason().is_none() && (times == Times::Once || cell.recurs());
    let played: Vec<_> = cells.iter().filter(is_played).collect();
    let failed: Vec<_> = played.iter().filter_map(|cell| cell.run(driver, times).err()).map(|mismatch| mismatch.to_string()).collect();
    println!("{times:?}: {}/{} cells", played.len() - failed.len(), played.len());
    assert!(failed.is_empty(), "{} of {} cells:\n{}", failed.len(), played.len(), failed.join("\n"));
}

#[test]
fn every_request_meets_every_fault_once() {
    play(&mut Async::new(), Times::Once);
}

#[test]
#[ignore = "takes minutes; `.ci/nightly faults` runs it"]
fn every_request_meets_every_fault_whenever_it_is_sent() {
    play(&mut Async::new(), Times::Always);
}
