//! The ceremonies by which an AI agent gets its identity, as pure state machines.
//!
//! # What it is, and what it is not
//!
//! A [`Ceremony`] emits HTTP requests and consumes responses. It knows the protocols of the services, when to ask again, what may be
//! repeated, and which answer means that a one-time credential was lost. It opens no connection, reads no clock, draws no random number,
//! writes no file and uses no async; the crate is `no_std`, so the compiler enforces this. Its driver does these things: `enlist-blocking`,
//! `enlist-async`, or twenty lines of your own.
//!
//! There are four ceremonies: [`claim::Enrolment`] (the anonymous registration), [`claim::Claim`] (the owner types a code, and the service
//! delivers the token once), [`badge::BadgeRegistration`] (a manifest, a one-time code by SMS, an Agent Badge) and [`badge::BadgeRotation`]
//! (exchanges a badge for another one, which the service delivers once). All other calls of both services are [`ApiCall`]s. With the
//! feature `verify`, the module `verify` checks badges offline.
//!
//! ```text
//!             poll(now) ──────────► Step::Send ── begin(now) ──► Exchange ──► HTTP, once
//!            ┌──────────┐           Step::Ask / Notify ────────────────────► the human
//!  snapshot ◄┤ Ceremony │           Step::Wait { until } ──────────────────► sleep
//!            └──────────┘           Step::Done
//!             handle(now, Input) ◄─ Response | Failed | Answer | Notified | Woke
//! ```
//!
//! # The loop
//!
//! [`poll`](Ceremony::poll) says what to do and changes nothing. Do it, and report the result with [`handle`](Ceremony::handle). One rule
//! matters more than all others:
//!
//! > **Save before you send, and write an answer down before you parse it.** [`begin`](Ceremony::begin) marks the request as in
//! > flight. Save the [`Snapshot`] *then*, before the network. If [`Exchange::delivers`] is true, reserve the room for the answer
//! > before you send, and write its raw 2xx there, synced to disk, before [`handle`](Ceremony::handle). Save again after each `handle`.
//!
//! A dropped future, a crash and a lost connection are then the same case: the resumed ceremony says [`Step::InFlight`]. Feed it the answer
//! that was written down, or [`Input::lost`]. The ceremony decides what may be repeated, never the driver.
//!
//! ```
//! use enlist_core::claim::{Claim, Enrolment};
//! use enlist_core::secret::Email;
//! use enlist_core::{Ceremony, Exchange, Input, Origin, Step, Timestamp};
//!
//! // A scripted service: the answers in the order of the requests.
//! let mut script = vec![
//!     r#"{"access_token":"ot_pat_1_pre","claim_token":"ot_clm_2","scopes":["jobs:read"]}"#,
//!     r#"{"user_code":"039218","verification_uri":"https://app.opentrain.ai/claim?token=ot_cat_3","expires_in":1800,"interval":5}"#,
//!     r#"{"error":"authorization_pending"}"#,
//!     r#"{"access_token":"ot_pat_4_post","scopes":["jobs:read","jobs:write"]}"#,
//! ]
//! .into_iter();
//! let mut send = |exchange: &Exchange| http::Response::new(script.next().unwrap().as_bytes().to_vec());
//!
//! /// A driver without a store. It shows the loop, and it is not for production.
//! fn drive<C: Ceremony>(
//!     mut ceremony: C,
//!     now: &mut Timestamp,
//!     send: &mut impl FnMut(&Exchange) -> http::Response<Vec<u8>>,
//! ) -> Result<C::Outcome, Box<dyn std::error::Error>> {
//!     loop {
//!         match ceremony.poll(*now) {
//!             Step::Send => {
//!                 let exchange = ceremony.begin(*now)?;
//!                 // save(ceremony.snapshot()) belongs here
//!                 let response = send(&exchange);
//!                 // if exchange.delivers: journal(&response) belongs here
//!                 ceremony.handle(*now, Input::Response { id: exchange.id, response })?;
//!                 // and save(ceremony.snapshot()) here
//!             }
//!             Step::InFlight(id) => ceremony.handle(*now, Input::lost(id))?,
//!             Step::Notify(notice) => ceremony.handle(*now, Input::Notified)?, // show the link and the code
//!             Step::Ask(_) => return Err("a human must answer".into()),
//!             Step::Wait { until, .. } => {
//!                 *now = until; // sleep
//!                 ceremony.handle(*now, Input::Woke)?;
//!             }
//!             Step::Done(result) => return Ok(result?),
//!         }
//!     }
//! }
//!
//! let mut now = Timestamp::from_unix_ms(1_781_254_800_000);
//! let origin = Origin::parse("https://app.opentrain.ai")?;
//! let registration = drive(Enrolment::new(origin, None, None), &mut now, &mut send)?;
//! let claim = Claim::new(&registration, Email::parse("owner@example.com")?);
//! let token = drive(claim, &mut now, &mut send)?;
//! assert_eq!(token.access_token().expose(), "ot_pat_4_post");
//! assert_eq!(token.scopes(), ["jobs:read", "jobs:write"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod api_call;
pub mod badge;
mod ceremony;
pub mod claim;
mod drive;
mod error;
mod exchange;
mod failure;
mod http;
mod loggable_path;
mod machine;
mod manifest;
pub mod opentrain;
mod pace;
mod retry;
mod settle;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
mod types;

pub use api_call::{ApiCall, ApiCallRun};
pub use ceremony::{Ceremony, ExchangeResult, Input, Step};
pub use drive::{AsyncStore, DriveError, DriveResult, Ending, Error, Inline, NoStore, Store};
pub use error::{Delivery, Misuse, Partial, ServerError, TransportFailure, TransportKind, Trouble, Violation};
pub use exchange::{Body, Exchange, ExchangeId};
pub use failure::{Failure, FailureCode, Recovery, SaidBy, Service};
pub use pace::WaitReason;
pub use settle::Settle;
pub use snapshot::{CeremonyKind, ResumeError, Snapshot, SnapshotJson};
pub use types::origin::Origin;
pub use types::secret;
pub use types::timestamp::Timestamp;
pub use types::untrusted::Untrusted;

/// The documentation for services that receive badges, so that its example is compiled and run.
#[cfg(all(doctest, feature = "verify"))]
#[doc = include_str!("../../docs/VERIFY.md")]
struct Verify;
