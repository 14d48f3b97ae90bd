//! The formats in which a command reports, and which one applies when nobody chose.

use clap::ValueEnum;

use crate::caller::Caller;

/// How the result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people
    Text,
    /// One document at the end
    Json,
    /// One event a line, as it happens; the last is the document
    Ndjson,
}

/// What a command prints for an agent that chose no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prints {
    /// The document.
    Document,
    /// Events, because the agent has to act before the wait is over.
    Events,
    /// A text, because that is what the command is for. A failure is a document.
    Text,
    /// A credential or a signature and nothing else, because it may stand in a `$(...)`. A failure prints nothing.
    Credential,
}

impl Format {
    /// The format for `caller` when nobody chose one.
    pub(super) const fn by_default(caller: Caller, prints: Prints) -> Self {
        match (caller, prints) {
            (Caller::Human | Caller::Ci, _) | (Caller::Agent, Prints::Text | Prints::Credential) => Self::Text,
            (Caller::Agent, Prints::Events) => Self::Ndjson,
            (Caller::Agent, Prints::Document) => Self::Json,
        }
    }
}
