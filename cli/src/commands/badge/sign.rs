//! `enlist badge sign`: lets the service sign a message in the agent's name. stdout contains only the signature.

use std::ffi::OsString;

use enlist_core::badge::Sign;

use super::own_badge;
use crate::call::outcome_of;
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::input::Source;
use crate::output::data::Signed;
use crate::output::{Outcome, Prints};
use crate::store::Service;
use crate::view::Time;

/// Let the service sign a message in the agent's name; prints only the signature (JWS)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File with the message; - for stdin
    #[arg(default_value = "-")]
    pub(crate) file: OsString,
    /// Sign the message even if it may be a JSON object, which could contain the claims of a badge
    #[arg(long)]
    pub(crate) even_claims: bool,
}

pub(crate) static FACTS: Facts =
    Facts::new("badge sign", &[("enlist badge sign message.txt", "prints only the signature")]).printing(Prints::Credential);

runs!(Args, FACTS, Some(Service::Sentryagent), |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let message = Source::named("message", &args.file).read_text("the message", &context.interrupt)?;
    let own = own_badge(context)?;
    let sign = if args.even_claims {
        Sign::new_even_claims(&own.origin, own.badge, &message)
    } else {
        Sign::new(&own.origin, own.badge, &message)
            .map_err(|error| Error::Usage { message: error.to_string(), hint: Some("to sign it anyway, add --even-claims".to_owned()) })?
    };
    let signed = outcome_of(context, sign)?;
    context.output.text(&signed.jws)?;
    let did = signed.did.as_ref().map(ToString::to_string);
    Ok(Outcome::ready(Signed { jws: signed.jws, did, signed_at: signed.signed_at.map(Time) }))
}
