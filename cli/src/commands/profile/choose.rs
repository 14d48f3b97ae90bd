//! `enlist profile use`: sets the default profile.

use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::ProfileUsed;
use crate::store::ProfileName;

/// Set the default profile
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the profile
    #[arg(value_parser = ProfileName::parse)]
    name: ProfileName,
}

pub(crate) static FACTS: Facts =
    Facts::new("profile use", &[("enlist profile use work", "--profile and ENLIST_PROFILE take precedence over it")]).despite_profile();

runs!(Args, FACTS, |self, start| run(&self.name, &start.context()?));

fn run(name: &ProfileName, context: &Context<'_>) -> Result<Outcome, Error> {
    let home = context.home()?;
    home.use_profile(name)?;
    if !home.has_profile(name) {
        context.output.warn(format!("profile {name} is still empty"));
    }
    context.output.text(format_args!("{name} is now the default profile. --profile and ENLIST_PROFILE take precedence over it."))?;
    Ok(Outcome::ready(ProfileUsed { used: name.to_string() }))
}
