//! `enlist doctor`: looks at everything that the other commands depend on, and changes nothing.

mod bundle;
mod check;
mod store;
mod way_out;

use crate::args::DoctorArgs;
use crate::input::{Source, shown};
use crate::output::data::Doctor;
use crate::output::{Outcome, print_text};
use crate::problem::Problem;
use crate::setting::Setting;
use check::Check;

pub(crate) fn run(args: &DoctorArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let mut checks = vec![way_out::proxy(setting), way_out::certificates(setting)];
    checks.extend(store::all(setting));
    if !args.offline {
        checks.extend(way_out::services(setting)?);
    }
    let mut data = Doctor { checks: checks.iter().map(Check::said).collect(), bundle: None, bundle_file: None };
    report(args, setting, &checks, &mut data)?;
    match checks.into_iter().find_map(Check::into_problem) {
        Some(problem) => Ok(Outcome::stopped(problem, data, None)),
        None => Ok(Outcome::ready(data)),
    }
}

/// For people, and for the bug report.
fn report(args: &DoctorArgs, setting: &Setting<'_>, checks: &[Check], data: &mut Doctor) -> Result<(), Problem> {
    let bundle = || bundle::of(checks, args.offline);
    let target = args.bundle.as_deref().map(|file| Source::named("--bundle", file));
    match target.as_ref().map(Source::path) {
        Some(None) if setting.output.is_text() => return print_text(&bundle::text(&bundle())?),
        // There the document is what stdout carries; the report is in it.
        Some(None) => data.bundle = Some(bundle()),
        Some(Some(path)) => {
            bundle::write(&bundle(), path)?;
            data.bundle_file = Some(path.display().to_string());
        }
        None => {}
    }
    setting.output.text_lines(checks.iter().flat_map(Check::lines))?;
    if let Some(file) = data.bundle_file.as_ref().map(shown) {
        setting.output.text(format_args!("Written: {file}. Read it before you pass it on."))?;
    }
    Ok(())
}
