//! The command lines that explain the others.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    /// For which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Of which command, like badge verify [default: the page of enlist itself]
    #[arg(value_name = "COMMAND")]
    pub(crate) words: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// A topic (exit-codes, environment, agents), or a command like badge verify
    #[arg(value_name = "TOPIC")]
    pub(crate) words: Vec<String>,
}

/// What is explained apart from the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    ExitCodes,
    Environment,
    Agents,
}

impl Topic {
    pub(crate) const ALL: [Self; 3] = [Self::ExitCodes, Self::Environment, Self::Agents];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ExitCodes => "exit-codes",
            Self::Environment => "environment",
            Self::Agents => "agents",
        }
    }
}
