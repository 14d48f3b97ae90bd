//! The output formats, and the default format.

use clap::ValueEnum;

use crate::caller::Caller;

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    Text,
    /// One JSON document at the end
    Json,
    /// One JSON event a line as it happens; the last line is the document
    Ndjson,
}

/// The output of a command for an agent that chose no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prints {
    /// The command prints the document.
    Document,
    /// The command prints events, because the agent has to act before the wait is over.
    Events,
    /// The command prints text, because that is its purpose. A failure prints a document.
    Text,
    /// The command prints only a credential or a signature, because it may be used in a `$(...)`. A failure prints nothing.
    Credential,
}

impl Format {
    /// The default format for `caller`.
    pub(super) const fn by_default(caller: Caller, prints: Prints) -> Self {
        match (caller, prints) {
            (Caller::Human | Caller::Ci, _) | (Caller::Agent, Prints::Text | Prints::Credential) => Self::Text,
            (Caller::Agent, Prints::Events) => Self::Ndjson,
            (Caller::Agent, Prints::Document) => Self::Json,
        }
    }
}
