//! `enlist`: gets an AI agent its identity.
//!
//! One file per command in `commands`; `args` is the command line, `output` what goes to stdout and stderr, `exit` the
//! exit codes, `problem` how a command can fail.
//!
//! What an everyday command does: `setting` says where things are, `desk` opens a session of the `store`, which finishes what was left
//! behind, `keeper` is the host while a ceremony is driven, and `ceremonies` holds each one's words.
//! `asking` sends a call that is no ceremony, `keys` keeps the service's published keys. `talk` speaks with the human, `screen`
//! is what they see while they are waited for. `network` is the way out, `logs` what is written down about it. `profile` says
//! which profile is meant, `opentrain_tool` knows the file and the variables of OpenTrain's own tool.

mod args;
mod asking;
mod ceremonies;
mod commands;
mod desk;
mod env;
mod exit;
mod identity;
mod input;
mod interrupt;
mod keeper;
mod keys;
mod logs;
mod mode;
mod network;
mod opentrain_tool;
mod output;
mod patience;
mod problem;
mod profile;
mod screen;
mod service;
mod setting;
mod store;
mod sys;
mod talk;
mod usage;
mod view;

use std::ffi::OsString;
use std::process::ExitCode;

use args::Cli;
use mode::Environment;
use output::Output;
use profile::Chosen;

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    let mut environment = Environment::of_process();
    match args::parse(&argv) {
        Ok(cli) => {
            environment.flag = cli.global.mode;
            run(&cli, &environment)
        }
        Err(answer) if !answer.use_stderr() => output::print(&answer.render().to_string()),
        Err(error) => {
            environment.flag = usage::mode(&argv);
            let (output, _) = Output::settle(usage::command(&argv), usage::format(&argv), &environment);
            let output = output.about(None, &Chosen::found(usage::profile(&argv), &environment).name);
            output.finish(Err(usage::problem(&error)))
        }
    }
}

fn run(cli: &Cli, environment: &Environment) -> ExitCode {
    let (output, settled) = Output::settle(Some(cli.command.name()), cli.global.format(), environment);
    let (profile, named) = Chosen::settle(cli, environment);
    let named_again = profile.must_be_named.then(|| ("--profile", profile.name.to_string()));
    let along = cli.global.along().into_iter().chain(named_again).collect();
    let output = output.about(cli.command.service(), &profile.name).taking_along(along).painted(cli.global.screen.color);
    output::stderr::be_quiet(cli.global.network.quiet);
    let logging = || logs::start(&cli.global.network);
    let result = settled.and(named).and_then(|()| logging()).and_then(|()| commands::run(cli, &output));
    output.finish(result)
}
