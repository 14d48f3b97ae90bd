//! `enlist badge`: the commands about badges.

pub(super) mod lookup;
pub(super) mod rotate;
pub(super) mod show;
pub(super) mod sign;
pub(super) mod verify;

use std::ffi::OsString;

use enlist_core::Origin;
use enlist_core::secret::Badge;

use super::{Facts, Run, revoke};
use crate::context::Context;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::input::Source;
use crate::store::{AnyCeremony, Credential, Service};

/// Show, verify, rotate, revoke or look up a badge, or sign with it
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    Show(show::Args),
    Verify(verify::Args),
    Sign(sign::Args),
    Rotate(rotate::Args),
    Revoke(revoke::BadgeArgs),
    Lookup(lookup::Args),
}

pub(super) static FACTS: Facts = Facts::new(
    "badge",
    &[("enlist badge show", "what the badge says about itself"), ("enlist badge verify", "whether the badge is valid")],
);

impl Args {
    /// The subcommand that was named.
    pub(super) fn named(&self) -> &dyn Run {
        match self {
            Self::Show(args) => args,
            Self::Verify(args) => args,
            Self::Sign(args) => args,
            Self::Rotate(args) => args,
            Self::Revoke(args) => args,
            Self::Lookup(args) => args,
        }
    }
}

/// A badge that a command works on.
struct PresentedBadge {
    badge: Badge,
    origin: Origin,
    /// It is the badge of the profile, and not one from a file.
    is_own: bool,
}

/// Reads the badge from `file`, or else takes the profile's own badge.
fn badge(file: Option<&OsString>, context: &Context<'_>) -> Result<PresentedBadge, Error> {
    let Some(file) = file else { return own_badge(context) };
    let source = Source::named("badge", file);
    let text = source.read_text("the badge", &context.interrupt)?;
    let badge = Badge::parse(text.trim()).map_err(|error| source.refused(error))?;
    Ok(PresentedBadge { badge, origin: context.origin(Service::Sentryagent)?, is_own: false })
}

/// Takes the profile's own badge, and warns if it may no longer be valid.
fn own_badge(context: &Context<'_>) -> Result<PresentedBadge, Error> {
    let store = CliSession::look(context, Service::Sentryagent)?;
    let Some(Credential::Badge { base_url, badge, .. }) = store.credential()? else {
        return Err(Error::NotRegistered(Service::Sentryagent));
    };
    context.keeps_to(&base_url)?;
    let origin = Origin::parse(&base_url).map_err(Error::internal)?;
    for flow in store.flows()?.readable {
        if let AnyCeremony::BadgeRotation(rotation) = flow.ceremony()
            && rotation.may_be_delivered()
        {
            context.output.warn(format!(
                "the answer to a rotation was lost, so this badge may no longer be valid; continue the rotation with `enlist resume {}`",
                flow.name()
            ));
        }
    }
    Ok(PresentedBadge { badge, origin, is_own: true })
}
