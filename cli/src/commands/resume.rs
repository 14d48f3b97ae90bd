//! `enlist resume`: continues a pending flow.

use super::Facts;
use super::claim::{self, show_again};
use super::facts::runs;
use super::register;
use crate::args::Waiting;
use crate::context::Context;
use crate::error::Error;
use crate::flows::select::select_flow;
use crate::flows::session::CliSession;
use crate::output::{Outcome, Prints};
use crate::prompt::PreAnswers;
use crate::store::{AnyCeremony, Flow, Service};

/// Continue a pending flow
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the flow, if several are pending
    pub(crate) flow: Option<String>,
    /// A person has checked the public profile, so the SMS may be sent
    #[arg(long)]
    pub(crate) yes: bool,
    /// The owner agrees to one more SMS or registration
    #[arg(long)]
    pub(crate) again: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

pub(super) static FACTS: Facts = Facts::new(
    "resume",
    &[
        ("enlist resume", "continues the only pending flow"),
        ("enlist resume clm_7f3a0b12 --max-wait 60s", "waits for a minute; exit code 8 means: run it again"),
    ],
)
.printing(Prints::Events);

runs!(Args, FACTS, |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let (wait_policy, with_owner) = (context.wait_policy(&args.waiting), context.wait_policy_with_owner(&args.waiting));
    let (service, name) = select_flow(context, args.flow.as_deref(), &Service::ALL)?;
    context.output.is_about(service);
    let session = CliSession::open(context, service)?;
    if let Some(ended) = session.end_of(Some(&name))? {
        return register::claim_next(&session, session.then_claim(&name), ended, with_owner);
    }
    let found = session.locked.flows()?.into_iter().find(|flow| flow.name() == name).map(Flow::into_parts);
    let Some((flow, ceremony)) = found else {
        return Err(Error::usage(format_args!("{name} has just ended; see `enlist status`")));
    };
    context.keeps_to(flow.snapshot().origin())?;
    let mut prompter = context.prompter();
    prompter.pre_answers = PreAnswers { yes: args.yes, again: args.again, otp: None };
    prompter.leave_at_otp = args.waiting.no_wait;
    match ceremony {
        AnyCeremony::Enrolment(enrolment) => {
            let then_claim = flow.intent.then_claim.clone();
            let registered = session.continue_flow(enrolment, flow, prompter, wait_policy)?;
            register::claim_next(&session, then_claim, registered, with_owner)
        }
        AnyCeremony::BadgeRegistration(registration) => session.continue_flow(registration, flow, prompter, wait_policy),
        // It is harmless to ask the service again which badge is valid, so resuming counts as consent.
        AnyCeremony::BadgeRotation(rotation) => {
            prompter.pre_answers.again = true;
            session.continue_flow(rotation, flow, prompter, wait_policy)
        }
        AnyCeremony::Claim(claim) => {
            prompter.agent = claim::prompter(&session)?.agent;
            show_again(&claim, &flow, &mut prompter)?;
            session.continue_flow(claim, flow, prompter, with_owner)
        }
    }
}
