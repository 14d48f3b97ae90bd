//! The commands, one file each.

mod sandbox;
mod r#try;

use crate::args::Command;
use crate::output::{Outcome, Output};
use crate::problem::Problem;

pub(crate) fn run(command: &Command, output: &Output) -> Result<Outcome, Problem> {
    match command {
        Command::Try => r#try::run(output),
        Command::Sandbox(args) => match sandbox::run(args, output)? {},
    }
}
