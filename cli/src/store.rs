//! The durable store of `enlist-store`, as the commands use it.

pub(crate) use enlist_store::keyring::{self, KeyringError};
pub(crate) use enlist_store::{
    Backend, Credential, DamagedFlow, Flow, Lock, NameError, ProfileName, Profiles, Store, StoreError, Warning, files,
};

pub(crate) use crate::service::Service;
