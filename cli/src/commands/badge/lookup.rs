//! `enlist badge lookup`: what the service publishes about an agent.

use enlist_core::badge::{Did, LookUp, Published};
use enlist_core::{Failure, Untrusted};

use crate::asking::{ask, problem};
use crate::output::Outcome;
use crate::output::data::{FoundAgent, LookedUp, MissingAgent};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::Service;
use crate::view::Time;
use crate::view::profile::Profile;

pub(crate) fn run(did: &str, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let did = Did::parse(did).map_err(|error| Problem::usage(format_args!("{}: {error}", Untrusted::new(did))))?;
    match look_up(&did, setting)? {
        Some(published) => {
            setting.output.text(did.as_str())?;
            let profile = Profile::from(&published.profile);
            setting.output.text_lines(profile.published_lines())?;
            let (did, issued_at) = (did.as_str().to_owned(), published.issued_at.map(Time));
            Ok(Outcome::ready(LookedUp::Found(Box::new(FoundAgent { did, found: true, issued_at, untrusted_profile: profile }))))
        }
        None => {
            setting.output.text(format_args!("{did} is not there: never registered, or revoked."))?;
            Ok(Outcome::stopped(Problem::NoSuchAgent, LookedUp::Missing(MissingAgent { did: did.as_str().to_owned(), found: false }), None))
        }
    }
}

/// The colons as the documents' example has them; where that is not found, as their words have it.
fn look_up(did: &Did, setting: &Setting<'_>) -> Result<Option<Published>, Problem> {
    let look_up = LookUp::new(&setting.origin(Service::Sentryagent)?, did.clone());
    match ask(setting, look_up.clone())?.outcome {
        Ok(None) => Ok(ask(setting, look_up.encoded())?.outcome.ok().flatten()),
        Err(Failure::Rejected(error)) if error.status == 400 => ask(setting, look_up.encoded())?.outcome.map_err(problem),
        other => other.map_err(problem),
    }
}
