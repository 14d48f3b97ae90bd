//! The files and variables of the services' own tools.

pub(crate) mod opentrain_cli;
