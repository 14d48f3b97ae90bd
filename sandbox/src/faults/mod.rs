//! Scripted answers: faults of the network or of the service, in place of a regular answer.

mod body;
mod parse;
mod script;
mod scripted;

pub(crate) use body::ReplyBody;
pub use parse::{FaultsError, parse_faults};
pub(crate) use script::Script;
pub(crate) use scripted::is_framing;
pub use scripted::{Action, Canned, Scripted};
