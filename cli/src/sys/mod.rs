//! What differs from one operating system to another. Each system has a file with the same functions.

#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub(crate) use unix::*;
