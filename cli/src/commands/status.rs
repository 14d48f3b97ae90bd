//! `enlist status`.

use enlist_core::badge::{Validity, VerifyBadge};
use enlist_core::opentrain::WhoAmI;
use enlist_core::{Failure, Origin};

use super::pending::{self, Failures, Shelf};
use super::token::warn_of_shadows;
use crate::args::StatusArgs;
use crate::asking::{ask, problem};
use crate::output::Outcome;
use crate::output::data::Status;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{AnyCeremony, Credential, DamagedFlow, Flow, ServiceStore};
use crate::view::credential::{Checked, Identity, State};

pub(crate) fn run(args: &StatusArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (mut kept, mut identities, mut pending, mut unreadable) = (Vec::new(), Vec::new(), Vec::new(), Failures::default());
    for shelf in pending::shelves(setting)? {
        pending.extend(unreadable.pending(&shelf, setting)?);
        let credential = unreadable.unless_read(&shelf, shelf.store.credential().map_err(Problem::from))?.flatten();
        kept.extend(credential.map(|credential| (shelf, credential)));
    }
    if args.check {
        // Before anything is sent.
        kept.iter().try_for_each(|(_, credential)| setting.keeps_to(&credential.base_url()))?;
    }
    for (shelf, credential) in &kept {
        identities.push(identity_of(credential, shelf, args, setting)?);
    }
    if identities.is_empty() && pending.is_empty() && unreadable.is_empty() {
        setting.output.text("No identity, and nothing pending.")?;
    }
    pending::tell(&pending, setting.output)?;
    unreadable.outcome(setting.output, |unreadable| Status { identities, pending, unreadable })
}

fn identity_of(credential: &Credential, shelf: &Shelf, args: &StatusArgs, setting: &Setting<'_>) -> Result<Identity, Problem> {
    if let Some(secret) = credential.expose().filter(|_| shelf.profile == *setting.output.profile()) {
        warn_of_shadows(shelf.service, &secret, &[], setting);
    }
    let mut identity = Identity::of(credential, &shelf.profile);
    if is_doubtful(&shelf.store) {
        identity.state = State::Doubtful;
    }
    if args.check {
        identity.checked = Some(check(credential, setting)?);
    }
    setting.output.text(identity.line(setting.output.profile()))?;
    Ok(identity)
}

/// Whether a rotation's answer was lost, and the badge may be dead. What cannot be read at all is told of elsewhere.
fn is_doubtful(store: &ServiceStore) -> bool {
    let in_doubt = |flow: &Flow| matches!(flow.ceremony(), AnyCeremony::BadgeRotation(rotation) if rotation.in_doubt());
    store.flows().is_ok_and(|flows| flows.readable.iter().any(in_doubt) || flows.damaged.iter().any(DamagedFlow::may_be_rotation))
}

/// What the service says of the credential. Nothing is dropped because of it.
fn check(credential: &Credential, setting: &Setting<'_>) -> Result<Checked, Problem> {
    let origin = Origin::parse(&credential.base_url()).map_err(Problem::internal)?;
    let registration = credential.registration();
    let said = match (credential, &registration) {
        (Credential::Badge { badge, .. }, _) => {
            ask(setting, VerifyBadge::new(&origin, badge.clone()))?.outcome.map(|verdict| matches!(verdict, Validity::Valid { .. }))
        }
        (Credential::Token { token, .. }, _) => ask(setting, WhoAmI::new(&origin, token.clone()))?.outcome.map(|_| true),
        (Credential::Unclaimed(_), Some(registration)) => {
            ask(setting, WhoAmI::new(&origin, registration.access_token().clone()))?.outcome.map(|_| true)
        }
        (Credential::Unclaimed(_), None) => return Err(Problem::internal("the registration is gone")),
    };
    Ok(match said {
        Ok(true) => Checked::Valid,
        Ok(false) => Checked::NotValid,
        Err(Failure::Rejected(error)) if matches!(error.status, 401 | 404) => Checked::NotValid,
        Err(failure) => {
            setting.output.warn(format!("the service could not be asked: {}", problem(failure).message()));
            Checked::Unknown
        }
    })
}
