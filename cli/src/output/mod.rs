//! What goes to stdout and what to stderr.
//!
//! stdout carries the result: one JSON document, or text. Everything else goes to stderr. Nothing here panics when the
//! reader has gone away.

mod document;

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

use crate::exit::{Exit, Status};
use crate::mode::{Environment, Is, Mode};
use crate::problem::Problem;
use crate::store::{Remark, Service};
use document::Document;
pub(crate) use document::Next;

/// How the result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// The profile that is meant when none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// What a command brought, or how far it came.
#[derive(Debug)]
pub(crate) struct Outcome {
    exit: Exit,
    status: Status,
    /// `data` of the document. Text was printed on the way.
    data: Value,
    problem: Option<Problem>,
    next: Option<Next>,
}

impl Outcome {
    pub(crate) fn ready(data: Value) -> Self {
        Self { exit: Exit::Done, status: Status::Ready, data, problem: None, next: None }
    }

    /// Not over: exit 8, or 0 when all is done that was asked for, or the code of the signal that came.
    pub(crate) fn pending(interrupted: Option<u8>, done: bool, data: Value, next: Next) -> Self {
        let exit = interrupted.map_or(if done { Exit::Done } else { Exit::Pending }, Exit::Interrupted);
        Self { exit, status: Status::Pending, data, problem: None, next: Some(next) }
    }

    /// Came to a problem, with data that is worth telling all the same.
    pub(crate) fn stopped(problem: Problem, data: Value, next: Option<Next>) -> Self {
        Self { exit: problem.exit(), status: problem.exit().status(), data, problem: Some(problem), next }
    }

    /// Came to its end, and that is no good one.
    pub(crate) fn failed(problem: Problem, next: Option<Next>) -> Self {
        Self::stopped(problem, Value::Null, next)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.status == Status::Ready
    }

    /// With what an earlier step brought.
    pub(crate) fn with(mut self, earlier: &Self) -> Self {
        if let (Value::Object(data), Value::Object(earlier)) = (&mut self.data, &earlier.data) {
            for (name, value) in earlier {
                data.entry(name).or_insert_with(|| value.clone());
            }
        }
        self
    }
}

/// How a run of the command ends.
#[derive(Debug)]
struct Settled {
    exit: Exit,
    status: Status,
    data: Option<Value>,
    problem: Option<Problem>,
    next: Option<Next>,
}

/// How one run of the command speaks.
#[derive(Debug)]
pub(crate) struct Output {
    command: Option<&'static str>,
    /// Of a flow it is known only when the flow was found.
    service: Cell<Option<&'static str>>,
    profile: String,
    /// A command line that does not name the profile may mean another one.
    names_profile: bool,
    format: Format,
    mode: Mode,
    warnings: RefCell<Vec<String>>,
}

impl Output {
    /// Decides on mode and format. A variable that cannot be read is a problem, which then still has an output to go to.
    pub(crate) fn settle(command: Option<&'static str>, flag: Option<Format>, environment: &Environment) -> (Self, Result<(), Problem>) {
        let (mode, mode_problem) = match Mode::decide(environment) {
            Ok(mode) => (mode, None),
            Err(problem) => (Mode::found(environment), Some(problem)),
        };
        // `$(enlist token ...)` is to be the token, whoever asks; a signature likewise, and what is a text by its nature.
        let is_plain = matches!(command, Some("token" | "badge sign" | "exec" | "completion" | "man" | "help"));
        let by_mode = if mode.is == Is::Agent && !is_plain { Format::Json } else { Format::Text };
        let (format, format_problem) = match (flag, environment.output.as_deref()) {
            (Some(format), _) => (format, None),
            (None, None) => (by_mode, None),
            (None, Some("text")) => (Format::Text, None),
            (None, Some("json")) => (Format::Json, None),
            (None, Some(_)) => (by_mode, Some(Problem::usage("ENLIST_OUTPUT must be text or json"))),
        };
        let settled = mode_problem.or(format_problem).map_or(Ok(()), Err);
        let (service, profile, warnings) = (Cell::new(None), DEFAULT_PROFILE.to_owned(), RefCell::default());
        (Self { command, service, profile, names_profile: false, format, mode, warnings }, settled)
    }

    /// The same, about this service and profile.
    pub(crate) fn about(self, service: Option<Service>, profile: &str) -> Self {
        Self { service: Cell::new(service.map(Service::name)), profile: profile.to_owned(), ..self }
    }

    /// The same, saying in each command line to go on with which profile is meant.
    pub(crate) fn naming_profile(self, names_profile: bool) -> Self {
        Self { names_profile, ..self }
    }

    /// It turned out to be about this one.
    pub(crate) fn is_about(&self, service: Service) {
        self.service.set(Some(service.name()));
    }

    /// Something worth knowing that changes nothing.
    pub(crate) fn warn(&self, warning: String) {
        note(format_args!("warning: {warning}"));
        self.warnings.borrow_mut().push(warning);
    }

    /// The same of what there may be to say.
    pub(crate) fn warn_of(&self, remark: Remark) {
        if let Some(remark) = remark {
            self.warn(remark);
        }
    }

    pub(crate) fn profile(&self) -> &str {
        &self.profile
    }

    pub(crate) fn is_ci(&self) -> bool {
        self.mode.is == Is::Ci
    }

    /// Whether a person sits there who may be asked.
    pub(crate) fn is_human(&self) -> bool {
        self.mode.is == Is::Human
    }

    /// A line of the result, when it is text.
    pub(crate) fn text(&self, line: impl Display) -> Result<(), Problem> {
        if self.is_text() { print_line(line) } else { Ok(()) }
    }

    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// Tells what is being done, at once: on stdout when the result is text, else on stderr.
    pub(crate) fn tell(&self, line: impl Display) -> Result<(), Problem> {
        match self.format {
            Format::Text => print_line(line),
            Format::Json => {
                note(line);
                Ok(())
            }
        }
    }

    /// Prints the result and gives the exit code.
    pub(crate) fn finish(&self, result: Result<Outcome, Problem>) -> ExitCode {
        let settled = self.settled(result);
        if let Some(problem) = &settled.problem {
            problem.explain();
        }
        if let Exit::Interrupted(_) = settled.exit {
            note("stopped; nothing is lost");
        }
        if let (Some(next), Format::Text) = (&settled.next, self.format) {
            note(format_args!("  next: {}   ({})", next.line(), next.when));
        }
        let printed = match (&settled.problem, self.format) {
            (Some(Problem::Stdout(_)), _) | (_, Format::Text) => Ok(()),
            (_, Format::Json) => print_json(&Document::new(self, &settled)),
        };
        match printed {
            Ok(()) => ExitCode::from(settled.exit.number()),
            Err(problem) => {
                problem.explain();
                // A failure keeps its code even when nobody reads why.
                ExitCode::from(if settled.exit == Exit::Done { problem.exit().number() } else { settled.exit.number() })
            }
        }
    }

    fn settled(&self, result: Result<Outcome, Problem>) -> Settled {
        match result {
            Ok(Outcome { exit, status, data, problem, next }) => Settled {
                exit,
                status,
                data: Some(data).filter(|data| !data.is_null()),
                problem,
                next: next.map(|next| self.in_profile(next)),
            },
            Err(problem) => {
                let next = self.way_on(&problem).map(|next| self.in_profile(next));
                Settled { exit: problem.exit(), status: problem.exit().status(), data: None, problem: Some(problem), next }
            }
        }
    }

    fn in_profile(&self, next: Next) -> Next {
        if self.names_profile { next.in_profile(&self.profile) } else { next }
    }

    /// Where the contract promises a way on, and the command named none: to run it again, or what must come before it.
    fn way_on(&self, problem: &Problem) -> Option<Next> {
        match problem {
            Problem::NotRegistered(Service::Opentrain) => Some(Next::new(&["register", "opentrain"], "now")),
            Problem::NotRegistered(Service::Sentryagent) => {
                Some(Next::new(&["register", "sentryagent", "--manifest", "-"], "now; hand the manifest in on stdin"))
            }
            _ if matches!(problem.exit(), Exit::Expired | Exit::NeedsHuman) => {
                self.command.map(|command| Next::new(&command.split(' ').collect::<Vec<_>>(), "at any time: nothing was kept"))
            }
            _ => None,
        }
    }
}

/// Prints help or version.
pub(crate) fn print(text: &str) -> ExitCode {
    let written = print_text(text);
    if let Err(problem) = &written {
        problem.explain();
    }
    ExitCode::from(written.map_or_else(|problem| problem.exit(), |()| Exit::Done).number())
}

/// One line of JSON on stdout, flushed.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Problem> {
    let mut line = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    line.push(b'\n');
    to_stdout(|stdout| stdout.write_all(&line))
}

/// Text on stdout, as it is.
pub(crate) fn print_text(text: &str) -> Result<(), Problem> {
    to_stdout(|stdout| stdout.write_all(text.as_bytes()))
}

fn print_line(line: impl Display) -> Result<(), Problem> {
    to_stdout(|stdout| writeln!(stdout, "{line}"))
}

fn to_stdout(write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) -> Result<(), Problem> {
    let mut stdout = io::stdout().lock();
    write(&mut stdout).and_then(|()| stdout.flush()).map_err(Problem::Stdout)
}

/// One line on stderr. Whether anybody reads it changes nothing.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
