//! `enlist profile`: manages profiles, each of which has one identity at each service.

pub(super) mod choose;
pub(super) mod export;
pub(super) mod import;
pub(super) mod list;
pub(super) mod remove;
pub(super) mod rename;

use clap::ValueEnum;

use super::pending;
use super::{Facts, Run};
use crate::context::Context;
use crate::error::Error;
use crate::store::{DamagedFlow, Home, ProfileName, Service, StoreError};
use crate::view::credential::Identity;
use crate::view::flow::PendingFlow;

/// Manage profiles: list, use, rename, remove; import from and export to OpenTrain's own tool
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    List(list::Args),
    Use(choose::Args),
    Rename(rename::Args),
    Remove(remove::Args),
    Import(import::Args),
    Export(export::Args),
}

pub(super) static FACTS: Facts = Facts::new(
    "profile",
    &[("enlist profile list", "lists every identity on this machine"), ("enlist profile use work", "makes work the default profile")],
);

impl Args {
    /// The subcommand that was named.
    pub(super) fn named(&self) -> &dyn Run {
        match self {
            Self::List(args) => args,
            Self::Use(args) => args,
            Self::Rename(args) => args,
            Self::Remove(args) => args,
            Self::Import(args) => args,
            Self::Export(args) => args,
        }
    }
}

/// A service's own tool with which enlist can exchange credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// OpenTrain's tool, which uses the file opentrain/cli.json
    Opentrain,
}

/// The contents of a profile, read without a lock.
struct ProfileContents {
    identities: Vec<Identity>,
    pending: Vec<PendingFlow>,
    /// The number of answers and flows that could not be read.
    quarantined: usize,
    unreadable: Vec<StoreError>,
}

impl ProfileContents {
    fn read(name: &ProfileName, context: &Context<'_>) -> Result<Self, Error> {
        let mut contents = Self { identities: Vec::new(), pending: Vec::new(), quarantined: 0, unreadable: Vec::new() };
        for service in Service::ALL {
            let store = context.store_in(name, service)?;
            match store.credential() {
                Ok(found) => contents.identities.extend(found.map(|credential| Identity::of(&credential, name))),
                Err(trouble) => contents.unreadable.push(trouble),
            }
            match store.flows() {
                Ok(flows) => {
                    contents.pending.extend(pending::pending(&flows, service, name));
                    contents.unreadable.extend(flows.damaged.iter().map(DamagedFlow::error));
                    contents.unreadable.extend(flows.refused);
                }
                Err(trouble) => contents.unreadable.push(trouble),
            }
            contents.quarantined += store.quarantined()?;
        }
        Ok(contents)
    }

    fn is_empty(&self) -> bool {
        self.identities.is_empty() && self.pending.is_empty() && self.quarantined == 0 && self.unreadable.is_empty()
    }

    /// The text for people.
    fn words(&self) -> Vec<String> {
        let quarantined = (self.quarantined > 0).then(|| format!("{} answers or flows that could not be read", self.quarantined));
        let unreadable = (!self.unreadable.is_empty()).then(|| "a file that cannot be read".to_owned());
        self.identities
            .iter()
            .map(Identity::brief)
            .chain(self.pending.iter().map(PendingFlow::brief))
            .chain(quarantined)
            .chain(unreadable)
            .collect()
    }
}

/// Requires that the profile exists.
fn existing(name: &ProfileName, context: &Context<'_>) -> Result<Home, Error> {
    let home = context.home()?;
    if home.has_profile(name) { Ok(home) } else { Err(Error::no_profile(name)) }
}
