//! The real binary, run as people and agents run it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bad_input;
mod badge;
mod badge_verify;
mod children;
mod claiming;
mod command_lines;
mod damage;
mod disk_faults;
mod doctor;
mod exec;
mod explaining;
mod files;
mod going_on;
mod interop;
mod interrupting;
mod kills;
mod logs;
mod losses;
mod many;
mod network;
mod newer;
mod profiles;
mod registering;
mod revoking;
mod rotating;
mod run;
mod sandbox;
mod schema;
mod screen;
mod secrets;
mod streams;
mod surroundings;
mod terminal;
mod tour;
mod transcripts;
mod usage;
mod waiting;
mod walker;
mod world;

#[path = "../../../transport-blocking/tests/common/forwarder.rs"]
mod forwarder;
#[path = "../../../transport-blocking/tests/common/tls_server.rs"]
mod tls_server;
