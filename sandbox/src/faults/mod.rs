//! Scripted answers: what the network or the service does instead of answering properly.

mod body;
mod parse;
mod script;
mod scripted;

pub(crate) use body::ReplyBody;
pub use parse::{FaultsError, parse_faults};
pub(crate) use script::Script;
pub(crate) use scripted::is_framing;
pub use scripted::{Action, Canned, Scripted};
