//! What goes to stdout and what to stderr.
//!
//! stdout carries the result: one JSON document, or text. Everything else goes to stderr. Nothing here panics when the
//! reader has gone away.

mod document;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::mode::{Environment, Is, Mode};
use crate::problem::Problem;
use document::Document;

/// How the result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// What a command brought.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `data` of the document. Text was printed on the way.
    pub(crate) data: Value,
}

/// How one run of the command speaks.
#[derive(Debug)]
pub(crate) struct Output {
    command: Option<&'static str>,
    format: Format,
    mode: Mode,
}

impl Output {
    /// Decides on mode and format. A variable that cannot be read is a problem, which then still has an output to go to.
    pub(crate) fn settle(command: Option<&'static str>, flag: Option<Format>, environment: &Environment) -> (Self, Result<(), Problem>) {
        let (mode, mode_problem) = match Mode::decide(environment) {
            Ok(mode) => (mode, None),
            Err(problem) => (Mode::found(environment), Some(problem)),
        };
        let by_mode = if mode.is == Is::Agent { Format::Json } else { Format::Text };
        let (format, format_problem) = match (flag, environment.output.as_deref()) {
            (Some(format), _) => (format, None),
            (None, None) => (by_mode, None),
            (None, Some("text")) => (Format::Text, None),
            (None, Some("json")) => (Format::Json, None),
            (None, Some(_)) => (by_mode, Some(Problem::usage("ENLIST_OUTPUT must be text or json"))),
        };
        let settled = mode_problem.or(format_problem).map_or(Ok(()), Err);
        (Self { command, format, mode }, settled)
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
        let exit = result.as_ref().map_or_else(Problem::exit, |_| Exit::Done);
        if let Err(problem) = &result {
            problem.explain();
        }
        let printed = match (&result, self.format) {
            (Err(Problem::Stdout(_)), _) | (_, Format::Text) => Ok(()),
            (_, Format::Json) => print_json(&Document::new(self.command, self.mode, &result)),
        };
        match printed {
            Ok(()) => ExitCode::from(exit.number()),
            Err(problem) => {
                problem.explain();
                // A failure keeps its code even when nobody reads why.
                ExitCode::from(if exit == Exit::Done { problem.exit().number() } else { exit.number() })
            }
        }
    }
}

/// Prints help or version.
pub(crate) fn print(text: &str) -> ExitCode {
    let written = to_stdout(|stdout| stdout.write_all(text.as_bytes()));
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
