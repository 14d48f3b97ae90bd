//! The real binary, run as people and agents run it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod run;
mod sandbox;
mod tour;
mod usage;
