//! `enlist profile rename`.

use super::existing;
use crate::output::Outcome;
use crate::output::data::ProfileRenamed;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{ProfileName, Service};

pub(super) fn run(old: &ProfileName, new: &ProfileName, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let home = setting.home()?;
    if !home.has_profile(old) && home.has_profile(new) && home.used_profile()?.as_ref() == Some(old) {
        // The same command was broken off between its two steps.
        home.follow_rename(old, new)?;
        return done(old, new, setting);
    }
    let home = existing(old, setting)?;
    if home.has_profile(new) {
        return Err(Problem::Conflict(format!("there is a profile {new} already")));
    }
    home.lock_profile(old, &Service::ALL.map(Service::key))?.rename(new)?;
    done(old, new, setting)
}

fn done(old: &ProfileName, new: &ProfileName, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    setting.output.text(format_args!("{old} is {new} now."))?;
    Ok(Outcome::ready(ProfileRenamed { old: old.to_string(), new: new.to_string() }))
}
