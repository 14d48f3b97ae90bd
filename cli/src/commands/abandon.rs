//! `enlist abandon`.

use super::{Facts, Run, Start};
use crate::context::Context;
use crate::error::Error;
use crate::flows::select::select_flow;
use crate::flows::session::CliSession;
use crate::output::data::FlowName;
use crate::output::{Next, Outcome};
use crate::store::Service;

/// Give up what is pending
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which flow
    pub(crate) flow: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

pub(super) static FACTS: Facts =
    Facts::new("abandon", &[("enlist abandon clm_7f3a0b12", "what it may still bring is lost, so it asks first")]);

impl Run for Args {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        run(self, &start.context()?)
    }
}

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let (service, name) = select_flow(context, Some(&args.flow), &Service::ALL)?;
    context.output.is_about(service);
    let answer = context.prompter().answer(args.yes, &format!("Give up {name}? What it may still bring is lost."))?;
    let next = Next::new(&["abandon", &name, "--yes"], "when the owner agrees to lose what it may still bring");
    if let Some(stopped) = answer.unless_yes("may what it can still bring be lost?", FlowName { flow: name.clone() }, next) {
        return Ok(stopped);
    }
    let session = CliSession::open(context, service)?;
    if session.was_damaged(&name) {
        context.output.text(format_args!("{name} is given up."))?;
        return Ok(Outcome::ready(FlowName { flow: name }));
    }
    if let Some(ended) = session.end_of(Some(&name))? {
        context.output.warn(format!("{name} had come to its end; what it brought is kept"));
        return Ok(ended);
    }
    session.locked.remove_flow(&name)?;
    context.output.text(format_args!("{name} is given up."))?;
    Ok(Outcome::ready(FlowName { flow: name }))
}
