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
use crate::context::Context;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::input::Source;
use crate::output::Outcome;
use crate::store::{AnyCeremony, Credential, Service};

pub(crate) fn run(args: &BadgeArgs, context: &Context<'_>) -> Result<Outcome, Error> {
    match args {
        BadgeArgs::Show { file } => show::run(file.as_ref(), context),
        BadgeArgs::Verify(args) => verify::run(args, context),
        BadgeArgs::Sign(args) => sign::run(args, context),
        BadgeArgs::Rotate(args) => rotate::run(args, context),
        BadgeArgs::Revoke { yes } => revoke::badge(*yes, context),
        BadgeArgs::Lookup { did } => lookup::run(did, context),
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
fn badge(file: Option<&std::ffi::OsString>, context: &Context<'_>) -> Result<Held, Error> {
    let Some(file) = file else { return own(context) };
    let source = Source::named("badge", file);
    let text = source.read_text("the badge", &context.interrupt)?;
    let badge = Badge::parse(text.trim()).map_err(|error| source.refused(error))?;
    Ok(Held { badge, origin: context.origin(Service::Sentryagent)?, is_own: false })
}

/// The profile's own badge. One that may be dead is told of.
fn own(context: &Context<'_>) -> Result<Held, Error> {
    let store = CliSession::look(context, Service::Sentryagent)?;
    let Some(Credential::Badge { base_url, badge, .. }) = store.credential()? else {
        return Err(Error::NotRegistered(Service::Sentryagent));
    };
    context.keeps_to(&base_url)?;
    let origin = Origin::parse(&base_url).map_err(Error::internal)?;
    for flow in store.flows()?.readable {
        if let AnyCeremony::BadgeRotation(rotation) = flow.ceremony()
            && rotation.in_doubt()
        {
            context.output.warn(format!("a rotation's answer was lost, and this badge may be dead: enlist resume {}", flow.name()));
        }
    }
    Ok(Held { badge, origin, is_own: true })
}
