//! Under construction.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod call;
mod ceremony;
mod error;
mod exchange;
mod failure;
pub mod opentrain;
mod origin;
mod pace;
pub mod secret;
pub mod sentryagent;
mod snapshot;
mod time;
mod untrusted;
mod wire;

pub use ceremony::{Ceremony, Input, Step, WaitReason};
pub use error::{Delivery, Misuse, Partial, ServerError, TransportFailure, TransportKind, Trouble, Violation};
pub use exchange::{Exchange, ExchangeId};
pub use failure::{Failure, FailureCode, Recovery, SaidBy, Service};
pub use origin::Origin;
pub use snapshot::{ResumeError, Snapshot, SnapshotJson};
pub use time::Timestamp;
pub use untrusted::Untrusted;
