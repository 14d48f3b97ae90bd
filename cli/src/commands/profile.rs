//! `enlist profile`: identities side by side.

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

/// Identities side by side: list, use, rename, remove; import from and export to OpenTrain's own tool
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
    &[("enlist profile list", "every identity on this machine"), ("enlist profile use work", "work is meant from now on")],
);

impl Args {
    /// The command that was named.
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

/// A tool whose file is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// OpenTrain's, which keeps it in opentrain/cli.json
    Opentrain,
}

/// What a profile holds, read without a lock.
struct ProfileContents {
    identities: Vec<Identity>,
    pending: Vec<PendingFlow>,
    /// Answers and flows that nobody could read.
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
