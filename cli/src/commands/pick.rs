//! Which flow is meant.

use crate::ceremonies::{End, Live};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Flow, Service};

/// The named flow, or the only one of `services`. Reads without a lock: who takes it must look again.
pub(crate) fn pick(setting: &Setting<'_>, name: Option<&str>, services: &[Service]) -> Result<(Service, String), Problem> {
    if let Some(name) = name.filter(|name| !Flow::is_name(name)) {
        return Err(Problem::usage(format_args!("{}: this is no flow's name; see enlist pending", enlist_core::Untrusted::new(name))));
    }
    let mut found = candidates(setting, name, services)?;
    match (found.len(), name) {
        (1, _) => found.pop().ok_or_else(|| Problem::internal("one of one is none")),
        (_, Some(name)) => Err(Problem::Usage {
            message: format!("{name}: there is no such flow in this profile"),
            hint: Some("it may have come to its end: see enlist status".to_owned()),
        }),
        (0, None) => Err(Problem::usage("nothing is pending in this profile")),
        (_, None) => {
            let names: Vec<_> = found.into_iter().map(|(_, name)| name).collect();
            Err(Problem::usage(format_args!("several are pending, name one: {}", names.join(", "))))
        }
    }
}

fn candidates(setting: &Setting<'_>, name: Option<&str>, services: &[Service]) -> Result<Vec<(Service, String)>, Problem> {
    let mut found = Vec::new();
    for service in services {
        let store = setting.store(*service)?;
        for flow in store.flows()? {
            let is_meant = match name {
                Some(name) => flow.name == name,
                None => !matches!(Live::of(&flow, &store)?.end(), Some(End::FailedAndKept(_))),
            };
            if is_meant {
                found.push((*service, flow.name));
            }
        }
    }
    Ok(found)
}
