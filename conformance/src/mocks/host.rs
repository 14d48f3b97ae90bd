//! The host of a case: a virtual clock, and a person who follows the script. What the host and the store are called for is written
//! down in one transcript.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use enlist_core::{Ceremony, DriveError, Ending, Exchange, Failure, Timestamp, TransportFailure, Trouble, WaitReason};
use http::Uri;

use super::MockStore;
use crate::reply::{Detour, Reply};
use crate::scripted_server::{DEADLINE, ScriptedServer, Seen};

/// The time at which every case begins: 2026-06-12T09:00:00Z.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);

/// The host or the store failed because the case says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} failed, as the case demands")]
pub struct MockError(pub(crate) String);

/// How a drive with the mocks ends.
pub type Driven<O> = Result<Ending<O>, DriveError<MockError, MockError>>;

/// A fault of the host or the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalFault {
    /// The host leaves at the first wait.
    HostLeaves,
    /// The host returns from the first wait when half of it is over.
    WakesEarly,
    /// The host cannot show the first notice.
    ShowFails,
    PrepareFails,
    JournalFails,
    SaveFails,
    /// The process ends when the request is about to be sent.
    DiesBeforeSending,
    /// The process ends when the answer has come.
    DiesBeforeJournal,
    /// The process ends when the answer has been written down.
    DiesAfterJournal,
    /// The process ends when the answer has been written down, and the next process cannot read it at first.
    JournalUnreadable,
    /// The clock is put back by an hour while the answer is awaited.
    ClockBack,
    /// The machine sleeps for two hours while the answer is awaited.
    Suspended,
}

/// The state that the mocks of one case share: the clock, the transcript and the fault.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    transcript: Vec<String>,
    /// The fault, and the number of the exchange that meets it.
    fault: Option<(LocalFault, u64)>,
    is_dead: bool,
}

impl Shared {
    pub(crate) fn new(fault: Option<(LocalFault, u64)>) -> Self {
        Self(Arc::new(Mutex::new(State { now: BEGINNING, transcript: Vec::new(), fault, is_dead: false })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to the transcript.
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.state().transcript.push(line.into());
    }

    pub(crate) fn transcript(&self) -> Vec<String> {
        self.state().transcript.clone()
    }

    pub(crate) fn fault(&self) -> Option<LocalFault> {
        self.state().fault.map(|(fault, _)| fault)
    }

    /// Whether this fault meets the exchange of this number.
    pub(crate) fn meets(&self, fault: LocalFault, number: u64) -> bool {
        self.state().fault == Some((fault, number))
    }

    /// Whether the exchange that meets the fault was sent.
    pub(crate) fn has_sent_the_faulty(&self) -> bool {
        let state = self.state();
        state.fault.is_some_and(|(_, number)| state.transcript.contains(&format!("send {number}")))
    }

    /// Whether the process has ended.
    pub(crate) fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// Another process begins, or the same one continues. Nothing fails any more, unless the fault has a second part.
    pub(crate) fn begin_again(&self) {
        let mut state = self.state();
        let has_second_part = state.is_dead && matches!(state.fault, Some((LocalFault::JournalUnreadable, _)));
        if !has_second_part {
            state.fault = None;
        }
        state.is_dead = false;
    }

    /// Whether this fault is there and was not met yet. From now on it was.
    fn meets_first(&self, fault: LocalFault) -> bool {
        let mut state = self.state();
        let is_first = state.fault == Some((fault, 0));
        if is_first {
            state.fault = Some((fault, 1));
        }
        is_first
    }

    /// Notes a call. It fails if the case says so; after the process has ended it fails without a note.
    pub(crate) fn call(&self, call: String, fails: bool) -> Result<(), MockError> {
        if self.state().is_dead {
            return Err(MockError("the process".to_owned()));
        }
        self.note(if fails { format!("{call}; fails") } else { call.clone() });
        if fails { Err(MockError(call)) } else { Ok(()) }
    }

    /// Ends the process if this fault meets the exchange of this number.
    pub(crate) fn dies_if(&self, fault: LocalFault, number: u64) -> Result<(), MockError> {
        if !self.meets(fault, number) {
            return Ok(());
        }
        self.note("the process ends");
        self.state().is_dead = true;
        Err(MockError("the process".to_owned()))
    }
}

/// The person of a case.
#[derive(Debug)]
pub(crate) struct Human<C: Ceremony> {
    /// The answer to a prompt before which so many others came; `None` when nobody answers.
    pub(crate) answers: fn(&C::Prompt, usize) -> Option<C::Answer>,
    /// The prompt in words.
    pub(crate) prompt_text: fn(&C::Prompt) -> String,
}

/// The host that a driver works with. Its methods are those of the transports' `Host`, and never wait.
#[derive(Debug)]
pub struct MockHost<C: Ceremony> {
    pub(crate) shared: Shared,
    server: Arc<ScriptedServer>,
    human: Human<C>,
    /// The last question that nobody answered.
    pub(crate) unanswered: Option<String>,
    asked: usize,
}

impl<C: Ceremony> MockHost<C> {
    /// The fault meets the exchange of that number.
    pub(crate) fn new(server: Arc<ScriptedServer>, human: Human<C>, fault: Option<(LocalFault, u64)>) -> Self {
        Self { shared: Shared::new(fault), server, human, unanswered: None, asked: 0 }
    }

    /// The store that belongs to this host.
    pub(crate) fn store(&self) -> MockStore {
        MockStore::new(self.shared.clone())
    }

    /// The network that belongs to this host.
    #[must_use]
    pub fn network(&self) -> MockNetwork {
        MockNetwork { shared: self.shared.clone(), server: Arc::clone(&self.server) }
    }

    /// The virtual clock.
    pub fn now(&mut self) -> Timestamp {
        self.shared.state().now
    }

    /// Lets the time pass at once.
    ///
    /// # Errors
    /// When the case says so.
    pub fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, MockError> {
        let why = match why {
            WaitReason::Pending => "pending".to_owned(),
            WaitReason::SlowedDown => "slowed down".to_owned(),
            WaitReason::Trouble(trouble) => format!("\"{}\"", trouble_text(trouble)),
            other => format!("{other:?}"),
        };
        let wait = until.since(self.now());
        self.shared.call(format!("wait {} ms: {why}", wait.as_millis()), false)?;
        if self.shared.meets(LocalFault::HostLeaves, 0) {
            return Ok(ControlFlow::Break(()));
        }
        let slept = if self.shared.meets_first(LocalFault::WakesEarly) { wait / 2 } else { wait };
        let now = self.now();
        self.shared.state().now = now.after(slept);
        Ok(ControlFlow::Continue(()))
    }

    /// Notes that the person was shown something.
    ///
    /// # Errors
    /// When the case says so.
    pub fn show(&mut self, _notice: &C::Notice) -> Result<(), MockError> {
        self.shared.call("show".to_owned(), self.shared.meets_first(LocalFault::ShowFails))
    }

    /// Answers as the case's person does.
    ///
    /// # Errors
    /// When the case says so.
    pub fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, MockError> {
        let (answer, question) = ((self.human.answers)(prompt, self.asked), (self.human.prompt_text)(prompt));
        self.asked += 1;
        self.shared.call(format!("ask: {question}"), false)?;
        self.unanswered = answer.is_none().then_some(question);
        Ok(answer.map_or(ControlFlow::Break(()), ControlFlow::Continue))
    }
}

/// The way from a driver to the server of its case. A driver's client sends what [`adjust`](Self::adjust) makes of each exchange.
#[derive(Clone, Debug)]
pub struct MockNetwork {
    shared: Shared,
    server: Arc<ScriptedServer>,
}

impl MockNetwork {
    /// The exchange to send in place of the ceremony's: it may go to an address where nobody listens, or have a shorter deadline.
    #[must_use]
    pub fn adjust(&self, exchange: &Exchange) -> Exchange {
        let number = exchange.id.as_u64();
        self.shared.note(format!("send {number}"));
        let now = self.shared.state().now;
        if self.shared.meets(LocalFault::ClockBack, number) {
            self.shared.state().now = now.before(Duration::from_secs(3600));
        }
        if self.shared.meets(LocalFault::Suspended, number) {
            self.shared.state().now = now.after(Duration::from_secs(7200));
        }
        adjusted(&self.server, exchange)
    }
}

/// The exchange as the server's script wants it sent.
pub(crate) fn adjusted(server: &ScriptedServer, exchange: &Exchange) -> Exchange {
    let mut script = server.script();
    let (path, uri) = (exchange.request.uri().path(), exchange.request.uri());
    let reply = script.next(path);
    let timeout = if reply.is_slow() { DEADLINE } else { exchange.timeout };
    let mut request = exchange.request.clone();
    if let Reply::Detour(detour) = reply {
        script.take(Seen { line: "(not sent)".to_owned(), path: path.to_owned(), is_lost: true, ..Seen::default() });
        let target = path_and_query(uri);
        let address = match detour {
            Detour::UnknownName => format!("http://nothing.invalid{target}"),
            Detour::Refused => format!("{}{target}", server.nobodys_origin()),
            Detour::TlsAlert | Detour::TlsCut | Detour::TlsSilence => format!("{}{target}", server.tls_origin()),
        };
        *request.uri_mut() = address.parse().unwrap_or_default();
    }
    Exchange { id: exchange.id, request, timeout, max_body: exchange.max_body, delivers: exchange.delivers }
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// A trouble in core's words, without those of the HTTP library, which each client has its own of.
pub(crate) fn trouble_text(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Transport(failure) => TransportFailure { text: String::new(), ..failure.clone() }.to_string(),
        other => other.to_string(),
    }
}

/// A failure in core's words, without those of the HTTP library.
pub(crate) fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::GaveUp { trouble, .. } | Failure::NotRotated { trouble } => {
            failure.to_string().replace(&trouble.to_string(), &trouble_text(trouble))
        }
        other => other.to_string(),
    }
}
