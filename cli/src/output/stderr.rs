//! Lines on stderr.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::style;

/// `-q` was given. Set once, before a command begins.
static QUIET: AtomicBool = AtomicBool::new(false);

pub(crate) fn be_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Prints a line that a person needs: an error, or something to do. A failure to write it is ignored.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", style::for_stderr(line));
}

/// Prints a line that needs no action. `-q` suppresses it.
pub(crate) fn aside(line: impl Display) {
    if !QUIET.load(Ordering::Relaxed) {
        note(line);
    }
}

/// Prints text without a newline at once: a question, or a countdown.
pub(crate) fn put(text: &str) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    stderr.write_all(style::for_stderr(text).as_bytes()).and_then(|()| stderr.flush())
}
