//! `enlist abandon`: gives up a pending flow.

use super::Facts;
use super::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::flows::select::select_flow;
use crate::flows::session::CliSession;
use crate::output::data::FlowName;
use crate::output::{Next, Outcome};
use crate::store::Service;

/// Give up a pending flow
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the flow
    pub(crate) flow: String,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

pub(super) static FACTS: Facts =
    Facts::new("abandon", &[("enlist abandon clm_7f3a0b12", "asks first, because a credential that still comes would be lost")]);

runs!(Args, FACTS, |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let (service, name) = select_flow(context, Some(&args.flow), &Service::ALL)?;
    context.output.is_about(service);
    let answer = context.prompter().answer(args.yes, &format!("Give up {name}? A credential that it would still obtain will be lost."))?;
    let next = Next::new(&["abandon", &name, "--yes"], "when the owner agrees to give up this flow").for_owner();
    if let Some(stopped) = answer.unless_yes(
        "may this flow be given up, with any credential that it would still obtain?",
        FlowName { flow: name.clone() },
        next,
    ) {
        return Ok(stopped);
    }
    let session = CliSession::open(context, service)?;
    if session.was_damaged(&name) {
        context.output.text(format_args!("Gave up {name}."))?;
        return Ok(Outcome::ready(FlowName { flow: name }));
    }
    if let Some(ended) = session.end_of(Some(&name))? {
        context.output.warn(format!("{name} had already ended; its credential is stored"));
        return Ok(ended);
    }
    session.locked.remove_flow(&name)?;
    context.output.text(format_args!("Gave up {name}."))?;
    Ok(Outcome::ready(FlowName { flow: name }))
}
