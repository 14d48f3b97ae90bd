//! `enlist badge show`: what a badge says of itself. Read, not verified, and never the badge itself.

use enlist_core::badge::BadgeView;

use super::badge;
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::BadgeShown;
use crate::view::Time;
use crate::view::profile::Profile;

pub(crate) fn run(file: Option<&std::ffi::OsString>, context: &Context<'_>) -> Result<Outcome, Error> {
    let held = badge(file, context)?;
    let view = BadgeView::of(&held.badge).ok_or_else(|| Error::usage("this is no badge: its claims cannot be read"))?;
    let shown = BadgeShown {
        did: view.did.as_ref().map(ToString::to_string),
        badge_hint: held.badge.hint(),
        verified: false,
        own: held.is_own,
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
    output.text(format_args!("{}  {}", shown.badge_hint, shown.did.as_deref().unwrap_or("names no agent")))?;
    output.text("  as it says itself; enlist badge verify checks it")?;
    if let Some(end) = shown.expires_at {
        output.text(format_args!("  until      {end}"))?;
    }
    output.text_lines(shown.untrusted_profile.iter().flat_map(Profile::published_lines))
}
