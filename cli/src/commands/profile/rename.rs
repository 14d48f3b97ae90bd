//! `enlist profile rename`: gives a profile another name.

use super::existing;
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::ProfileRenamed;
use crate::store::{ProfileName, Service};

/// Rename a profile; its pending flows continue
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the profile
    #[arg(value_parser = ProfileName::parse)]
    old: ProfileName,
    /// New name, which no profile has
    #[arg(value_parser = ProfileName::parse)]
    new: ProfileName,
}

pub(crate) static FACTS: Facts =
    Facts::new("profile rename", &[("enlist profile rename default work", "renames it with its pending flows")]);

runs!(Args, FACTS, |self, start| run(&self.old, &self.new, &start.context()?));

pub(super) fn run(old: &ProfileName, new: &ProfileName, context: &Context<'_>) -> Result<Outcome, Error> {
    let home = context.home()?;
    if !home.has_profile(old) && home.has_profile(new) && home.used_profile()?.as_ref() == Some(old) {
        // An earlier run of this command stopped between its two steps.
        home.follow_rename(old, new)?;
        return done(old, new, context);
    }
    let home = existing(old, context)?;
    if home.has_profile(new) {
        return Err(Error::Conflict(format!("profile {new} already exists")));
    }
    home.lock_profile(old, &Service::ALL.map(Service::key))?.rename(new)?;
    done(old, new, context)
}

fn done(old: &ProfileName, new: &ProfileName, context: &Context<'_>) -> Result<Outcome, Error> {
    context.output.text(format_args!("Renamed profile {old} to {new}."))?;
    Ok(Outcome::ready(ProfileRenamed { old: old.to_string(), new: new.to_string() }))
}
