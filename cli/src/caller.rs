//! Who runs the command: a person, an agent or a CI job. This changes the form of the output, never the effect of a command.

use std::borrow::Cow;
use std::io::{self, IsTerminal};

use clap::ValueEnum;
use serde::Serialize;

use crate::env::{self, variable};
use crate::error::Error;

/// Who runs the command, and how that was detected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Mode {
    pub(crate) is: Caller,
    /// A person could not answer a question, because only one of stdin and stderr is a terminal.
    #[serde(skip)]
    pub(crate) is_half_attended: bool,
    because: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub(crate) enum Caller {
    /// A person at a terminal, who can answer questions
    Human,
    /// An agent: the command asks nothing and prints JSON
    Agent,
    /// A job that nobody watches: the command fails if a person is needed
    Ci,
}

/// The facts from which the mode and the format are decided.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// `--mode`
    pub(crate) flag: Option<Caller>,
    pub(crate) mode: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) profile: Option<String>,
    ci: Option<String>,
    /// The first variable that is set by an agent's tool.
    agent: Option<&'static str>,
    /// stdin is a terminal.
    stdin: bool,
    /// stderr is a terminal.
    stderr: bool,
}

impl Environment {
    pub(crate) fn of_process() -> Self {
        Self {
            flag: None,
            mode: variable(env::MODE),
            output: variable(env::OUTPUT),
            profile: variable(env::PROFILE),
            ci: variable("CI"),
            agent: env::AGENTS.into_iter().find(|name| variable(name).is_some()),
            stdin: io::stdin().is_terminal(),
            stderr: io::stderr().is_terminal(),
        }
    }
}

impl Mode {
    /// Takes `--mode`, else `ENLIST_MODE`, else detects the mode.
    pub(crate) fn decide(environment: &Environment) -> Result<Self, Error> {
        if let Some(is) = environment.flag {
            return Ok(Self::new(is, "--mode"));
        }
        match environment.mode.as_deref() {
            None => Ok(Self::found(environment)),
            Some(word) => Ok(Self::new(env::choice(env::MODE, word)?, env::MODE)),
        }
    }

    pub(crate) fn found(environment: &Environment) -> Self {
        // A person sets CI=false to switch the CI mode off.
        if environment.ci.as_deref().is_some_and(|ci| !matches!(ci, "false" | "0")) {
            Self::new(Caller::Ci, "CI is set")
        } else if let Some(name) = environment.agent {
            Self::new(Caller::Agent, format!("{name} is set"))
        } else {
            match (environment.stdin, environment.stderr) {
                (true, true) => Self::new(Caller::Human, "a terminal"),
                (true, false) => Self { is_half_attended: true, ..Self::new(Caller::Human, "a terminal on stdin") },
                (false, true) => Self { is_half_attended: true, ..Self::new(Caller::Human, "a terminal on stderr") },
                (false, false) => Self::new(Caller::Agent, "no terminal"),
            }
        }
    }

    fn new(is: Caller, because: impl Into<Cow<'static, str>>) -> Self {
        Self { is, is_half_attended: false, because: because.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(mode: Option<&str>, ci: Option<&str>, (stdin, stderr): (bool, bool)) -> Option<(Caller, String)> {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let environment = Environment { mode: text(mode), ci: text(ci), stdin, stderr, ..Environment::default() };
        Mode::decide(&environment).ok().map(|mode| (mode.is, mode.because.into_owned()))
    }

    #[test]
    fn an_agents_tool_comes_after_ci_and_before_the_terminal() {
        let at = |ci: Option<&str>| {
            let environment =
                Environment { ci: ci.map(str::to_owned), agent: Some("X"), stdin: true, stderr: true, ..Environment::default() };
            Mode::found(&environment)
        };
        assert_eq!(at(None), Mode::new(Caller::Agent, "X is set"));
        assert_eq!(at(Some("1")).is, Caller::Ci);
    }

    #[test]
    fn the_variable_then_ci_then_the_terminal() {
        assert_eq!(mode(Some("human"), Some("true"), (false, false)), Some((Caller::Human, "ENLIST_MODE".to_owned())));
        assert_eq!(mode(None, Some("true"), (true, true)), Some((Caller::Ci, "CI is set".to_owned())));
        assert_eq!(mode(None, Some("false"), (true, true)), Some((Caller::Human, "a terminal".to_owned())));
        assert_eq!(mode(None, None, (true, false)), Some((Caller::Human, "a terminal on stdin".to_owned())));
        assert_eq!(mode(None, None, (false, true)), Some((Caller::Human, "a terminal on stderr".to_owned())));
        assert_eq!(mode(None, None, (false, false)), Some((Caller::Agent, "no terminal".to_owned())));
        assert_eq!(mode(Some("robot"), None, (false, false)), None);
    }
}
