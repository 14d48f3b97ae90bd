//! `enlist badge sign`: a message signed by the service in the agent's name. stdout carries the signature and nothing else.

use enlist_core::badge::Sign;

use super::own;
use crate::args::SignArgs;
use crate::asking::outcome_of;
use crate::input::Source;
use crate::output::Outcome;
use crate::output::data::Signed;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::view::Time;

pub(crate) fn run(args: &SignArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let message = Source::named("message", &args.file).read_text("the message", &setting.interrupt)?;
    let held = own(setting)?;
    let sign = if args.even_claims {
        Sign::new_even_claims(&held.origin, held.badge, &message)
    } else {
        Sign::new(&held.origin, held.badge, &message)
            .map_err(|error| Problem::Usage { message: error.to_string(), hint: Some("--even-claims signs it all the same".to_owned()) })?
    };
    let signed = outcome_of(setting, sign)?;
    setting.output.text(&signed.jws)?;
    let did = signed.did.as_ref().map(ToString::to_string);
    Ok(Outcome::ready(Signed { jws: signed.jws, did, signed_at: signed.signed_at.map(Time) }))
}
