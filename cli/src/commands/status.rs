//! `enlist status`: lists identities and pending flows.

use enlist_core::badge::{Validity, VerifyBadge};
use enlist_core::opentrain::WhoAmI;
use enlist_core::{Failure, Origin};

use super::Facts;
use super::facts::runs;
use super::pending::{self, Failures, ProfileStore};
use super::token::warn_of_shadows;
use crate::call::{call, failed};
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::Status;
use crate::store::{AnyCeremony, Credential, DamagedFlow, Flow, FlowEnd, ServiceStore};
use crate::view::credential::{Checked, Identity, State};

/// List every identity and every pending flow
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ask each service whether the credential is still valid
    #[arg(long)]
    pub(crate) check: bool,
}

pub(super) static FACTS: Facts = Facts::new(
    "status",
    &[
        ("enlist status", "lists identities and pending flows"),
        ("enlist status --check", "also asks each service whether the credential is still valid"),
    ],
);

runs!(Args, FACTS, |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let (mut kept, mut identities, mut pending, mut unreadable) = (Vec::new(), Vec::new(), Vec::new(), Failures::default());
    for profile_store in pending::profile_stores(context)? {
        pending.extend(unreadable.pending(&profile_store, context)?);
        let credential = unreadable.unless_read(&profile_store, profile_store.store.credential().map_err(Error::from))?.flatten();
        kept.extend(credential.map(|credential| (profile_store, credential)));
    }
    if args.check {
        // This check comes before anything is sent.
        kept.iter().try_for_each(|(_, credential)| context.keeps_to(&credential.base_url()))?;
    }
    for (profile_store, credential) in &kept {
        identities.push(identity_of(credential, profile_store, args, context)?);
    }
    if identities.is_empty() && pending.is_empty() && unreadable.is_empty() {
        context.output.text("There is no identity and no pending flow.")?;
    }
    pending::tell(&pending, context.output)?;
    let refused = identities.iter().zip(&kept).find(|(identity, _)| identity.checked == Some(Checked::NotValid));
    let refused = refused.map(|(_, (store, _))| Error::NotValid { service: store.service, profile: store.profile.clone() });
    let outcome = unreadable.outcome(context.output, |unreadable| Status { identities, pending, unreadable })?;
    Ok(match refused {
        Some(error) if outcome.is_ready() => outcome.because_of(error),
        _ => outcome,
    })
}

fn identity_of(credential: &Credential, profile_store: &ProfileStore, args: &Args, context: &Context<'_>) -> Result<Identity, Error> {
    if let Some(secret) = credential.expose().filter(|_| profile_store.profile == *context.output.profile()) {
        warn_of_shadows(profile_store.service, &secret, &[], context);
    }
    let mut identity = Identity::of(credential, &profile_store.profile);
    if is_doubtful(&profile_store.store) {
        identity.state = State::Doubtful;
    }
    if is_lost(credential, &profile_store.store) {
        identity.state = State::Lost;
    }
    if args.check {
        identity.checked = Some(check(credential, context)?);
    }
    context.output.text(identity.line(context.output.profile()))?;
    Ok(identity)
}

/// Whether the answer to a rotation was lost, so that the badge may no longer be valid. Flows that cannot be read are reported
/// elsewhere.
fn is_doubtful(store: &ServiceStore) -> bool {
    let is_open = |flow: &Flow| matches!(flow.ceremony(), AnyCeremony::BadgeRotation(rotation) if rotation.may_be_delivered());
    store.flows().is_ok_and(|flows| flows.readable.iter().any(is_open) || flows.damaged.iter().any(DamagedFlow::may_be_rotation))
}

/// Whether the owner has claimed the agent and the token that the claim brought is lost, so that the token in the store is revoked.
pub(super) fn is_lost(credential: &Credential, store: &ServiceStore) -> bool {
    let is_lost = |flow: &Flow| match flow.end() {
        Some(FlowEnd::FailedAndKept(failure)) => {
            matches!(failure, Failure::CredentialLost { .. } | Failure::CredentialUnreadable { .. } | Failure::ClaimTokenSpent(_))
        }
        _ => false,
    };
    matches!(credential, Credential::Unclaimed(_)) && store.flows().is_ok_and(|flows| flows.readable.iter().any(is_lost))
}

/// Asks the service whether the credential is valid. The answer does not change the store.
fn check(credential: &Credential, context: &Context<'_>) -> Result<Checked, Error> {
    let origin = Origin::parse(&credential.base_url()).map_err(Error::internal)?;
    let registration = credential.registration();
    let said = match (credential, &registration) {
        (Credential::Badge { badge, .. }, _) => {
            call(context, VerifyBadge::new(&origin, badge.clone()))?.outcome.map(|verdict| matches!(verdict, Validity::Valid { .. }))
        }
        (Credential::Token { token, .. }, _) => call(context, WhoAmI::new(&origin, token.clone()))?.outcome.map(|_| true),
        (Credential::Unclaimed(_), Some(registration)) => {
            call(context, WhoAmI::new(&origin, registration.access_token().clone()))?.outcome.map(|_| true)
        }
        (Credential::Unclaimed(_), None) => return Err(Error::internal("the registration is gone")),
    };
    Ok(match said {
        Ok(true) => Checked::Valid,
        Ok(false) => Checked::NotValid,
        Err(Failure::Rejected(error)) if matches!(error.status, 401 | 404) => Checked::NotValid,
        Err(failure) => {
            context.output.warn(format!("the service could not be asked: {}", failed(failure).message()));
            Checked::Unknown
        }
    })
}
