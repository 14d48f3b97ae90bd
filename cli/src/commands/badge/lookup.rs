//! `enlist badge lookup`: what the service publishes about an agent.

use enlist_core::badge::{Did, LookUp, Published};
use enlist_core::{Failure, Untrusted};

use crate::call::{call, failed};
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::{FoundAgent, LookedUp, MissingAgent};
use crate::store::Service;
use crate::view::Time;
use crate::view::profile::Profile;

/// Show what the service publishes about an agent
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// DID of the agent: did:sentryagent:...
    did: String,
}

pub(crate) static FACTS: Facts =
    Facts::new("badge lookup", &[("enlist badge lookup did:sentryagent:7f3a0b12", "what the service publishes about this agent")]);

runs!(Args, FACTS, Some(Service::Sentryagent), |self, start| run(&self.did, &start.context()?));

pub(crate) fn run(did: &str, context: &Context<'_>) -> Result<Outcome, Error> {
    let did = Did::parse(did).map_err(|error| Error::usage(format_args!("{}: {error}", Untrusted::new(did))))?;
    match look_up(&did, context)? {
        Some(published) => {
            context.output.text(did.as_str())?;
            let profile = Profile::from(&published.profile);
            context.output.text_lines(profile.published_lines())?;
            let (did, issued_at) = (did.as_str().to_owned(), published.issued_at.map(Time));
            Ok(Outcome::ready(LookedUp::Found(Box::new(FoundAgent { did, found: true, issued_at, untrusted_profile: profile }))))
        }
        None => {
            context.output.text(format_args!("{did} is not published. It was never registered, or it was revoked."))?;
            Ok(Outcome::stopped(Error::NoSuchAgent, LookedUp::Missing(MissingAgent { did: did.as_str().to_owned(), found: false }), None))
        }
    }
}

/// Looks the agent up with plain colons in the path, as in the documents' example, and then with encoded colons, as in their text.
fn look_up(did: &Did, context: &Context<'_>) -> Result<Option<Published>, Error> {
    let look_up = LookUp::new(&context.origin(Service::Sentryagent)?, did.clone());
    match call(context, look_up.clone())?.outcome {
        Ok(None) => Ok(call(context, look_up.encoded())?.outcome.ok().flatten()),
        Err(Failure::Rejected(error)) if error.status == 400 => call(context, look_up.encoded())?.outcome.map_err(failed),
        other => other.map_err(failed),
    }
}
