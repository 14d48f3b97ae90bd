//! `enlist profile rename`.

use super::existing;
use crate::commands::{Facts, Run, Start};
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::ProfileRenamed;
use crate::store::{ProfileName, Service};

/// Give a profile another name; what is under way in it goes on
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which
    #[arg(value_parser = ProfileName::parse)]
    old: ProfileName,
    /// A name that no profile has
    #[arg(value_parser = ProfileName::parse)]
    new: ProfileName,
}

pub(crate) static FACTS: Facts =
    Facts::new("profile rename", &[("enlist profile rename default work", "with all that is under way in it")]);

impl Run for Args {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        run(&self.old, &self.new, &start.context()?)
    }
}

pub(super) fn run(old: &ProfileName, new: &ProfileName, context: &Context<'_>) -> Result<Outcome, Error> {
    let home = context.home()?;
    if !home.has_profile(old) && home.has_profile(new) && home.used_profile()?.as_ref() == Some(old) {
        // The same command was broken off between its two steps.
        home.follow_rename(old, new)?;
        return done(old, new, context);
    }
    let home = existing(old, context)?;
    if home.has_profile(new) {
        return Err(Error::Conflict(format!("there is a profile {new} already")));
    }
    home.lock_profile(old, &Service::ALL.map(Service::key))?.rename(new)?;
    done(old, new, context)
}

fn done(old: &ProfileName, new: &ProfileName, context: &Context<'_>) -> Result<Outcome, Error> {
    context.output.text(format_args!("{old} is {new} now."))?;
    Ok(Outcome::ready(ProfileRenamed { old: old.to_string(), new: new.to_string() }))
}
