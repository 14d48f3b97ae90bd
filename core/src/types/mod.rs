//! The values that everything else is made of.

pub(crate) mod origin;
pub mod secret;
pub(crate) mod timestamp;
pub(crate) mod untrusted;
