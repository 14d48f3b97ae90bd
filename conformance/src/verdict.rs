//! The result of a case, for clients, drivers and stores alike.

/// The result of a case that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It came out as expected.
    Passed,
    /// It does not apply, for this reason.
    Skipped(&'static str),
}

pub(crate) const NEEDS_HTTPS: Verdict = Verdict::Skipped("the client does not speak https");
