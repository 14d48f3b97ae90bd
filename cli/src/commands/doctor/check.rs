//! What was looked at, and how it is.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::problem::Problem;

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Check {
    name: &'static str,
    state: State,
    detail: String,
    /// The same without anything that somebody else need not know: addresses, paths, names.
    public: String,
    hint: Option<String>,
}

#[derive(Debug)]
enum State {
    Fine,
    /// Works, and is perhaps not what was meant.
    Doubtful,
    /// Commands will fail, with this.
    Bad(Box<Problem>),
}

impl Check {
    pub(super) fn fine(name: &'static str, detail: impl Display) -> Self {
        Self::new(name, State::Fine, detail.to_string(), None)
    }

    pub(super) fn doubtful(name: &'static str, detail: impl Display, hint: &str) -> Self {
        Self::new(name, State::Doubtful, detail.to_string(), Some(hint.to_owned()))
    }

    /// Told as a command would tell it.
    pub(super) fn bad(name: &'static str, problem: Problem) -> Self {
        let (detail, hint) = (problem.message(), problem.hint());
        Self { public: problem.code_word().to_owned(), ..Self::new(name, State::Bad(Box::new(problem)), detail, hint) }
    }

    fn new(name: &'static str, state: State, detail: String, hint: Option<String>) -> Self {
        Self { name, state, public: detail.clone(), detail, hint }
    }

    /// What of it others may know.
    pub(super) fn publicly(self, public: impl Display) -> Self {
        Self { public: public.to_string(), ..self }
    }

    fn word(&self) -> &'static str {
        match self.state {
            State::Fine => "ok",
            State::Doubtful => "warn",
            State::Bad(_) => "fail",
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "name": self.name, "state": self.word(), "detail": self.detail, "hint": self.hint })
    }

    pub(super) fn to_public_json(&self) -> Value {
        json!({ "name": self.name, "state": self.word(), "detail": self.public })
    }

    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let first = format!("{:<5} {:<13} {}", self.word(), self.name, self.detail);
        let hint = self.hint.iter().map(|hint| format!("{:20}{hint}", ""));
        std::iter::once(first).chain(hint).collect()
    }

    /// What a command would end with.
    pub(super) fn into_problem(self) -> Option<Problem> {
        if let State::Bad(problem) = self.state { Some(*problem) } else { None }
    }
}
