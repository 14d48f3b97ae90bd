//! The parts of `enlist-store` that the commands use, and the services that they know by name.

use std::fmt::{self, Display, Formatter};

use clap::ValueEnum;
use enlist_core::{badge, opentrain};
use enlist_store::ServiceKey;
pub(crate) use enlist_store::keyring::{self, KeyringError};
pub(crate) use enlist_store::{
    AnyCeremony, Backend, Credential, DamagedFlow, Flow, FlowEnd, FlowRecord, FlowStore, Flows, Home, Intent, NameError, ProfileName,
    ServiceStore, Session, StoreError, StoredCeremony, files,
};
use serde::Serialize;

/// A service, as it is named on the command line and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub(crate) enum Service {
    Opentrain,
    Sentryagent,
}

impl Display for Service {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Service {
    pub(crate) const ALL: [Self; 2] = [Self::Opentrain, Self::Sentryagent];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Opentrain => "opentrain",
            Self::Sentryagent => "sentryagent",
        }
    }

    pub(crate) const fn base_url(self) -> &'static str {
        match self {
            Self::Opentrain => opentrain::BASE_URL,
            Self::Sentryagent => badge::BASE_URL,
        }
    }

    /// The key under which the store files the service.
    pub(crate) const fn key(self) -> ServiceKey {
        match self {
            Self::Opentrain => ServiceKey::OPENTRAIN,
            Self::Sentryagent => ServiceKey::SENTRYAGENT,
        }
    }
}
