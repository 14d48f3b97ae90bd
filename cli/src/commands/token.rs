//! `enlist token`: the only command that prints a credential.

use clap::ValueEnum;
use zeroize::Zeroizing;

use super::Facts;
use super::facts::runs;
use super::status::is_lost;
use crate::context::Context;
use crate::env;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::interop::opentrain_cli::{shadow_words, shadowing};
use crate::output::data::Secret;
use crate::output::{Outcome, Prints, quoted};
use crate::store::{Credential, Service};
use crate::view::credential::{Kind, State};

/// Print a credential; no other command does
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Service that issued the credential
    #[arg(value_enum)]
    pub(crate) service: Service,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: TokenFormat,
}

/// The form in which a credential is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenFormat {
    /// The credential and a newline
    #[default]
    Raw,
    /// An Authorization header
    Header,
    /// NAME=VALUE
    Env,
    /// A JSON object
    Json,
}

pub(super) static FACTS: Facts = Facts::new(
    "token",
    &[
        ("enlist token opentrain", "prints the token and a newline"),
        ("enlist token sentryagent --format header", "prints Authorization: Bearer ..."),
    ],
)
.printing(Prints::Credential);

runs!(Args, FACTS, Some(self.service), |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let (credential, secret) = credential_and_secret(args.service, context)?;
    warn_of_shadows(args.service, &secret, &[], context);
    let data = data(args.service, &credential, secret.clone());
    match args.format {
        TokenFormat::Raw => context.output.text(&*secret)?,
        TokenFormat::Header => context.output.text(format_args!("Authorization: Bearer {}", *secret))?,
        TokenFormat::Env => context.output.text(format_args!("{}={}", env::credential(args.service), quoted(&secret)))?,
        TokenFormat::Json => context.output.text(serde_json::to_string(&data).map_err(Error::internal)?)?,
    }
    Ok(Outcome::ready(data))
}

/// Reads the credential of this profile, and its secret.
pub(super) fn credential_and_secret(service: Service, context: &Context<'_>) -> Result<(Credential, Zeroizing<String>), Error> {
    let store = CliSession::look(context, service)?;
    let credential = store.credential()?.ok_or(Error::NotRegistered(service))?;
    if is_lost(&credential, &store) {
        let adopt = context.output.command_line(&["adopt", service.name(), "--token-file", "-"]);
        let words =
            "the owner has claimed the agent and the new token is lost, so this token is revoked; when the owner has created a token";
        context.output.warn(format!("{words}, pass it on stdin: {adopt}"));
    }
    let secret = credential.expose().ok_or(Error::NotRegistered(service))?;
    Ok((credential, secret))
}

/// Warns of variables with another token, which OpenTrain's tools would use. The variables in `ours` are ignored.
pub(super) fn warn_of_shadows(service: Service, secret: &str, ours: &[&str], context: &Context<'_>) {
    if service == Service::Opentrain {
        let names: Vec<_> = shadowing(secret).into_iter().filter(|name| !ours.contains(name)).collect();
        context.output.warn_of(shadow_words(&names));
    }
}

fn data(service: Service, credential: &Credential, token: Zeroizing<String>) -> Secret {
    Secret { service, kind: Kind::of(credential), state: State::of(credential), token }
}
