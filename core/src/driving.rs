//! How a drive ends. Both transports say it in these words, and any other driver may.

use crate::error::Misuse;
use crate::failure::Failure;

/// How a drive ended.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Ending<O> {
    /// The ceremony is over. What it brought was saved before.
    Finished(Result<O, Failure>),
    /// The host left at a wait or a question. Drive the same ceremony again, or one resumed from its snapshot.
    Paused,
}

/// Why a drive broke off. The ceremony is as it was when it broke off, and can be driven again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriveError<E> {
    /// The host could not go on.
    #[error(transparent)]
    Host(E),
    /// The host gave an input that does not belong to the ceremony's state.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}
