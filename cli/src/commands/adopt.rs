//! `enlist adopt`: stores a token that its owner created by hand.

use std::ffi::OsString;

use enlist_core::secret::PersonalToken;

use super::facts::runs;
use super::{Facts, Run};
use crate::context::Context;
use crate::error::Error;
use crate::flows::may_be_lost;
use crate::flows::session::CliSession;
use crate::input::Source;
use crate::output::Outcome;
use crate::store::{AnyCeremony, Credential, Flow, Service};
use crate::view::credential::Obtained;

/// Store a token that was created by hand
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    Opentrain(OpentrainArgs),
}

/// Store a token of OpenTrain that was created by hand
#[derive(Debug, clap::Args)]
pub(crate) struct OpentrainArgs {
    /// File with the token; - for stdin
    #[arg(long, value_name = "FILE")]
    token_file: OsString,
}

pub(super) static FACTS: Facts = Facts::new("adopt", &[("enlist adopt opentrain --token-file -", "reads the token from stdin")]);
pub(super) static OPENTRAIN_FACTS: Facts = Facts::new(
    "adopt opentrain",
    &[
        ("enlist adopt opentrain --token-file -", "reads the token from stdin"),
        ("enlist adopt opentrain --token-file token.txt", "reads the token from a file"),
    ],
)
.named("adopt");

impl Args {
    /// The subcommand that was named.
    pub(super) fn named(&self) -> &dyn Run {
        let Self::Opentrain(args) = self;
        args
    }
}

runs!(OpentrainArgs, OPENTRAIN_FACTS, Some(Service::Opentrain), |self, start| opentrain(self, &start.context()?));

fn opentrain(args: &OpentrainArgs, context: &Context<'_>) -> Result<Outcome, Error> {
    let token = read(&Source::named("--token-file", &args.token_file), context)?;
    let base_url = origin(context)?;
    keep(Credential::Token { base_url, token, scopes: Vec::new(), adopted: true }, context)
}

/// The service that issued the token: the one of the registration, whose lost token it replaces, or else the configured one.
fn origin(context: &Context<'_>) -> Result<String, Error> {
    match context.store(Service::Opentrain)?.credential()? {
        Some(credential @ Credential::Unclaimed(_)) => {
            context.keeps_to(&credential.base_url())?;
            Ok(credential.base_url())
        }
        _ => Ok(context.origin(Service::Opentrain)?.to_string()),
    }
}

/// Stores a credential that was obtained outside of enlist, unless the profile is in use.
pub(super) fn keep(credential: Credential, context: &Context<'_>) -> Result<Outcome, Error> {
    let session = CliSession::open(context, Service::Opentrain)?;
    if let Some(lost) = session.end_of(None)? {
        return Ok(lost);
    }
    let flows = session.locked.flows()?;
    refuse_what_may_still_come(&session, &flows)?;
    context.output.warn_of(session.locked.keep(&credential)?);
    for flow in &flows {
        // These are attempts to claim a registration that is replaced now.
        if let AnyCeremony::Claim(_) = flow.ceremony() {
            session.locked.remove_flow(flow.name())?;
        }
    }
    let obtained = Obtained::of(&credential);
    context.output.text_lines(obtained.lines())?;
    Ok(Outcome::ready(obtained))
}

/// Refuses to replace a registration that can still be claimed, because it contains the only claim token.
fn refuse_what_may_still_come(session: &CliSession<'_>, flows: &[Flow]) -> Result<(), Error> {
    if let Some(flow) = flows.iter().find(|flow| flow.is_pending()) {
        return Err(Error::UnderWay(format!("the flow {} is pending in this profile and may still obtain a token", flow.name())));
    }
    let may_be_lost = flows.iter().any(|flow| matches!(flow.ceremony(), AnyCeremony::Claim(claim) if may_be_lost(claim)));
    match session.locked.credential()? {
        None => Ok(()),
        Some(Credential::Unclaimed(_)) if may_be_lost => Ok(()),
        Some(Credential::Unclaimed(_)) => {
            Err(Error::Conflict("this profile has a registration at opentrain that can still be claimed".to_owned()))
        }
        Some(_) => Err(Error::Conflict("this profile already has a token of opentrain".to_owned())),
    }
}

fn read(source: &Source, context: &Context<'_>) -> Result<PersonalToken, Error> {
    let text = source.read_text("the token", &context.interrupt)?;
    let token = PersonalToken::parse(text.trim()).map_err(|error| source.refused(error))?;
    // A claim token is no bearer token.
    if token.expose().starts_with("ot_clm_") { Err(source.refused("this is a claim token and not an API token")) } else { Ok(token) }
}
