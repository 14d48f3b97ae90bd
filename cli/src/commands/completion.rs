//! `enlist completion`: prints a completion script for a shell.

use super::Facts;
use super::facts::runs;
use crate::error::Error;
use crate::output::data::Completion;
use crate::output::{Outcome, Output, Prints, print_text};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Shell to complete commands in
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

pub(super) static FACTS: Facts =
    Facts::new("completion", &[("enlist completion bash", "for ~/.local/share/bash-completion/completions/enlist")])
        .printing(Prints::Text)
        .without_profile();

runs!(Args, FACTS, |self, start| run(self, start.output));

pub(crate) fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::cli::definition(), "enlist", &mut script);
    let script = String::from_utf8(script).map_err(Error::internal)?;
    if output.is_text() {
        print_text(&script)?;
    }
    Ok(Outcome::ready(Completion { shell: args.shell.to_string(), script }))
}
