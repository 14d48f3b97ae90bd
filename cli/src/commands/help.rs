//! `enlist help`: prints a topic, or the help of a command.

use clap::Command;
use enlist_core::Untrusted;

use super::Facts;
use super::facts::runs;
use crate::args;
use crate::error::Error;
use crate::output::data::Help;
use crate::output::{Outcome, Output, Prints, print_text};

/// Explain a command or a topic (exit-codes, environment, agents)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A topic (exit-codes, environment, agents) or a command such as badge verify
    #[arg(value_name = "TOPIC")]
    pub(crate) words: Vec<String>,
}

pub(super) static FACTS: Facts = Facts::new("help", &[("enlist help agents", "a topic"), ("enlist help badge verify", "a command")])
    .printing(Prints::Text)
    .without_profile();

runs!(Args, FACTS, |self, start| run(self, start.output));

pub(crate) fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let topic = if let [word] = &args.words[..] { Topic::ALL.into_iter().find(|topic| word == topic.name()) } else { None };
    let text = match topic {
        Some(topic) => page(topic).to_owned(),
        None => find(&args.words)?.render_long_help().to_string(),
    };
    if output.is_text() {
        print_text(&text)?;
    }
    Ok(Outcome::ready(Help { text }))
}

/// The topics of `enlist help`.
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

const fn page(topic: Topic) -> &'static str {
    match topic {
        Topic::ExitCodes => include_str!("help/exit-codes.txt"),
        Topic::Environment => include_str!("help/environment.txt"),
        Topic::Agents => include_str!("help/agents.txt"),
    }
}

/// Finds the command with these words.
pub(super) fn find(words: &[String]) -> Result<Command, Error> {
    let mut command = super::cli::definition();
    command.build();
    for word in words {
        let below = command.find_subcommand(word).cloned();
        command = below.ok_or_else(|| unknown(words))?;
    }
    Ok(command)
}

/// The error for an unknown command. clap suggests a similar command or topic.
fn unknown(words: &[String]) -> Error {
    let command = super::cli::definition().subcommands(Topic::ALL.map(|topic| Command::new(topic.name())));
    let argv = std::iter::once("enlist").chain(words.iter().map(String::as_str)).chain(["--help"]);
    match command.try_get_matches_from(argv) {
        Err(error) if error.use_stderr() => args::error::explained(&error, &[], None),
        _ => Error::Usage {
            message: format!("there is no command {}", Untrusted::new(&words.join(" "))),
            hint: Some("see enlist --help; the topics are exit-codes, environment, agents".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command lines are indented and end at a double space.
    #[test]
    fn what_the_pages_tell_to_run_can_be_run() {
        let lines = page(Topic::Agents).lines().filter_map(|line| line.strip_prefix("  enlist "));
        let lines: Vec<_> = lines.map(|line| line.split("  ").next().unwrap_or_default()).collect();
        assert!(lines.len() >= 6, "{lines:?}");
        for line in lines {
            let argv: Vec<_> = std::iter::once("enlist").chain(line.split(' ')).map(Into::into).collect();
            crate::commands::parse(&argv).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn pages_are_narrow_plain_text() {
        for topic in Topic::ALL {
            let page = page(topic);
            assert!(page.ends_with('\n') && page.is_ascii(), "{topic:?}");
            assert_eq!(page.lines().find(|line| line.len() > 80 || line.ends_with(' ')), None, "{topic:?}");
        }
    }
}
