//! `enlist doctor`: looks at everything that the other commands depend on, and changes nothing.

mod bundle;
mod check;
mod network;
mod store;

use std::ffi::OsString;

use check::Check;

use super::Facts;
use super::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::input::{Source, shown};
use crate::output::data::Doctor;
use crate::output::{Outcome, print_text};

/// Check the network, the store and the environment; changes nothing
///
/// The exit code is 0 if nothing fails, even with warnings. Otherwise it is that of the first failure: 6 for the network, 9 for the
/// store, 64 for an invalid flag or variable.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not check the network
    #[arg(long)]
    pub(crate) offline: bool,
    /// File for a report to attach to a bug report, without secrets, addresses or names; - for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<OsString>,
}

pub(super) static FACTS: Facts = Facts::new(
    "doctor",
    &[
        ("enlist doctor", "checks whether the services can be reached and the store is intact"),
        ("enlist doctor --bundle report.json", "writes a report for a bug report, without secrets"),
    ],
)
.despite_profile();

runs!(Args, FACTS, |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let mut checks = vec![network::proxy(context), network::certificates(context)];
    checks.extend(store::all(context));
    if !args.offline {
        checks.extend(network::services(context)?);
    }
    let mut data = Doctor { checks: checks.iter().map(|check| check.said(context.output)).collect(), bundle: None, bundle_file: None };
    report(args, context, &checks, &mut data)?;
    match checks.into_iter().find_map(Check::into_problem) {
        Some(error) => Ok(Outcome::stopped(error, data, None)),
        None => Ok(Outcome::ready(data)),
    }
}

/// Prints the checks and writes the report.
fn report(args: &Args, context: &Context<'_>, checks: &[Check], data: &mut Doctor) -> Result<(), Error> {
    let bundle = || bundle::of(checks, args.offline);
    let target = args.bundle.as_deref().map(|file| Source::named("--bundle", file));
    match target.as_ref().map(Source::path) {
        Some(None) if context.output.is_text() => return print_text(&bundle::text(&bundle())?),
        // stdout carries the document, so the report is part of it.
        Some(None) => data.bundle = Some(bundle()),
        Some(Some(path)) => {
            bundle::write(&bundle(), path)?;
            data.bundle_file = Some(path.display().to_string());
        }
        None => {}
    }
    context.output.text_lines(checks.iter().flat_map(Check::lines))?;
    if let Some(file) = data.bundle_file.as_ref().map(shown) {
        context.output.text(format_args!("Wrote {file}. Read it before you share it."))?;
    }
    Ok(())
}
