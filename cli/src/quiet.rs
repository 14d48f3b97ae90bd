//! `-q`: what is said on stderr beside errors and what a person must do.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::output::note;

/// Said once, for the whole process, before a command begins.
static QUIET: AtomicBool = AtomicBool::new(false);

pub(crate) fn be_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// One line on stderr that nobody needs to act on.
pub(crate) fn aside(line: impl Display) {
    if !QUIET.load(Ordering::Relaxed) {
        note(line);
    }
}
