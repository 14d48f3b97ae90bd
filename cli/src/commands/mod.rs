//! The commands, one file each.

mod abandon;
mod adopt;
mod badge;
mod claim;
mod completion;
mod doctor;
mod exec;
mod forget;
mod help;
mod man;
mod manifest;
mod otp;
mod pending;
mod profile;
mod register;
mod resume;
mod revoke;
mod sandbox;
mod schema;
mod status;
mod token;
mod r#try;

use crate::args::{Cli, Command};
use crate::context::Context;
use crate::error::Error;
use crate::output::{Outcome, Output};

pub(crate) fn run(cli: &Cli, output: &Output) -> Result<Outcome, Error> {
    let context = || Context::new(&cli.global, output);
    match &cli.command {
        Command::Try => r#try::run(output),
        Command::Sandbox(args) => match sandbox::run(args, output)? {},
        Command::Register(args) => register::run(args, &context()?),
        Command::Claim(args) => claim::run(args, &context()?),
        Command::Otp(args) => otp::run(args, &context()?),
        Command::Resume(args) => resume::run(args, &context()?),
        Command::Pending => pending::run(&context()?),
        Command::Abandon(args) => abandon::run(args, &context()?),
        Command::Status(args) => status::run(args, &context()?),
        Command::Token(args) => token::run(args, &context()?),
        Command::Exec(args) => match exec::run(args, &context()?)? {},
        Command::Badge(args) => badge::run(args, &context()?),
        Command::Revoke(args) => revoke::run(args, &context()?),
        Command::Forget(args) => forget::run(args, &context()?),
        Command::Adopt(args) => adopt::run(args, &context()?),
        Command::Manifest(args) => manifest::run(args, output),
        Command::Doctor(args) => doctor::run(args, &context()?),
        Command::Profile(args) => profile::run(args, &context()?),
        Command::Completion(args) => completion::run(args, output),
        Command::Man(args) => man::run(args, output),
        Command::Help(args) => help::run(args, output),
        Command::Schema => schema::run(output),
    }
}
