//! Drives the ceremonies of [`enlist_core`] over a blocking HTTP client: ureq, with rustls on ring.
//!
//! This crate carries bytes and keeps order; it judges nothing. What an answer means, whether a request is repeated and when
//! the next one is due are the ceremony's business. [`Client`] sends an exchange, [`Host`] is the program around it (clock,
//! human, store), and [`drive()`] is the loop between them and the ceremony.
//!
//! It is no store: keeping snapshots and journals, so that a credential which is delivered once outlives a crash, is the
//! host's part. [`Volatile`] is the one host that is ready-made, and keeps nothing. It is no retry library, follows no
//! redirect, and has no async twin in here.
//!
//! # Proxies and certificates
//!
//! [`Client::new`] uses the proxies that the environment names, by the rules of [`Proxies`], and trusts the Mozilla roots.
//! [`Client::builder`] takes other proxies and further certificates.
//!
//! # Logs
//!
//! With the feature `tracing`, each exchange is one event of the target `enlist::exchange` with method, path (without ids), status and
//! milliseconds. Its level is debug, or info if there was no whole answer.
//!
//! At trace level, `ureq_proto` passes every byte of every exchange to the `log` crate, credentials included. At debug level ureq logs
//! no credential. A program that installs a logger must keep the targets `ureq` and `ureq_proto` at debug, or compile `log` with its
//! feature `max_level_debug`.
//!
//! # An agent's registration at OpenTrain, claimed by its owner
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use enlist_blocking::{Client, Ending, Volatile, drive};
//! use enlist_core::Origin;
//! use enlist_core::opentrain::{Claim, EnterCode, Enrolment, Label, Prompt};
//! use enlist_core::secret::Email;
//!
//! # use std::time::Duration;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let config = enlist_sandbox::Config { speed: 5, auto_approve: Some(Duration::ZERO), ..Default::default() };
//! # let sandbox = enlist_sandbox::Sandbox::start(config)?;
//! # let base_url = sandbox.opentrain_url();
//! let client = Client::new()?;
//!
//! let mut enrolment = Enrolment::new(Origin::parse(base_url)?, Some(Label::parse("Ada")?), None);
//! // Nobody is asked whether to register again after a lost answer.
//! let mut host = Volatile::new(|never: &std::convert::Infallible| match *never {}, |_: &Prompt| ControlFlow::Break(()));
//! let registration = match drive(&mut enrolment, |exchange| client.execute(exchange), &mut host)? {
//!     Ending::Finished(result) => result?,
//!     Ending::Paused => return Err("an account may exist that nobody can reach".into()),
//! };
//! // Keep it before anything else: it was delivered once.
//!
//! let mut claim = Claim::new(&registration, Email::parse("ada@example.com")?);
//! let show = |code: &EnterCode| println!("Open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
//! let mut host = Volatile::new(show, |never: &std::convert::Infallible| match *never {});
//! let token = match drive(&mut claim, |exchange| client.execute(exchange), &mut host)? {
//!     Ending::Finished(result) => result?,
//!     Ending::Paused => unreachable!("this host never leaves a wait"),
//! };
//! assert!(token.access_token().expose().starts_with("ot_pat_"));
//! # Ok(())
//! # }
//! ```

mod builder;
mod client;
mod drive;
mod host;
mod tls;

pub use builder::ClientBuilder;
pub use client::Client;
pub use drive::drive;
pub use enlist_core;
pub use enlist_core::{DriveError, Ending};
pub use enlist_net::{BadProxy, BuildError, Proxies, Proxy, Route};
pub use host::{Host, Volatile, system_clock};
pub use http;

/// The README's example, so that it compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
