//! The sandbox's conformance suite, on this crate's loop and client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::Async;
use enlist_sandbox::conformance::{Verdict, cases};

#[test]
fn every_case_comes_out_as_expected() {
    let mut driver = Async::new();
    let verdicts: Vec<_> = cases().iter().map(|case| case.run(&mut driver)).collect();
    let failed: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), verdicts.len(), failed.join("\n"));
    assert!(verdicts.iter().all(|verdict| *verdict == Ok(Verdict::Passed)), "nothing is passed over");
}
