//! `enlist profile`: identities side by side.

mod export;
mod import;
mod remove;
mod rename;

use super::pending;
use crate::args::ProfileArgs;
use crate::output::Outcome;
use crate::output::data::{ListedProfile, ProfileUsed, Profiles as Listed};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{DamagedFlow, Home, ProfileName, Service, StoreError};
use crate::view::credential::Identity;
use crate::view::flow::PendingFlow;

pub(crate) fn run(args: &ProfileArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    match args {
        ProfileArgs::List => list(setting),
        ProfileArgs::Use { name } => choose(name, setting),
        ProfileArgs::Rename { old, new } => rename::run(old, new, setting),
        ProfileArgs::Remove { name, yes } => remove::run(name, *yes, setting),
        ProfileArgs::Import { tool } => import::run(*tool, setting),
        ProfileArgs::Export { tool, yes } => export::run(*tool, *yes, setting),
    }
}

/// One that cannot be read does not hide the others.
fn list(setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let home = setting.home()?;
    let used = home.used_profile()?.unwrap_or_default();
    let mut names = home.profiles()?;
    if !names.contains(&used) {
        names.push(used.clone());
        names.sort();
    }
    let mut listed = Vec::new();
    for name in names {
        let held = Held::read(&name, setting)?;
        for trouble in &held.unreadable {
            setting.output.warn(format!("profile {name}: {trouble}"));
        }
        let words = held.words();
        let words = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
        setting.output.text(format_args!("{} {name}  {words}", if name == used { '*' } else { ' ' }))?;
        listed.push(ListedProfile { used: name == used, profile: name.to_string(), identities: held.identities, pending: held.pending });
    }
    Ok(Outcome::ready(Listed { profiles: listed }))
}

fn choose(name: &ProfileName, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let home = setting.home()?;
    home.use_profile(name)?;
    if !home.has_profile(name) {
        setting.output.warn(format!("nothing is kept in profile {name} yet"));
    }
    setting.output.text(format_args!("{name} is meant from now on, unless --profile or ENLIST_PROFILE says otherwise."))?;
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
    fn read(name: &ProfileName, setting: &Setting<'_>) -> Result<Self, Problem> {
        let mut held = Self { identities: Vec::new(), pending: Vec::new(), quarantined: 0, unreadable: Vec::new() };
        for service in Service::ALL {
            let store = setting.store_in(name, service)?;
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
fn existing(name: &ProfileName, setting: &Setting<'_>) -> Result<Home, Problem> {
    let home = setting.home()?;
    if home.has_profile(name) { Ok(home) } else { Err(unknown(name)) }
}

fn unknown(name: &ProfileName) -> Problem {
    let message = format!("there is no profile {name}");
    Problem::Usage { message, hint: Some("see enlist profile list".to_owned()) }
}
