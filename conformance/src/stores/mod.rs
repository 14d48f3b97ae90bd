//! Cases that every store must pass: whoever keeps ceremonies in files, a database or elsewhere runs them on their [`Store`].
//!
//! A case opens a store at an empty place, makes the calls that a driver would make, lets the process "die" or the disk fill up, opens
//! the store again and looks at what it finds. Time is virtual and no request is sent, so all cases together take about a second.
//!
//! Implement [`Fixture`] for a type of your own. It says how a store is opened and which snapshot it holds. Everything else has a
//! default that fits a store which keeps files in the folder that it is given:
//!
//! ```
//! use std::path::Path;
//!
//! use enlist_conformance::stores::{self, Fallible, MemoryStore, MemoryStores, Support};
//! use enlist_core::Snapshot;
//!
//! struct MyFixture(MemoryStores);
//!
//! impl stores::Fixture for MyFixture {
//!     type Store = MemoryStore;
//!
//!     fn open(&self, place: &Path) -> Fallible<MemoryStore> {
//!         self.0.open(place)
//!     }
//!
//!     fn saved(&self, store: &mut MemoryStore) -> Fallible<Option<Snapshot>> {
//!         self.0.saved(store)
//!     }
//! #
//! #     fn crash(&self, store: MemoryStore, place: &Path, copy: &Path) -> Fallible<()> {
//! #         self.0.crash(store, place, copy)
//! #     }
//! #
//! #     fn holds(&self, place: &Path, bytes: &[u8]) -> Fallible<bool> {
//! #         self.0.holds(place, bytes)
//! #     }
//! #
//! #     fn tear(&self, _: &Path, _: &[u8], _: stores::Tear) -> Fallible<Support> {
//! #         Ok(Support::No)
//! #     }
//! }
//!
//! let report = stores::run(&MyFixture(MemoryStores::default()))?;
//! assert!(report.passed.len() > 15, "{report}");
//! # Ok::<(), stores::Failures>(())
//! ```
//!
//! The cases cannot see whether the disk has the data that the store wrote, because no program can distinguish it from the page cache. A store that
//! passes every case and never calls `fsync` still loses credentials when the power fails.

pub mod cases;

use std::fmt;

#[cfg(doc)]
use enlist_core::Store;

use crate::store_bench::child;
pub use crate::store_bench::child::rerun_test;
pub use crate::store_fixture::{
    BlockOn, Blocking, BlockingError, Broken, Fallible, Fixture, MemoryStore, MemoryStores, OutOfSpace, Support, Tear,
};
use crate::verdict::Verdict;

/// One case for stores.
pub struct Case<F> {
    name: &'static str,
    check: fn(&F) -> Result<Verdict, Broken>,
}

impl<F> fmt::Debug for Case<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

impl<F: Fixture> Case<F> {
    /// Its name, which is the name of its function in [`cases`](mod@cases).
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case on the fixture's stores.
    ///
    /// # Errors
    /// [`CaseFailed`] when the store broke a rule.
    pub fn run(&self, fixture: &F) -> Result<Verdict, CaseFailed> {
        (self.check)(fixture).map_err(|broken| CaseFailed { case: self.name, broken })
    }
}

/// Every case, in the order of a ceremony's life.
#[must_use]
pub fn all<F: Fixture>() -> Vec<Case<F>> {
    macro_rules! list {
        ($($name:ident),+ $(,)?) => { vec![$(Case { name: stringify!($name), check: cases::$name::<F> }),+] };
    }
    list![
        prepare_is_durable,
        failed_prepare_can_be_repeated,
        written_answer_is_durable,
        answers_come_back_byte_for_byte,
        cut_answers_come_back_cut,
        refusals_do_not_become_deliveries,
        an_exchange_without_a_record_has_no_answer,
        a_torn_record_is_no_whole_answer,
        failed_journal_loses_no_answer,
        a_record_belongs_to_one_exchange,
        a_record_belongs_to_one_flow,
        save_is_durable,
        every_save_counts,
        save_keeps_unreadable_answers,
        save_drops_consumed_answers,
        snapshots_come_back_to_the_letter,
        a_resumed_claim_shows_its_own_code,
        exchange_ids_rise_across_restarts,
        a_process_may_die_after_every_call,
        a_killed_process_leaves_a_whole_state,
        files_are_private,
        a_second_owner_is_refused,
    ]
}

/// Runs every case.
///
/// In a process that [`Fixture::child`] started, it does a child's work instead and returns an empty report.
///
/// # Errors
/// [`Failures`], which lists every case that failed.
pub fn run<F: Fixture>(fixture: &F) -> Result<Report, Failures> {
    let mut report = Report::default();
    let mut failures = Vec::new();
    if let Some(place) = child::place() {
        return match child::write(fixture, &place) {
            Ok(()) => Ok(report),
            Err(broken) => Err(Failures(vec![CaseFailed { case: "the child process", broken }])),
        };
    }
    for case in all() {
        match case.run(fixture) {
            Ok(Verdict::Passed) => report.passed.push(case.name),
            Ok(Verdict::Skipped(reason)) => report.skipped.push((case.name, reason)),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(report) } else { Err(Failures(failures)) }
}

/// A store failed a case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("case {case}: {broken}")]
pub struct CaseFailed {
    /// The case's name.
    pub case: &'static str,
    /// The broken rule.
    pub broken: Broken,
}

/// The cases that a store failed, one in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures(pub Vec<CaseFailed>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|failure| writeln!(f, "{failure}"))
    }
}

impl std::error::Error for Failures {}

/// The result of a run in which no case failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The cases that passed.
    pub passed: Vec<&'static str>,
    /// The cases that do not apply to the store, and why.
    pub skipped: Vec<(&'static str, &'static str)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} cases passed", self.passed.len())?;
        self.skipped.iter().try_for_each(|(name, reason)| writeln!(f, "skipped {name}: {reason}"))
    }
}
