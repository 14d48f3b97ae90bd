//! The basic values that all other types use.

pub(crate) mod origin;
pub mod secret;
pub(crate) mod timestamp;
pub(crate) mod untrusted;
