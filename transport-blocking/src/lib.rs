//! Drives the ceremonies of [`enlist_core`] over a blocking HTTP client: ureq, with rustls on ring.
//!
//! This crate carries bytes and keeps the order of steps. It judges nothing: the ceremony decides what an answer means, whether a request
//! is repeated, and when the next one is due. [`Client`] sends an exchange, [`Host`] is the program around it (clock and human), and
//! [`drive()`] is the loop between them, the store and the ceremony.
//!
//! A [`Store`] keeps snapshots and journals, so that a credential which is delivered once survives a crash. The crate
//! `enlist-store` has a durable one; [`NoStore`] keeps nothing. This crate is not a retry library, and it follows no redirect.
//! `enlist-async` is the same for async code.
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
//! use enlist_blocking::{Client, NoStore, SimpleHost, drive_to_end};
//! use enlist_core::Origin;
//! use enlist_core::claim::{Claim, EnrolmentPrompt, Enrolment, EnterCode, Label};
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
//! // Here nobody answers the question whether to register again after a lost answer.
//! let mut host = SimpleHost::new(|never: &std::convert::Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
//! let registration = drive_to_end(&mut enrolment, &client, &mut host, &mut NoStore)?;
//! // Store the registration before anything else, because it was delivered once.
//!
//! let mut claim = Claim::new(&registration, Email::parse("ada@example.com")?);
//! let show = |code: &EnterCode| println!("Open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
//! let mut host = SimpleHost::new(show, |never: &std::convert::Infallible| match *never {});
//! let token = drive_to_end(&mut claim, &client, &mut host, &mut NoStore)?;
//! assert!(token.access_token().expose().starts_with("ot_pat_"));
//! # Ok(())
//! # }
//! ```

mod agent;
mod builder;
mod client;
mod details;
mod drive;
mod grace;
mod head;
mod host;
mod lenient;
mod resolver;
mod tls;
mod tunnel;

pub use builder::ClientBuilder;
pub use client::Client;
pub use drive::{Execute, drive, drive_to_end};
pub use enlist_core;
pub use enlist_core::{DriveError, DriveResult, Ending, Error, NoStore, Store};
pub use enlist_net::{BadProxy, BuildError, PemBundle, Proxies, Proxy, Route};
pub use host::{Host, SimpleHost, system_clock};
pub use http;

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
