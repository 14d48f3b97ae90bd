//! `enlist doctor`: looks at everything that the other commands depend on, and changes nothing.

mod bundle;
mod check;
mod network;
mod store;

use std::ffi::OsString;

use check::Check;

use super::{Facts, Run, Start};
use crate::context::Context;
use crate::error::Error;
use crate::input::{Source, shown};
use crate::output::data::Doctor;
use crate::output::{Outcome, print_text};

/// Look at the network, the store and the surroundings; nothing is changed
///
/// Exit code: 0 when nothing fails, warnings or not; else that of the first failure, which is 6 for the network, 9 for the store, 64
/// for a flag or a variable that makes no sense.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave the network out
    #[arg(long)]
    pub(crate) offline: bool,
    /// Write a report for a bug report, as JSON without secrets, addresses and names; - for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<OsString>,
}

pub(super) static FACTS: Facts = Facts::new(
    "doctor",
    &[
        ("enlist doctor", "is the way to the services free, and the store sound?"),
        ("enlist doctor --bundle report.json", "the same for a bug report, without a secret"),
    ],
)
.despite_profile();

impl Run for Args {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        run(self, &start.context()?)
    }
}

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let mut checks = vec![network::proxy(context), network::certificates(context)];
    checks.extend(store::all(context));
    if !args.offline {
        checks.extend(network::services(context)?);
    }
    let mut data = Doctor { checks: checks.iter().map(Check::said).collect(), bundle: None, bundle_file: None };
    report(args, context, &checks, &mut data)?;
    match checks.into_iter().find_map(Check::into_problem) {
        Some(error) => Ok(Outcome::stopped(error, data, None)),
        None => Ok(Outcome::ready(data)),
    }
}

/// For people, and for the bug report.
fn report(args: &Args, context: &Context<'_>, checks: &[Check], data: &mut Doctor) -> Result<(), Error> {
    let bundle = || bundle::of(checks, args.offline);
    let target = args.bundle.as_deref().map(|file| Source::named("--bundle", file));
    match target.as_ref().map(Source::path) {
        Some(None) if context.output.is_text() => return print_text(&bundle::text(&bundle())?),
        // There the document is what stdout carries; the report is in it.
        Some(None) => data.bundle = Some(bundle()),
        Some(Some(path)) => {
            bundle::write(&bundle(), path)?;
            data.bundle_file = Some(path.display().to_string());
        }
        None => {}
    }
    context.output.text_lines(checks.iter().flat_map(Check::lines))?;
    if let Some(file) = data.bundle_file.as_ref().map(shown) {
        context.output.text(format_args!("Written: {file}. Read it before you pass it on."))?;
    }
    Ok(())
}
