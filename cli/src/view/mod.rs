//! What the command says about a claim, a credential, a profile and a flow.
//!
//! Each of these is one struct. The JSON output is its `Serialize`, and the text output is its lines, so that the two cannot differ.

pub(crate) mod claim;
pub(crate) mod credential;
pub(crate) mod flow;
pub(crate) mod profile;
mod time;
mod words;

pub(crate) use time::{Time, duration_words};
pub(crate) use words::{escaped, words};
