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
    is_terminal: bool,
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
            is_terminal: io::stdout().is_terminal(),
        }
    }
}

impl Mode {
    /// Takes `--mode`, else `ENLIST_MODE`, else detects the mode.
    pub(crate) fn decide(environment: &Environment) -> Result<Self, Error> {
        if let Some(is) = environment.flag {
            return Ok(Self { is, because: "--mode".into() });
        }
        match environment.mode.as_deref() {
            None => Ok(Self::found(environment)),
            Some(word) => Ok(Self { is: env::choice(env::MODE, word)?, because: env::MODE.into() }),
        }
    }

    pub(crate) fn found(environment: &Environment) -> Self {
        // A person sets CI=false to switch the CI mode off.
        if environment.ci.as_deref().is_some_and(|ci| !matches!(ci, "false" | "0")) {
            Self { is: Caller::Ci, because: "CI is set".into() }
        } else if let Some(name) = environment.agent {
            Self { is: Caller::Agent, because: format!("{name} is set").into() }
        } else if environment.is_terminal {
            Self { is: Caller::Human, because: "a terminal".into() }
        } else {
            Self { is: Caller::Agent, because: "no terminal".into() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(mode: Option<&str>, ci: Option<&str>, is_terminal: bool) -> Option<(Caller, String)> {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let environment = Environment { mode: text(mode), ci: text(ci), is_terminal, ..Environment::default() };
        Mode::decide(&environment).ok().map(|mode| (mode.is, mode.because.into_owned()))
    }

    #[test]
    fn an_agents_tool_comes_after_ci_and_before_the_terminal() {
        let at = |ci: Option<&str>| {
            let environment = Environment { ci: ci.map(str::to_owned), agent: Some("X"), is_terminal: true, ..Environment::default() };
            Mode::found(&environment)
        };
        assert_eq!(at(None), Mode { is: Caller::Agent, because: "X is set".into() });
        assert_eq!(at(Some("1")).is, Caller::Ci);
    }

    #[test]
    fn the_variable_then_ci_then_the_terminal() {
        assert_eq!(mode(Some("human"), Some("true"), false), Some((Caller::Human, "ENLIST_MODE".to_owned())));
        assert_eq!(mode(None, Some("true"), true), Some((Caller::Ci, "CI is set".to_owned())));
        assert_eq!(mode(None, Some("false"), true), Some((Caller::Human, "a terminal".to_owned())));
        assert_eq!(mode(None, None, false), Some((Caller::Agent, "no terminal".to_owned())));
        assert_eq!(mode(Some("robot"), None, false), None);
    }
}
