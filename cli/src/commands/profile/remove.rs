//! `enlist profile remove`: deletes a profile and its contents.

use super::{ProfileContents, existing};
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::output::data::ProfileRemoved;
use crate::output::{Next, Outcome};
use crate::prompt::Answer;
use crate::store::{ProfileName, Service};

/// Delete a profile and everything in it; its services are not told
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the profile
    #[arg(value_parser = ProfileName::parse)]
    name: ProfileName,
    /// The owner agrees to delete its contents
    #[arg(long)]
    yes: bool,
}

pub(crate) static FACTS: Facts =
    Facts::new("profile remove", &[("enlist profile remove old", "asks first; to end a credential at its service, use enlist revoke")]);

runs!(Args, FACTS, |self, start| run(&self.name, self.yes, &start.context()?));

pub(super) fn run(name: &ProfileName, yes: bool, context: &Context<'_>) -> Result<Outcome, Error> {
    let profile = existing(name, context)?.lock_profile(name, &Service::ALL.map(Service::key))?;
    let contents = ProfileContents::read(name, context)?;
    if !contents.identities.is_empty() {
        let warning =
            "a deleted credential stays valid at its service, and enlist can no longer revoke it; run `enlist revoke SERVICE` first";
        context.output.warn(warning.to_owned());
    }
    let lost = contents.words().join(", ");
    let answer = context.prompter().answer(yes || contents.is_empty(), &format!("Delete profile {name}? This would delete: {lost}."))?;
    if answer == Answer::NoOne {
        context.output.tell(format_args!("This would delete: {lost}."))?;
    }
    let data = ProfileRemoved {
        profile: name.to_string(),
        identities: contents.identities,
        pending: contents.pending,
        quarantined: contents.quarantined,
    };
    let next = Next::new(&["profile", "remove", name.as_str(), "--yes"], "when the owner agrees to delete it").for_owner();
    if let Some(stopped) = answer.unless_yes("may the profile and its contents be deleted?", data.clone(), next) {
        return Ok(stopped);
    }
    profile.remove()?.into_iter().for_each(|warning| context.output.warn(warning));
    context.output.text(format_args!("Deleted profile {name}."))?;
    Ok(Outcome::ready(data))
}
