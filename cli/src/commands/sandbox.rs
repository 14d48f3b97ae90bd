//! `enlist sandbox`: the stand-in for both services, until Ctrl-C.

use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::thread;

use enlist_sandbox::{Config, Sandbox, Scripted, StartError, parse_faults};

use crate::args::SandboxArgs;
use crate::error::Error;
use crate::input::shown;
use crate::output::document::SandboxStarted;
use crate::output::stderr::note;
use crate::output::{Output, print_json};

/// Ends only with the process: SIGINT and SIGTERM do what they do by default, for there is nothing to save.
pub(crate) fn run(args: &SandboxArgs, output: &Output) -> Result<Infallible, Error> {
    let sandbox = Sandbox::start(config(args)?).map_err(|error| not_started(&error))?;
    let (human, control) = (sandbox.human_url(), sandbox.control_url());
    let (opentrain, sentryagent) = (sandbox.opentrain_url(), sandbox.sentryagent_url());
    print_json(&SandboxStarted::new(opentrain, sentryagent, &human, &control))?;
    if output.is_text() {
        explain(args, &sandbox);
    }
    loop {
        thread::park();
    }
}

fn config(args: &SandboxArgs) -> Result<Config, Error> {
    let script = args.faults.as_deref().map_or_else(|| Ok(Vec::new()), faults)?;
    Ok(Config { addr: args.addr, speed: args.speed, auto_approve: args.auto_approve, script, ..Config::default() })
}

fn faults(file: &Path) -> Result<Vec<Scripted>, Error> {
    let refuse = |why: &dyn std::fmt::Display| Error::usage(format_args!("--faults {}: {why}", shown(file)));
    let json = fs::read_to_string(file).map_err(|error| refuse(&error))?;
    parse_faults(&json).map_err(|error| refuse(&error))
}

fn not_started(error: &StartError) -> Error {
    match error {
        StartError::NotLoopback(_) => Error::usage(format_args!("--addr: {error}")),
        StartError::Bind { .. } => {
            Error::Usage { message: format!("--addr: {error}"), hint: Some("another port, or port 0 for a free one, may do".to_owned()) }
        }
        _ => Error::internal(error),
    }
}

fn explain(args: &SandboxArgs, sandbox: &Sandbox) {
    note("The sandbox stands in for OpenTrain and SentryAgent until Ctrl-C. No network, no account, nothing on disk.");
    note(format_args!("  The human's side, for a browser: {}", sandbox.human_url()));
    note("  To point the other commands at it:");
    note(format_args!("    export ENLIST_OPENTRAIN_URL={}", sandbox.opentrain_url()));
    note(format_args!("    export ENLIST_SENTRYAGENT_URL={}", sandbox.sentryagent_url()));
    if let Some(after) = args.auto_approve {
        note(format_args!("  Nobody needs to type a code: each claim is approved {after:?} after its start."));
    }
}
