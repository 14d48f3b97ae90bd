//! `enlist man`: prints a manual page.

use super::Facts;
use super::facts::runs;
use super::help::find;
use crate::error::Error;
use crate::output::data::Man;
use crate::output::{Outcome, Output, Prints, print_text};

/// Print a manual page (roff)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Command to describe, such as badge verify [default: enlist itself]
    #[arg(value_name = "COMMAND")]
    pub(crate) words: Vec<String>,
}

pub(super) static FACTS: Facts =
    Facts::new("man", &[("enlist man", "read it with: man -l -"), ("enlist man badge verify", "the page of one command")])
        .printing(Prints::Text)
        .without_profile();

runs!(Args, FACTS, |self, start| run(self, start.output));

pub(crate) fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(find(&args.words)?).manual("enlist").render(&mut page).map_err(Error::internal)?;
    let page = String::from_utf8(page).map_err(Error::internal)?;
    if output.is_text() {
        print_text(&page)?;
    }
    Ok(Outcome::ready(Man { page }))
}
