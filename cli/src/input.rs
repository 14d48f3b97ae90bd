//! What is read from a file or from stdin, because it must not stand on the command line.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use enlist_core::Untrusted;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::stderr::note;
use crate::sys;

/// What an input is at most, in bytes.
const LARGEST: usize = 64 * 1024;
/// How long a read may be deaf to a signal.
const GLANCE: Duration = Duration::from_millis(200);

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

    /// As it can stand on another command line, wherever that is run. JSON cannot hold a name that is no UTF-8: that file is to
    /// come on stdin.
    pub(crate) fn argument(&self) -> String {
        self.absolute().and_then(|path| path.into_os_string().into_string().ok()).unwrap_or_else(|| "-".to_owned())
    }

    pub(crate) fn absolute(&self) -> Option<PathBuf> {
        self.path.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
    }

    /// It cannot be taken.
    pub(crate) fn refused(&self, why: impl Display) -> Error {
        let name = self.absolute().map_or_else(|| "-".to_owned(), shown);
        Error::usage(format_args!("{} {name}: {why}", self.flag))
    }

    /// Reads it all. Whoever sits at the terminal is told first that it is `what` that they are to type.
    pub(crate) fn read(&self, what: &str, interrupt: &Interrupt) -> Result<Zeroizing<Vec<u8>>, Error> {
        if self.path.as_ref().is_some_and(looks_like_a_secret) {
            return Err(Error::Usage {
                message: format!("{}: {what} has no place on the command line, where others can read it", self.flag),
                hint: Some("give the name of a file, or - for stdin; a file that is named like this is meant by ./ before it".to_owned()),
            });
        }
        let read = match &self.path {
            None => read_all(&io::stdin(), what, interrupt),
            // A named pipe that nobody writes to must not keep the process from obeying a signal.
            Some(path) => sys::open_without_blocking(path).and_then(|file| read_all(&file, what, interrupt)),
        };
        interrupt.check()?;
        let bytes = read.map_err(|error| self.refused(error))?;
        if bytes.len() > LARGEST { Err(self.refused("larger than 64 KiB")) } else { Ok(bytes) }
    }

    /// The same as text.
    pub(crate) fn read_text(&self, what: &str, interrupt: &Interrupt) -> Result<Zeroizing<String>, Error> {
        let bytes = self.read(what, interrupt)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| self.refused(encoding_words(&bytes)))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// What is wrong with text that is not UTF-8.
fn encoding_words(bytes: &[u8]) -> &'static str {
    // The byte order mark that editors write before UTF-16.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) { "UTF-16; save it as UTF-8" } else { "not UTF-8" }
}

/// The name of a file, typed by whoever it was, as it may stand in a message.
pub(crate) fn shown(path: impl AsRef<Path>) -> String {
    Untrusted::new(&path.as_ref().to_string_lossy()).to_string()
}

/// Whether a token, a badge, a code or a manifest was typed, which is then not repeated.
pub(crate) fn looks_like_a_secret(word: impl AsRef<OsStr>) -> bool {
    let word = word.as_ref().to_string_lossy();
    let word = word.trim();
    let is_code = (4..=8).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    is_code || ["ot_", "eyJ", "{", "\""].iter().any(|beginning| word.starts_with(beginning))
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

/// The next bytes, as many as there are and `room` takes; 0 at the end.
///
/// # Errors
/// [`ErrorKind::Interrupted`] when a signal came first.
pub(crate) fn read_some(from: &impl AsFd, room: &mut [u8], interrupt: &Interrupt) -> io::Result<usize> {
    while interrupt.exit_code().is_none() {
        if !sys::wait_readable(from, GLANCE)? {
            continue;
        }
        match sys::read(from, room) {
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            read => return read,
        }
    }
    Err(ErrorKind::Interrupted.into())
}
