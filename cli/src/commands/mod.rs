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
mod pick;
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
use crate::output::{Outcome, Output};
use crate::problem::Problem;
use crate::setting::Setting;

pub(crate) fn run(cli: &Cli, output: &Output) -> Result<Outcome, Problem> {
    let setting = || Setting::new(&cli.global, output);
    match &cli.command {
        Command::Try => r#try::run(output),
        Command::Sandbox(args) => match sandbox::run(args, output)? {},
        Command::Register(args) => register::run(args, &setting()?),
        Command::Claim(args) => claim::run(args, &setting()?),
        Command::Otp(args) => otp::run(args, &setting()?),
        Command::Resume(args) => resume::run(args, &setting()?),
        Command::Pending => pending::run(&setting()?),
        Command::Abandon(args) => abandon::run(args, &setting()?),
        Command::Status(args) => status::run(args, &setting()?),
        Command::Token(args) => token::run(args, &setting()?),
        Command::Exec(args) => match exec::run(args, &setting()?)? {},
        Command::Badge(args) => badge::run(args, &setting()?),
        Command::Revoke(args) => revoke::run(args, &setting()?),
        Command::Forget(args) => forget::run(args, &setting()?),
        Command::Adopt(args) => adopt::run(args, &setting()?),
        Command::Manifest(args) => manifest::run(args, output),
        Command::Doctor(args) => doctor::run(args, &setting()?),
        Command::Profile(args) => profile::run(args, &setting()?),
        Command::Completion(args) => completion::run(args, output),
        Command::Man(args) => man::run(args, output),
        Command::Help(args) => help::run(args, output),
        Command::Schema => schema::run(output),
    }
}
