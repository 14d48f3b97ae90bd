//! The journal: which record is taken for which exchange.

use super::*;

/// A flow whose exchange is in flight.
struct InFlight {
    _folder: TempDir,
    session: Session,
    enrolment: Enrolment,
    exchange: Exchange,
    record: FlowRecord,
}

impl InFlight {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = store(&folder).lock().unwrap();
        let (enrolment, exchange) = in_flight();
        let mut flow = session.begin(&enrolment).unwrap();
        flow.prepare(&enrolment, &exchange).unwrap();
        let record = flow.flow().clone();
        Self { _folder: folder, session, enrolment, exchange, record }
    }

    fn path(&self) -> PathBuf {
        self.session.store().journal_folder().join(format!("{}.journal", self.record.name()))
    }

    /// The flow's store, as this process has it.
    fn store(&self) -> FlowStore {
        self.session.resume(self.record.clone()).unwrap()
    }

    fn write(&self, answer: &ExchangeResult) {
        self.store().journal(&self.exchange, answer).unwrap();
    }

    /// The answer as another process finds it.
    fn read(&self) -> Option<ExchangeResult> {
        let flow = self.session.flows().unwrap().remove(0);
        self.session.resume(flow.into_parts().0).unwrap().journaled(self.exchange.id).unwrap()
    }

    /// The same exchange is prepared once more.
    fn prepare_again(&mut self) {
        let mut store = self.store();
        store.prepare(&self.enrolment, &self.exchange).unwrap();
        self.record = store.flow().clone();
    }

    /// The ceremony takes in `body`, and is saved.
    fn take_in(&mut self, body: &str) {
        self.enrolment.handle(NOW, Input::Response { id: self.exchange.id, response: answer(200, body) }).unwrap();
        let mut store = self.store();
        store.save(&self.enrolment).unwrap();
        self.record = store.flow().clone();
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
    let (mut later, first) = in_flight();
    later.handle(NOW, Input::not_sent(first.id)).unwrap();
    let second = later.begin(Timestamp::from_unix_ms(NOW.as_unix_ms() + 60_000)).unwrap();
    assert!(second.id != first.id && flow.store().journaled(second.id).unwrap().is_none());
}

/// The same exchange of the same flow, sent again after the flow was put back: the id is the same, the request is not.
#[test]
fn a_stale_record_does_not_answer_for_an_exchange_of_the_same_id() {
    let mut flow = InFlight::new();
    flow.write(&Ok(answer(200, ANSWER)));
    let stale = fs::read(flow.path()).unwrap();
    flow.prepare_again();
    assert_eq!(fs::read(flow.path()).unwrap(), stale);
    assert!(flow.read().is_none());
    flow.write(&Ok(answer(200, "{}")));
    assert_eq!(flow.read().unwrap().unwrap().body(), b"{}");
}

#[test]
fn a_flow_has_one_journal_which_is_used_again_and_wiped() {
    let mut flow = InFlight::new();
    let made = fs::metadata(flow.path()).unwrap();
    assert!(made.len() > Exchange::MAX_BODY as u64 && made.blocks() * 512 >= Exchange::MAX_BODY as u64, "{made:?}");
    flow.write(&Ok(answer(200, ANSWER)));
    flow.take_in(ANSWER);
    assert!(fs::read(flow.path()).unwrap().iter().all(|byte| *byte == 0));
    flow.prepare_again();
    let used = fs::metadata(flow.path()).unwrap();
    assert_eq!((used.ino(), used.len()), (made.ino(), made.len()));
    flow.session.remove_flow(flow.record.name()).unwrap();
    assert!(!flow.path().exists());
}

#[test]
fn an_answer_that_cannot_be_read_is_quarantined() {
    let mut flow = InFlight::new();
    flow.write(&Ok(answer(200, "{")));
    let record = fs::read(flow.path()).unwrap();
    drop(flow.store());
    assert_eq!(fs::read(flow.path()).unwrap(), record, "its answer is still owed");
    flow.take_in("{");
    let quarantined = flow.session.store().quarantine_paths(flow.record.name(), &flow.record.snapshot().unreadable());
    assert_eq!((quarantined.len(), flow.path().exists()), (1, false));
    assert_eq!(fs::read(&quarantined[0]).unwrap(), record);
    flow.session.remove_flow(flow.record.name()).unwrap();
    assert!(quarantined[0].exists());
}
