//! `enlist profile remove`.

use super::{ProfileContents, existing};
use crate::commands::{Facts, Run, Start};
use crate::context::Context;
use crate::error::Error;
use crate::output::data::ProfileRemoved;
use crate::output::{Next, Outcome};
use crate::prompt::Answer;
use crate::store::{ProfileName, Service};

/// Remove a profile and all that it holds; its services know nothing of that
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which
    #[arg(value_parser = ProfileName::parse)]
    name: ProfileName,
    /// The owner agrees to lose what it holds
    #[arg(long)]
    yes: bool,
}

pub(crate) static FACTS: Facts =
    Facts::new("profile remove", &[("enlist profile remove old", "asks first; enlist revoke ends the credential at its service")]);

impl Run for Args {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        run(&self.name, self.yes, &start.context()?)
    }
}

pub(super) fn run(name: &ProfileName, yes: bool, context: &Context<'_>) -> Result<Outcome, Error> {
    let profile = existing(name, context)?.lock_profile(name, &Service::ALL.map(Service::key))?;
    let contents = ProfileContents::read(name, context)?;
    if !contents.identities.is_empty() {
        let warning = "a removed credential stays good at its service, and nobody here can end it any more: enlist revoke does that first";
        context.output.warn(warning.to_owned());
    }
    let lost = contents.words().join(", ");
    let answer = context.prompter().answer(yes || contents.is_empty(), &format!("Remove profile {name}? Lost are then: {lost}."))?;
    if answer == Answer::NoOne {
        context.output.tell(format_args!("Lost would be: {lost}."))?;
    }
    let data = ProfileRemoved {
        profile: name.to_string(),
        identities: contents.identities,
        pending: contents.pending,
        quarantined: contents.quarantined,
    };
    let next = Next::new(&["profile", "remove", name.as_str(), "--yes"], "when the owner agrees to lose that");
    if let Some(stopped) = answer.unless_yes("may what the profile holds be lost?", data.clone(), next) {
        return Ok(stopped);
    }
    profile.remove()?.into_iter().for_each(|warning| context.output.warn(warning));
    context.output.text(format_args!("{name} is removed."))?;
    Ok(Outcome::ready(data))
}
