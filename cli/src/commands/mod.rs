//! The commands, one file each: the arguments, the facts that are known before the command runs, and its work.

mod abandon;
mod adopt;
mod badge;
mod claim;
mod cli;
mod completion;
mod doctor;
mod exec;
mod facts;
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

use clap::Subcommand;

pub(crate) use cli::{Cli, deepest_facts_of, parse};
pub(crate) use facts::{Facts, NeedsProfile, Run, Start};

/// The subcommand that was named.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Try(r#try::Args),
    Sandbox(sandbox::Args),
    #[command(subcommand)]
    Register(register::Args),
    Claim(claim::Args),
    Otp(otp::Args),
    Resume(resume::Args),
    Pending(pending::Args),
    Abandon(abandon::Args),
    Status(status::Args),
    Token(token::Args),
    Exec(exec::Args),
    #[command(subcommand)]
    Badge(badge::Args),
    Revoke(revoke::Args),
    Forget(forget::Args),
    #[command(subcommand)]
    Adopt(adopt::Args),
    #[command(subcommand)]
    Manifest(manifest::Args),
    #[command(subcommand)]
    Profile(profile::Args),
    Schema(schema::Args),
    Doctor(doctor::Args),
    Completion(completion::Args),
    Man(man::Args),
    Help(help::Args),
}

impl Command {
    pub(crate) fn named(&self) -> &dyn Run {
        match self {
            Self::Try(args) => args,
            Self::Sandbox(args) => args,
            Self::Register(args) => args.named(),
            Self::Claim(args) => args,
            Self::Otp(args) => args,
            Self::Resume(args) => args,
            Self::Pending(args) => args,
            Self::Abandon(args) => args,
            Self::Status(args) => args,
            Self::Token(args) => args,
            Self::Exec(args) => args,
            Self::Badge(args) => args.named(),
            Self::Revoke(args) => args,
            Self::Forget(args) => args,
            Self::Adopt(args) => args.named(),
            Self::Manifest(args) => args.named(),
            Self::Profile(args) => args.named(),
            Self::Schema(args) => args,
            Self::Doctor(args) => args,
            Self::Completion(args) => args,
            Self::Man(args) => args,
            Self::Help(args) => args,
        }
    }
}

/// The facts of every command, in the order of the help. A command with others below it comes before them.
static ALL: [&Facts; 39] = [
    &r#try::FACTS,
    &sandbox::FACTS,
    &register::FACTS,
    &register::OPENTRAIN_FACTS,
    &register::SENTRYAGENT_FACTS,
    &claim::FACTS,
    &otp::FACTS,
    &resume::FACTS,
    &pending::FACTS,
    &abandon::FACTS,
    &status::FACTS,
    &token::FACTS,
    &exec::FACTS,
    &badge::FACTS,
    &badge::show::FACTS,
    &badge::verify::FACTS,
    &badge::sign::FACTS,
    &badge::rotate::FACTS,
    &revoke::BADGE_FACTS,
    &badge::lookup::FACTS,
    &revoke::FACTS,
    &forget::FACTS,
    &adopt::FACTS,
    &adopt::OPENTRAIN_FACTS,
    &manifest::FACTS,
    &manifest::INIT_FACTS,
    &manifest::CHECK_FACTS,
    &profile::FACTS,
    &profile::list::FACTS,
    &profile::choose::FACTS,
    &profile::rename::FACTS,
    &profile::remove::FACTS,
    &profile::import::FACTS,
    &profile::export::FACTS,
    &schema::FACTS,
    &doctor::FACTS,
    &completion::FACTS,
    &man::FACTS,
    &help::FACTS,
];

/// The first words of all commands.
#[cfg(test)]
fn names() -> Vec<&'static str> {
    ALL.iter().map(|facts| facts.words).filter(|words| !words.contains(' ')).collect()
}
