//! `enlist otp`: submits the code from the SMS.

use std::ffi::OsString;

use enlist_core::secret::Otp;

use super::Facts;
use super::facts::runs;
use crate::args::Waiting;
use crate::context::Context;
use crate::error::Error;
use crate::flows::select::select_flow;
use crate::flows::session::CliSession;
use crate::input::{Source, looks_like_a_secret};
use crate::output::{Outcome, Prints};
use crate::prompt::parse_otp;
use crate::store::{AnyCeremony, Flow, Service};

/// Submit the code from the SMS
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the flow, if several are pending
    pub(crate) flow: Option<String>,
    /// File with the code; - for stdin [default: ask at a terminal]
    #[arg(long, value_name = "FILE")]
    pub(crate) otp_file: Option<OsString>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

pub(super) static FACTS: Facts = Facts::new(
    "otp",
    &[
        ("enlist otp", "asks for the code at a terminal"),
        ("enlist otp --otp-file -", "reads the code from stdin, because a command line is visible to others"),
    ],
)
.printing(Prints::Events);

runs!(Args, FACTS, Some(Service::Sentryagent), |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    if args.flow.as_ref().is_some_and(looks_like_a_secret) {
        return Err(Error::Usage {
            message: "not the name of a flow; a code must not be on the command line, where others can read it".to_owned(),
            hint: Some("use --otp-file FILE, or --otp-file - for stdin".to_owned()),
        });
    }
    let otp = args.otp_file.as_deref().map(|file| read(&Source::named("--otp-file", file), context)).transpose()?;
    let wait_policy = context.wait_policy(&args.waiting);
    let (service, name) = select_flow(context, args.flow.as_deref(), &[Service::Sentryagent])?;
    let session = CliSession::open(context, service)?;
    if let Some(ended) = session.end_of(Some(&name))? {
        return Ok(ended);
    }
    let found = session.locked.flows()?.into_iter().find(|flow| flow.name() == name).map(Flow::into_parts);
    let Some((flow, AnyCeremony::BadgeRegistration(registration))) = found else {
        return Err(Error::usage(format_args!("{name} is not waiting for a code")));
    };
    context.keeps_to(flow.snapshot().origin())?;
    let mut prompter = context.prompter();
    prompter.pre_answers.otp = otp;
    session.continue_flow(registration, flow, prompter, wait_policy)
}

fn read(source: &Source, context: &Context<'_>) -> Result<Otp, Error> {
    parse_otp(&source.read_text("the code from the SMS", &context.interrupt)?).map_err(|error| source.refused(error))
}
