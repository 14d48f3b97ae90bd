//! `enlist abandon`.

use super::pick::pick;
use crate::args::AbandonArgs;
use crate::desk::Desk;
use crate::output::data::FlowName;
use crate::output::{Next, Outcome};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::Service;

pub(crate) fn run(args: &AbandonArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (service, name) = pick(setting, Some(&args.flow), &Service::ALL)?;
    setting.output.is_about(service);
    let answer = setting.voice().answer(args.yes, &format!("Give up {name}? What it may still bring is lost."))?;
    let next = Next::new(&["abandon", &name, "--yes"], "when the owner agrees to lose what it may still bring");
    if let Some(stopped) = answer.unless_yes("may what it can still bring be lost?", FlowName { flow: name.clone() }, next) {
        return Ok(stopped);
    }
    let desk = Desk::open(setting, service)?;
    if desk.was_damaged(&name) {
        setting.output.text(format_args!("{name} is given up."))?;
        return Ok(Outcome::ready(FlowName { flow: name }));
    }
    if let Some(ended) = desk.end_of(Some(&name))? {
        setting.output.warn(format!("{name} had come to its end; what it brought is kept"));
        return Ok(ended);
    }
    desk.session.remove_flow(&name)?;
    setting.output.text(format_args!("{name} is given up."))?;
    Ok(Outcome::ready(FlowName { flow: name }))
}
