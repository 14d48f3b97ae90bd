//! `enlist pending`.

use serde_json::{Value, json};

use crate::ceremonies::{End, Live};
use crate::desk::Desk;
use crate::output::{Outcome, Output};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Service, Store};

pub(crate) fn run(setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let mut pending = Vec::new();
    for service in Service::ALL {
        pending.extend(flows(&Desk::look(setting, service)?)?);
    }
    if pending.is_empty() {
        setting.output.text("Nothing is pending.")?;
    }
    tell(&pending, setting.output)?;
    Ok(Outcome::ready(json!({ "pending": pending })))
}

/// What is under way in `store`; an attempt that failed and is only remembered is not.
pub(crate) fn flows(store: &Store) -> Result<Vec<Value>, Problem> {
    let mut pending = Vec::new();
    for flow in store.flows()? {
        let live = Live::of(&flow, store)?;
        if !matches!(live.end(), Some(End::FailedAndKept(_))) {
            pending.push(live.summary(&flow));
        }
    }
    Ok(pending)
}

pub(crate) fn tell(pending: &[Value], output: &Output) -> Result<(), Problem> {
    for flow in pending {
        let word = |name: &str| flow[name].as_str().unwrap_or_default().to_owned();
        let until = flow["expires_at"].as_str().map(|at| format!(", until {at}")).unwrap_or_default();
        output.text(format_args!("{}  {}, pending: {}{until}", word("flow"), word("service"), word("awaiting")))?;
    }
    Ok(())
}
