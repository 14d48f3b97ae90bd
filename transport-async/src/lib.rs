//! Drives the ceremonies of [`enlist_core`] from async code, over reqwest with rustls on ring, or over any other client.
//!
//! This crate carries bytes and keeps order; it judges nothing. What an answer means, whether a request is repeated and when
//! the next one is due are the ceremony's business. [`Client`] sends an exchange, [`Host`] is the program around it (clock,
//! human, store), and [`drive()`] is the loop between them and the ceremony.
//!
//! It is no store: keeping snapshots and journals, so that a credential which is delivered once outlives a crash, is the
//! host's part. [`Volatile`] is the one host that is ready-made, and keeps nothing. It is no retry library, and follows no
//! redirect. Its blocking twin is `enlist-blocking`.
//!
//! # Runtimes and features
//!
//! [`drive()`], [`Host`] and [`Execute`] know no runtime. Feature `reqwest` (default) brings [`Client`], which needs a Tokio runtime
//! around it; feature `tokio` (default) brings [`Volatile`] and its sleep. Without them bring a client and a timer of your own:
//! the project's `examples/` have one with hyper on smol.
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
//! hyper and reqwest write to `log` or `tracing` only in a program that switches this on, and at trace level they may log what they
//! send. Keep their targets at debug.
//!
//! # An agent's registration at OpenTrain, claimed by its owner
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use enlist_async::{Client, Ending, Volatile, drive};
//! use enlist_core::Origin;
//! use enlist_core::opentrain::{Claim, EnterCode, Enrolment, Label, Prompt};
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
//! // Nobody is asked whether to register again after a lost answer.
//! let mut host = Volatile::new(|never: &std::convert::Infallible| match *never {}, |_: &Prompt| ControlFlow::Break(()));
//! let registration = match drive(&mut enrolment, &client, &mut host).await? {
//!     Ending::Finished(result) => result?,
//!     Ending::Paused => return Err("an account may exist that nobody can reach".into()),
//! };
//! // Keep it before anything else: it was delivered once.
//!
//! let mut claim = Claim::new(&registration, Email::parse("ada@example.com")?);
//! let show = |code: &EnterCode| println!("Open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
//! let mut host = Volatile::new(show, |never: &std::convert::Infallible| match *never {});
//! let token = match drive(&mut claim, &client, &mut host).await? {
//!     Ending::Finished(result) => result?,
//!     Ending::Paused => unreachable!("this host never leaves a wait"),
//! };
//! assert!(token.access_token().expose().starts_with("ot_pat_"));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "reqwest")]
mod builder;
#[cfg(feature = "reqwest")]
mod client;
mod drive;
mod host;
#[cfg(feature = "tokio")]
mod volatile;

#[cfg(feature = "reqwest")]
pub use builder::ClientBuilder;
#[cfg(feature = "reqwest")]
pub use client::Client;
pub use drive::{Execute, drive};
pub use enlist_core;
pub use enlist_core::{DriveError, Ending};
#[cfg(feature = "reqwest")]
pub use enlist_net::{BadProxy, BuildError, Proxies, Proxy, Route};
pub use host::Host;
pub use http;
#[cfg(feature = "tokio")]
pub use volatile::{Volatile, sleep_until, system_clock};
