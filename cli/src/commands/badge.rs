//! `enlist badge`: what its holder can do with a badge, and what anybody can.

mod lookup;
mod rotate;
mod show;
mod sign;
mod verify;

use enlist_core::Origin;
use enlist_core::secret::Badge;

use super::revoke;
use crate::args::BadgeArgs;
use crate::desk::Desk;
use crate::input::Source;
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{AnyCeremony, Credential, Service};

pub(crate) fn run(args: &BadgeArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    match args {
        BadgeArgs::Show { file } => show::run(file.as_ref(), setting),
        BadgeArgs::Verify(args) => verify::run(args, setting),
        BadgeArgs::Sign(args) => sign::run(args, setting),
        BadgeArgs::Rotate(args) => rotate::run(args, setting),
        BadgeArgs::Revoke { yes } => revoke::badge(*yes, setting),
        BadgeArgs::Lookup { did } => lookup::run(did, setting),
    }
}

/// A badge, and where it belongs.
struct Held {
    badge: Badge,
    origin: Origin,
    /// The profile's own, not one that was shown.
    is_own: bool,
}

/// The badge in `file`, or the profile's own.
fn badge(file: Option<&std::ffi::OsString>, setting: &Setting<'_>) -> Result<Held, Problem> {
    let Some(file) = file else { return own(setting) };
    let source = Source::named("badge", file);
    let text = source.read_text("the badge", &setting.interrupt)?;
    let badge = Badge::parse(text.trim()).map_err(|error| source.refused(error))?;
    Ok(Held { badge, origin: setting.origin(Service::Sentryagent)?, is_own: false })
}

/// The profile's own badge. One that may be dead is told of.
fn own(setting: &Setting<'_>) -> Result<Held, Problem> {
    let store = Desk::look(setting, Service::Sentryagent)?;
    let Some(Credential::Badge { base_url, badge, .. }) = store.credential()? else {
        return Err(Problem::NotRegistered(Service::Sentryagent));
    };
    setting.keeps_to(&base_url)?;
    let origin = Origin::parse(&base_url).map_err(Problem::internal)?;
    for flow in store.flows()?.readable {
        if let AnyCeremony::BadgeRotation(rotation) = flow.ceremony()
            && rotation.in_doubt()
        {
            setting.output.warn(format!("a rotation's answer was lost, and this badge may be dead: enlist resume {}", flow.name()));
        }
    }
    Ok(Held { badge, origin, is_own: true })
}
