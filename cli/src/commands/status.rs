//! `enlist status`.

use serde_json::json;

use super::pending;
use crate::desk::Desk;
use crate::identity;
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Credential, Service};

pub(crate) fn run(setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (mut identities, mut pending) = (Vec::new(), Vec::new());
    for service in Service::ALL {
        let store = Desk::look(setting, service)?;
        if let Some(credential) = store.credential()? {
            let (kind, state) = identity::kind_and_state(&credential);
            let hint = identity::hint(&credential).unwrap_or_default();
            let did = if let Credential::Badge { did: Some(did), .. } = &credential { format!("  {did}") } else { String::new() };
            setting.output.text(format_args!("{}  {kind}, {state}  {hint}{did}", service.name()))?;
            identities.push(identity::summary(&credential, setting.output.profile()));
        }
        pending.extend(pending::flows(&store)?);
    }
    if identities.is_empty() && pending.is_empty() {
        setting.output.text("No identity, and nothing pending.")?;
    }
    pending::tell(&pending, setting.output)?;
    Ok(Outcome::ready(json!({ "identities": identities, "pending": pending })))
}
