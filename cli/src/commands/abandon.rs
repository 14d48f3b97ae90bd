//! `enlist abandon`.

use serde_json::json;

use super::pick::pick;
use crate::args::AbandonArgs;
use crate::desk::Desk;
use crate::output::{Next, Outcome};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::Service;

pub(crate) fn run(args: &AbandonArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (service, name) = pick(setting, Some(&args.flow), &Service::ALL)?;
    setting.output.is_about(service);
    let agreed = args.yes || setting.voice().agrees(&format!("Give up {name}? What it may still bring is lost."))?;
    if !agreed {
        let next = Next::new(&["abandon", &name, "--yes"], "when the owner agrees to lose what it may still bring");
        let data = json!({ "flow": name });
        return Ok(Outcome::stopped(Problem::HumanNeeded("may what it can still bring be lost?"), data, Some(next)));
    }
    let desk = Desk::open(setting, service)?;
    if desk.was_damaged(&name) {
        setting.output.text(format_args!("{name} is given up."))?;
        return Ok(Outcome::ready(json!({ "flow": name })));
    }
    if let Some(ended) = desk.end_of(Some(&name))? {
        setting.output.warn(format!("{name} had come to its end; what it brought is kept"));
        return Ok(ended);
    }
    desk.store.remove_flow(&name)?;
    setting.output.text(format_args!("{name} is given up."))?;
    Ok(Outcome::ready(json!({ "flow": name })))
}
