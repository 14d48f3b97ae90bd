//! The report for a bug report: it contains no secret, no address, no name and no value of a variable.

use std::io::Write;
use std::path::Path;

use enlist_blocking::Proxies;

use super::check::Check;
use crate::env;
use crate::error::Error;
use crate::input::shown;
use crate::output::data::Bundle;
use crate::sys;

pub(super) fn of(checks: &[Check], offline: bool) -> Bundle {
    let mut set: Vec<&'static str> = env::all().chain(Proxies::VARIABLES).collect();
    set.retain(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    set.sort_unstable();
    Bundle {
        enlist: env!("CARGO_PKG_VERSION"),
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        offline,
        variables_set: set,
        checks: checks.iter().map(Check::said_in_public).collect(),
    }
}

/// The report as the text of a file.
pub(super) fn text(bundle: &Bundle) -> Result<String, Error> {
    serde_json::to_string_pretty(bundle).map(|json| json + "\n").map_err(Error::internal)
}

/// Writes the report into a new file that only its owner can read.
pub(super) fn write(bundle: &Bundle, path: &Path) -> Result<(), Error> {
    let text = text(bundle)?;
    let written = sys::create_private(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Error::usage(format_args!("--bundle {}: {error}", shown(path))))
}
