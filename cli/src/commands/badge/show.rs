//! `enlist badge show`: shows the claims of a badge without verifying them.

use std::ffi::OsString;

use enlist_core::badge::BadgeView;

use super::badge;
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::BadgeShown;
use crate::store::Service;
use crate::view::Time;
use crate::view::profile::Profile;

/// Show what a badge says about itself, without printing it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File with the badge; - for stdin [default: the profile's own badge]
    file: Option<OsString>,
}

pub(crate) static FACTS: Facts = Facts::new(
    "badge show",
    &[("enlist badge show", "shows this profile's badge"), ("enlist badge show other.jwt", "shows the badge in a file")],
);

runs!(Args, FACTS, Some(Service::Sentryagent), |self, start| run(self.file.as_ref(), &start.context()?));

pub(crate) fn run(file: Option<&OsString>, context: &Context<'_>) -> Result<Outcome, Error> {
    let presented = badge(file, context)?;
    let view = BadgeView::of(&presented.badge).ok_or_else(|| Error::usage("not a badge: its claims cannot be read"))?;
    let shown = BadgeShown {
        did: view.did.as_ref().map(ToString::to_string),
        badge_hint: presented.badge.hint(),
        verified: false,
        own: presented.is_own,
        issued_at: view.issued_at.map(Time),
        expires_at: view.expires_at.map(Time),
        untrusted_issuer: view.issuer.as_ref().map(ToString::to_string),
        untrusted_profile: view.profile.as_ref().map(Profile::from),
    };
    tell(&shown, context)?;
    Ok(Outcome::ready(shown))
}

fn tell(shown: &BadgeShown, context: &Context<'_>) -> Result<(), Error> {
    let output = context.output;
    output.text(format_args!("{}  {}", shown.badge_hint, shown.did.as_deref().unwrap_or("(no agent is named)")))?;
    output.text("  The badge's own claims, which are not verified. To verify them: `enlist badge verify`")?;
    if let Some(end) = shown.expires_at {
        output.text(format_args!("  expires    {}", end.deadline()))?;
    }
    output.text_lines(shown.untrusted_profile.iter().flat_map(Profile::published_lines))
}
