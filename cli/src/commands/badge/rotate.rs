//! `enlist badge rotate`: replaces the badge by a new one.

use enlist_core::Origin;
use enlist_core::badge::BadgeRotation;

use crate::args::Waiting;
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::output::data::RotationAsked;
use crate::output::{Next, Outcome, Prints};
use crate::store::{AnyCeremony, Credential, Intent, Service};

/// Replace the badge and its DID; the old ones stop working at once
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The owner agrees that the badge and the DID change
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

pub(crate) static FACTS: Facts =
    Facts::new("badge rotate", &[("enlist badge rotate", "asks first, because the badge and the DID change")]).printing(Prints::Events);

runs!(Args, FACTS, Some(Service::Sentryagent), |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let wait_policy = context.wait_policy(&args.waiting);
    let session = CliSession::open(context, Service::Sentryagent)?;
    if let Some(ended) = session.end_of_any::<BadgeRotation>()? {
        return Ok(ended);
    }
    let Some(Credential::Badge { base_url, badge, did, .. }) = session.locked.credential()? else {
        return Err(Error::NotRegistered(Service::Sentryagent));
    };
    context.keeps_to(&base_url)?;
    let mut prompter = context.prompter();
    // A pending rotation is finished first. It needs no consent, because it is not sent again.
    for flow in session.locked.flows()? {
        if let (record, AnyCeremony::BadgeRotation(rotation)) = flow.into_parts() {
            prompter.pre_answers.again = true;
            return session.continue_flow(rotation, record, prompter, wait_policy);
        }
    }
    let question = "Rotate the badge? The old badge and its DID stop working at once, for everyone who knows the agent by them.";
    let next = Next::new(&["badge", "rotate", "--yes"], "when the owner agrees that the badge and the DID change").for_owner();
    let needed = "may the badge and the DID change, for everyone who knows them?";
    if let Some(stopped) = prompter.answer(args.yes, question)?.unless_yes(needed, RotationAsked { did }, next) {
        return Ok(stopped);
    }
    let origin = Origin::parse(&base_url).map_err(Error::internal)?;
    let intent = Intent { argv: ["badge", "rotate", "--yes"].map(str::to_owned).into(), then_claim: None };
    session.begin(BadgeRotation::new(origin, badge), intent, prompter, wait_policy)
}
