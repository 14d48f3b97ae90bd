//! `enlist profile import`: copies the credential from the file of a service's own tool. The file is not changed.

use enlist_core::claim::Enrolment;
use enlist_core::secret::{ClaimToken, PersonalToken};
use enlist_core::{Ceremony, Input, Origin};
use http::Response;
use serde::Serialize;

use super::Tool;
use crate::commands::Facts;
use crate::commands::adopt;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::interop::opentrain_cli::{self, BASE_URL, CLAIM_TOKEN, TOKEN, ToolFile};
use crate::output::Outcome;
use crate::store::{Credential, Service, StoreError};
use crate::sys;
use crate::wait_policy::now;

/// Copy the credential from a service's own tool
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service's own tool
    #[arg(value_enum)]
    tool: Tool,
}

pub(crate) static FACTS: Facts =
    Facts::new("profile import", &[("enlist profile import opentrain", "reads ~/.config/opentrain/cli.json and does not change it")]);

runs!(Args, FACTS, Some(Service::Opentrain), |self, start| run(self.tool, &start.context()?));

pub(super) fn run(tool: Tool, context: &Context<'_>) -> Result<Outcome, Error> {
    let Tool::Opentrain = tool;
    let path = opentrain_cli::path()?;
    let nothing = || Error::usage(format_args!("{} contains no token to import", path.display()));
    let file = ToolFile::read(&path)?.ok_or_else(nothing)?;
    let bad = |name: &str, why: &dyn std::fmt::Display| Error::from(StoreError::corrupt(&path, format_args!("its `{name}`: {why}")));
    let text = |name| file.text(name, &path);

    let token = text(TOKEN)?.ok_or_else(nothing)?;
    let token = PersonalToken::parse(&token).map_err(|error| bad(TOKEN, &error))?;
    let origin = match text(BASE_URL)? {
        None => context.origin(Service::Opentrain)?,
        Some(url) => Origin::parse(&url).map_err(|error| bad(BASE_URL, &error))?,
    };
    context.keeps_to(&origin.to_string())?;
    let claim_token = text(CLAIM_TOKEN)?.map(|text| ClaimToken::parse(&text)).transpose().map_err(|error| bad(CLAIM_TOKEN, &error))?;
    let credential = match claim_token {
        None => Credential::Token { base_url: origin.to_string(), token, scopes: Vec::new(), adopted: true },
        Some(claim_token) => unclaimed(origin, &token, &claim_token)?,
    };
    if sys::is_open_to_others(&path) {
        context.output.warn(format!("other users of this machine can read {}; run chmod 600 on it", path.display()));
    }
    adopt::keep(credential, context)
}

/// The two secrets in the form of a registration's answer.
#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    claim_token: &'a str,
}

/// Makes a registration from its two secrets, by giving them to an enrolment as its answer.
fn unclaimed(origin: Origin, token: &PersonalToken, claim_token: &ClaimToken) -> Result<Credential, Error> {
    let mut enrolment = Enrolment::new(origin, None, None);
    let exchange = enrolment.begin(now()).map_err(Error::internal)?;
    let answer = Answer { access_token: token.expose(), claim_token: claim_token.expose() };
    let response = Response::new(serde_json::to_vec(&answer).map_err(Error::internal)?);
    enrolment.handle(now(), Input::Response { id: exchange.id, response }).map_err(Error::internal)?;
    let credential = Credential::Unclaimed(Box::new(enrolment));
    if credential.registration().is_some() { Ok(credential) } else { Err(Error::internal("two secrets made no registration")) }
}
