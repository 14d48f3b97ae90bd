//! The parts of the world that a service uses while it answers.

use crate::config::Config;
use crate::outbox::Outbox;

/// The parts of the world that a service uses while it answers.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a Config,
    pub(crate) url: &'a str,
    /// Unix milliseconds.
    pub(crate) now: u64,
    pub(crate) outbox: &'a mut Outbox,
}
