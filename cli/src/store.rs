//! The durable store of `enlist-store`, as the commands use it.

pub(crate) use enlist_store::keyring::{self, KeyringError};
pub(crate) use enlist_store::{
    AnyCeremony, Backend, Credential, DamagedFlow, Flow, FlowEnd, FlowRecord, FlowStore, Flows, Home, Intent, NameError, ProfileName,
    ServiceStore, Session, StoreError, StoredCeremony, files,
};

pub(crate) use crate::service::Service;
