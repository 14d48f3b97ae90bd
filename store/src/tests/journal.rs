//! The journal: which record is taken for which exchange.

use std::process::Command;

use super::*;
use crate::journal::ExchangeResult;

/// A store with a flow whose exchange is in flight.
struct InFlight {
    _home: TempDir,
    store: Store,
    _lock: Lock,
    enrolment: Enrolment,
    exchange: Exchange,
    flow: Flow,
}

impl InFlight {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = store(&home);
        let lock = store.lock().unwrap();
        let (enrolment, exchange) = in_flight();
        let mut flow = Flow::start(&enrolment, Vec::new()).unwrap();
        store.reserve(&flow.name).unwrap();
        store.prepare(&mut flow, enrolment.snapshot(), &exchange).unwrap();
        Self { _home: home, store, _lock: lock, enrolment, exchange, flow }
    }

    fn path(&self) -> PathBuf {
        self.store.journal_folder().join(format!("{}.journal", self.flow.name))
    }

    fn write(&self, answer: &ExchangeResult) {
        self.store.write_answer(&self.flow, &self.exchange, answer).unwrap();
    }

    /// The answer as another process finds it.
    fn read(&self) -> Option<ExchangeResult> {
        let flows = self.store.flows().unwrap();
        self.store.answer(&flows[0], self.exchange.id).unwrap()
    }

    /// The flow takes in `body` and is saved.
    fn take_in(&mut self, body: &str) {
        self.enrolment.handle(NOW, Input::Response { id: self.exchange.id, response: answer(200, body) }).unwrap();
        self.store.save(&mut self.flow, self.enrolment.snapshot()).unwrap();
    }
}

fn rewritten(answer: &ExchangeResult) -> Option<ExchangeResult> {
    let flow = InFlight::new();
    assert!(flow.read().is_none());
    flow.write(answer);
    flow.read()
}

#[test]
fn a_success_is_written_down_and_nothing_else() {
    let response = rewritten(&Ok(answer(200, ANSWER))).unwrap().unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, ANSWER.as_bytes()));
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(rewritten(&Ok(answer(400, ANSWER))).is_none());
    assert!(rewritten(&Err(TransportFailure::new(TransportKind::Closed, Delivery::Unknown))).is_none());
    let partial = Partial { status: 201, body: ANSWER[..20].into() };
    let cut = TransportFailure { partial: Some(partial.clone()), ..TransportFailure::new(TransportKind::Timeout, Delivery::Unknown) };
    assert_eq!(rewritten(&Err(cut)).unwrap().unwrap_err().partial, Some(partial));
}

#[test]
fn a_record_that_was_not_written_to_its_end_is_an_answer_that_was_cut_off() {
    let flow = InFlight::new();
    let empty = fs::read(flow.path()).unwrap();
    flow.write(&Ok(answer(200, ANSWER)));
    let whole = fs::read(flow.path()).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let (key, header) = (8 + 32 + 8 + 16, 8 + 32 + 8 + 16 + 2 + 1 + 2 + 4 + 4);
    assert_eq!(used, header + "application/json".len() + ANSWER.len());
    for end in 0..used {
        fs::write(flow.path(), [&whole[..end], &empty[end..]].concat()).unwrap();
        let Some(answer) = flow.read() else {
            assert!(end < key, "{end}");
            continue;
        };
        let partial = answer.unwrap_err().partial.unwrap();
        let written = end.saturating_sub(header + "application/json".len());
        assert_eq!((partial.status, &partial.body[..]), (200, &ANSWER.as_bytes()[..written]), "{end}");
    }
    // A byte that is another one in the middle of it, likewise.
    let mut damaged = whole.clone();
    damaged[used - 9] ^= 1;
    fs::write(flow.path(), &damaged).unwrap();
    assert_eq!(flow.read().unwrap().unwrap_err().partial.unwrap().body.len(), ANSWER.len());
}

/// The key of a record is its magic, flow, exchange and nonce. With any other bit it is another exchange's.
#[test]
fn a_record_of_another_flow_exchange_or_nonce_is_not_taken() {
    let flow = InFlight::new();
    flow.write(&Ok(answer(200, ANSWER)));
    let whole = fs::read(flow.path()).unwrap();
    for at in 0..8 + 32 + 8 + 16 {
        let mut other = whole.clone();
        other[at] ^= 1;
        fs::write(flow.path(), other).unwrap();
        assert!(flow.read().is_none(), "{at}");
    }
    fs::write(flow.path(), &whole).unwrap();
    assert!(flow.read().is_some());
    // Another exchange than the one in flight has no answer here.
    let mut later = Enrolment::new(Origin::parse("https://app.opentrain.ai").unwrap(), None, None);
    let first = later.begin(NOW).unwrap();
    later.handle(NOW, Input::not_sent(first.id)).unwrap();
    let second = later.begin(NOW).unwrap();
    assert!(flow.store.answer(&flow.flow, second.id).unwrap().is_none());
}

/// The same exchange of the same flow, sent again after the flow was put back: the id is the same, the request is not.
#[test]
fn a_stale_record_does_not_answer_for_an_exchange_of_the_same_id() {
    let mut flow = InFlight::new();
    flow.write(&Ok(answer(200, ANSWER)));
    let stale = fs::read(flow.path()).unwrap();
    let snapshot = flow.enrolment.snapshot();
    flow.store.prepare(&mut flow.flow, snapshot, &flow.exchange).unwrap();
    assert_eq!(fs::read(flow.path()).unwrap(), stale);
    assert!(flow.read().is_none());
    flow.write(&Ok(answer(200, "{}")));
    assert_eq!(flow.read().unwrap().unwrap().body(), b"{}");
}

#[test]
fn a_flow_has_one_journal_which_is_used_again_and_wiped() {
    use std::os::unix::fs::MetadataExt;
    let mut flow = InFlight::new();
    let made = fs::metadata(flow.path()).unwrap();
    assert!(made.len() > Exchange::MAX_BODY as u64 && made.blocks() * 512 >= Exchange::MAX_BODY as u64, "{made:?}");
    flow.write(&Ok(answer(200, ANSWER)));
    flow.take_in(ANSWER);
    assert!(fs::read(flow.path()).unwrap().iter().all(|byte| *byte == 0));
    let snapshot = flow.enrolment.snapshot();
    flow.store.prepare(&mut flow.flow, snapshot, &flow.exchange).unwrap();
    let used = fs::metadata(flow.path()).unwrap();
    assert_eq!((used.ino(), used.len()), (made.ino(), made.len()));
    flow.store.remove_flow(&flow.flow.name).unwrap();
    assert!(!flow.path().exists());
}

#[test]
fn an_answer_that_cannot_be_read_is_quarantined() {
    let mut flow = InFlight::new();
    flow.write(&Ok(answer(200, "{")));
    let record = fs::read(flow.path()).unwrap();
    flow.store.settle_journal(&flow.flow).unwrap();
    assert_eq!(fs::read(flow.path()).unwrap(), record, "its answer is still owed");
    flow.take_in("{");
    let quarantined = flow.store.quarantine_paths(&flow.flow.name, &flow.flow.snapshot.unreadable());
    assert_eq!((quarantined.len(), flow.path().exists()), (1, false));
    assert_eq!(fs::read(&quarantined[0]).unwrap(), record);
    flow.store.remove_flow(&flow.flow.name).unwrap();
    assert!(quarantined[0].exists());
}

#[test]
fn a_damaged_flow_is_moved_to_quarantine_with_what_came_for_it() {
    let flow = InFlight::new();
    let (store, name) = (&flow.store, &flow.flow.name);
    flow.write(&Ok(answer(200, ANSWER)));
    // The second time it was put back by hand.
    for round in 1..=2 {
        fs::write(store.flow_path(name), "{").unwrap();
        fs::set_permissions(store.flow_path(name), Permissions::from_mode(0o600)).unwrap();
        let damaged = store.damaged_flows().unwrap().remove(0);
        let (_, answers) = store.quarantine(damaged).unwrap();
        assert_eq!(answers, 2 - round);
        assert_eq!(store.damaged_flows().unwrap(), []);
        assert!(!flow.path().exists());
        assert_eq!(store.quarantined().unwrap(), 1 + round);
        store.reserve(name).unwrap();
    }
}

const ON_A_FULL_DISK: &str = "tests::journal::on_a_full_disk";
const HOME: &str = "ENLIST_STORE_TEST_HOME";

/// Not a test of its own: it runs where no file can become longer than 16 KiB.
#[test]
fn on_a_full_disk() {
    let Some(home) = std::env::var_os(HOME) else { return };
    let store = Store::of(Path::new(&home), &ProfileName::default(), &ServiceKey::OPENTRAIN);
    let _lock = store.lock().unwrap();
    let (enrolment, exchange) = in_flight();
    let mut flow = Flow::start(&enrolment, Vec::new()).unwrap();
    for error in [store.reserve(&flow.name), store.prepare(&mut flow, enrolment.snapshot(), &exchange)].map(Result::unwrap_err) {
        assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
    }
    assert_eq!((store.flows().unwrap(), files::names(&store.journal_folder(), "").unwrap()), (Vec::new(), Vec::new()));
}

/// A limit on the length of files stands for a disk without room: the same calls fail, and no rights are needed.
#[test]
fn a_full_disk_is_noticed_before_anything_is_sent() {
    let home = tempfile::tempdir().unwrap();
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 32 || exit 9; exec \"$0\" --exact \"$1\""]).arg(std::env::current_exe().unwrap());
    let output = limited.arg(ON_A_FULL_DISK).env(HOME, home.path()).output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
}
