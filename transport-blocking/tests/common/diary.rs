//! A host and store with a virtual clock. It records every call, and it fails or pauses where it is told to.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use enlist_blocking::{DriveError, Ending, Execute, Host};
use enlist_core::{Ceremony, Exchange, ExchangeId, ExchangeResult, Snapshot, Store, Timestamp, WaitReason};

pub(crate) type Answered = ExchangeResult;

/// The call that the host was told to fail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host's {0} failed")]
pub(crate) struct Failed(pub(crate) String);

pub(crate) struct Diary<C: Ceremony> {
    pub(crate) now: Timestamp,
    /// Every call in order. Calls of `now` are recorded only on demand.
    pub(crate) calls: Rc<RefCell<Vec<String>>>,
    pub(crate) tells_now: bool,
    /// The last snapshot that was saved, as a file would contain it.
    pub(crate) disk: Option<String>,
    pub(crate) journal: BTreeMap<ExchangeId, Answered>,
    /// The calls that fail, given by their beginnings.
    pub(crate) fails: Vec<&'static str>,
    /// The host is gone after this many calls: each later call fails and keeps nothing.
    pub(crate) dies_after: usize,
    /// Whether the host pauses at waits.
    pub(crate) leaves: bool,
    pub(crate) notices: Vec<C::Notice>,
    pub(crate) prompts: Vec<C::Prompt>,
    pub(crate) answers: VecDeque<C::Answer>,
    /// How far a wait of this length moves the clock, in milliseconds.
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

/// The diary as the host of a drive.
pub(crate) struct DiaryHost<'a, 'b, C: Ceremony>(pub(crate) &'a RefCell<&'b mut Diary<C>>);

/// The diary as the store of a drive.
pub(crate) struct DiaryStore<'a, 'b, C: Ceremony>(pub(crate) &'a RefCell<&'b mut Diary<C>>);

/// Drives the ceremony with the diary as the host and the store.
pub(crate) fn drive<C: Ceremony>(
    ceremony: &mut C,
    client: &impl Execute,
    diary: &mut Diary<C>,
) -> Result<Ending<C::Outcome>, DriveError<Failed, Failed>> {
    let cell = RefCell::new(diary);
    enlist_blocking::drive(ceremony, client, &mut DiaryHost(&cell), &mut DiaryStore(&cell))
}

impl<C: Ceremony> Host<C> for DiaryHost<'_, '_, C> {
    type Error = Failed;

    fn now(&mut self) -> Timestamp {
        let diary = self.0.borrow();
        if diary.tells_now {
            diary.calls.borrow_mut().push("now".into());
        }
        diary.now
    }

    fn wait(&mut self, until: Timestamp, _why: &WaitReason) -> Result<ControlFlow<()>, Failed> {
        let mut diary = self.0.borrow_mut();
        let wait = until.since(diary.now);
        diary.call(format!("wait {}", wait.as_millis()))?;
        if diary.leaves {
            return Ok(ControlFlow::Break(()));
        }
        let passed = (diary.elapse)(wait);
        diary.now = Timestamp::from_unix_ms(diary.now.as_unix_ms() + passed);
        Ok(ControlFlow::Continue(()))
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), Failed> {
        let mut diary = self.0.borrow_mut();
        diary.call("show".into())?;
        diary.notices.push(notice.clone());
        Ok(())
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Failed> {
        let mut diary = self.0.borrow_mut();
        diary.call("ask".into())?;
        diary.prompts.push(prompt.clone());
        Ok(diary.answers.pop_front().map_or(ControlFlow::Break(()), ControlFlow::Continue))
    }
}

impl<D: Ceremony> Store for DiaryStore<'_, '_, D> {
    type Error = Failed;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), Failed> {
        let (mut diary, snapshot) = (self.0.borrow_mut(), ceremony.snapshot());
        assert_eq!(snapshot.in_flight(), Some(exchange.id));
        diary.call(format!("prepare {}", exchange.id))?;
        diary.keep(&snapshot);
        Ok(())
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), Failed> {
        let mut diary = self.0.borrow_mut();
        diary.call(format!("journal {}", exchange.id))?;
        if exchange.delivers {
            diary.journal.insert(exchange.id, answer.clone());
        }
        Ok(())
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, Failed> {
        let mut diary = self.0.borrow_mut();
        diary.call(format!("journaled {id}"))?;
        Ok(diary.journal.get(&id).cloned())
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), Failed> {
        let (mut diary, snapshot) = (self.0.borrow_mut(), ceremony.snapshot());
        assert_eq!(snapshot.in_flight(), None);
        diary.call("save".into())?;
        diary.keep(&snapshot);
        Ok(())
    }
}
