//! `enlist badge sign`: a message signed by the service in the agent's name. stdout carries the signature and nothing else.

use enlist_core::badge::Sign;

use super::own;
use crate::args::SignArgs;
use crate::call::outcome_of;
use crate::context::Context;
use crate::error::Error;
use crate::input::Source;
use crate::output::Outcome;
use crate::output::data::Signed;
use crate::view::Time;

pub(crate) fn run(args: &SignArgs, context: &Context<'_>) -> Result<Outcome, Error> {
    let message = Source::named("message", &args.file).read_text("the message", &context.interrupt)?;
    let held = own(context)?;
    let sign = if args.even_claims {
        Sign::new_even_claims(&held.origin, held.badge, &message)
    } else {
        Sign::new(&held.origin, held.badge, &message)
            .map_err(|error| Error::Usage { message: error.to_string(), hint: Some("--even-claims signs it all the same".to_owned()) })?
    };
    let signed = outcome_of(context, sign)?;
    context.output.text(&signed.jws)?;
    let did = signed.did.as_ref().map(ToString::to_string);
    Ok(Outcome::ready(Signed { jws: signed.jws, did, signed_at: signed.signed_at.map(Time) }))
}
