//! `enlist profile rename`.

use super::existing;
use crate::output::Outcome;
use crate::output::data::ProfileRenamed;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{ProfileName, Profiles, Service};

pub(super) fn run(old: &ProfileName, new: &ProfileName, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let profiles = Profiles::of(setting.home()?);
    if !profiles.has(old) && profiles.has(new) && profiles.used()?.as_ref() == Some(old) {
        // The same command was broken off between its two steps.
        profiles.follow(old, new)?;
        return done(old, new, setting);
    }
    let profiles = existing(old, setting)?;
    if profiles.has(new) {
        return Err(Problem::Conflict(format!("there is a profile {new} already")));
    }
    let _locks = profiles.lock(old, &Service::ALL.map(Service::key))?;
    profiles.rename(old, new)?;
    done(old, new, setting)
}

fn done(old: &ProfileName, new: &ProfileName, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    setting.output.text(format_args!("{old} is {new} now."))?;
    Ok(Outcome::ready(ProfileRenamed { old: old.to_string(), new: new.to_string() }))
}
