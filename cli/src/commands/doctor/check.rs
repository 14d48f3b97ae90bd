//! The result of one check of `enlist doctor`.

use std::fmt::Display;

use crate::error::Error;
use crate::output::Output;
use crate::output::data::{self, CheckName, CheckState, PublicCheck};

/// The result of one check.
#[derive(Debug)]
pub(super) struct Check {
    said: data::Check,
    /// The detail without addresses, paths and names.
    public: String,
    /// The error with which other commands will fail.
    error: Option<Error>,
}

impl Check {
    pub(super) fn fine(name: CheckName, detail: impl Display) -> Self {
        Self::new(name, CheckState::Ok, detail.to_string(), None)
    }

    /// Commands work, but perhaps not as intended.
    pub(super) fn doubtful(name: CheckName, detail: impl Display, hint: &str) -> Self {
        Self::new(name, CheckState::Warn, detail.to_string(), Some(hint.to_owned()))
    }

    /// Commands will fail with `error`, so the check reports it in their words.
    pub(super) fn bad(name: CheckName, error: Error) -> Self {
        let check = Self::new(name, CheckState::Fail, error.message(), error.hint());
        Self { public: error.code_word().to_owned(), error: Some(error), ..check }
    }

    fn new(name: CheckName, state: CheckState, detail: String, hint: Option<String>) -> Self {
        Self { public: detail.clone(), said: data::Check { name, state, detail, hint }, error: None }
    }

    /// Sets the detail for the bug report.
    pub(super) fn publicly(self, public: impl Display) -> Self {
        Self { public: public.to_string(), ..self }
    }

    pub(super) fn said(&self, output: &Output) -> data::Check {
        let complete = |text: &str| output.with_command_lines(text);
        let data::Check { name, state, detail, hint } = &self.said;
        data::Check { name: *name, state: *state, detail: complete(detail), hint: hint.as_deref().map(complete) }
    }

    pub(super) fn said_in_public(&self) -> PublicCheck {
        PublicCheck { name: self.said.name, state: self.said.state, detail: self.public.clone() }
    }

    /// The text for people.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let data::Check { name, state, detail, hint } = &self.said;
        let first = format!("{:<5} {:<13} {detail}", state.as_str(), name.as_str());
        std::iter::once(first).chain(hint.iter().map(|hint| format!("{:20}{hint}", "")))
    }

    /// The error with which a command would end.
    pub(super) fn into_problem(self) -> Option<Error> {
        self.error
    }
}
