//! An identity, as it is told: never with its secret.

use enlist_core::Untrusted;
use serde_json::{Value, json};

use crate::output::{Outcome, Output};
use crate::problem::Problem;
use crate::store::{Credential, ProfileName, Service};

/// The ceremony's result.
pub(crate) fn ready(credential: &Credential) -> Outcome {
    Outcome::ready(data(credential))
}

/// What may be told of it.
pub(crate) fn data(credential: &Credential) -> Value {
    match credential {
        Credential::Unclaimed(_) => {
            let registration = credential.registration();
            let registration = registration.as_ref();
            json!({
                "registration_id": registration.and_then(|found| found.registration_id()).map(plain),
                "scopes": registration.map(|found| scopes(found.scopes())),
                "token_hint": registration.map(|found| found.access_token().hint()),
                "claim_expires_at": registration.and_then(|found| found.claim_token_expires_at()).map(|at| at.to_string()),
            })
        }
        Credential::Token { token, scopes: allowed, .. } => json!({ "scopes": scopes(allowed), "token_hint": token.hint() }),
        Credential::Badge { badge, did, public_profile, .. } => {
            json!({ "did": did, "badge_hint": badge.hint(), "public_profile": public_profile })
        }
    }
}

/// The same as lines of text.
pub(crate) fn tell(credential: &Credential, output: &Output) -> Result<(), Problem> {
    match credential {
        Credential::Unclaimed(_) => {
            output.text("Registered. The owner claims it with: enlist claim --email OWNER@EXAMPLE.COM")?;
            if let Some(end) = credential.registration().and_then(|found| found.claim_token_expires_at()) {
                output.text(format_args!("  to be claimed until {end}"))?;
            }
        }
        Credential::Token { adopted: true, .. } => output.text("Adopted. The token is kept.")?,
        Credential::Token { .. } => output.text("Claimed. The token is kept.")?,
        Credential::Badge { did, .. } => {
            output.text(format_args!("Registered as {}. The badge is kept.", did.as_deref().unwrap_or("an agent")))?
        }
    }
    output.text(format_args!("  to print it: enlist token {}", service(credential).name()))
}

/// One line of `status`.
pub(crate) fn summary(credential: &Credential, profile: &ProfileName) -> Value {
    let (kind, state) = kind_and_state(credential);
    let (service, hint) = (service(credential).name(), hint(credential));
    let mut summary = json!({ "service": service, "profile": profile.as_str(), "kind": kind, "state": state, "token_hint": hint });
    if let (Value::Object(summary), Value::Object(data)) = (&mut summary, data(credential)) {
        summary.extend(data.into_iter().filter(|(name, _)| matches!(name.as_str(), "scopes" | "did")));
    }
    summary
}

pub(crate) fn kind_and_state(credential: &Credential) -> (&'static str, &'static str) {
    match credential {
        Credential::Unclaimed(_) => ("pre_claim_token", "unclaimed"),
        Credential::Token { adopted: true, .. } => ("token", "adopted"),
        Credential::Token { .. } => ("token", "claimed"),
        Credential::Badge { .. } => ("badge", "issued"),
    }
}

pub(crate) fn hint(credential: &Credential) -> Option<String> {
    match credential {
        Credential::Unclaimed(_) => credential.registration().map(|found| found.access_token().hint()),
        Credential::Token { token, .. } => Some(token.hint()),
        Credential::Badge { badge, .. } => Some(badge.hint()),
    }
}

fn service(credential: &Credential) -> Service {
    match credential {
        Credential::Badge { .. } => Service::Sentryagent,
        _ => Service::Opentrain,
    }
}

fn scopes(scopes: &[String]) -> Vec<String> {
    scopes.iter().map(|scope| plain(scope)).collect()
}

/// A service's words.
fn plain(text: &str) -> String {
    Untrusted::new(text).to_string()
}
