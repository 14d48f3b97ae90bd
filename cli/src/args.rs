//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::output::Format;

/// Gets an AI agent its identity: from OpenTrain, where its owner claims it, and from SentryAgent, which issues a badge.
#[derive(Debug, Parser)]
#[command(name = "enlist", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// How the result is printed [default: text for people, json for agents; env: ENLIST_OUTPUT]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    output: Option<Format>,
    /// The same as --output json, and stronger than any --output
    #[arg(long, global = true)]
    json: bool,
}

impl Global {
    pub(crate) fn format(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.output }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Go through both registrations, end to end, on this machine: no network, no account
    Try,
    /// Run the stand-in for both services until Ctrl-C; its URLs come as JSON on the first line
    Sandbox(SandboxArgs),
}

impl Command {
    /// The names, for the one place that must know them before the command line could be read.
    pub(crate) const NAMES: [&str; 2] = ["try", "sandbox"];

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Try => "try",
            Self::Sandbox(_) => "sandbox",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// Where to listen; loopback only, port 0 is any free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub(crate) addr: SocketAddr,
    /// Play the owner: approve each claim so many seconds after its start [2 without a number]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = seconds)]
    pub(crate) auto_approve: Option<Duration>,
    /// Divide the intervals and lifetimes that the services announce
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) speed: u32,
    /// Scripted faults: a JSON array, as the sandbox's README describes it
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "not a number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_finds_no_contradiction() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_is_named() {
        let command = Cli::command();
        let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, Command::NAMES);
    }

    /// Before the command and after it are two places, and clap knows no order between them.
    #[test]
    fn json_wins_wherever_it_stands() {
        let format = |argv: &[&str]| Cli::try_parse_from(argv).map(|cli| cli.global.format()).map_err(|error| error.to_string());
        assert_eq!(format(&["enlist", "try"]), Ok(None));
        assert_eq!(format(&["enlist", "--output", "text", "try"]), Ok(Some(Format::Text)));
        assert_eq!(format(&["enlist", "try", "--json", "--output", "text"]), Ok(Some(Format::Json)));
        assert_eq!(format(&["enlist", "--json", "try", "--output", "text"]), Ok(Some(Format::Json)));
        assert_eq!(format(&["enlist", "--output", "text", "try", "--json"]), Ok(Some(Format::Json)));
    }

    #[test]
    fn seconds_are_sane() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["", "x", "-1", "NaN", "inf", "1e300"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
