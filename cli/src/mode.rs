//! Who is in front of the command: a person, an agent, a CI job. It changes how things are said, never what is done.

use std::env::{self, VarError};
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use crate::problem::Problem;

/// Who is in front of the command, and how that was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Mode {
    pub(crate) is: Is,
    because: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub(crate) enum Is {
    /// A person at a terminal: may be asked
    Human,
    /// An agent: nothing is asked, JSON by default
    Agent,
    /// A job that nobody watches: fails fast where a person is needed
    Ci,
}

/// What the decisions about mode and format rest on.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// `--mode`
    pub(crate) flag: Option<Is>,
    pub(crate) mode: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) profile: Option<String>,
    ci: Option<String>,
    /// The first variable by which an agent's tool says that it is one.
    agent: Option<&'static str>,
    is_terminal: bool,
}

/// Set by the tools that agents work with for the commands that they run; the value does not matter. With the reason that is
/// given. `AI_AGENT` and `AGENT` are proposals for all of them.
const AGENTS: [(&str, &str); 9] = [
    ("AI_AGENT", "AI_AGENT is set"),
    ("AGENT", "AGENT is set"),
    ("CLAUDECODE", "CLAUDECODE is set"),
    ("CODEX_SANDBOX", "CODEX_SANDBOX is set"),
    ("CURSOR_AGENT", "CURSOR_AGENT is set"),
    ("GEMINI_CLI", "GEMINI_CLI is set"),
    ("OPENCODE", "OPENCODE is set"),
    ("CLINE_ACTIVE", "CLINE_ACTIVE is set"),
    ("AUGMENT_AGENT", "AUGMENT_AGENT is set"),
];

impl Environment {
    pub(crate) fn of_process() -> Self {
        Self {
            flag: None,
            mode: variable("ENLIST_MODE"),
            output: variable("ENLIST_OUTPUT"),
            profile: variable("ENLIST_PROFILE"),
            ci: variable("CI"),
            agent: AGENTS.iter().find(|(name, _)| variable(name).is_some()).map(|(_, because)| *because),
            is_terminal: io::stdout().is_terminal(),
        }
    }
}

/// An empty variable is as good as none.
pub(crate) fn variable(name: &str) -> Option<String> {
    match env::var(name) {
        Ok(value) => (!value.is_empty()).then_some(value),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(value)) => Some(value.to_string_lossy().into_owned()),
    }
}

/// The same of a path, which need not be a text.
pub(crate) fn path_variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

impl Mode {
    /// `--mode`, else `ENLIST_MODE`, else what is found.
    pub(crate) fn decide(environment: &Environment) -> Result<Self, Problem> {
        if let Some(is) = environment.flag {
            return Ok(Self { is, because: "--mode" });
        }
        let is = match environment.mode.as_deref() {
            None => return Ok(Self::found(environment)),
            Some("human") => Is::Human,
            Some("agent") => Is::Agent,
            Some("ci") => Is::Ci,
            Some(_) => return Err(Problem::usage("ENLIST_MODE must be human, agent or ci")),
        };
        Ok(Self { is, because: "ENLIST_MODE" })
    }

    pub(crate) fn found(environment: &Environment) -> Self {
        // CI=false is how a CI job is switched off by hand.
        if environment.ci.as_deref().is_some_and(|ci| !matches!(ci, "false" | "0")) {
            Self { is: Is::Ci, because: "CI is set" }
        } else if let Some(because) = environment.agent {
            Self { is: Is::Agent, because }
        } else if environment.is_terminal {
            Self { is: Is::Human, because: "a terminal" }
        } else {
            Self { is: Is::Agent, because: "no terminal" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(mode: Option<&str>, ci: Option<&str>, is_terminal: bool) -> Option<(Is, &'static str)> {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let environment = Environment { mode: text(mode), ci: text(ci), is_terminal, ..Environment::default() };
        Mode::decide(&environment).ok().map(|mode| (mode.is, mode.because))
    }

    #[test]
    fn an_agents_tool_comes_after_ci_and_before_the_terminal() {
        let at = |ci: Option<&str>| {
            let environment =
                Environment { ci: ci.map(str::to_owned), agent: Some("X is set"), is_terminal: true, ..Environment::default() };
            Mode::found(&environment)
        };
        assert_eq!(at(None), Mode { is: Is::Agent, because: "X is set" });
        assert_eq!(at(Some("1")).is, Is::Ci);
    }

    #[test]
    fn the_variable_then_ci_then_the_terminal() {
        assert_eq!(mode(Some("human"), Some("true"), false), Some((Is::Human, "ENLIST_MODE")));
        assert_eq!(mode(None, Some("true"), true), Some((Is::Ci, "CI is set")));
        assert_eq!(mode(None, Some("false"), true), Some((Is::Human, "a terminal")));
        assert_eq!(mode(None, None, false), Some((Is::Agent, "no terminal")));
        assert_eq!(mode(Some("robot"), None, false), None);
    }
}
