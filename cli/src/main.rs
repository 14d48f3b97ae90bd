//! `enlist`: gets an AI agent its identity.
//!
//! One file per command in `commands`; `args` is the command line, `output` what goes to stdout and stderr, `exit` the
//! exit codes, `problem` how a command can fail.

mod args;
mod commands;
mod exit;
mod mode;
mod output;
mod problem;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use mode::Environment;
use output::Output;

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::of_process();
    match Cli::try_parse_from(&argv) {
        Ok(cli) => run(&cli, &environment),
        Err(answer) if !answer.use_stderr() => output::print(&answer.render().to_string()),
        Err(error) => {
            let (output, _) = Output::settle(usage::command(&argv), usage::format(&argv), &environment);
            output.finish(Err(usage::problem(&error)))
        }
    }
}

fn run(cli: &Cli, environment: &Environment) -> ExitCode {
    let (output, settled) = Output::settle(Some(cli.command.name()), cli.global.format(), environment);
    let result = settled.and_then(|()| commands::run(&cli.command, &output));
    output.finish(result)
}
