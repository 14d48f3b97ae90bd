//! A host with a virtual clock that writes down every call, and fails or leaves where it is told to.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use enlist_blocking::Host;
use enlist_core::{Ceremony, Exchange, ExchangeId, Input, Snapshot, Timestamp, TransportFailure, WaitReason};
use http::Response;

pub(crate) type Answered = Result<Response<Vec<u8>>, TransportFailure>;

/// The host could not do this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host's {0} failed")]
pub(crate) struct Failed(pub(crate) String);

pub(crate) struct Diary<C: Ceremony> {
    pub(crate) now: Timestamp,
    /// Every call in order; `now` if that is asked for.
    pub(crate) calls: Rc<RefCell<Vec<String>>>,
    pub(crate) tells_now: bool,
    /// The last snapshot that was kept, as a file would keep it.
    pub(crate) disk: Option<String>,
    pub(crate) journal: BTreeMap<ExchangeId, Answered>,
    /// The calls, by their beginnings, that fail.
    pub(crate) fails: Vec<&'static str>,
    /// After so many calls the host is gone: each later one fails and keeps nothing.
    pub(crate) dies_after: usize,
    /// Whether it leaves at waits.
    pub(crate) leaves: bool,
    pub(crate) notices: Vec<C::Notice>,
    pub(crate) prompts: Vec<C::Prompt>,
    pub(crate) answers: VecDeque<C::Answer>,
    /// What a wait of this length does to the clock, in milliseconds.
    pub(crate) elapse: Box<dyn FnMut(Duration) -> i64>,
}

impl<C: Ceremony> Diary<C> {
    pub(crate) fn new() -> Self {
        Self {
            now: Timestamp::from_unix_ms(1_781_254_800_000),
            calls: Rc::default(),
            tells_now: false,
            disk: None,
            journal: BTreeMap::new(),
            fails: Vec::new(),
            dies_after: usize::MAX,
            leaves: false,
            notices: Vec::new(),
            prompts: Vec::new(),
            answers: VecDeque::new(),
            elapse: Box::new(|wait| i64::try_from(wait.as_millis()).unwrap()),
        }
    }

    /// The ceremony as another process would find it.
    pub(crate) fn resume(&self) -> Option<C> {
        let json = self.disk.as_deref()?;
        Some(C::resume(&Snapshot::from_json(json.as_bytes()).unwrap()).unwrap())
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }

    fn call(&mut self, call: String) -> Result<(), Failed> {
        let mut calls = self.calls.borrow_mut();
        let fails = calls.len() >= self.dies_after || self.fails.iter().any(|start| call.starts_with(start));
        calls.push(call.clone());
        if fails { Err(Failed(call)) } else { Ok(()) }
    }

    fn keep(&mut self, snapshot: &Snapshot) {
        self.disk = Some(snapshot.to_json().expose().to_owned());
    }
}

impl<C: Ceremony> Host<C> for Diary<C> {
    type Error = Failed;

    fn now(&mut self) -> Timestamp {
        if self.tells_now {
            self.calls.borrow_mut().push("now".into());
        }
        self.now
    }

    fn wait(&mut self, until: Timestamp, _why: &WaitReason) -> Result<ControlFlow<()>, Failed> {
        let wait = until.since(self.now);
        self.call(format!("wait {}", wait.as_millis()))?;
        if self.leaves {
            return Ok(ControlFlow::Break(()));
        }
        self.now = Timestamp::from_unix_ms(self.now.as_unix_ms() + (self.elapse)(wait));
        Ok(ControlFlow::Continue(()))
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), Failed> {
        self.call("show".into())?;
        self.notices.push(notice.clone());
        Ok(())
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Failed> {
        self.call("ask".into())?;
        self.prompts.push(prompt.clone());
        Ok(self.answers.pop_front().map_or(ControlFlow::Break(()), ControlFlow::Continue))
    }

    fn prepare(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> Result<(), Failed> {
        assert_eq!(snapshot.in_flight(), Some(exchange.id));
        self.call(format!("prepare {}", exchange.id))?;
        self.keep(snapshot);
        Ok(())
    }

    fn journal(&mut self, exchange: &Exchange, answer: &Answered) -> Result<(), Failed> {
        self.call(format!("journal {}", exchange.id))?;
        if exchange.delivers {
            self.journal.insert(exchange.id, answer.clone());
        }
        Ok(())
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<Input<C::Answer>>, Failed> {
        self.call(format!("journaled {id}"))?;
        Ok(self.journal.get(&id).cloned().map(|answer| Input::answered(id, answer)))
    }

    fn save(&mut self, snapshot: &Snapshot) -> Result<(), Failed> {
        assert_eq!(snapshot.in_flight(), None);
        self.call("save".into())?;
        self.keep(snapshot);
        Ok(())
    }
}
