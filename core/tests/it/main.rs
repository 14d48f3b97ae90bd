//! The tests of the core from outside, in one binary, which links once for every test and for every mutant.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs, dead_code, unreachable_pub)]

mod accessors;
mod account;
mod badge_calls;
mod badge_cases;
mod badge_table;
mod calls;
mod candidates;
mod claim;
mod common;
mod enrolment;
mod error_table;
mod formats;
mod limits;
mod properties;
mod readings;
mod redaction;
mod registration;
mod restart;
mod rotation;
mod scripts;
mod shown;
mod shown_calls;
mod snapshots;
mod sources;
mod state_tables;
mod state_x_answer;
mod states;
mod waits;
