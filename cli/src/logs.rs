//! The log, which is off by default. It never contains what was sent or received: an event has our own words, numbers, and paths from
//! a fixed list.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::NetworkArgs;
use crate::env::{self, variable};
use crate::error::Error;
use crate::input::shown;
use crate::store::files;
use crate::sys;

/// Only our own events are logged, because the libraries would log what they send.
const TARGET: &str = "enlist";

/// The log that the user asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    stderr: Option<Level>,
    file: Option<PathBuf>,
}

pub(crate) fn start(args: &NetworkArgs) -> Result<(), Error> {
    let wanted = wanted(args, variable(env::LOG).as_deref())?;
    if wanted == Wanted::default() {
        return Ok(());
    }
    let file = wanted.file.as_deref().map(open).transpose()?;
    let to_stderr = wanted
        .stderr
        .map(|level| fmt::layer().with_ansi(false).with_writer(io::stderr).with_filter(Targets::new().with_target(TARGET, level)));
    let to_file = file.map(|file| {
        fmt::layer().with_ansi(false).with_writer(Mutex::new(file)).with_filter(Targets::new().with_target(TARGET, Level::DEBUG))
    });
    tracing_subscriber::registry().with(to_stderr).with(to_file).try_init().map_err(Error::internal)
}

/// Reads the flags and the variable. A flag takes precedence over the same part of the variable.
fn wanted(args: &NetworkArgs, variable: Option<&str>) -> Result<Wanted, Error> {
    let (level, file) = match variable {
        None | Some("off") => (None, None),
        Some("info") => (Some(Level::INFO), None),
        Some("debug") => (Some(Level::DEBUG), None),
        Some(path) if path.contains('/') => (None, Some(PathBuf::from(path))),
        Some(_) => return Err(Error::usage("ENLIST_LOG must be off, info, debug, or a path with a slash in it")),
    };
    let level = match args.verbose {
        0 if args.quiet => None,
        0 => level,
        1 => Some(Level::INFO),
        _ => Some(Level::DEBUG),
    };
    Ok(Wanted { stderr: level, file: args.log_file.clone().or(file) })
}

/// Opens the log file, readable only by its owner. An existing file must already be private.
fn open(path: &Path) -> Result<File, Error> {
    let existing =
        files::open(path, OpenOptions::new().append(true)).map_err(|error| Error::usage(format_args!("the log file: {error}")))?;
    match existing {
        Some(file) => Ok(file),
        None => sys::create_private(path).map_err(|error| Error::usage(format_args!("the log file: {}: {error}", shown(path)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(verbose: u8, quiet: bool, log_file: Option<&str>) -> NetworkArgs {
        NetworkArgs { proxy: None, ca_file: None, verbose, quiet, log_file: log_file.map(PathBuf::from) }
    }

    #[test]
    fn flags_are_stronger_than_the_variable() {
        let level = |verbose, quiet, variable| wanted(&args(verbose, quiet, None), variable).unwrap().stderr;
        assert_eq!((level(0, false, None), level(0, false, Some("off"))), (None, None));
        assert_eq!((level(0, false, Some("info")), level(2, false, Some("info"))), (Some(Level::INFO), Some(Level::DEBUG)));
        assert_eq!((level(1, false, Some("debug")), level(0, true, Some("debug"))), (Some(Level::INFO), None));
        assert_eq!(
            (level(1, false, None), level(2, false, None), level(9, false, None)),
            (Some(Level::INFO), Some(Level::DEBUG), Some(Level::DEBUG))
        );
    }

    #[test]
    fn a_variable_with_a_slash_is_a_file() {
        let file = |flag, variable| wanted(&args(0, false, flag), variable).unwrap().file;
        assert_eq!(file(None, Some("./a")), Some(PathBuf::from("./a")));
        assert_eq!(file(Some("b"), Some("/a")), Some(PathBuf::from("b")));
        assert!(wanted(&args(0, false, None), Some("trace")).is_err());
    }
}
