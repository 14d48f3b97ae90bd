//! `enlist profile use`.

use crate::commands::{Facts, Run, Start};
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::ProfileUsed;
use crate::store::ProfileName;

/// Make a profile the one that is meant without a word
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which
    #[arg(value_parser = ProfileName::parse)]
    name: ProfileName,
}

pub(crate) static FACTS: Facts =
    Facts::new("profile use", &[("enlist profile use work", "--profile and ENLIST_PROFILE are still stronger")]).despite_profile();

impl Run for Args {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        run(&self.name, &start.context()?)
    }
}

fn run(name: &ProfileName, context: &Context<'_>) -> Result<Outcome, Error> {
    let home = context.home()?;
    home.use_profile(name)?;
    if !home.has_profile(name) {
        context.output.warn(format!("nothing is kept in profile {name} yet"));
    }
    context.output.text(format_args!("{name} is meant from now on, unless --profile or ENLIST_PROFILE says otherwise."))?;
    Ok(Outcome::ready(ProfileUsed { used: name.to_string() }))
}
