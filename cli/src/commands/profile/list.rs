//! `enlist profile list`: lists every profile.

use super::ProfileContents;
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::{ListedProfile, Profiles as Listed};

/// List every profile and its contents
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) static FACTS: Facts = Facts::new("profile list", &[("enlist profile list", "a star marks the default profile")]);

runs!(Args, FACTS, |self, start| run(&start.context()?));

/// Lists every profile. One that cannot be read does not hide the others.
fn run(context: &Context<'_>) -> Result<Outcome, Error> {
    let home = context.home()?;
    let used = home.used_profile()?.unwrap_or_default();
    let mut names = home.profiles()?;
    if !names.contains(&used) {
        names.push(used.clone());
        names.sort();
    }
    let mut listed = Vec::new();
    for name in names {
        let contents = ProfileContents::read(&name, context)?;
        for trouble in &contents.unreadable {
            context.output.warn(format!("profile {name}: {trouble}"));
        }
        let words = contents.words();
        let words = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
        context.output.text(format_args!("{} {name}  {words}", if name == used { '*' } else { ' ' }))?;
        listed.push(ListedProfile {
            used: name == used,
            profile: name.to_string(),
            identities: contents.identities,
            pending: contents.pending,
        });
    }
    Ok(Outcome::ready(Listed { profiles: listed }))
}
