//! Drives the ceremonies of [`enlist_core`] from async code, over reqwest with rustls on ring, or over any other client.
//!
//! This crate carries bytes and keeps the order of steps. It judges nothing: the ceremony decides what an answer means, whether a request
//! is repeated, and when the next one is due. [`Client`] sends an exchange, [`Host`] is the program around it (clock and human), and
//! [`drive()`] is the loop between them, the store and the ceremony.
//!
//! A [`Store`](enlist_core::Store) keeps snapshots and journals, so that a credential which is delivered once survives a crash. The crate
//! `enlist-store` has a durable one; [`NoStore`] keeps nothing. This crate is not a retry library, and it follows no redirect.
//! `enlist-blocking` is the same for blocking code.
//!
//! # Runtimes and features
//!
//! [`drive()`], [`Host`] and [`Execute`] depend on no runtime. The feature `reqwest` (default) adds [`Client`], which needs a Tokio runtime
//! around it. The feature `tokio` (default) adds [`SimpleHost`] and its sleep. Without these features, bring a client and a timer of your
//! own: the project's `examples/` have one with hyper on smol.
//!
//! # Proxies and certificates
//!
//! `Client::new` uses the proxies that the environment names, by the rules of `Proxies`, and trusts the Mozilla roots. `Client::builder`
//! takes other proxies and further certificates.
//!
//! # Logs
//!
//! With the feature `tracing`, each exchange of `Client` is one event of the target `enlist::exchange` with method, path (without ids),
//! status and milliseconds. Its level is debug, or info if there was no whole answer.
//!
//! hyper and reqwest write to `log` or `tracing` only in a program that enables this. At trace level they may log what they send, so keep
//! their targets at debug.
//!
//! # An agent's registration at OpenTrain, claimed by its owner
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use enlist_async::{Client, NoStore, SimpleHost, drive_to_end};
//! use enlist_core::Origin;
//! use enlist_core::claim::{Claim, EnrolmentPrompt, Enrolment, EnterCode, Label};
//! use enlist_core::secret::Email;
//!
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let config = enlist_sandbox::Config { speed: 5, auto_approve: Some(Duration::ZERO), ..Default::default() };
//! # let sandbox = enlist_sandbox::Sandbox::start(config)?;
//! # let base_url = sandbox.opentrain_url();
//! let client = Client::new()?;
//!
//! let mut enrolment = Enrolment::new(Origin::parse(base_url)?, Some(Label::parse("Ada")?), None);
//! // Here nobody answers the question whether to register again after a lost answer.
//! let mut host = SimpleHost::new(|never: &std::convert::Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
//! let registration = drive_to_end(&mut enrolment, &client, &mut host, &mut NoStore).await?;
//! // Store the registration before anything else, because it was delivered once.
//!
//! let mut claim = Claim::new(&registration, Email::parse("ada@example.com")?);
//! let show = |code: &EnterCode| println!("Open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
//! let mut host = SimpleHost::new(show, |never: &std::convert::Infallible| match *never {});
//! let token = drive_to_end(&mut claim, &client, &mut host, &mut NoStore).await?;
//! assert!(token.access_token().expose().starts_with("ot_pat_"));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "reqwest")]
mod builder;
#[cfg(feature = "reqwest")]
mod client;
#[cfg(feature = "reqwest")]
mod deadline;
mod drive;
mod host;
#[cfg(feature = "tokio")]
mod simple_host;

#[cfg(feature = "reqwest")]
pub use builder::ClientBuilder;
#[cfg(feature = "reqwest")]
pub use client::Client;
pub use drive::{Execute, drive, drive_to_end};
pub use enlist_core;
pub use enlist_core::{AsyncStore, DriveError, DriveResult, Ending, Error, Inline, NoStore};
#[cfg(feature = "reqwest")]
pub use enlist_net::{BadProxy, BuildError, PemBundle, Proxies, Proxy, Route};
pub use host::Host;
pub use http;
#[cfg(feature = "tokio")]
pub use simple_host::{SimpleHost, sleep_until, system_clock};
