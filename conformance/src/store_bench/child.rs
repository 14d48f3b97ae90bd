//! A child process that writes until it is killed, and what it must leave.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{env, thread};

use enlist_core::claim::Claim;
use enlist_core::{Ceremony, Exchange, ExchangeResult, Input, Snapshot};

use super::bench::Opened;
use super::flow::{Flow, Next, good, page};
use crate::store_fixture::{Broken, Fixture};

/// Tells a child at which place to write.
const PLACE: &str = "ENLIST_CONFORMANCE_PLACE";
/// Sets how many processes are killed.
const KILLS: &str = "ENLIST_KILLS";
const DEFAULT_KILLS: u64 = 20;
/// The line that a child writes to its standard output after each call of the store that has returned.
const RETURNED: &str = "enlist-conformance: a call has returned";
/// How many exchanges a child makes if nobody kills it.
const EXCHANGES: usize = 40;
/// How long a child may take for one call.
const LONGEST_CALL: Duration = Duration::from_secs(20);

/// A command that runs one test of the current test program again, for [`Fixture::child`].
///
/// # Errors
/// The path of the current program is not known.
pub fn rerun_test(name: &str) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args([name, "--exact", "--nocapture", "--test-threads=1"]);
    Ok(command)
}

/// Where to write, if this process is a child.
pub(crate) fn place() -> Option<PathBuf> {
    env::var_os(PLACE).map(PathBuf::from)
}

/// A child's work: one call of the store after another, each announced when it has returned.
pub(crate) fn write<F: Fixture>(fixture: &F, place: &Path) -> Result<(), Broken> {
    let mut opened = Opened::<F> { place: place.to_owned(), store: fixture.open(place)? };
    let mut script = Script::start()?;
    while let Some(call) = script.next()? {
        match call {
            Call::Prepare(exchange) => opened.prepare(&script.flow.ceremony, &exchange)?,
            Call::Journal(exchange, answer) => opened.journal(&exchange, &answer)?,
            Call::Save => opened.save(&script.flow.ceremony)?,
        }
        let mut output = io::stdout().lock();
        writeln!(output, "{RETURNED}").and_then(|()| output.flush()).map_err(Broken::new)?;
    }
    Ok(())
}

/// The calls that every child makes, always the same ones: a claim whose polls are answered with a page and with
/// `authorization_pending` in turn.
struct Script {
    flow: Flow<Claim>,
    exchanges: usize,
    /// The exchange that was prepared, and its answer.
    awaited: Option<(Exchange, ExchangeResult)>,
    /// The exchange whose answer was written down.
    written: Option<(Exchange, ExchangeResult)>,
}

enum Call {
    Prepare(Exchange),
    Journal(Exchange, ExchangeResult),
    Save,
}

impl Script {
    fn start() -> Result<Self, Broken> {
        Ok(Self { flow: Flow::start()?, exchanges: 0, awaited: None, written: None })
    }

    /// The next call. The ceremony is then as the call gets it.
    fn next(&mut self) -> Result<Option<Call>, Broken> {
        if let Some((exchange, answer)) = self.written.take() {
            self.flow.handle(Input::answered(exchange.id, answer))?;
            return Ok(Some(Call::Save));
        }
        if let Some((exchange, answer)) = self.awaited.take() {
            self.written = Some((copy(&exchange), answer.clone()));
            return Ok(Some(Call::Journal(exchange, answer)));
        }
        match self.flow.next()? {
            Next::Exchange(exchange) if self.exchanges < EXCHANGES => {
                self.exchanges += 1;
                let answer = self.answer(&exchange);
                self.awaited = Some((copy(&exchange), answer));
                Ok(Some(Call::Prepare(exchange)))
            }
            _ => Ok(None),
        }
    }

    fn answer(&self, exchange: &Exchange) -> ExchangeResult {
        if self.exchanges.is_multiple_of(2) {
            page(&format!("<html>{}{}</html>", self.exchanges, " ".repeat(4000)))
        } else {
            good(exchange)
        }
    }
}

fn copy(exchange: &Exchange) -> Exchange {
    Exchange {
        id: exchange.id,
        request: exchange.request.clone(),
        timeout: exchange.timeout,
        max_body: exchange.max_body,
        delivers: exchange.delivers,
    }
}

/// When a child is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    /// After so many calls have returned.
    calls: usize,
    /// And so much later.
    delay: Duration,
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} µs after its call {}", self.delay.as_micros(), self.calls)
    }
}

impl Kill {
    /// At different calls, and at different moments of each call.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let kills = env::var(KILLS).ok().and_then(|kills| kills.parse().ok()).unwrap_or(DEFAULT_KILLS);
        (0..kills).map(|kill| Self {
            calls: 1 + usize::try_from(kill * 7 % 30).unwrap_or_default(),
            delay: Duration::from_micros(kill * 293 % 3000),
        })
    }

    /// Starts a child that writes at the place, kills it, and says how many of its calls had returned.
    pub(crate) fn carry_out(self, mut command: Command, place: &Path) -> Result<usize, Broken> {
        let child = command.env(PLACE, place).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| Broken::new(format_args!("the child process cannot be started: {error}")))?;
        let returned = announcements(&mut child);
        let calls = (0..self.calls).take_while(|_| returned.recv_timeout(LONGEST_CALL).is_ok()).count();
        thread::sleep(self.delay);
        // A child that has ended cannot be killed, and need not be.
        let _ = child.kill();
        child.wait().map_err(Broken::new)?;
        if calls < self.calls {
            return Err(Broken::new(format_args!(
                "the child process ended or hung after {calls} calls: its command must call enlist_conformance::stores::run, and its \
                 output must not be captured"
            )));
        }
        Ok(calls + returned.iter().count())
    }
}

/// Gets a message for each call that has returned, and is closed when the child has ended.
fn announcements(child: &mut Child) -> Receiver<()> {
    let (sender, receiver) = channel();
    let output = child.stdout.take();
    thread::spawn(move || {
        for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok) {
            // A test program may begin the line with the test's name.
            if line.ends_with(RETURNED) && sender.send(()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The content that a store may have.
#[derive(Clone, Default)]
struct State {
    snapshot: Option<String>,
    /// The answer to the exchange in flight.
    answer: Option<ExchangeResult>,
    /// Whether the answer need not be written down, as it delivers nothing.
    is_optional: bool,
}

impl State {
    /// Whether a store that found this state took the answer in when it was opened, and saved the snapshot that comes of it.
    fn is_taken_in(&self, saved: &Snapshot) -> bool {
        let found = self.snapshot.as_deref().and_then(|json| Snapshot::from_json(json.as_bytes()).ok());
        let (Some(found), Some(answer)) = (found, &self.answer) else { return false };
        let (Some(id), Ok(mut ceremony)) = (found.in_flight(), Claim::resume(&found)) else { return false };
        let is_handled = ceremony.handle(saved.saved_at(), Input::answered(id, answer.clone())).is_ok();
        is_handled && ceremony.snapshot().to_json().expose() == saved.to_json().expose()
    }
}

/// Whether a store may have taken in a torn record when it was opened. How much of the answer was written is chance.
fn is_torn_taken_in(saved: &Snapshot) -> bool {
    saved.in_flight().is_none() && Claim::resume(saved).is_ok()
}

/// The store's report about the answer to the exchange in flight, if there is one.
pub(crate) type Found = Option<Result<Option<ExchangeResult>, String>>;

/// Checks what is left of a child of whose calls so many had returned: all that they promised, and the next call done or not done.
pub(crate) fn check(calls: usize, saved: Option<&Snapshot>, found: Found) -> Result<(), Broken> {
    let (before, after, is_journal) = states(calls)?;
    if let Some(saved) = saved
        && ([&before, &after].into_iter().any(|state| state.is_taken_in(saved)) || is_journal && is_torn_taken_in(saved))
    {
        return Ok(());
    }
    let saved = saved.map(|saved| saved.to_json().expose().to_owned());
    if ![&before, &after].into_iter().any(|state| state.snapshot == saved) {
        return Err(Broken::new("the saved snapshot is neither the one before the interrupted call nor the one after it"));
    }
    let State { answer: expected, is_optional, .. } = if saved == before.snapshot { &before } else { &after };
    match (found, expected) {
        (None, _) => Ok(()),
        // The record may be torn, which must be said, or not have been begun.
        (Some(Err(_) | Ok(None | Some(Err(_)))), None) if is_journal => Ok(()),
        (Some(Ok(Some(Ok(found)))), None) if is_journal && is_same(&found, after.answer.as_ref()) => Ok(()),
        (Some(Ok(None)), None) => Ok(()),
        (Some(Ok(Some(Ok(found)))), Some(_)) if is_same(&found, expected.as_ref()) => Ok(()),
        (Some(Ok(None)), Some(_)) if *is_optional => Ok(()),
        (Some(Ok(None)), Some(_)) => Err(Broken::new("the answer that was written down is gone, and the snapshot still waits for it")),
        (Some(Ok(Some(_))), _) => Err(Broken::new("the record of the exchange in flight is another answer than was written down")),
        (Some(Err(error)), _) => Err(Broken::new(format_args!("the record of the exchange in flight cannot be read: {error}"))),
    }
}

/// The state after so many calls and after one more, and whether that one writes an answer down.
fn states(calls: usize) -> Result<(State, State, bool), Broken> {
    let (mut script, mut state) = (Script::start()?, State::default());
    for _ in 0..calls {
        if let Some(call) = script.next()? {
            state = apply(state, &script, call);
        }
    }
    let before = state.clone();
    let next = script.next()?;
    let is_journal = matches!(next, Some(Call::Journal(..)));
    let after = next.map_or(state, |call| apply(before.clone(), &script, call));
    Ok((before, after, is_journal))
}

fn apply(state: State, script: &Script, call: Call) -> State {
    let snapshot = || Some(script.flow.ceremony.snapshot().to_json().expose().to_owned());
    match call {
        Call::Prepare(_) | Call::Save => State { snapshot: snapshot(), ..State::default() },
        Call::Journal(exchange, answer) => {
            let delivers = exchange.delivers && answer.as_ref().is_ok_and(|answer| answer.status().is_success());
            State { answer: Some(answer), is_optional: !delivers, ..state }
        }
    }
}

fn is_same(found: &http::Response<Vec<u8>>, expected: Option<&ExchangeResult>) -> bool {
    let Some(Ok(expected)) = expected else { return false };
    found.status() == expected.status() && found.body() == expected.body()
}
