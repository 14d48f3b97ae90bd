//! Reads files and stdin, for input that must not be on the command line.

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

/// The largest input, in bytes.
const LARGEST: usize = 64 * 1024;
/// The longest time after which a read notices a signal.
const GLANCE: Duration = Duration::from_millis(200);

/// A file, or stdin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The flag or argument that names the file in an error.
    flag: &'static str,
    path: Option<PathBuf>,
}

impl Source {
    /// The source that `word` names as the value of `flag`. `-` is stdin.
    pub(crate) fn named(flag: &'static str, word: &OsStr) -> Self {
        Self { flag, path: (word != "-").then(|| word.into()) }
    }

    /// The path of the file. `None` for stdin.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The source as an argument for a command line that may run in another folder. A path that is not UTF-8 cannot be part of JSON, so
    /// it becomes `-`.
    pub(crate) fn argument(&self) -> String {
        self.absolute().and_then(|path| path.into_os_string().into_string().ok()).unwrap_or_else(|| "-".to_owned())
    }

    pub(crate) fn absolute(&self) -> Option<PathBuf> {
        self.path.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
    }

    /// The error for an input that cannot be used.
    pub(crate) fn refused(&self, why: impl Display) -> Error {
        let name = self.absolute().map_or_else(|| "-".to_owned(), shown);
        Error::usage(format_args!("{} {name}: {why}", self.flag))
    }

    /// Reads the whole source. At a terminal, it first asks the person to type `what`.
    pub(crate) fn read(&self, what: &str, interrupt: &Interrupt) -> Result<Zeroizing<Vec<u8>>, Error> {
        if self.path.as_ref().is_some_and(looks_like_a_secret) {
            return Err(Error::Usage {
                message: format!("{}: {what} must not be on the command line, where others can read it", self.flag),
                hint: Some("name a file, or - for stdin; to name a file like this, put ./ before it".to_owned()),
            });
        }
        let read = match &self.path {
            None => read_all(&io::stdin(), what, interrupt),
            // Opening a named pipe without a writer would block the process and its signals.
            Some(path) => sys::open_without_blocking(path).and_then(|file| read_all(&file, what, interrupt)),
        };
        interrupt.check()?;
        let bytes = read.map_err(|error| self.refused(error))?;
        if bytes.len() > LARGEST { Err(self.refused("larger than 64 KiB")) } else { Ok(bytes) }
    }

    /// Reads the whole source as UTF-8 text.
    pub(crate) fn read_text(&self, what: &str, interrupt: &Interrupt) -> Result<Zeroizing<String>, Error> {
        let bytes = self.read(what, interrupt)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| self.refused(encoding_words(&bytes)))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// The reason why bytes are not UTF-8.
fn encoding_words(bytes: &[u8]) -> &'static str {
    // This is the byte order mark of UTF-16.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) { "UTF-16; save it as UTF-8" } else { "not UTF-8" }
}

/// The path of a file, escaped for a message.
pub(crate) fn shown(path: impl AsRef<Path>) -> String {
    Untrusted::new(&path.as_ref().to_string_lossy()).to_string()
}

/// Whether `word` looks like a token, a badge, a code or a manifest, which a message must not repeat.
pub(crate) fn looks_like_a_secret(word: impl AsRef<OsStr>) -> bool {
    let word = word.as_ref().to_string_lossy();
    let word = word.trim();
    let is_code = (4..=8).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    is_code || ["ot_", "eyJ", "{", "\""].iter().any(|beginning| word.starts_with(beginning))
}

/// Reads at most one byte more than is allowed.
fn read_all(from: &(impl AsFd + IsTerminal), what: &str, interrupt: &Interrupt) -> io::Result<Zeroizing<Vec<u8>>> {
    if from.is_terminal() {
        note(format_args!("Type or paste {what}, then press Ctrl-D on an empty line (Ctrl-C: stop)."));
    }
    // The buffer has its full size from the start, because a growing one would leave copies behind.
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

/// Reads the bytes that are available, at most `room`; 0 at the end.
///
/// # Errors
/// [`ErrorKind::Interrupted`] if a signal came first.
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
