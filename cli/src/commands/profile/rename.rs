//! `enlist profile rename`.

use serde_json::json;

use super::existing;
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::Profiles;

pub(super) fn run(old: &str, new: &str, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let profiles = Profiles::of(setting.home()?);
    if !profiles.has(old) && profiles.has(new) && profiles.used()?.as_deref() == Some(old) {
        // The same command was broken off between its two steps.
        profiles.follow(old, new)?;
        return done(old, new, setting);
    }
    let profiles = existing(old, setting)?;
    if profiles.has(new) {
        return Err(Problem::Conflict(format!("there is a profile {new} already")));
    }
    let _locks = profiles.lock(old)?;
    profiles.rename(old, new)?;
    done(old, new, setting)
}

fn done(old: &str, new: &str, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    setting.output.text(format_args!("{old} is {new} now."))?;
    Ok(Outcome::ready(json!({ "old": old, "new": new })))
}
