//! The output on stdout and stderr.
//!
//! stdout carries the result: one JSON document, events of which the last is that document, or text. Everything else goes to
//! stderr. A closed stdout causes no panic.

pub(crate) mod data;
pub(crate) mod document;
pub(crate) mod event;
mod format;
mod next;
/// Prints an error on stderr. A closed stdout is not reported.
fn explain(error: &Error, carried: &[CarriedFlag]) {
    if error.exit() == Exit::Done {
        return;
    }
    note(format_args!("enlist: {}", complete(&error.message(), carried)));
    if let Some(hint) = error.hint() {
        note(format_args!("  {}", complete(&hint, carried)));
    }
    if let Some(said) = error.said_by_service() {
        note(format_args!("  the service said: \"{said}\""));
    }
}

#[cfg(test)]
pub(crate) mod schema;
pub(crate) mod stderr;
pub(crate) mod style;

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::caller::{Caller, Environment, Mode};
use crate::env;
use crate::error::Error;
use crate::exit::{Exit, Status};
use crate::store::{ProfileName, Service, ServiceStore, StoreError};
use data::Data;
use document::Document;
use event::{Event, Line, Stamp};
pub(crate) use format::{Format, Prints};
use next::complete;
pub(crate) use next::{CarriedFlag, Next, flag, quoted};
use stderr::{aside, note};
use style::Color;

/// The result of a command, or its progress.
#[derive(Debug)]
pub(crate) struct Outcome {
    exit: Exit,
    status: Status,
    /// `data` of the document. Text output is printed while the command runs.
    data: Option<Data>,
    error: Option<Error>,
    next: Option<Next>,
}

impl Outcome {
    pub(crate) fn ready(data: impl Into<Data>) -> Self {
        Self { exit: Exit::Done, status: Status::Ready, data: Some(data.into()), error: None, next: None }
    }

    /// A credential, and what its ceremony still needs.
    pub(crate) fn ready_for(next: Next, data: impl Into<Data>) -> Self {
        Self { next: Some(next), ..Self::ready(data) }
    }

    /// A pending flow: exit code 8, or 0 if the command did everything that it was asked for, or the code of the signal that came.
    pub(crate) fn pending(interrupted: Option<u8>, done: bool, data: impl Into<Data>, next: Next) -> Self {
        let exit = interrupted.map_or(if done { Exit::Done } else { Exit::Pending }, Exit::Interrupted);
        Self { exit, status: Status::Pending, data: Some(data.into()), error: None, next: Some(next) }
    }

    /// An error with data that is still useful.
    pub(crate) fn stopped(error: Error, data: impl Into<Data>, next: Option<Next>) -> Self {
        Self { data: Some(data.into()), ..Self::failed(error, next) }
    }

    /// An error without data.
    pub(crate) fn failed(error: Error, next: Option<Next>) -> Self {
        Self { exit: error.exit(), status: error.exit().status(), data: None, error: Some(error), next }
    }

    /// This outcome with the error that caused it.
    pub(crate) fn because_of(self, error: Error) -> Self {
        Self { exit: error.exit(), status: error.exit().status(), error: Some(error), ..self }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.status == Status::Ready
    }

    /// This outcome with the data of the registration that the same command made.
    pub(crate) fn with(self, registered: &Self) -> Self {
        let data = match (self.data, &registered.data) {
            (Some(Data::Ceremony(claim)), Some(Data::Ceremony(registration))) => Some(claim.after(registration).into()),
            (data, _) => data,
        };
        Self { data, ..self }
    }
}

/// The end of a run: everything that the document reports.
#[derive(Debug)]
struct RunEnd {
    exit: Exit,
    status: Status,
    data: Option<Data>,
    error: Option<Error>,
    next: Option<Next>,
}

/// The output of one run of the command.
#[derive(Debug)]
pub(crate) struct Output {
    command: Option<&'static str>,
    /// The service of a flow is known only after the flow was found.
    service: Cell<Option<Service>>,
    profile: ProfileName,
    /// The flags that every printed command line repeats.
    carried: Vec<CarriedFlag>,
    /// The reader has closed stdout.
    unread: Cell<bool>,
    format: Format,
    /// A failure prints a document even if a success prints text. This applies to agents that chose no format, except where a `$(...)`
    /// may contain the output.
    tells_failures: bool,
    mode: Mode,
    warnings: RefCell<Vec<String>>,
    /// The flow that the events are about, if there is one.
    flow: RefCell<Option<String>>,
    events: Cell<u64>,
    /// The flows that failed, which are kept until the result that says so was printed.
    told: RefCell<Vec<(ServiceStore, String)>>,
    /// stdout is a terminal that is not UTF-8.
    ascii: bool,
    /// stdout shows colours.
    colour: bool,
}

impl Output {
    /// Decides the mode and the format. An invalid variable is the error in the second value; the output can still report it.
    pub(crate) fn decide(
        command: Option<&'static str>,
        prints: Prints,
        flag: Option<Format>,
        environment: &Environment,
    ) -> (Self, Result<(), Error>) {
        let (mode, mode_problem) = match Mode::decide(environment) {
            Ok(mode) => (mode, None),
            Err(error) => (Mode::found(environment), Some(error)),
        };
        let by_mode = Format::by_default(mode.is, prints);
        let (format, format_problem) = match (flag, environment.output.as_deref()) {
            (Some(format), _) => (format, None),
            (None, None) => (by_mode, None),
            (None, Some(word)) => env::choice(env::OUTPUT, word).map_or_else(|error| (by_mode, Some(error)), |format| (format, None)),
        };
        let decided = mode_problem.or(format_problem).map_or(Ok(()), Err);
        let (service, profile, warnings) = (Cell::new(None), ProfileName::default(), RefCell::default());
        let (flow, events, ascii, colour) = (RefCell::default(), Cell::new(0), io::stdout().is_terminal() && !style::is_utf8(), false);
        let is_unasked = flag.is_none() && environment.output.is_none();
        let tells_failures = is_unasked && mode.is == Caller::Agent && prints != Prints::Credential;
        let (carried, unread) = (Vec::new(), Cell::new(false));
        let told = RefCell::default();
        let output =
            Self { command, service, profile, carried, unread, format, tells_failures, mode, warnings, flow, events, told, ascii, colour };
        (output, decided)
    }

    /// This output about a service and a profile.
    pub(crate) fn about(self, service: Option<Service>, profile: &ProfileName) -> Self {
        Self { service: Cell::new(service), profile: profile.clone(), ..self }
    }

    /// This output, with flags that every printed command line repeats.
    pub(crate) fn carrying(self, carried: Vec<CarriedFlag>) -> Self {
        Self { carried, ..self }
    }

    /// This output with or without colours.
    pub(crate) fn painted(self, wanted: Color) -> Self {
        Self { colour: style::colours(wanted, io::stdout().is_terminal()), ..self }
    }

    /// Emphasises `text` on a terminal with colours.
    pub(crate) fn strong(&self, text: &str) -> String {
        if self.colour && self.is_text() { style::strong(text) } else { text.to_owned() }
    }

    /// Sets the service that the output is about.
    pub(crate) fn is_about(&self, service: Service) {
        self.service.set(Some(service));
    }

    /// Sets the flow that the output is about.
    pub(crate) fn is_in(&self, flow: &str) {
        self.flow.replace(Some(flow.to_owned()));
    }

    /// The command line that continues the flow.
    pub(crate) fn next_step_in_flow(&self, command: &str, arguments: &[&str], when: &'static str) -> Next {
        let flow = self.flow.borrow();
        let words: Vec<&str> = std::iter::once(command).chain(flow.as_deref()).chain(arguments.iter().copied()).collect();
        Next::new(&words, when).with(&self.carried)
    }

    /// `next` in a sentence: the line for a shell, and when to run it.
    pub(crate) fn in_words(&self, next: Next) -> String {
        let next = next.with(&self.carried);
        format!("{} ({})", next.line(), next.when)
    }

    /// Removes the failed flow `name` as soon as the result of this command was printed. A process that is killed before that leaves the
    /// flow for the next command to report.
    pub(crate) fn remove_when_told(&self, store: &ServiceStore, name: &str) {
        self.told.borrow_mut().push((store.clone(), name.to_owned()));
    }

    fn remove_what_was_told(&self) {
        for (store, name) in self.told.take() {
            // When another process is at work or the disk is full, the failure is reported once more.
            let _ = store.lock().and_then(|session| session.remove_flow(&name));
        }
    }

    /// A command line for a shell, with the flags that it needs to act on the same profile and service. Every command line that is
    /// printed comes from here, from [`Self::with_command_lines`], or is a [`Next`].
    pub(crate) fn command_line(&self, words: &[&str]) -> String {
        Next::new(words, "").with(&self.carried).line()
    }

    /// Adds the flags that a command line needs to act on the same profile and service.
    pub(crate) fn carry(&self, next: Next) -> Next {
        next.with(&self.carried)
    }

    /// A text in which the command lines between backticks have the flags that they need.
    pub(crate) fn with_command_lines(&self, text: &str) -> String {
        complete(text, &self.carried)
    }

    /// Prints a warning.
    pub(crate) fn warn(&self, warning: String) {
        let warning = self.with_command_lines(&warning);
        aside(format_args!("warning: {warning}"));
        // A closed stdout is noticed at the next event.
        let _ = self.emit(&Event::Warning { message: warning.clone() });
        self.warnings.borrow_mut().push(warning);
    }

    /// Prints a warning if there is one.
    pub(crate) fn warn_of(&self, warning: Option<String>) {
        if let Some(warning) = warning {
            self.warn(warning);
        }
    }

    /// Prints an event at once, if the format is ndjson.
    pub(crate) fn emit(&self, event: &Event) -> Result<(), Error> {
        let Some(stamp) = self.stamp() else { return Ok(()) };
        let line = Line::new(event, stamp, self.service.get()).map_err(Error::internal)?;
        self.read_or_not(print_json(&line))
    }

    /// A closed stdout does not stop the command before its end or its next wait.
    fn read_or_not(&self, written: Result<(), Error>) -> Result<(), Error> {
        match written {
            Err(Error::Stdout(error)) if error.kind() == ErrorKind::BrokenPipe => {
                self.unread.set(true);
                Ok(())
            }
            other => other,
        }
    }

    /// Whether the reader has closed stdout, so that the command should not wait.
    pub(crate) fn is_unread(&self) -> bool {
        self.unread.get()
    }

    fn stamp(&self) -> Option<Stamp> {
        (self.format == Format::Ndjson).then(|| {
            self.events.set(self.events.get() + 1);
            Stamp::new(self.events.get(), self.flow.borrow().clone())
        })
    }

    pub(crate) fn profile(&self) -> &ProfileName {
        &self.profile
    }

    pub(crate) fn is_ci(&self) -> bool {
        self.mode.is == Caller::Ci
    }

    /// Whether a person runs the command who can answer questions.
    pub(crate) fn can_ask(&self) -> bool {
        self.is_human() && !self.mode.is_half_attended
    }

    /// Whether a person runs the command.
    pub(crate) fn is_human(&self) -> bool {
        self.mode.is == Caller::Human
    }

    /// Prints a line of the result, if the format is text.
    pub(crate) fn text(&self, line: impl Display) -> Result<(), Error> {
        if self.is_text() { self.print_line(line) } else { Ok(()) }
    }

    /// Prints lines of the result, if the format is text.
    pub(crate) fn text_lines(&self, lines: impl IntoIterator<Item = impl Display>) -> Result<(), Error> {
        lines.into_iter().try_for_each(|line| self.text(line))
    }

    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    pub(crate) fn is_events(&self) -> bool {
        self.format == Format::Ndjson
    }

    /// Prints a line about the progress at once: on stdout if the format is text, else on stderr.
    pub(crate) fn tell(&self, line: impl Display) -> Result<(), Error> {
        match self.format {
            Format::Text => self.print_line(line),
            Format::Json | Format::Ndjson => {
                note(line);
                Ok(())
            }
        }
    }

    fn print_line(&self, line: impl Display) -> Result<(), Error> {
        let line = self.with_command_lines(&line.to_string());
        let line = if self.ascii { style::ascii(&line) } else { line };
        self.read_or_not(to_stdout(|stdout| writeln!(stdout, "{line}")))
    }

    /// Prints the result and returns the exit code.
    pub(crate) fn finish(&self, result: Result<Outcome, Error>) -> ExitCode {
        let end = self.end_of(result);
        if let Some(error) = &end.error {
            explain(error, &self.carried);
        }
        if let Exit::Interrupted(_) = end.exit {
            note("stopped; nothing is lost");
        }
        if let (Some(next), Format::Text) = (&end.next, self.format) {
            note(format_args!("  next: {}   ({})", next.line(), next.when));
        }
        let printed = match (&end.error, self.format) {
            (Some(Error::Stdout(_)), _) => Ok(()),
            (_, Format::Text) if end.exit == Exit::Done || !self.tells_failures => Ok(()),
            _ => print_json(&Document::new(self, &end)),
        };
        match printed {
            Ok(()) => {
                self.remove_what_was_told();
                ExitCode::from(end.exit.number())
            }
            Err(error) => {
                explain(&error, &self.carried);
                // A failure keeps its exit code even if it cannot be printed.
                ExitCode::from(if end.exit == Exit::Done { error.exit().number() } else { end.exit.number() })
            }
        }
    }

    fn end_of(&self, result: Result<Outcome, Error>) -> RunEnd {
        match result {
            Ok(Outcome { error: Some(Error::Interrupted(code)), data, .. }) => self.interrupted(code, data),
            Err(Error::Interrupted(code)) => self.interrupted(code, None),
            Ok(Outcome { exit, status, data, error, next }) => {
                RunEnd { exit, status, data, error, next: next.map(|next| next.with(&self.carried)) }
            }
            Err(error) => {
                let next = self.next_step(&error).map(|next| next.with(&self.carried));
                RunEnd { exit: error.exit(), status: error.exit().status(), data: None, error: Some(error), next }
            }
        }
    }

    /// The end after a signal outside of any flow. The next step is the same command again.
    fn interrupted(&self, code: u8, data: Option<Data>) -> RunEnd {
        let next = Next::again(std::env::args_os()).map(|next| next.with(&self.carried));
        let status = if next.is_some() { Status::Pending } else { Status::Cancelled };
        RunEnd { exit: Exit::Interrupted(code), status, data, error: None, next }
    }

    /// The next step that the contract promises, if the command named none: the same command, or one that must come before it.
    fn next_step(&self, error: &Error) -> Option<Next> {
        match error {
            Error::NotRegistered(Service::Opentrain) => {
                Some(Next::new(&["register", "opentrain"], "when the owner agrees to a registration").for_owner())
            }
            Error::NotRegistered(Service::Sentryagent) => {
                let when = "when the owner agrees to a registration; pass the manifest on stdin";
                Some(Next::new(&["register", "sentryagent", "--manifest", "-"], when).for_owner())
            }
            Error::Store(StoreError::Rescued { .. } | StoreError::NotStored { .. }) if self.flow.borrow().is_some() => {
                Some(self.next_step_in_flow("resume", &[], "when the store can be written again").later())
            }
            Error::Several(_) => Some(Next::new(&["pending"], "now; then name a flow")),
            Error::InProfile { flow, profile } => {
                let by_stdin: &[&str] = if self.command == Some("otp") { &["--otp-file", "-"] } else { &[] };
                self.command.map(|command| Next::new(&[&[command, flow], by_stdin, &["--profile", profile.as_str()]].concat(), "now"))
            }
            _ if matches!(error.exit(), Exit::Expired | Exit::NeedsHuman) => self
                .command
                .map(|command| Next::new(&command.split(' ').collect::<Vec<_>>(), "at any time; nothing was stored").for_owner()),
            _ => None,
        }
    }
}

/// Prints help or version.
pub(crate) fn print(text: &str) -> ExitCode {
    let written = print_text(text);
    if let Err(error) = &written {
        explain(error, &[]);
    }
    ExitCode::from(written.map_or_else(|error| error.exit(), |()| Exit::Done).number())
}

/// Prints one line of JSON and flushes stdout.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let mut line = serde_json::to_vec(value).map_err(|error| Error::internal(&error))?;
    line.push(b'\n');
    to_stdout(|stdout| stdout.write_all(&line))
}

/// Prints text on stdout without changing it.
pub(crate) fn print_text(text: &str) -> Result<(), Error> {
    to_stdout(|stdout| stdout.write_all(text.as_bytes()))
}

fn to_stdout(write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    write(&mut stdout).and_then(|()| stdout.flush()).map_err(Error::Stdout)
}
