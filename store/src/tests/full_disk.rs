//! A disk without room. A limit on the length of files simulates it: the same calls fail, and no rights are needed.

use std::process::Command;

use super::*;

const HOME: &str = "ENLIST_STORE_TEST_HOME";

/// Runs the test of this name in a process that can make no file longer than so many blocks of 512 bytes.
fn limited(test: &str, blocks: u32, home: &Path) {
    let script = format!("trap '' XFSZ; ulimit -f {blocks} || exit 9; exec \"$0\" --exact \"$1\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(std::env::current_exe().unwrap()).arg(format!("tests::full_disk::{test}"));
    let output = command.env(HOME, home).output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
}

/// The store of a limited process; `None` in every other.
fn limited_store() -> Option<ServiceStore> {
    let home = Home::at(std::env::var_os(HOME)?).unwrap();
    Some(home.profile(&ProfileName::default()).service(&ServiceKey::OPENTRAIN))
}

fn is_unwritable<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unwritable { .. }))
}

/// Not a test of its own: it runs where there is room for a flow and not for a journal.
#[test]
fn begin_without_room() {
    let Some(store) = limited_store() else { return };
    let session = store.lock().unwrap();
    assert!(is_unwritable(session.begin(&in_flight().0)));
    assert_eq!(session.flows().unwrap(), []);
    assert_eq!(files::names(&store.journal_folder(), "").unwrap(), Vec::<String>::new());
}

#[test]
fn a_full_disk_is_noticed_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    limited("begin_without_room", 32, folder.path());
}

/// Not a test of its own: it runs where there is room for a lock and not for a flow, with a flow that has begun.
#[test]
fn prepare_without_room() {
    let Some(store) = limited_store() else { return };
    let session = store.lock().unwrap();
    let (record, ceremony) = session.flows().unwrap().remove(0).into_parts();
    let before = fs::read(store.flow_path(record.name())).unwrap();
    let AnyCeremony::Enrolment(mut enrolment) = ceremony else { panic!("{ceremony:?}") };
    let mut flow = session.resume(record.clone()).unwrap();
    let exchange = enrolment.begin(NOW).unwrap();
    assert!(is_unwritable(flow.prepare(&enrolment, &exchange)));
    // What is on disk, and what is known of it, is as it was.
    assert_eq!((fs::read(store.flow_path(record.name())).unwrap(), flow.flow()), (before, &record));
}

#[test]
fn a_disk_that_fills_up_before_a_request_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    session.begin(&Enrolment::new(Origin::parse("https://app.opentrain.ai").unwrap(), None, None)).unwrap();
    drop(session);
    limited("prepare_without_room", 1, folder.path());
}
