//! The definition and the parser of the command line.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser};

use super::facts::Example;
use super::{ALL, Command, Facts};
use crate::args::Global;

/// Get an AI agent its identity: from OpenTrain, where its owner claims it, and from SentryAgent, which issues a badge.
#[derive(Debug, Parser)]
#[command(name = "enlist", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The examples of `enlist --help`.
const EXAMPLES: &[Example] = &[
    ("enlist try", "watch both registrations from start to end on this machine"),
    ("enlist register opentrain --claim owner@example.com", "register an agent and let its owner claim it"),
    ("enlist help agents", "what an agent must know before it starts"),
];

/// Reads a command line.
pub(crate) fn parse(argv: &[OsString]) -> Result<Cli, clap::Error> {
    parse_one_command(argv).unwrap_or_else(|| parse_all_commands(argv))
}

/// The facts of the first word in `argv` that is a command, for a command line that cannot be read.
pub(crate) fn facts_of(argv: &[OsString]) -> Option<&'static Facts> {
    argv.iter().skip(1).find_map(|word| ALL.into_iter().find(|facts| word == facts.words))
}

/// The facts of the command in `argv`, subcommands included, for a command line that cannot be read.
pub(crate) fn deepest_facts_of(argv: &[OsString]) -> Option<&'static Facts> {
    let facts = facts_of(argv)?;
    let below =
        argv.iter().skip_while(|word| *word != facts.words).nth(1).map(|word| format!("{} {}", facts.words, word.to_string_lossy()));
    Some(ALL.into_iter().find(|facts| below.as_deref() == Some(facts.words)).unwrap_or(facts))
}

/// The fast path: builds only the command that was named, because clap copies every global flag into each one. `None` for a command
/// line that cannot be read this way, because the error message depends on the other commands.
fn parse_one_command(argv: &[OsString]) -> Option<Result<Cli, clap::Error>> {
    let root = clap::Command::new("enlist").version(env!("CARGO_PKG_VERSION")).disable_help_subcommand(true);
    let named = facts_of(argv).and_then(|facts| Cli::command().find_subcommand(facts.words).cloned());
    let root = named.into_iter().fold(Global::augment_args(root), clap::Command::subcommand);
    match root.try_get_matches_from(argv) {
        Ok(found) => Cli::from_arg_matches(&found).ok().map(Ok),
        Err(answer) => (answer.kind() == ErrorKind::DisplayVersion).then_some(Err(answer)),
    }
}

fn parse_all_commands(argv: &[OsString]) -> Result<Cli, clap::Error> {
    match Cli::try_parse_from(argv) {
        // The examples take time to add, so they are added only where a help shows them.
        Err(answer) if is_help(answer.kind()) => definition().try_get_matches_from(argv).and_then(|found| Cli::from_arg_matches(&found)),
        other => other,
    }
}

const fn is_help(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

/// The definition of the command line, with the examples at the end of each help.
pub(super) fn definition() -> clap::Command {
    with_examples(Cli::command(), "")
}

fn with_examples(command: clap::Command, words: &str) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|found| found.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| {
        let words = format!("{words} {name}");
        command.mut_subcommand(name, |found| with_examples(found, words.trim_start()))
    });
    let lines: Vec<_> = examples(words).iter().map(|(line, why)| format!("  {line}\n      {why}")).collect();
    if lines.is_empty() { command } else { command.after_help(format!("Examples:\n{}", lines.join("\n"))) }
}

fn examples(words: &str) -> &'static [Example] {
    let of_command = || ALL.iter().find(|facts| facts.words == words).map_or(&[][..], |facts| facts.examples);
    if words.is_empty() { EXAMPLES } else { of_command() }
}

#[cfg(test)]
mod tests;
