//! Runs the cases of `enlist-conformance` for stores on the example's store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::process::Command;

use enlist_conformance::stores::{self, Fallible, Fixture, Support, Tear};
use enlist_core::Snapshot;
use enlist_examples::row::Row;

struct Rows;

impl Fixture for Rows {
    type Store = Row;

    fn open(&self, place: &Path) -> Fallible<Row> {
        Ok(Row::open(&place.join("flow.db"))?)
    }

    fn saved(&self, store: &mut Row) -> Fallible<Option<Snapshot>> {
        Ok(store.snapshot()?)
    }

    /// SQLite undoes a commit that was interrupted.
    fn tear(&self, _: &Path, _: &[u8], _: Tear) -> Fallible<Support> {
        Ok(Support::No)
    }

    fn set_disk_full(&self, store: &mut Row, _: &Path, is_full: bool) -> Fallible<Support> {
        if is_full {
            // Otherwise there would be room in the pages that are not used any more.
            store.database().execute_batch("VACUUM")?;
        }
        let pages: u32 = store.database().query_row("PRAGMA page_count", [], |row| row.get(0))?;
        store.database().execute_batch(&format!("PRAGMA max_page_count = {}", if is_full { pages } else { 1_000_000 }))?;
        Ok(Support::Yes)
    }

    fn child(&self) -> Option<Command> {
        stores::rerun_test("the_row_passes_every_case").ok()
    }
}

#[test]
fn the_row_passes_every_case() {
    let report = stores::run(&Rows).unwrap_or_else(|failures| panic!("{failures}"));
    let skipped: Vec<_> = report.skipped.iter().map(|(name, _)| *name).collect();
    assert_eq!(skipped, ["a_torn_record_is_no_whole_answer"]);
}
