//! `enlist status`.

use enlist_core::opentrain::WhoAmI;
use enlist_core::sentryagent::{Verdict, VerifyBadge};
use enlist_core::{Failure, Origin};
use serde_json::{Value, json};

use super::pending;
use super::token::warn_of_shadows;
use crate::args::StatusArgs;
use crate::asking::{ask, problem};
use crate::ceremonies::Live;
use crate::desk::Desk;
use crate::identity;
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Credential, Service, Store};

pub(crate) fn run(args: &StatusArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (mut kept, mut identities, mut pending) = (Vec::new(), Vec::new(), Vec::new());
    for service in Service::ALL {
        let store = Desk::look(setting, service)?;
        if let Some(credential) = store.credential()? {
            if args.check {
                setting.keeps_to(&credential.base_url())?;
            }
            kept.push((service, credential, store.clone()));
        }
        pending.extend(pending::flows(&store)?);
    }
    // Only now: a `--base-url` that cannot be kept to is refused before anything is sent.
    for (service, credential, store) in &kept {
        identities.push(identity_of(credential, *service, store, args, setting)?);
    }
    if identities.is_empty() && pending.is_empty() {
        setting.output.text("No identity, and nothing pending.")?;
    }
    pending::tell(&pending, setting.output)?;
    Ok(Outcome::ready(json!({ "identities": identities, "pending": pending })))
}

fn identity_of(
    credential: &Credential,
    service: Service,
    store: &Store,
    args: &StatusArgs,
    setting: &Setting<'_>,
) -> Result<Value, Problem> {
    if let Some(secret) = credential.expose() {
        warn_of_shadows(service, &secret, &[], setting);
    }
    let (kind, state) = identity::kind_and_state(credential);
    let state = if is_doubtful(store)? { "doubtful" } else { state };
    let checked = if args.check { Some(check(credential, setting)?) } else { None };
    let hint = identity::hint(credential).unwrap_or_default();
    let did = if let Credential::Badge { did: Some(did), .. } = credential { format!("  {did}") } else { String::new() };
    let told = checked.map(|checked| format!("  {checked}")).unwrap_or_default();
    setting.output.text(format_args!("{}  {kind}, {state}  {hint}{did}{told}", service.name()))?;
    let mut summary = identity::summary(credential, setting.output.profile());
    if let Value::Object(members) = &mut summary {
        members.insert("state".to_owned(), state.into());
        members.extend(checked.map(|checked| ("checked".to_owned(), checked.into())));
    }
    Ok(summary)
}

/// Whether a rotation's answer was lost, and the badge may be dead.
fn is_doubtful(store: &Store) -> Result<bool, Problem> {
    for flow in store.flows()? {
        if let Live::Rotation(rotation) = Live::of(&flow, store)? {
            return Ok(rotation.in_doubt());
        }
    }
    Ok(false)
}

/// What the service says of the credential. Nothing is dropped because of it.
fn check(credential: &Credential, setting: &Setting<'_>) -> Result<&'static str, Problem> {
    let origin = Origin::parse(&credential.base_url()).map_err(Problem::internal)?;
    let registration = credential.registration();
    let said = match (credential, &registration) {
        (Credential::Badge { badge, .. }, _) => {
            ask(setting, VerifyBadge::new(&origin, badge.clone()))?.outcome.map(|verdict| matches!(verdict, Verdict::Valid { .. }))
        }
        (Credential::Token { token, .. }, _) => ask(setting, WhoAmI::new(&origin, token.clone()))?.outcome.map(|_| true),
        (Credential::Unclaimed(_), Some(registration)) => {
            ask(setting, WhoAmI::new(&origin, registration.access_token().clone()))?.outcome.map(|_| true)
        }
        (Credential::Unclaimed(_), None) => return Err(Problem::internal("the registration is gone")),
    };
    Ok(match said {
        Ok(true) => "valid",
        Ok(false) => "not_valid",
        Err(Failure::Rejected(error)) if matches!(error.status, 401 | 404) => "not_valid",
        Err(failure) => {
            setting.output.warn(format!("the service could not be asked: {}", problem(failure).message()));
            "unknown"
        }
    })
}
