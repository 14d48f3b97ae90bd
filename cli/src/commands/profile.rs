//! `enlist profile`: identities side by side.

mod export;
mod import;
mod remove;
mod rename;

use super::pending;
use crate::args::ProfileArgs;
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::{ListedProfile, ProfileUsed, Profiles as Listed};
use crate::store::{DamagedFlow, Home, ProfileName, Service, StoreError};
use crate::view::credential::Identity;
use crate::view::flow::PendingFlow;

pub(crate) fn run(args: &ProfileArgs, context: &Context<'_>) -> Result<Outcome, Error> {
    match args {
        ProfileArgs::List => list(context),
        ProfileArgs::Use { name } => choose(name, context),
        ProfileArgs::Rename { old, new } => rename::run(old, new, context),
        ProfileArgs::Remove { name, yes } => remove::run(name, *yes, context),
        ProfileArgs::Import { tool } => import::run(*tool, context),
        ProfileArgs::Export { tool, yes } => export::run(*tool, *yes, context),
    }
}

/// One that cannot be read does not hide the others.
fn list(context: &Context<'_>) -> Result<Outcome, Error> {
    let home = context.home()?;
    let used = home.used_profile()?.unwrap_or_default();
    let mut names = home.profiles()?;
    if !names.contains(&used) {
        names.push(used.clone());
        names.sort();
    }
    let mut listed = Vec::new();
    for name in names {
        let held = Held::read(&name, context)?;
        for trouble in &held.unreadable {
            context.output.warn(format!("profile {name}: {trouble}"));
        }
        let words = held.words();
        let words = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
        context.output.text(format_args!("{} {name}  {words}", if name == used { '*' } else { ' ' }))?;
        listed.push(ListedProfile { used: name == used, profile: name.to_string(), identities: held.identities, pending: held.pending });
    }
    Ok(Outcome::ready(Listed { profiles: listed }))
}

fn choose(name: &ProfileName, context: &Context<'_>) -> Result<Outcome, Error> {
    let home = context.home()?;
    home.use_profile(name)?;
    if !home.has_profile(name) {
        context.output.warn(format!("nothing is kept in profile {name} yet"));
    }
    context.output.text(format_args!("{name} is meant from now on, unless --profile or ENLIST_PROFILE says otherwise."))?;
    Ok(Outcome::ready(ProfileUsed { used: name.to_string() }))
}

/// What a profile holds, read without a lock.
struct Held {
    identities: Vec<Identity>,
    pending: Vec<PendingFlow>,
    /// Answers and flows that nobody could read.
    quarantined: usize,
    unreadable: Vec<StoreError>,
}

impl Held {
    fn read(name: &ProfileName, context: &Context<'_>) -> Result<Self, Error> {
        let mut held = Self { identities: Vec::new(), pending: Vec::new(), quarantined: 0, unreadable: Vec::new() };
        for service in Service::ALL {
            let store = context.store_in(name, service)?;
            match store.credential() {
                Ok(found) => held.identities.extend(found.map(|credential| Identity::of(&credential, name))),
                Err(trouble) => held.unreadable.push(trouble),
            }
            match store.flows() {
                Ok(flows) => {
                    held.pending.extend(pending::pending(&flows, service, name));
                    held.unreadable.extend(flows.damaged.iter().map(DamagedFlow::error));
                    held.unreadable.extend(flows.refused);
                }
                Err(trouble) => held.unreadable.push(trouble),
            }
            held.quarantined += store.quarantined()?;
        }
        Ok(held)
    }

    fn is_empty(&self) -> bool {
        self.identities.is_empty() && self.pending.is_empty() && self.quarantined == 0 && self.unreadable.is_empty()
    }

    /// For people.
    fn words(&self) -> Vec<String> {
        let quarantined = (self.quarantined > 0).then(|| format!("{} answers or flows that could not be read", self.quarantined));
        let unreadable = (!self.unreadable.is_empty()).then(|| "something that cannot be read".to_owned());
        self.identities
            .iter()
            .map(Identity::brief)
            .chain(self.pending.iter().map(PendingFlow::brief))
            .chain(quarantined)
            .chain(unreadable)
            .collect()
    }
}

/// A profile that must be there.
fn existing(name: &ProfileName, context: &Context<'_>) -> Result<Home, Error> {
    let home = context.home()?;
    if home.has_profile(name) { Ok(home) } else { Err(unknown(name)) }
}

fn unknown(name: &ProfileName) -> Error {
    let message = format!("there is no profile {name}");
    Error::Usage { message, hint: Some("see enlist profile list".to_owned()) }
}
