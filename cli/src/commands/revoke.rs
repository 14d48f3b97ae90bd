//! `enlist revoke` and `enlist badge revoke`: revoke a credential at its service and delete it here.
//!
//! The command reports "revoked" only if the service confirmed it, or if `verify` says after a lost answer that the badge is not valid.
//! Until then it keeps the secret, without which nothing could be revoked.

use enlist_core::badge::{RevokeBadge, Validity, VerifyBadge};
use enlist_core::opentrain::{FetchAuthorizationServer, Revoke};
use enlist_core::secret::PersonalToken;
use enlist_core::{Failure, Origin};

use super::Facts;
use super::facts::runs;
use super::forget::{clear, refuse_what_is_under_way};
use crate::call::{call, call_to_the_end, failed};
use crate::context::Context;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::output::data::{ConfirmedBy, Revoked};
use crate::output::{Next, Outcome};
use crate::store::{Credential, Service};

/// Revoke a credential at its service and delete it here
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Service that issued the credential
    #[arg(value_enum)]
    pub(crate) service: Service,
    /// The owner agrees; do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

pub(super) static FACTS: Facts = Facts::new("revoke", &[("enlist revoke opentrain", "revokes it at the service and deletes it here")]);

runs!(Args, FACTS, Some(self.service), |self, start| run(self, &start.context()?));

/// Revoke the badge at the service and delete it here
#[derive(Debug, clap::Args)]
pub(crate) struct BadgeArgs {
    /// The owner agrees; do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) static BADGE_FACTS: Facts =
    Facts::new("badge revoke", &[("enlist badge revoke", "asks first, because a revoked badge never becomes valid again")]);

runs!(BadgeArgs, BADGE_FACTS, Some(Service::Sentryagent), |self, start| badge(self.yes, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    match args.service {
        Service::Sentryagent => badge(args.yes, context),
        Service::Opentrain => token(args.yes, context),
    }
}

/// Revokes the badge of this profile.
pub(crate) fn badge(yes: bool, context: &Context<'_>) -> Result<Outcome, Error> {
    let question = "Revoke the badge? It never becomes valid again. The agent then needs another registration for an identity.";
    let (session, credential) = match prepared(Service::Sentryagent, yes, question, context)? {
        Ok(prepared) => prepared,
        Err(stopped) => return Ok(stopped),
    };
    let Credential::Badge { badge, did, .. } = &credential else { return Err(Error::NotRegistered(Service::Sentryagent)) };
    let origin = Origin::parse(&credential.base_url()).map_err(Error::internal)?;
    let unknown = "it is not known whether the badge was revoked; the badge is still stored here";
    let asked = unless_stopped(call_to_the_end(context, RevokeBadge::new(&origin, badge.clone())), unknown, context)?;
    let Err(failure) = asked.outcome else { return done(&session, Some(did.clone()), ConfirmedBy::Revoke) };
    // The answer did not confirm the revocation, so this asks whether the badge is still valid.
    let verified = unless_stopped(call(context, VerifyBadge::new(&origin, badge.clone())), unknown, context)?;
    let valid = match verified.outcome {
        Ok(Validity::NotValid) if asked.was_lost => {
            return done(&session, Some(did.clone()), ConfirmedBy::Verify);
        }
        Ok(Validity::NotValid) => Some(false),
        Ok(Validity::Valid { .. }) => Some(true),
        Err(_) => None,
    };
    match valid {
        Some(true) => context.output.warn("the service says that the badge is still valid; it is still stored here".to_owned()),
        Some(false) => context.output.warn("the service says that the badge is not valid but not why; it is still stored here".to_owned()),
        None => context.output.warn(unknown.to_owned()),
    }
    let next = match valid {
        Some(false) => {
            Next::new(&["forget", "sentryagent", "--yes"], "when the owner agrees to delete a badge that is not valid").for_owner()
        }
        _ => Next::new(&["badge", "revoke", "--yes"], "when the service may have recovered").later(),
    };
    let data = Revoked { did: Some(did.clone()), valid: Some(valid), ..Revoked::default() };
    Ok(Outcome::stopped(failed(failure), data, Some(next)))
}

fn token(yes: bool, context: &Context<'_>) -> Result<Outcome, Error> {
    let question = "Revoke the token? It stops working at once and for good. An unclaimed registration can then never be claimed.";
    let (session, credential) = match prepared(Service::Opentrain, yes, question, context)? {
        Ok(prepared) => prepared,
        Err(stopped) => return Ok(stopped),
    };
    let registration = credential.registration();
    let token = match (&credential, &registration) {
        (Credential::Token { token, .. }, _) => token,
        (_, Some(registration)) => registration.access_token(),
        _ => return Err(Error::NotRegistered(Service::Opentrain)),
    };
    let origin = Origin::parse(&credential.base_url()).map_err(Error::internal)?;
    let lives = "the token may still be valid; it is still stored here";
    match unless_stopped(revoke_token(token, &origin, context), lives, context)? {
        Ok(()) => done(&session, None, ConfirmedBy::Revoke),
        Err(failure) => {
            context.output.warn(lives.to_owned());
            let next = Next::new(&["revoke", "opentrain", "--yes"], "when the service may have recovered").later();
            Ok(Outcome::stopped(failed(failure), Revoked::default(), Some(next)))
        }
    }
}

/// Revokes at the documented path. If that path does not exist, uses the one in the service's metadata.
fn revoke_token(token: &PersonalToken, origin: &Origin, context: &Context<'_>) -> Result<Result<(), Failure>, Error> {
    let first = call_to_the_end(context, Revoke::new(origin, token.clone()))?.outcome;
    match &first {
        Err(Failure::Rejected(error)) if matches!(error.status, 404 | 405) => {}
        _ => return Ok(first),
    }
    let metadata = match call(context, FetchAuthorizationServer::new(origin.clone()))?.outcome {
        Ok(metadata) => metadata,
        Err(failure) => return Ok(Err(failure)),
    };
    match Revoke::at(&metadata, token.clone()) {
        Some(revoke) => Ok(call_to_the_end(context, revoke)?.outcome),
        None => Ok(first),
    }
}

/// Adds a warning that the result is unknown if a signal came before the answer.
fn unless_stopped<T>(asked: Result<T, Error>, unknown: &str, context: &Context<'_>) -> Result<T, Error> {
    asked.inspect_err(|error| {
        if let Error::Interrupted(_) = error {
            context.output.warn(unknown.to_owned());
        }
    })
}

/// Locks the store and reads the credential, after checking for pending flows and asking the owner.
fn prepared<'a>(
    service: Service,
    yes: bool,
    question: &str,
    context: &'a Context<'a>,
) -> Result<Result<(CliSession<'a>, Credential), Outcome>, Error> {
    context.output.is_about(service);
    context.named_profile_exists()?;
    let session = CliSession::open(context, service)?;
    if let Some(lost) = session.end_of(None)? {
        return Ok(Err(lost));
    }
    let Some(credential) = session.locked.credential()? else {
        let (profile, home) = (context.output.profile().clone(), context.home()?.path().to_owned());
        return Ok(Err(Outcome::failed(Error::Absent { service, profile, home }, None)));
    };
    context.keeps_to(&credential.base_url())?;
    refuse_what_is_under_way(&session)?;
    let next = Next::new(&["revoke", service.name(), "--yes"], "when the owner agrees").for_owner();
    let answer = context.prompter().answer(yes, question)?;
    Ok(answer.unless_yes("may the credential be revoked, for good?", Revoked::default(), next).map_or(Ok((session, credential)), Err))
}

fn done(session: &CliSession<'_>, did: Option<Option<String>>, by: ConfirmedBy) -> Result<Outcome, Error> {
    clear(session)?;
    session.context.output.text("Revoked at the service and deleted here.")?;
    Ok(Outcome::ready(Revoked { did, revoked: true, confirmed_by: Some(by), valid: None }))
}
