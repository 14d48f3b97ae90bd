//! `enlist sandbox`: runs the stand-in for both services until Ctrl-C.

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use enlist_sandbox::{Config, MessageKind, Sandbox, Scripted, StartError, parse_faults};

use super::Facts;
use super::facts::runs;
use crate::error::Error;
use crate::input::shown;
use crate::output::document::SandboxStarted;
use crate::output::stderr::note;
use crate::output::{Output, print_json};

/// Run a stand-in for both services until Ctrl-C; prints its URLs as JSON on the first line
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on, loopback only; port 0 means any free port
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub(crate) addr: SocketAddr,
    /// Approve each claim this many seconds after its start, in place of an owner [2 without a number]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = seconds)]
    pub(crate) auto_approve: Option<Duration>,
    /// Divide all intervals and lifetimes by this number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) speed: u32,
    /// File with scripted faults: a JSON array, described in the sandbox's README
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}

pub(super) static FACTS: Facts = Facts::new(
    "sandbox",
    &[
        ("enlist sandbox", "runs both services on a free port until Ctrl-C"),
        ("enlist sandbox --auto-approve --speed 10", "approves claims by itself and shortens all waits"),
    ],
)
.without_profile();

runs!(Args, FACTS, |self, start| match run(self, start.output)? {});

/// Runs until the process ends. SIGINT and SIGTERM keep their default effect, because there is nothing to save.
pub(crate) fn run(args: &Args, output: &Output) -> Result<Infallible, Error> {
    let sandbox = Sandbox::start(config(args)?).map_err(|error| not_started(&error))?;
    let (human, control) = (sandbox.human_url(), sandbox.control_url());
    let (opentrain, sentryagent) = (sandbox.opentrain_url(), sandbox.sentryagent_url());
    print_json(&SandboxStarted::new(opentrain, sentryagent, &human, &control))?;
    if output.is_text() {
        explain(args, &sandbox);
    }
    let mut printed = 0;
    loop {
        thread::sleep(GLANCE);
        let new: Vec<_> = sandbox.outbox().into_iter().filter(|message| message.id > printed && output.is_text()).collect();
        for message in new {
            printed = message.id;
            let kind = if message.kind == MessageKind::Sms { "SMS" } else { "E-mail" };
            note(format_args!("{kind} to {}: {}", message.to, message.text));
        }
    }
}

/// The longest time after which a message is printed.
const GLANCE: Duration = Duration::from_millis(200);

fn config(args: &Args) -> Result<Config, Error> {
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
            Error::Usage { message: format!("--addr: {error}"), hint: Some("try another port, or port 0 for any free port".to_owned()) }
        }
        _ => Error::internal(error),
    }
}

fn explain(args: &Args, sandbox: &Sandbox) {
    note("The sandbox stands in for OpenTrain and SentryAgent until Ctrl-C. No network, no account, nothing on disk.");
    note(format_args!("  The human's side, for a browser: {}", sandbox.human_url()));
    note("  To point the other commands at it, with a store of its own:");
    note("    export ENLIST_HOME=\"$(mktemp -d)\"");
    note(format_args!("    export ENLIST_OPENTRAIN_URL={}", sandbox.opentrain_url()));
    note(format_args!("    export ENLIST_SENTRYAGENT_URL={}", sandbox.sentryagent_url()));
    if let Some(after) = args.auto_approve {
        note(format_args!("  Nobody needs to type a code: each claim is approved {after:?} after its start."));
    }
    note("E-mails and SMS are printed here.");
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "not a number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_sane() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["", "x", "-1", "NaN", "inf", "1e300"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
