//! The host of a case: a virtual clock, a store in memory, a human who follows the script; and everything written down.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use enlist_core::{
    Ceremony, DriveError, Ending, Exchange, ExchangeId, Failure, Input, Snapshot, Timestamp, TransportFailure, TransportKind, Trouble,
    WaitReason,
};
use http::{Response, Uri};

use super::reply::{Answered, Detour, Reply};
use super::site::{DEADLINE, Seen, Site};

/// When a case begins: 2026-06-12T09:00:00Z.
pub(super) const BEGINNING: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);

/// The host could not do this, as the case wants it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host's {0} failed, as the case wants it")]
pub struct StageError(pub(super) String);

/// How a drive on a stage ends.
pub type Driven<O> = Result<Ending<O>, DriveError<StageError>>;

/// What goes wrong at the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
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
pub(super) struct Cast<C: Ceremony> {
    /// Knowing how many prompts came before; `None` when nobody answers.
    pub(super) answers: fn(&C::Prompt, usize) -> Option<C::Answer>,
    /// The prompt in words.
    pub(super) question: fn(&C::Prompt) -> String,
}

/// The host that a driver works with. The methods are those of the transports' `Host`, and never wait.
#[derive(Debug)]
pub struct Stage<C: Ceremony> {
    pub(super) now: Timestamp,
    pub(super) log: Vec<String>,
    pub(super) disk: Option<String>,
    site: Arc<Site>,
    cast: Cast<C>,
    /// The last question that nobody answered.
    pub(super) question: Option<String>,
    asked: usize,
    journal: BTreeMap<ExchangeId, Answered>,
    mishap: Option<(Mishap, u64)>,
    is_dead: bool,
}

impl<C: Ceremony> Stage<C> {
    /// `cast` is the human; `mishap` meets the exchange of that number.
    pub(super) fn new(site: Arc<Site>, cast: Cast<C>, mishap: Option<(Mishap, u64)>) -> Self {
        let (log, journal) = (Vec::new(), BTreeMap::new());
        Self { now: BEGINNING, log, disk: None, site, cast, question: None, asked: 0, journal, mishap, is_dead: false }
    }

    /// The virtual clock.
    pub fn now(&mut self) -> Timestamp {
        self.now
    }

    /// Lets the time pass at once.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, StageError> {
        let why = match why {
            WaitReason::Pending => "pending".to_owned(),
            WaitReason::SlowedDown => "slowed down".to_owned(),
            WaitReason::Trouble(trouble) => format!("\"{}\"", trouble_text(trouble)),
            other => format!("{other:?}"),
        };
        self.call(format!("wait {} ms: {why}", until.since(self.now).as_millis()), false)?;
        if self.meets(Mishap::Leaves, 0) {
            return Ok(ControlFlow::Break(()));
        }
        self.now = until;
        Ok(ControlFlow::Continue(()))
    }

    /// Notes that the human was shown something.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn show(&mut self, _notice: &C::Notice) -> Result<(), StageError> {
        self.call("show".to_owned(), false)
    }

    /// Answers as the case's human does.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, StageError> {
        let (answer, question) = ((self.cast.answers)(prompt, self.asked), (self.cast.question)(prompt));
        self.asked += 1;
        self.call(format!("ask: {question}"), false)?;
        self.question = answer.is_none().then_some(question);
        Ok(answer.map_or(ControlFlow::Break(()), ControlFlow::Continue))
    }

    /// Keeps the snapshot, which must say that the exchange is in flight.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn prepare(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> Result<(), StageError> {
        let in_flight = if snapshot.in_flight() == Some(exchange.id) { "" } else { ", which is not in flight" };
        let delivers = if exchange.delivers { ", reserve a journal" } else { "" };
        let (id, number) = (exchange.id, exchange.id.as_u64());
        self.call(format!("prepare {id}{delivers}{in_flight}"), self.meets(Mishap::PrepareFails, number))?;
        self.keep(snapshot);
        self.dies_if(Mishap::DiesBeforeSending, number)
    }

    /// The exchange as it is to be sent: the case may have its request lost, or its deadline come soon. A driver sends this one
    /// in place of the ceremony's.
    pub fn direct(&mut self, exchange: &Exchange) -> Exchange {
        let number = exchange.id.as_u64();
        self.log.push(format!("send {number}"));
        if self.meets(Mishap::ClockBack, number) {
            self.now = self.now.before(Duration::from_secs(3600));
        }
        if self.meets(Mishap::Suspended, number) {
            self.now = self.now.after(Duration::from_secs(7200));
        }
        directed(&self.site, exchange)
    }

    /// Writes the answer down when the exchange delivers.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn journal(&mut self, exchange: &Exchange, answer: &Result<Response<Vec<u8>>, TransportFailure>) -> Result<(), StageError> {
        let number = exchange.id.as_u64();
        self.dies_if(Mishap::DiesBeforeJournal, number)?;
        self.call(format!("journal {number}: {}", described(answer)), self.meets(Mishap::JournalFails, number))?;
        if exchange.delivers && !self.is_dead {
            self.journal.insert(exchange.id, answer.clone());
        }
        self.dies_if(Mishap::DiesAfterJournal, number)
    }

    /// What was written down.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn journaled(&mut self, id: ExchangeId) -> Result<Option<Input<C::Answer>>, StageError> {
        let found = self.journal.get(&id).cloned();
        self.call(format!("journaled {id}: {}", if found.is_some() { "yes" } else { "no" }), false)?;
        Ok(found.map(|answer| Input::answered(id, answer)))
    }

    /// Keeps the snapshot, which must say that nothing is in flight.
    ///
    /// # Errors
    /// As the case wants it.
    pub fn save(&mut self, snapshot: &Snapshot) -> Result<(), StageError> {
        let in_flight = if snapshot.in_flight().is_some() { ", an exchange being in flight" } else { "" };
        let fails = self.mishap.is_some_and(|(_, number)| self.meets(Mishap::SaveFails, number) && self.has_sent(number));
        self.call(format!("save{in_flight}"), fails)?;
        self.keep(snapshot);
        Ok(())
    }

    /// Another process: the mishap is over.
    pub(super) fn revive(&mut self) {
        (self.mishap, self.is_dead) = (None, false);
    }

    pub(super) fn mishap(&self) -> Option<Mishap> {
        self.mishap.map(|(mishap, _)| mishap)
    }

    fn meets(&self, mishap: Mishap, number: u64) -> bool {
        self.mishap == Some((mishap, number))
    }

    fn has_sent(&self, number: u64) -> bool {
        self.log.iter().any(|line| *line == format!("send {number}"))
    }

    fn dies_if(&mut self, mishap: Mishap, number: u64) -> Result<(), StageError> {
        if !self.meets(mishap, number) {
            return Ok(());
        }
        self.log.push("the process ends".to_owned());
        self.is_dead = true;
        Err(StageError("process".to_owned()))
    }

    /// A dead host fails, and says nothing.
    fn call(&mut self, call: String, fails: bool) -> Result<(), StageError> {
        if self.is_dead {
            return Err(StageError("process".to_owned()));
        }
        self.log.push(if fails { format!("{call}; fails") } else { call.clone() });
        if fails { Err(StageError(call)) } else { Ok(()) }
    }

    fn keep(&mut self, snapshot: &Snapshot) {
        if !self.is_dead {
            self.disk = Some(snapshot.to_json().expose().to_owned());
        }
    }
}

/// The exchange as the site wants it sent.
pub(super) fn directed(site: &Site, exchange: &Exchange) -> Exchange {
    let mut script = site.script();
    let (path, uri) = (exchange.request.uri().path(), exchange.request.uri());
    let reply = script.next(path);
    let timeout = if reply.is_slow() { DEADLINE } else { exchange.timeout };
    let mut request = exchange.request.clone();
    if let Reply::Detour(detour) = reply {
        script.take(Seen { line: "(not sent)".to_owned(), path: path.to_owned(), is_lost: true, ..Seen::default() });
        let detoured = match detour {
            Detour::UnknownName => format!("http://nothing.invalid{uri}", uri = path_and_query(uri)),
            Detour::Refused => format!("{}{}", site.nobodys_origin(), path_and_query(uri)),
            Detour::TlsAlert | Detour::TlsCut | Detour::TlsSilence => format!("{}{}", site.tls_origin(), path_and_query(uri)),
        };
        *request.uri_mut() = detoured.parse().unwrap_or_default();
    }
    Exchange { id: exchange.id, request, timeout, max_body: exchange.max_body, delivers: exchange.delivers }
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// An exchange's result, without what is chance or secret.
pub(super) fn described(answer: &Answered) -> String {
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
pub(super) fn trouble_text(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Transport(failure) => TransportFailure { text: String::new(), ..failure.clone() }.to_string(),
        other => other.to_string(),
    }
}

/// A failure in the same way.
pub(super) fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::GaveUp { trouble, .. } | Failure::NotRotated { trouble } => {
            failure.to_string().replace(&trouble.to_string(), &trouble_text(trouble))
        }
        other => other.to_string(),
    }
}
