//! `enlist`: gets an AI agent its identity.
//!
//! `commands` has one file for each command, and `args` has the flags that all of them accept. `output` prints to stdout and stderr, and `view`
//! has the texts and JSON about a claim, a credential, a profile and a flow. `exit` has the exit codes and `error` the errors.
//!
//! A command that drives a ceremony gets a `context`: folders, addresses, waiting times. It opens a session of `flows`, which takes the
//! lock of the `store`, finishes what earlier commands left, and drives the ceremony. `prompt` speaks with the person at the terminal.
//! `network` is the HTTP client with its proxies and certificates, `call` sends one request that belongs to no ceremony.

mod args;
mod call;
mod caller;
mod chosen_profile;
mod commands;
mod context;
mod env;
mod error;
mod exit;
mod flows;
mod input;
mod interop;
mod interrupt;
mod jwks_cache;
mod logs;
mod network;
mod output;
mod prompt;
mod store;
mod sys;
mod view;
mod wait_policy;

use std::ffi::OsString;
use std::process::ExitCode;

use caller::Environment;
use chosen_profile::ChosenProfile;
use commands::{Cli, Start};
use output::{Output, Prints};

fn main() -> ExitCode {
    sys::forbid_core_dumps();
    let argv: Vec<OsString> = std::env::args_os().collect();
    let mut environment = Environment::of_process();
    match commands::parse(&argv) {
        Ok(cli) => {
            environment.flag = cli.global.mode;
            run(&cli, &environment)
        }
        Err(answer) if !answer.use_stderr() => output::print(&answer.render().to_string()),
        Err(error) => {
            environment.flag = args::error::mode(&argv);
            let facts = commands::deepest_facts_of(&argv);
            let (command, prints) = facts.map_or((None, Prints::Document), |facts| (Some(facts.name), facts.prints));
            let (output, _) = Output::decide(command, prints, args::error::format(&argv), &environment);
            let profile = ChosenProfile::found(args::error::profile(&argv), &environment);
            let carried = args::error::carried(&argv).into_iter().chain(profile.flag()).collect();
            let output = output.about(None, &profile.name).carrying(carried);
            output.finish(Err(args::error::explained(&error, &argv, facts.map(|facts| facts.words))))
        }
    }
}

fn run(cli: &Cli, environment: &Environment) -> ExitCode {
    let (command, global) = (cli.command.named(), &cli.global);
    let facts = command.facts();
    let (output, decided) = Output::decide(Some(facts.name), facts.prints, global.format(), environment);
    let (profile, readable) = ChosenProfile::decide(global.profile.clone(), facts.profile, environment);
    let carried = global.carried().into_iter().chain(profile.flag()).collect();
    let output = output.about(command.service(), &profile.name).carrying(carried).painted(global.screen.color);
    output::stderr::be_quiet(global.network.quiet);
    let ready = decided.and(readable).and_then(|()| logs::start(&global.network));
    let result = ready.and_then(|()| command.run(&Start { global, output: &output }));
    output.finish(result)
}
