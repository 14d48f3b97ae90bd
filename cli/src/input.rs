//! What is read from a file or from stdin, because it must not stand on the command line.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::problem::Problem;

/// What an input is at most, in bytes.
const LARGEST: u64 = 64 * 1024;

/// A file, or `-` for stdin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl From<OsString> for Source {
    fn from(argument: OsString) -> Self {
        if argument == "-" { Self::Stdin } else { Self::File(argument.into()) }
    }
}

impl Source {
    /// As it can stand on another command line, wherever that is run.
    pub(crate) fn argument(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => std::path::absolute(path).as_ref().unwrap_or(path).to_string_lossy().into_owned(),
        }
    }

    /// Reads it all; `flag` is what names it in an error.
    pub(crate) fn read(&self, flag: &str) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        let read = match self {
            Self::Stdin => io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes),
            Self::File(path) => File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)),
        };
        let refuse = |why: &dyn std::fmt::Display| Problem::usage(format_args!("{flag} {}: {why}", self.argument()));
        read.map_err(|error| refuse(&error))?;
        if bytes.len() as u64 > LARGEST { Err(refuse(&"larger than 64 KiB")) } else { Ok(bytes) }
    }

    /// The same as text.
    pub(crate) fn read_text(&self, flag: &str) -> Result<Zeroizing<String>, Problem> {
        let bytes = self.read(flag)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Problem::usage(format_args!("{flag} {}: not UTF-8", self.argument())))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}
