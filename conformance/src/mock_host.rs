//! The host of a case: a virtual clock, a store in memory, a human who follows the script; and everything written down.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use enlist_core::{
    Ceremony, DriveError, Ending, Exchange, ExchangeId, ExchangeResult, Failure, Snapshot, Timestamp, TransportFailure, TransportKind,
    Trouble, WaitReason,
};
use http::Uri;

use crate::reply::{Answered, Detour, Reply};
use crate::scripted_server::{DEADLINE, ScriptedServer, Seen};

/// When a case begins: 2026-06-12T09:00:00Z.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);

/// The host could not do this, as the case wants it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host's {0} failed, as the case wants it")]
pub struct MockHostError(pub(crate) String);

/// How a drive on a host ends.
pub type Driven<O> = Result<Ending<O>, DriveError<MockHostError, MockHostError>>;

/// What goes wrong at the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostFault {
    /// It leaves at the first wait.
    Leaves,
    PrepareFails,
    JournalFails,
    SaveFails,
    /// The process ends when the request is about to be sent.
    DiesBeforeSending,
    /// The process ends when the answer has come.
    DiesBeforeJournal,
    /// The process ends when the answer has been written down.
    DiesAfterJournal,
    /// Meanwhile the clock is put back by an hour.
    ClockBack,
    /// Meanwhile the machine sleeps for two hours.
    Suspended,
}

/// The human of a case.
#[derive(Debug)]
pub(crate) struct Human<C: Ceremony> {
    /// Knowing how many prompts came before; `None` when nobody answers.
    pub(crate) answers: fn(&C::Prompt, usize) -> Option<C::Answer>,
    /// The prompt in words.
    pub(crate) question: fn(&C::Prompt) -> String,
}

/// The host that a driver works with. The methods are those of the transports' `Host`, and never wait.
#[derive(Debug)]
pub struct MockHost<C: Ceremony> {
    pub(crate) now: Timestamp,
    pub(crate) log: Vec<String>,
    pub(crate) disk: Option<String>,
    server: Arc<ScriptedServer>,
    human: Human<C>,
    /// The last question that nobody answered.
    pub(crate) question: Option<String>,
    asked: usize,
    journal: BTreeMap<ExchangeId, Answered>,
    fault: Option<(HostFault, u64)>,
    is_dead: bool,
}

impl<C: Ceremony> MockHost<C> {
    /// `human` is the human; `fault` meets the exchange of that number.
    pub(crate) fn new(server: Arc<ScriptedServer>, human: Human<C>, fault: Option<(HostFault, u64)>) -> Self {
        let (log, journal) = (Vec::new(), BTreeMap::new());
        Self { now: BEGINNING, log, disk: None, server, human, question: None, asked: 0, journal, fault, is_dead: false }
    }

    /// The virtual clock.
    pub fn now(&mut self) -> Timestamp {
        self.now
    }

    /// Lets the time pass at once.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, MockHostError> {
        let why = match why {
            WaitReason::Pending => "pending".to_owned(),
            WaitReason::SlowedDown => "slowed down".to_owned(),
            WaitReason::Trouble(trouble) => format!("\"{}\"", trouble_text(trouble)),
            other => format!("{other:?}"),
        };
        self.call(format!("wait {} ms: {why}", until.since(self.now).as_millis()), false)?;
        if self.meets(HostFault::Leaves, 0) {
            return Ok(ControlFlow::Break(()));
        }
        self.now = until;
        Ok(ControlFlow::Continue(()))
    }

    /// Notes that the human was shown something.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn show(&mut self, _notice: &C::Notice) -> Result<(), MockHostError> {
        self.call("show".to_owned(), false)
    }

    /// Answers as the case's human does.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, MockHostError> {
        let (answer, question) = ((self.human.answers)(prompt, self.asked), (self.human.question)(prompt));
        self.asked += 1;
        self.call(format!("ask: {question}"), false)?;
        self.question = answer.is_none().then_some(question);
        Ok(answer.map_or(ControlFlow::Break(()), ControlFlow::Continue))
    }

    /// Keeps the snapshot, which must say that the exchange is in flight.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn prepare(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> Result<(), MockHostError> {
        let in_flight = if snapshot.in_flight() == Some(exchange.id) { "" } else { ", which is not in flight" };
        let delivers = if exchange.delivers { ", reserve a journal" } else { "" };
        let (id, number) = (exchange.id, exchange.id.as_u64());
        self.call(format!("prepare {id}{delivers}{in_flight}"), self.meets(HostFault::PrepareFails, number))?;
        self.keep(snapshot);
        self.dies_if(HostFault::DiesBeforeSending, number)
    }

    /// The exchange as it is to be sent: the case may have its request lost, or its deadline come soon. A driver sends this one
    /// in place of the ceremony's.
    pub fn direct(&mut self, exchange: &Exchange) -> Exchange {
        let number = exchange.id.as_u64();
        self.log.push(format!("send {number}"));
        if self.meets(HostFault::ClockBack, number) {
            self.now = self.now.before(Duration::from_secs(3600));
        }
        if self.meets(HostFault::Suspended, number) {
            self.now = self.now.after(Duration::from_secs(7200));
        }
        directed(&self.server, exchange)
    }

    /// Writes the answer down when the exchange delivers.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), MockHostError> {
        let number = exchange.id.as_u64();
        self.dies_if(HostFault::DiesBeforeJournal, number)?;
        self.call(format!("journal {number}: {}", described(answer)), self.meets(HostFault::JournalFails, number))?;
        if exchange.delivers && !self.is_dead {
            self.journal.insert(exchange.id, answer.clone());
        }
        self.dies_if(HostFault::DiesAfterJournal, number)
    }

    /// What was written down.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, MockHostError> {
        let found = self.journal.get(&id).cloned();
        self.call(format!("journaled {id}: {}", if found.is_some() { "yes" } else { "no" }), false)?;
        Ok(found)
    }

    /// Keeps the snapshot, which must say that nothing is in flight.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn save(&mut self, snapshot: &Snapshot) -> Result<(), MockHostError> {
        let in_flight = if snapshot.in_flight().is_some() { ", an exchange being in flight" } else { "" };
        let fails = self.fault.is_some_and(|(_, number)| self.meets(HostFault::SaveFails, number) && self.has_sent(number));
        self.call(format!("save{in_flight}"), fails)?;
        self.keep(snapshot);
        Ok(())
    }

    /// Another process: the fault is over.
    pub(crate) fn clear_fault(&mut self) {
        (self.fault, self.is_dead) = (None, false);
    }

    pub(crate) fn fault(&self) -> Option<HostFault> {
        self.fault.map(|(fault, _)| fault)
    }

    fn meets(&self, fault: HostFault, number: u64) -> bool {
        self.fault == Some((fault, number))
    }

    fn has_sent(&self, number: u64) -> bool {
        self.log.iter().any(|line| *line == format!("send {number}"))
    }

    fn dies_if(&mut self, fault: HostFault, number: u64) -> Result<(), MockHostError> {
        if !self.meets(fault, number) {
            return Ok(());
        }
        self.log.push("the process ends".to_owned());
        self.is_dead = true;
        Err(MockHostError("process".to_owned()))
    }

    /// A dead host fails, and says nothing.
    fn call(&mut self, call: String, fails: bool) -> Result<(), MockHostError> {
        if self.is_dead {
            return Err(MockHostError("process".to_owned()));
        }
        self.log.push(if fails { format!("{call}; fails") } else { call.clone() });
        if fails { Err(MockHostError(call)) } else { Ok(()) }
    }

    fn keep(&mut self, snapshot: &Snapshot) {
        if !self.is_dead {
            self.disk = Some(snapshot.to_json().expose().to_owned());
        }
    }
}

/// The exchange as the server wants it sent.
pub(crate) fn directed(server: &ScriptedServer, exchange: &Exchange) -> Exchange {
    let mut script = server.script();
    let (path, uri) = (exchange.request.uri().path(), exchange.request.uri());
    let reply = script.next(path);
    let timeout = if reply.is_slow() { DEADLINE } else { exchange.timeout };
    let mut request = exchange.request.clone();
    if let Reply::Detour(detour) = reply {
        script.take(Seen { line: "(not sent)".to_owned(), path: path.to_owned(), is_lost: true, ..Seen::default() });
        let detoured = match detour {
            Detour::UnknownName => format!("http://nothing.invalid{uri}", uri = path_and_query(uri)),
            Detour::Refused => format!("{}{}", server.nobodys_origin(), path_and_query(uri)),
            Detour::TlsAlert | Detour::TlsCut | Detour::TlsSilence => format!("{}{}", server.tls_origin(), path_and_query(uri)),
        };
        *request.uri_mut() = detoured.parse().unwrap_or_default();
    }
    Exchange { id: exchange.id, request, timeout, max_body: exchange.max_body, delivers: exchange.delivers }
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// An exchange's result, without what is chance or secret.
pub(crate) fn described(answer: &Answered) -> String {
    match answer {
        Ok(response) => format!("{}, {} bytes", response.status().as_u16(), response.body().len()),
        Err(failure) => {
            let partial = failure.partial.as_ref().map(|partial| match failure.kind {
                // How many bytes came by then is chance.
                TransportKind::Timeout => format!(", after status {}", partial.status),
                _ => format!(", after status {} and {} bytes", partial.status, partial.body.len()),
            });
            format!("{:?}, {:?}{}", failure.kind, failure.delivery, partial.unwrap_or_default())
        }
    }
}

/// A trouble in the ceremony's words: each library has others of its own.
pub(crate) fn trouble_text(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Transport(failure) => TransportFailure { text: String::new(), ..failure.clone() }.to_string(),
        other => other.to_string(),
    }
}

/// A failure in the same way.
pub(crate) fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::GaveUp { trouble, .. } | Failure::NotRotated { trouble } => {
            failure.to_string().replace(&trouble.to_string(), &trouble_text(trouble))
        }
        other => other.to_string(),
    }
}
