//! The durable file store for the ceremonies of [`enlist_core`]: no credential that came once is lost, whenever the process or the
//! machine stops.
//!
//! A ceremony asks for three things: that its state is on disk before a request is sent, that an answer is on disk before it is parsed,
//! and that the credential is on disk before the state that led to it is removed. This crate does that with one folder for each profile
//! and service. It works with both transports and with any other driver, and has no HTTP client, no runtime and no command line in its
//! tree. The command `enlist` uses it as any program can.
//!
//! # A registration that survives a crash
//!
//! [`Home`] is the folder of everything. A [`Profile`] is one agent, and a [`ServiceStore`] is what the agent has at one service. Looking
//! at it needs no lock; changing it needs a [`Session`], which one process has at a time. [`Session::begin`] makes a flow of a ceremony, and
//! the [`FlowStore`] that it returns is the [`Store`](enlist_core::Store) that a driver wants.
//!
//! ```
//! use std::convert::Infallible;
//! use std::ops::ControlFlow;
//!
//! use enlist_blocking::{Ending, SimpleHost, drive};
//! use enlist_core::claim::{Enrolment, EnrolmentPrompt};
//! use enlist_core::{Exchange, Origin};
//! use enlist_store::{Credential, FlowEnd, Home, ProfileName, ServiceKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let client = |_: &Exchange| {
//! #     let answer = r#"{"access_token":"ot_pat_1_pre","claim_token":"ot_clm_2","scopes":["jobs:read"]}"#;
//! #     Ok(enlist_blocking::http::Response::new(answer.into()))
//! # };
//! let home = Home::at(folder.path())?;
//! let agent = home.profile(&ProfileName::parse("build-bot")?).service(&ServiceKey::OPENTRAIN);
//!
//! // Locked from here on. What an earlier process left unfinished has been taken in.
//! let session = agent.lock()?;
//! assert!(session.recovery().ended.is_empty());
//!
//! let mut enrolment = Enrolment::new(Origin::parse("https://app.opentrain.ai")?, None, None);
//! let mut store = session.begin(&enrolment)?;
//! let mut host = SimpleHost::new(|never: &Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
//! let ending = drive(&mut enrolment, &client, &mut host, &mut store)?;
//!
//! // The credential is written, and then the flow is removed. A crash in between costs nothing.
//! let flow = store.flow().name().to_owned();
//! match session.finish(&flow, &enrolment)? {
//!     Some(finished) => assert!(matches!(finished.end, FlowEnd::Brought(_))),
//!     None => println!("{flow} continues later: Session::flows, Session::resume"),
//! }
//! drop(session);
//!
//! // Anybody may look.
//! assert!(matches!(agent.credential()?, Some(Credential::Unclaimed(_))));
//! # assert!(matches!(ending, Ending::Finished(Ok(_))));
//! # Ok(())
//! # }
//! ```
//!
//! An async program wraps the flow's store in [`Inline`](enlist_core::Inline), which calls it in place: each call takes the time of an
//! fsync.
//!
//! # After a crash
//!
//! [`ServiceStore::lock`] takes in the answers that were written down and not read, and [`Session::recovery`] reports the result. A flow
//! whose ceremony has not ended is resumed:
//!
//! ```
//! use enlist_store::{AnyCeremony, Session, StoreError};
//!
//! fn resume_all(session: &Session) -> Result<(), StoreError> {
//!     for flow in session.flows()? {
//!         let (record, ceremony) = flow.into_parts();
//!         let mut store = session.resume(record)?;
//!         match ceremony {
//!             // Drive it with `store`, as above.
//!             AnyCeremony::Enrolment(enrolment) => {}
//!             AnyCeremony::Claim(claim) => {}
//!             AnyCeremony::BadgeRegistration(registration) => {}
//!             AnyCeremony::BadgeRotation(rotation) => {}
//!         }
//!     }
//!     Ok(())
//! }
//! # let folder = tempfile::tempdir().unwrap();
//! # let agent = enlist_store::Home::at(folder.path()).unwrap().profile(&Default::default());
//! # resume_all(&agent.service(&enlist_store::ServiceKey::OPENTRAIN).lock().unwrap()).unwrap();
//! ```
//!
//! # What is on disk
//!
//! ```text
//! <home>/profiles/.used                                           the profile that is used when nobody names one
//! <home>/profiles/<profile>/<service>/lock                        locked while a process changes something here
//!                                     credential.json             what a ceremony brought, or the name of its keyring item
//!                                     flows/<flow>.json           a ceremony that has not ended
//!                                     journal/<flow>.journal      room for the raw answer of a delivering exchange, then the answer
//!                                     quarantine/<flow>-<n>.answer  an answer that could not be read, for a person
//!                                     quarantine/<flow>.flow        a damaged flow, for a person
//! $XDG_RUNTIME_DIR/enlist/<flow>-<n>.answer                       an answer that could not be written into the store ([`Rescue`])
//! ```
//! Folders have mode 0700 and files 0600 from their first byte. Files are replaced whole. Each JSON file begins with its format, version
//! and minor; a file of a newer version can be looked at and is never changed ([`StoreError::Newer`]).

#![forbid(unsafe_code)]

mod backend;
mod ceremony;
mod credential;
mod error;
pub mod files;
mod flow;
mod flow_store;
mod head;
mod home;
mod journal;
pub mod keyring;
mod lock;
mod name;
mod quarantine;
mod rescue;
mod service_store;
mod session;
#[cfg(test)]
mod tests;

pub use backend::Backend;
pub use ceremony::{AnyCeremony, FlowEnd, StoredCeremony};
pub use credential::Credential;
pub use error::StoreError;
pub use flow::{Flow, FlowRecord, Intent};
pub use flow_store::FlowStore;
pub use home::{Home, LockedProfile, Profile};
pub use name::{NameError, ProfileName, ServiceKey};
pub use quarantine::DamagedFlow;
pub use rescue::Rescue;
pub use service_store::{Flows, ServiceStore};
pub use session::{Finished, Recovery, Session};
