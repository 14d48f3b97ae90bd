//! The ceremonies by which an AI agent gets its identity, as pure state machines.
//!
//! # What it is, and what it is not
//!
//! A [`Ceremony`] emits HTTP requests and consumes responses. It knows the services' words, when to ask again, what may be
//! repeated, and which answer means that a one-time credential was lost. It opens no connection, reads no clock, draws no
//! random number, writes no file, knows no async (the crate is `no_std`, so the compiler holds it to that). Whoever drives it
//! does these things: `enlist-blocking`, `enlist-async`, or twenty lines of your own.
//!
//! Four ceremonies: [`claim::Enrolment`] (anonymous registration), [`claim::Claim`] (the owner types a code, the token
//! comes once), [`badge::BadgeRegistration`] (manifest, one-time code by SMS, Agent Badge), [`badge::BadgeRotation`] (the badge
//! for another, which comes once). All other calls of both services are [`ApiCall`]s. With the feature `verify`, the module
//! `verify` checks badges offline.
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
//! [`poll`](Ceremony::poll) says what is to be done and changes nothing. Do it, and tell with [`handle`](Ceremony::handle) what
//! came of it. One rule matters more than the others:
//!
//! > **Save before you send, and write an answer down before you parse it.** [`begin`](Ceremony::begin) marks the request as in
//! > flight; save the [`Snapshot`] *then*, before the network. If [`Exchange::delivers`], reserve the room for the answer before
//! > sending, and put its raw 2xx there, synced to disk, before [`handle`](Ceremony::handle). Save again after each `handle`.
//!
//! A dropped future, a crash and a lost connection are then one case: the resumed ceremony says [`Step::InFlight`]; feed it the
//! answer that was written down, or [`Input::lost`]. What may be repeated is decided here, never by the driver.
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
//! /// A driver without a store: for the shape, not for use.
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
//!
//! # Where to find what
//!
//! | question | place |
//! |---|---|
//! | Where is a new error code added? | `failure.rs`: a [`FailureCode`], the [`Failure`] that bears it, its row in `tests/it/error_table.rs`; which of a service's words leads to it: `opentrain/wire.rs`, `sentryagent/wire.rs` |
//! | Where does a poll interval come from? | `pace.rs`: the service's `interval`, the back-off, a `Retry-After`, the margin |
//! | What is written before a request is sent? | by the driver: the [`Snapshot`] after [`begin`](Ceremony::begin), and the reserved journal when [`Exchange::delivers`] |
//! | What may be repeated by itself? | `call.rs` for single requests, `plain.rs` for calls outside of a ceremony, `opentrain/polling.rs` for polls |
//! | What of a request's path may be logged? | `loggable_path.rs` |
//! | What of a service's text may be shown? | [`Untrusted`] and its `Display`, nothing else |
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
pub mod opentrain;
mod pace;
mod retry;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
mod types;

pub use api_call::{ApiCall, ApiCallRun};
pub use ceremony::{Ceremony, CeremonyKind, ExchangeResult, Input, Step, WaitReason};
pub use drive::{AsyncStore, DriveError, Ending, Error, Inline, NoStore, Store};
pub use error::{Delivery, Misuse, Partial, ServerError, TransportFailure, TransportKind, Trouble, Violation};
pub use exchange::{Body, Exchange, ExchangeId};
pub use failure::{Failure, FailureCode, Recovery, SaidBy, Service};
pub use snapshot::{ResumeError, Snapshot, SnapshotJson};
pub use types::origin::Origin;
pub use types::secret;
pub use types::timestamp::Timestamp;
pub use types::untrusted::Untrusted;

/// The page for services that receive badges, so that its example compiles and runs.
#[cfg(all(doctest, feature = "verify"))]
#[doc = include_str!("../../docs/VERIFY.md")]
struct Verify;
