//! What is read from a file or from stdin, because it must not stand on the command line.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::interrupt::Interrupt;
use crate::output::note;
use crate::problem::Problem;

/// What an input is at most, in bytes.
const LARGEST: usize = 64 * 1024;
/// How long a read may be deaf to a signal.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// A file, or stdin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// What names it in an error.
    flag: &'static str,
    path: Option<PathBuf>,
}

impl Source {
    /// What `word` means behind `flag`: `-` is stdin.
    pub(crate) fn named(flag: &'static str, word: &OsStr) -> Self {
        Self { flag, path: (word != "-").then(|| word.into()) }
    }

    /// `None` is stdin.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// As it can stand on another command line, wherever that is run.
    pub(crate) fn argument(&self) -> String {
        let Some(path) = &self.path else { return "-".to_owned() };
        std::path::absolute(path).as_ref().unwrap_or(path).to_string_lossy().into_owned()
    }

    /// It cannot be taken.
    pub(crate) fn refused(&self, why: impl Display) -> Problem {
        Problem::usage(format_args!("{} {}: {why}", self.flag, self.argument()))
    }

    /// Reads it all. Whoever sits at the terminal is told first that it is `what` that they are to type.
    pub(crate) fn read(&self, what: &str, interrupt: &Interrupt) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let read = match &self.path {
            None => read_all(&io::stdin(), what, interrupt),
            // A named pipe that nobody writes to shall not keep the process from obeying a signal either.
            Some(path) => OpenOptions::new()
                .read(true)
                .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
                .open(path)
                .and_then(|file| read_all(&file, what, interrupt)),
        };
        interrupt.check()?;
        let bytes = read.map_err(|error| self.refused(error))?;
        if bytes.len() > LARGEST { Err(self.refused("larger than 64 KiB")) } else { Ok(bytes) }
    }

    /// The same as text.
    pub(crate) fn read_text(&self, what: &str, interrupt: &Interrupt) -> Result<Zeroizing<String>, Problem> {
        let bytes = self.read(what, interrupt)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| self.refused("not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// At most one byte more than is allowed.
fn read_all(from: &(impl AsFd + IsTerminal), what: &str, interrupt: &Interrupt) -> io::Result<Zeroizing<Vec<u8>>> {
    if from.is_terminal() {
        note(format_args!("Type or paste {what}, then Ctrl-D on a line of its own (Ctrl-C: stop)."));
    }
    // All the room at once: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(vec![0; LARGEST + 1]);
    let mut length = 0;
    while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
        match read_some(from, room, interrupt)? {
            0 => break,
            more => length += more,
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// The next bytes, as many as there are and `room` takes; 0 at the end. `EINTR` when a signal came first.
pub(crate) fn read_some(from: &impl AsFd, room: &mut [u8], interrupt: &Interrupt) -> Result<usize, Errno> {
    while interrupt.exit_code().is_none() {
        match poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&GLANCE)) {
            Ok(0) | Err(Errno::INTR) => continue,
            polled => polled?,
        };
        match rustix::io::read(from, &mut *room) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            read => return read,
        }
    }
    Err(Errno::INTR)
}
