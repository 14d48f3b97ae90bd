//! `enlist try`: runs both ceremonies against the embedded sandbox and explains every step.

mod guide;
mod script;

use std::time::Duration;

use enlist_blocking::{Client, DriveError, Ending, Host, Proxies, drive};
use enlist_core::badge::{BadgeRegistration, Identity, Manifest};
use enlist_core::claim::{Claim, ClaimedToken, Enrolment, Label};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Origin};
use enlist_sandbox::{Config, Sandbox};
use guide::{Guide, Narration};

use super::Facts;
use super::facts::runs;
use crate::error::Error;
use crate::output::data::{Tour, TourBadge, TourClaim};
use crate::output::stderr::note;
use crate::output::{Outcome, Output};
use crate::view::escaped;
use crate::view::profile::manifest;
use crate::wait_policy::now;

/// Watch both registrations from start to end on this machine; needs no network and no account
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) static FACTS: Facts =
    Facts::new("try", &[("enlist try", "runs the tour"), ("enlist try --json", "prints the result as one JSON document")])
        .without_profile();

runs!(Args, FACTS, |self, start| run(start.output));

/// Shorter than the services' 5 s, so that the tour is quick.
const INTERVAL: Duration = Duration::from_secs(1);
const AGENT: &str = "My AI Agent";
const OWNER: &str = "owner@example.com";

pub(crate) fn run(output: &Output) -> Result<Outcome, Error> {
    tour(output).inspect_err(|error| {
        if matches!(error, Error::Ceremony { .. } | Error::AnswerLost) {
            note("The sandbox is part of enlist, so this is a bug in enlist. Please report it.");
        }
    })
}

fn tour(output: &Output) -> Result<Outcome, Error> {
    let sandbox = Sandbox::start(Config { interval: INTERVAL, ..Config::default() }).map_err(Error::internal)?;
    let origin = Origin::parse(sandbox.url()).map_err(Error::internal)?;
    let (mut guide, mut narration) = (Guide::new(output, &sandbox), Narration::new(output));
    guide.welcome()?;
    let token = claim(&mut guide, &mut narration, &origin)?;
    let identity = register(&mut guide, &mut narration, &origin)?;
    guide.sum_up(&token, &identity)?;
    Ok(outcome(&token, &identity))
}

/// Runs the claim at OpenTrain.
fn claim(guide: &mut Guide<'_>, narration: &mut Narration<'_>, origin: &Origin) -> Result<ClaimedToken, Error> {
    guide.heading("OpenTrain: the agent registers, and its owner claims it")?;
    let agent = Label::parse(AGENT).map_err(Error::internal)?;
    let owner = Email::parse(OWNER).map_err(Error::internal)?;
    let registration = to_the_end(guide, narration, &mut Enrolment::new(origin.clone(), Some(agent), None))?;
    to_the_end(guide, narration, &mut Claim::new(&registration, owner))
}

/// Runs the registration at SentryAgent.
fn register(guide: &mut Guide<'_>, narration: &mut Narration<'_>, origin: &Origin) -> Result<Identity, Error> {
    guide.heading("SentryAgent: the agent presents a manifest, and its developer confirms by phone")?;
    let manifest = Manifest::from_json(manifest(|field| field.example).as_bytes()).map_err(Error::internal)?;
    to_the_end(guide, narration, &mut BadgeRegistration::new(origin.clone(), manifest))
}

fn to_the_end<'a, C>(guide: &mut Guide<'a>, narration: &mut Narration<'_>, ceremony: &mut C) -> Result<C::Outcome, Error>
where
    C: Ceremony,
    Guide<'a>: Host<C, Error = Error>,
{
    // The sandbox runs on this machine, so proxies do not apply.
    let client = Client::builder().proxies(Proxies::default()).build().map_err(Error::internal)?;
    match drive(ceremony, &client, guide, narration) {
        Ok(Ending::Finished(Ok(outcome))) => Ok(outcome),
        Ok(Ending::Finished(Err(failure))) => Err(Error::Ceremony { failure: Box::new(failure), at: now(), kept: Vec::new() }),
        // The simulated humans answer every question except those after a lost answer.
        Ok(Ending::Paused) => Err(Error::AnswerLost),
        Err(DriveError::Host(error) | DriveError::Store(error)) => Err(error),
        Err(DriveError::Misuse(misuse)) => Err(Error::internal(misuse)),
    }
}

fn outcome(token: &ClaimedToken, identity: &Identity) -> Outcome {
    Outcome::ready(Tour {
        claim: TourClaim { scopes: scopes(token).collect(), token_hint: token.access_token().hint() },
        badge: TourBadge { did: identity.did().map(ToString::to_string), badge_hint: identity.badge().hint() },
    })
}

fn scopes(token: &ClaimedToken) -> impl Iterator<Item = String> {
    token.scopes().iter().map(|scope| escaped(scope))
}
