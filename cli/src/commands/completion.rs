//! `enlist completion`.

use crate::args::{self, CompletionArgs};
use crate::error::Error;
use crate::output::data::Completion;
use crate::output::{Outcome, Output, print_text};

pub(crate) fn run(args: &CompletionArgs, output: &Output) -> Result<Outcome, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "enlist", &mut script);
    let script = String::from_utf8(script).map_err(Error::internal)?;
    if output.is_text() {
        print_text(&script)?;
    }
    Ok(Outcome::ready(Completion { shell: args.shell.to_string(), script }))
}
