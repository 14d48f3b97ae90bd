//! `enlist badge verify`: verifies the signature with the published keys, then asks the service about a revocation.

use std::ffi::OsString;
use std::time::Duration;

use enlist_core::badge::verify::{Rejection, Rules, VerifiedBadge};
use enlist_core::badge::{Validity, VerifyBadge};
use enlist_core::{Failure, Origin};

use super::{PresentedBadge, badge};
use crate::call::{failed, outcome_of};
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::jwks_cache::{Keys, Newer};
use crate::output::Outcome;
use crate::output::data::{BadgeVerified, OtherBadge, Said, ValidBadge};
use crate::store::Service;
use crate::view::Time;
use crate::view::profile::Profile;
use crate::wait_policy::now;

/// Verify a badge with the service's keys and ask the service whether it was revoked; exit code 0: valid, 5: not valid
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File with the badge; - for stdin [default: the profile's own badge]
    pub(crate) file: Option<OsString>,
    /// Use the cached keys and do not ask the service; a revocation is not noticed
    #[arg(long)]
    pub(crate) offline: bool,
    /// With --offline: accept a badge that never expires, too
    #[arg(long)]
    pub(crate) no_expiry: bool,
    /// Issuer that the badge must name
    #[arg(long, value_name = "ISS")]
    pub(crate) issuer: Option<String>,
    /// Audience that the badge must name
    #[arg(long, value_name = "AUD")]
    pub(crate) audience: Option<String>,
}

pub(crate) static FACTS: Facts = Facts::new(
    "badge verify",
    &[
        ("enlist badge verify", "verifies the signature and asks the service about a revocation"),
        ("enlist badge verify - --offline", "verifies a badge from stdin with the cached keys"),
    ],
);

runs!(Args, FACTS, Some(Service::Sentryagent), |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let presented = badge(args.file.as_ref(), context)?;
    let (keys, checked) = check(&presented, args, context)?;
    let verified = match checked {
        Ok(verified) => verified,
        Err(Refusal::NotYet(wait)) => {
            let data = other(None, Some(Rejection::UnknownKey.as_str()), Said::NotAsked, None, &keys);
            context.output.text(format_args!("No verdict: none of the keys is the one that signed it.  ({})", keys.words()))?;
            return Ok(Outcome::stopped(Error::CannotTell { wait }, data, None));
        }
        Err(Refusal::Rejected(rejection)) => {
            let data = other(Some(false), Some(rejection.as_str()), Said::NotAsked, None, &keys);
            context.output.text(format_args!("Not valid: {rejection}.  ({})", keys.words()))?;
            return Ok(Outcome::stopped(Error::BadgeRefused(rejection), data, None));
        }
    };
    if args.offline {
        return told(&verified, &keys, Said::NotAsked, context);
    }
    match outcome_of(context, VerifyBadge::new(&presented.origin, presented.badge.clone())) {
        Ok(Validity::Valid { .. }) => told(&verified, &keys, Said::Valid, context),
        Ok(Validity::NotValid) => {
            let data = other(Some(false), Some("revoked"), Said::NotValid, Some(&verified), &keys);
            context.output.text(format_args!(
                "Not valid: the signature is good, but the service says that the badge was revoked or rotated.  ({})",
                keys.words()
            ))?;
            Ok(Outcome::stopped(failed(Failure::BadgeInvalid), data, None))
        }
        Err(error) => {
            context.output.text("The signature is good, but the service could not be asked whether the badge was revoked.")?;
            Ok(Outcome::stopped(error, other(None, None, Said::Unknown, Some(&verified), &keys), None))
        }
    }
}

/// The reason why a badge was not found valid.
enum Refusal {
    Rejected(Rejection),
    /// Its key is unknown, and the keys may only be fetched again after this time.
    NotYet(Duration),
}

/// Checks the badge with the keys at hand and, if its key is not among them, with newer ones.
fn check(presented: &PresentedBadge, args: &Args, context: &Context<'_>) -> Result<(Keys, Result<VerifiedBadge, Refusal>), Error> {
    let rules = rules(args);
    let by = |keys: &Keys| rules.check_badge(presented.badge.expose(), &keys.jwks, now());
    let judged = |keys: Keys| {
        let verdict = by(&keys).map_err(Refusal::Rejected);
        (keys, verdict)
    };
    if args.offline {
        let keys = Keys::cached(context, &presented.origin)?.ok_or_else(|| no_keys(&presented.origin))?;
        context.output.warn_of(keys.clock_warning());
        return Ok(judged(keys));
    }
    let keys = Keys::fresh(context, &presented.origin)?;
    if !by(&keys).is_err_and(Rejection::wants_newer_keys) {
        return Ok(judged(keys));
    }
    Ok(match keys.newer(context, &presented.origin)? {
        Newer::Fetched(newer) => judged(newer),
        Newer::None => judged(keys),
        Newer::NotYet(wait) => (keys, Err(Refusal::NotYet(wait))),
    })
}

/// Online, the service decides whether a badge without an end is still valid.
fn rules(args: &Args) -> Rules {
    let rules = args.issuer.iter().fold(Rules::default(), |rules, issuer| rules.issuer(issuer));
    let rules = args.audience.iter().fold(rules, |rules, audience| rules.audience(audience));
    if args.no_expiry || !args.offline { rules.without_expiry() } else { rules }
}

fn no_keys(origin: &Origin) -> Error {
    let message = format!("--offline: no keys of {origin} are cached");
    Error::Usage { message, hint: Some("verify once without --offline to cache the keys".to_owned()) }
}

fn told(verified: &VerifiedBadge, keys: &Keys, service: Said, context: &Context<'_>) -> Result<Outcome, Error> {
    let output = context.output;
    output.text(format_args!("Valid: {}  ({})", verified.did(), keys.words()))?;
    match verified.expires_at() {
        Some(end) => output.text(format_args!("  expires    {}", Time(end).deadline()))?,
        None => output.warn("this badge has no end: only the service can tell whether it still counts".to_owned()),
    }
    let profile = verified.profile().map(Profile::from);
    output.text_lines(profile.iter().flat_map(Profile::published_lines))?;
    if service == Said::NotAsked {
        output.warn("whether it was revoked is not known: the service was not asked (--offline)".to_owned());
    }
    Ok(Outcome::ready(BadgeVerified::Valid(Box::new(ValidBadge {
        valid: true,
        reason: None,
        service,
        did: verified.did().to_string(),
        issued_at: verified.issued_at().map(Time),
        expires_at: verified.expires_at().map(Time),
        untrusted_issuer: verified.issuer().map(ToString::to_string),
        untrusted_profile: profile,
        keys: keys.summary(),
    }))))
}

/// The data of a badge that is not valid or not known to be valid. `verified` is set if its signature is good.
fn other(valid: Option<bool>, reason: Option<&'static str>, service: Said, verified: Option<&VerifiedBadge>, keys: &Keys) -> BadgeVerified {
    let did = verified.map(|verified| verified.did().to_string());
    BadgeVerified::Other(OtherBadge { valid, reason, service, did, keys: keys.summary() })
}
