//! Tests of the sandbox over its sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod badge;
mod browser;
mod client;
mod control;
mod faults;
mod opentrain;
mod opentrain_ambiguities;
mod opentrain_errors;
mod opentrain_page;
mod opentrain_tokens;
mod sentryagent;
mod sentryagent_errors;
mod sentryagent_holder;
mod server;
