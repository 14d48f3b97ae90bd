//! An answer that came once, and a store that can no longer be written.

use std::time::Duration;

use super::*;

/// A store whose disk can be taken away while a request is under way, and the second place for answers.
struct Failing {
    folder: TempDir,
    second: PathBuf,
    store: ServiceStore,
    enrolment: Enrolment,
    exchange: Exchange,
}

impl Failing {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let second = folder.path().join("second");
        let missing = folder.path().join("missing/second");
        let rescue = Rescue { folders: vec![missing, second.clone()], patience: Duration::ZERO };
        let home = Home::at(folder.path().join("home")).unwrap().with_rescue(rescue);
        let store = home.profile(&ProfileName::default()).service(&ServiceKey::OPENTRAIN);
        let (enrolment, exchange) = in_flight();
        Self { folder, second, store, enrolment, exchange }
    }

    fn prepared(&self) -> FlowStore {
        let mut flow = self.store.lock().unwrap().begin(&self.enrolment).unwrap();
        flow.prepare(&self.enrolment, &self.exchange).unwrap();
        flow
    }

    fn away(&self) -> PathBuf {
        self.folder.path().join("away")
    }

    /// Nothing below the store's path is there any more, and nothing can be made there.
    fn take_the_disk_away(&self) {
        fs::rename(&self.store.folder, self.away()).unwrap();
        fs::remove_file(self.away().join("journal").join(self.journal_name())).unwrap();
        fs::write(&self.store.folder, "").unwrap();
    }

    fn journal_name(&self) -> String {
        format!("{}.journal", files::names(&self.away().join("journal"), ".journal").unwrap()[0])
    }

    fn bring_the_disk_back(&self) {
        fs::remove_file(&self.store.folder).unwrap();
        fs::rename(self.away(), &self.store.folder).unwrap();
    }

    fn rescued(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.second).map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
    }

    /// The ceremony takes in `body`, which the store was given.
    fn take_in(&mut self, body: &str) {
        self.enrolment.handle(NOW, Input::Response { id: self.exchange.id, response: answer(200, body) }).unwrap();
    }
}

#[test]
fn an_answer_that_the_store_does_not_take_is_kept_in_a_second_place_until_it_does() {
    let mut failing = Failing::new();
    let mut flow = failing.prepared();
    failing.take_the_disk_away();
    flow.journal(&failing.exchange, &Ok(answer(200, ANSWER))).unwrap();
    let rescued = failing.rescued();
    assert_eq!(rescued.len(), 1);
    assert_eq!(fs::metadata(&failing.second).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&rescued[0]).unwrap().mode() & 0o777, 0o600);
    failing.take_in(ANSWER);
    let error = flow.save(&failing.enrolment).unwrap_err();
    assert!(matches!(&error, StoreError::Rescued { kept, .. } if *kept == rescued[0]), "{error}");
    assert!(!format!("{error} {error:?}").contains("ot_"));
    drop(flow);
    failing.bring_the_disk_back();
    assert!(failing.store.has_unfinished().unwrap());
    let session = failing.store.lock().unwrap();
    assert!(matches!(&session.recovery().ended[..], [(_, FlowEnd::Brought(_))]));
    assert!(matches!(failing.store.credential().unwrap(), Some(Credential::Unclaimed(_))));
    assert_eq!(failing.rescued(), Vec::<PathBuf>::new());
}

/// The disk is back before the process ends.
#[test]
fn a_rescued_answer_goes_when_the_flow_was_saved() {
    for (body, quarantined) in [(ANSWER, 0), ("<html>", 1)] {
        let mut failing = Failing::new();
        let mut flow = failing.prepared();
        failing.take_the_disk_away();
        flow.journal(&failing.exchange, &Ok(answer(200, body))).unwrap();
        failing.bring_the_disk_back();
        failing.take_in(body);
        flow.save(&failing.enrolment).unwrap();
        assert_eq!((failing.rescued().len(), failing.store.quarantined().unwrap()), (0, quarantined), "{body}");
    }
}

#[test]
fn a_rescued_answer_is_taken_by_its_own_request_only() {
    let failing = Failing::new();
    let mut flow = failing.prepared();
    failing.take_the_disk_away();
    flow.journal(&failing.exchange, &Ok(answer(200, ANSWER))).unwrap();
    failing.bring_the_disk_back();
    // The same number and the same flow, but another nonce.
    flow.prepare(&failing.enrolment, &failing.exchange).unwrap();
    assert!(flow.journaled(failing.exchange.id).unwrap().is_none());
    assert!(!failing.store.has_unfinished().unwrap());
    // The record that was left does not stand in the way of the answer to this request.
    failing.take_the_disk_away();
    flow.journal(&failing.exchange, &Ok(answer(200, ANSWER))).unwrap();
    failing.bring_the_disk_back();
    assert!(flow.journaled(failing.exchange.id).unwrap().is_some());
}

#[test]
fn without_any_place_the_loss_is_reported_and_the_answer_is_in_no_error() {
    let mut failing = Failing::new();
    fs::create_dir(&failing.second).unwrap();
    fs::set_permissions(&failing.second, Permissions::from_mode(0o755)).unwrap();
    let mut flow = failing.prepared();
    failing.take_the_disk_away();
    let written = flow.journal(&failing.exchange, &Ok(answer(200, ANSWER))).unwrap_err();
    assert!(matches!(written, StoreError::Unwritable { .. }), "{written}");
    assert_eq!(failing.rescued(), Vec::<PathBuf>::new(), "a folder that others can enter is no place for a secret");
    failing.take_in(ANSWER);
    let error = flow.save(&failing.enrolment).unwrap_err();
    assert!(matches!(error, StoreError::NotStored { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("ot_"));
}

const ALONE: &str = "ENLIST_STORE_TEST_ALONE";

/// Not a test of its own: it runs in a process that can open no file any more.
#[test]
fn journal_without_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let failing = Failing::new();
    let mut flow = failing.prepared();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), ..limit }).unwrap();
    let is_refused = fs::File::open("/dev/null").is_err();
    let written = flow.journal(&failing.exchange, &Ok(answer(200, ANSWER)));
    setrlimit(Resource::Nofile, limit).unwrap();
    written.unwrap();
    assert!(is_refused && failing.rescued().is_empty());
}

/// A descriptor that was opened before the request is enough: none can be had any more, and none is needed.
#[test]
fn the_journal_is_open_while_the_answer_is_awaited() {
    let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
    let output = alone.args(["--exact", "tests::rescue::journal_without_descriptors"]).env(ALONE, "1").output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
}
