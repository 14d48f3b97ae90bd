//! What this crate is tested with, for whoever builds on it: feature `testing`, exempt from semver, not for production.
//!
//! * [`classify`], [`did_in`]: a look at judgements that the ceremonies make inside.

mod look;

pub use look::{Class, Classified, classify, did_in};
