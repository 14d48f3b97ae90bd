//! `enlist profile remove`.

use super::{Held, existing};
use crate::output::data::ProfileRemoved;
use crate::output::{Next, Outcome};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{ProfileName, Service};
use crate::talk::Answer;

pub(super) fn run(name: &ProfileName, yes: bool, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let profile = existing(name, setting)?.lock_profile(name, &Service::ALL.map(Service::key))?;
    let held = Held::read(name, setting)?;
    if !held.identities.is_empty() {
        let warning = "a removed credential stays good at its service, and nobody here can end it any more: enlist revoke does that first";
        setting.output.warn(warning.to_owned());
    }
    let lost = held.words().join(", ");
    let answer = setting.voice().answer(yes || held.is_empty(), &format!("Remove profile {name}? Lost are then: {lost}."))?;
    if answer == Answer::NoOne {
        setting.output.tell(format_args!("Lost would be: {lost}."))?;
    }
    let data = ProfileRemoved { profile: name.to_string(), identities: held.identities, pending: held.pending, kept: held.quarantined };
    let next = Next::new(&["profile", "remove", name.as_str(), "--yes"], "when the owner agrees to lose that");
    if let Some(stopped) = answer.unless_yes("may what the profile holds be lost?", data.clone(), next) {
        return Ok(stopped);
    }
    profile.remove()?.into_iter().for_each(|warning| setting.output.warn(warning));
    setting.output.text(format_args!("{name} is removed."))?;
    Ok(Outcome::ready(data))
}
