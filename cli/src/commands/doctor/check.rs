//! One check, as `enlist doctor` reports it.

use std::fmt::Display;

use crate::error::Error;
use crate::output::data::{self, CheckName, CheckState, PublicCheck};

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Check {
    said: data::Check,
    /// The detail without anything that somebody else need not know: addresses, paths, names.
    public: String,
    /// What commands will fail with.
    error: Option<Error>,
}

impl Check {
    pub(super) fn fine(name: CheckName, detail: impl Display) -> Self {
        Self::new(name, CheckState::Ok, detail.to_string(), None)
    }

    /// It works, and is perhaps not what was meant.
    pub(super) fn doubtful(name: CheckName, detail: impl Display, hint: &str) -> Self {
        Self::new(name, CheckState::Warn, detail.to_string(), Some(hint.to_owned()))
    }

    /// Commands will fail with `problem`, so it is told as they would tell it.
    pub(super) fn bad(name: CheckName, error: Error) -> Self {
        let check = Self::new(name, CheckState::Fail, error.message(), error.hint());
        Self { public: error.code_word().to_owned(), error: Some(error), ..check }
    }

    fn new(name: CheckName, state: CheckState, detail: String, hint: Option<String>) -> Self {
        Self { public: detail.clone(), said: data::Check { name, state, detail, hint }, error: None }
    }

    /// With what of the detail others may know.
    pub(super) fn publicly(self, public: impl Display) -> Self {
        Self { public: public.to_string(), ..self }
    }

    pub(super) fn said(&self) -> data::Check {
        self.said.clone()
    }

    pub(super) fn said_in_public(&self) -> PublicCheck {
        PublicCheck { name: self.said.name, state: self.said.state, detail: self.public.clone() }
    }

    /// For people.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let data::Check { name, state, detail, hint } = &self.said;
        let first = format!("{:<5} {:<13} {detail}", state.as_str(), name.as_str());
        std::iter::once(first).chain(hint.iter().map(|hint| format!("{:20}{hint}", "")))
    }

    /// What a command would end with.
    pub(super) fn into_problem(self) -> Option<Error> {
        self.error
    }
}
