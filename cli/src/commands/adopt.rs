//! `enlist adopt`: a token that its owner created by hand.

use std::ffi::OsString;

use enlist_core::secret::PersonalToken;

use super::{Facts, Run, Start};
use crate::context::Context;
use crate::error::Error;
use crate::flows::may_be_lost;
use crate::flows::session::CliSession;
use crate::input::Source;
use crate::output::Outcome;
use crate::store::{AnyCeremony, Credential, Flow, Service};
use crate::view::credential::Obtained;

/// Keep a token that was created by hand
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    Opentrain(OpentrainArgs),
}

/// A token of OpenTrain
#[derive(Debug, clap::Args)]
pub(crate) struct OpentrainArgs {
    /// Where the token is; - for stdin
    #[arg(long, value_name = "FILE")]
    token_file: OsString,
}

pub(super) static FACTS: Facts =
    Facts::new("adopt", &[("enlist adopt opentrain --token-file -", "a token on stdin, as its owner created it")]);
pub(super) static OPENTRAIN_FACTS: Facts = Facts::new(
    "adopt opentrain",
    &[("enlist adopt opentrain --token-file -", "on stdin"), ("enlist adopt opentrain --token-file token.txt", "in a file")],
)
.named("adopt");

impl Args {
    /// The command that was named.
    pub(super) fn named(&self) -> &dyn Run {
        let Self::Opentrain(args) = self;
        args
    }
}

impl Run for OpentrainArgs {
    fn facts(&self) -> &'static Facts {
        &OPENTRAIN_FACTS
    }

    fn service(&self) -> Option<Service> {
        Some(Service::Opentrain)
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        opentrain(self, &start.context()?)
    }
}

fn opentrain(args: &OpentrainArgs, context: &Context<'_>) -> Result<Outcome, Error> {
    let token = read(&Source::named("--token-file", &args.token_file), context)?;
    let base_url = origin(context)?;
    keep(Credential::Token { base_url, token, scopes: Vec::new(), adopted: true }, context)
}

/// Where the token is good: a token that was lost is replaced where the registration is; else wherever is meant.
fn origin(context: &Context<'_>) -> Result<String, Error> {
    match context.store(Service::Opentrain)?.credential()? {
        Some(credential @ Credential::Unclaimed(_)) => {
            context.keeps_to(&credential.base_url())?;
            Ok(credential.base_url())
        }
        _ => Ok(context.origin(Service::Opentrain)?.to_string()),
    }
}

/// Keeps a credential that no ceremony of ours brought, where nothing stands in its way.
pub(super) fn keep(credential: Credential, context: &Context<'_>) -> Result<Outcome, Error> {
    let session = CliSession::open(context, Service::Opentrain)?;
    if let Some(lost) = session.end_of(None)? {
        return Ok(lost);
    }
    let flows = session.locked.flows()?;
    refuse_what_may_still_come(&session, &flows)?;
    context.output.warn_of(session.locked.keep(&credential)?);
    for flow in &flows {
        // The attempts of a registration that nobody will claim any more.
        if let AnyCeremony::Claim(_) = flow.ceremony() {
            session.locked.remove_flow(flow.name())?;
        }
    }
    let obtained = Obtained::of(&credential);
    context.output.text_lines(obtained.lines())?;
    Ok(Outcome::ready(obtained))
}

/// A registration that can still be claimed is worth more than room for a token: it holds the only claim token.
fn refuse_what_may_still_come(session: &CliSession<'_>, flows: &[Flow]) -> Result<(), Error> {
    if let Some(flow) = flows.iter().find(|flow| flow.is_pending()) {
        return Err(Error::UnderWay(format!("{} is under way in this profile, and may bring a token yet", flow.name())));
    }
    let may_be_lost = flows.iter().any(|flow| matches!(flow.ceremony(), AnyCeremony::Claim(claim) if may_be_lost(claim)));
    match session.locked.credential()? {
        None => Ok(()),
        Some(Credential::Unclaimed(_)) if may_be_lost => Ok(()),
        Some(Credential::Unclaimed(_)) => {
            Err(Error::Conflict("this profile has a registration at opentrain that can be claimed".to_owned()))
        }
        Some(_) => Err(Error::Conflict("this profile has a token of opentrain already".to_owned())),
    }
}

fn read(source: &Source, context: &Context<'_>) -> Result<PersonalToken, Error> {
    let text = source.read_text("the token", &context.interrupt)?;
    let token = PersonalToken::parse(text.trim()).map_err(|error| source.refused(error))?;
    // The other secret of a registration, and never a bearer token.
    if token.expose().starts_with("ot_clm_") { Err(source.refused("this is a claim token, not an API token")) } else { Ok(token) }
}
