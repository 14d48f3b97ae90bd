//! The cases for stores judge rightly: stores without a fault pass them all, and each fault fails exactly its case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod record;
mod wrong_store;

use enlist_conformance::stores::{self, Blocking, Fallible, Fixture, MemoryStore, MemoryStores, Support, Tear};
use enlist_core::{Inline, Snapshot};
use wrong_store::{Fault, WrongStores};

#[test]
fn the_store_in_memory_passes_every_case() {
    let report = stores::run(&MemoryStores::default()).unwrap_or_else(|failures| panic!("{failures}"));
    let skipped: Vec<_> = report.skipped.iter().map(|(name, _)| *name).collect();
    assert_eq!(skipped, ["a_torn_record_is_no_whole_answer", "a_killed_process_leaves_a_whole_state", "files_are_private"]);
}

#[test]
fn a_store_in_files_passes_every_case() {
    let stores = WrongStores { fault: Fault::None, test: Some("a_store_in_files_passes_every_case") };
    let report = stores::run(&stores).unwrap_or_else(|failures| panic!("{failures}"));
    assert_eq!(report.skipped, []);
}

/// Each fault and the case that must notice it.
const FAULTS: [(Fault, &str); 27] = [
    (Fault::PrepareIsNotDurable, "prepare_is_durable"),
    (Fault::PrepareHidesAFullDisk, "failed_prepare_can_be_repeated"),
    (Fault::JournalIsNotDurable, "written_answer_is_durable"),
    (Fault::JournalHidesAFullDisk, "failed_journal_loses_no_answer"),
    (Fault::OneErrorIsTheEnd, "failed_journal_loses_no_answer"),
    (Fault::SaveIsNotDurable, "save_is_durable"),
    (Fault::LosesTheContentType, "answers_come_back_byte_for_byte"),
    (Fault::LosesTheStatus, "answers_come_back_byte_for_byte"),
    (Fault::LosesBytes, "answers_come_back_byte_for_byte"),
    (Fault::LosesTheCut, "cut_answers_come_back_cut"),
    (Fault::CutIsReadAsNotSent, "cut_answers_come_back_cut"),
    (Fault::RefusalBecomesASuccess, "refusals_do_not_become_deliveries"),
    (Fault::NoRecordIsAnError, "an_exchange_without_a_record_has_no_answer"),
    (Fault::TornIsReadAsWhole, "a_torn_record_is_no_whole_answer"),
    (Fault::TornIsReadAsNothing, "a_torn_record_is_no_whole_answer"),
    (Fault::RecordOfAnyExchange, "a_record_belongs_to_one_exchange"),
    (Fault::RecordOfAnyFlow, "a_record_belongs_to_one_flow"),
    (Fault::SaveDropsTheUnreadable, "save_keeps_unreadable_answers"),
    (Fault::SaveKeepsTheConsumed, "save_drops_consumed_answers"),
    (Fault::LosesLetters, "snapshots_come_back_to_the_letter"),
    (Fault::KeepsTheFirstCode, "a_resumed_claim_shows_its_own_code"),
    (Fault::SkipsTheSecondSave, "every_save_counts"),
    (Fault::RollsBackTheUnsent, "exchange_ids_rise_across_restarts"),
    (Fault::ReservationsAreForEver, "a_process_may_die_after_every_call"),
    (Fault::FilesForAll, "files_are_private"),
    (Fault::FoldersForAll, "files_are_private"),
    (Fault::NoLock, "a_second_owner_is_refused"),
];

/// The names of the cases that the store fails. A test that fails shows what was broken.
fn failed(stores: &WrongStores) -> Vec<&'static str> {
    let failures = stores::run(stores).err().map_or_else(Vec::new, |failures| failures.0);
    failures.iter().for_each(|failure| println!("{:?}: {failure}", stores.fault));
    failures.iter().map(|failure| failure.case).collect()
}

#[test]
fn each_fault_fails_exactly_its_case() {
    let found = FAULTS.map(|(fault, _)| (fault, failed(&WrongStores { fault, test: None })));
    assert_eq!(found, FAULTS.map(|(fault, case)| (fault, vec![case])));
}

#[test]
fn every_case_has_a_fault() {
    for case in stores::all::<WrongStores>() {
        let is_noticed = FAULTS.iter().any(|(_, name)| *name == case.name());
        assert!(is_noticed || case.name() == KILLED, "{}", case.name());
    }
}

/// The case that these two faults fail: they show only when a process is killed in the middle of a call.
const KILLED: &str = "a_killed_process_leaves_a_whole_state";

#[test]
fn a_snapshot_that_is_written_in_place_fails_exactly_its_case() {
    let test = Some("a_snapshot_that_is_written_in_place_fails_exactly_its_case");
    let failed = failed(&WrongStores { fault: Fault::WritesInPlace, test });
    assert!(failed == [KILLED] || is_child(), "{failed:?}");
}

#[test]
fn a_record_that_is_dropped_first_fails_exactly_its_case() {
    let test = Some("a_record_that_is_dropped_first_fails_exactly_its_case");
    let failed = failed(&WrongStores { fault: Fault::DropsTheRecordFirst, test });
    assert!(failed == [KILLED] || is_child(), "{failed:?}");
}

fn is_child() -> bool {
    std::env::var_os("ENLIST_CONFORMANCE_PLACE").is_some()
}

/// The store in memory behind the async trait.
#[derive(Default)]
struct AsyncStores(MemoryStores);

impl Fixture for AsyncStores {
    type Store = Blocking<Inline<MemoryStore>>;

    fn open(&self, place: &std::path::Path) -> Fallible<Self::Store> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Blocking::new(Inline(self.0.open(place)?), Box::new(move |future| runtime.block_on(future))))
    }

    fn saved(&self, store: &mut Self::Store) -> Fallible<Option<Snapshot>> {
        self.0.saved(&mut store.store().0)
    }

    fn crash(&self, store: Self::Store, place: &std::path::Path, copy: &std::path::Path) -> Fallible<()> {
        self.0.crash(store.into_store().0, place, copy)
    }

    fn holds(&self, place: &std::path::Path, bytes: &[u8]) -> Fallible<bool> {
        self.0.holds(place, bytes)
    }

    fn tear(&self, _: &std::path::Path, _: &[u8], _: Tear) -> Fallible<Support> {
        Ok(Support::No)
    }

    fn set_disk_full(&self, store: &mut Self::Store, place: &std::path::Path, is_full: bool) -> Fallible<Support> {
        self.0.set_disk_full(&mut store.store().0, place, is_full)
    }
}

#[test]
fn an_async_store_passes_every_case() {
    stores::run(&AsyncStores::default()).unwrap_or_else(|failures| panic!("{failures}"));
}
