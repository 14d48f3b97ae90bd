//! `enlist badge show`: what a badge says of itself. Read, not verified, and never the badge itself.

use enlist_core::sentryagent::BadgeView;
use serde_json::json;

use super::{badge, profile_json, tell_profile};
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;

pub(crate) fn run(file: Option<&std::ffi::OsString>, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let held = badge(file, setting)?;
    let view = BadgeView::of(&held.badge).ok_or_else(|| Problem::usage("this is no badge: its claims cannot be read"))?;
    let did = view.did.as_ref().map(ToString::to_string);
    let time = |at: Option<enlist_core::Timestamp>| at.map(|at| at.to_string());
    let output = setting.output;
    output.text(format_args!("{}  {}", held.badge.hint(), did.as_deref().unwrap_or("names no agent")))?;
    output.text("  as it says itself; enlist badge verify checks it")?;
    if let Some(end) = view.expires_at {
        output.text(format_args!("  until      {end}"))?;
    }
    if let Some(profile) = &view.profile {
        tell_profile(profile, setting)?;
    }
    Ok(Outcome::ready(json!({
        "did": did,
        "badge_hint": held.badge.hint(),
        "verified": false,
        "own": held.is_own,
        "issued_at": time(view.issued_at),
        "expires_at": time(view.expires_at),
        "untrusted_issuer": view.issuer.as_ref().map(ToString::to_string),
        "untrusted_profile": view.profile.as_ref().map(profile_json),
    })))
}
