//! The facts about each command that are needed before it runs.

use crate::args::Global;
use crate::context::Context;
use crate::error::Error;
use crate::output::{Outcome, Output, Prints};
use crate::store::Service;

/// A command line for the help, and its purpose.
pub(crate) type Example = (&'static str, &'static str);

/// The facts about a command that do not depend on its arguments.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The command's words on the command line.
    pub(crate) words: &'static str,
    /// `command` of the command's documents.
    pub(crate) name: &'static str,
    /// The output for an agent that asked for no format.
    pub(crate) prints: Prints,
    pub(crate) profile: NeedsProfile,
    pub(crate) examples: &'static [Example],
}

/// Whether a command works on a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NeedsProfile {
    No,
    Yes,
    /// The command runs even if the profile in use is unknown, because it reports or repairs that.
    IfKnown,
}

impl Facts {
    pub(super) const fn new(words: &'static str, examples: &'static [Example]) -> Self {
        Self { words, name: words, prints: Prints::Document, profile: NeedsProfile::Yes, examples }
    }

    pub(super) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(super) const fn printing(self, prints: Prints) -> Self {
        Self { prints, ..self }
    }

    pub(super) const fn without_profile(self) -> Self {
        Self { profile: NeedsProfile::No, ..self }
    }

    pub(super) const fn despite_profile(self) -> Self {
        Self { profile: NeedsProfile::IfKnown, ..self }
    }
}

/// A command with its arguments.
pub(crate) trait Run {
    fn facts(&self) -> &'static Facts;

    /// The service that the command line names. The service of a flow is known only after the flow was found.
    fn service(&self) -> Option<Service>;

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error>;
}

/// Implements [`Run`] for the arguments of a command: its facts, the service that its command line names if there is one, and its work.
macro_rules! runs {
    ($args:ty, $facts:ident, |$this:ident, $start:ident| $work:expr) => {
        runs!($args, $facts, None, |$this, $start| $work);
    };
    ($args:ty, $facts:ident, $service:expr, |$this:ident, $start:ident| $work:expr) => {
        impl $crate::commands::Run for $args {
            fn facts(&$this) -> &'static $crate::commands::Facts {
                &$facts
            }

            fn service(&$this) -> Option<$crate::store::Service> {
                $service
            }

            fn run(&$this, $start: &$crate::commands::Start<'_>) -> Result<$crate::output::Outcome, $crate::error::Error> {
                $work
            }
        }
    };
}
pub(super) use runs;

/// The input of a command when it starts.
pub(crate) struct Start<'a> {
    pub(crate) global: &'a Global,
    pub(crate) output: &'a Output,
}

impl<'a> Start<'a> {
    /// Makes the context of a command that works on a profile.
    pub(super) fn context(&self) -> Result<Context<'a>, Error> {
        Context::new(self.global, self.output)
    }
}
