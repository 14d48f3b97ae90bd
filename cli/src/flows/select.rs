//! Finds the flow that a command line selects.

use enlist_core::Untrusted;

use crate::context::Context;
use crate::error::Error;
use crate::input::looks_like_a_secret;
use crate::store::{Flow, FlowEnd, Service};

/// Finds the named flow, or the only flow of `services`. It reads without a lock, so the session must look again.
pub(crate) fn select_flow(context: &Context<'_>, name: Option<&str>, services: &[Service]) -> Result<(Service, String), Error> {
    if let Some(name) = name.filter(|name| !Flow::is_name(name)) {
        let shown = if looks_like_a_secret(name) { "what was given".to_owned() } else { Untrusted::new(name).to_string() };
        return Err(Error::usage(format_args!("{shown}: not the name of a flow; see `enlist pending`")));
    }
    let mut found = candidates(context, name, services)?;
    match (found.len(), name) {
        (1, _) => found.pop().ok_or_else(|| Error::internal("one of one is none")),
        (_, Some(name)) => Err(missing(context, name)?),
        (0, None) => Err(nothing(context, services)?),
        (_, None) => {
            let names: Vec<_> = found.into_iter().map(|(_, name)| name).collect();
            Err(Error::Several(names))
        }
    }
}

/// The error for a flow that this profile does not have. It names the profile that has it.
fn missing(context: &Context<'_>, name: &str) -> Result<Error, Error> {
    for profile in context.home()?.profiles()? {
        for service in Service::ALL {
            if context.store_in(&profile, service)?.has_flow(name) {
                return Ok(Error::InProfile { flow: name.to_owned(), profile });
            }
        }
    }
    let message = format!("no profile has a flow {name}");
    Ok(Error::Usage { message, hint: Some("it may have ended; see `enlist status`".to_owned()) })
}

/// The error when no flow can be continued: there is none, or it is damaged.
fn nothing(context: &Context<'_>, services: &[Service]) -> Result<Error, Error> {
    for service in services {
        if let Some(damaged) = context.store(*service)?.flows()?.damaged.first() {
            return Ok(damaged.error().into());
        }
    }
    let hint = Some("`enlist pending` lists the flows of every profile".to_owned());
    Ok(Error::Usage { message: "nothing is pending in this profile".to_owned(), hint })
}

fn candidates(context: &Context<'_>, name: Option<&str>, services: &[Service]) -> Result<Vec<(Service, String)>, Error> {
    let mut found = Vec::new();
    for service in services {
        let flows = context.store(*service)?.flows()?;
        if let Some(error) = flows.refused.into_iter().next() {
            return Err(error.into());
        }
        // A damaged flow can be selected by name; the session that is opened next reports it.
        let damaged = flows.damaged.into_iter().map(|flow| flow.name).filter(|flow| Some(flow.as_str()) == name);
        // A flow that failed before this command is selected, so that its failure is reported.
        let is_open = |flow: &Flow| !matches!(flow.end(), Some(FlowEnd::FailedAndKept(_)));
        let is_meant = |flow: &Flow| name.map_or_else(|| is_open(flow), |name| flow.name() == name);
        let whole = flows.readable.iter().filter(|flow| is_meant(flow)).map(|flow| flow.name().to_owned());
        found.extend(damaged.chain(whole).map(|name| (*service, name)));
    }
    Ok(found)
}
