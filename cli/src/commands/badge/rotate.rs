//! `enlist badge rotate`.

use enlist_core::Origin;
use enlist_core::badge::BadgeRotation;

use crate::args::RotateArgs;
use crate::desk::Desk;
use crate::output::data::RotationAsked;
use crate::output::{Next, Outcome};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{AnyCeremony, Credential, Intent, Service};

pub(crate) fn run(args: &RotateArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let patience = setting.patience(&args.waiting);
    let desk = Desk::open(setting, Service::Sentryagent)?;
    if let Some(ended) = desk.end_of_any::<BadgeRotation>()? {
        return Ok(ended);
    }
    let Some(Credential::Badge { base_url, badge, did, .. }) = desk.session.credential()? else {
        return Err(Problem::NotRegistered(Service::Sentryagent));
    };
    setting.keeps_to(&base_url)?;
    let mut voice = setting.voice();
    // One that is under way is settled first, and needs no word: it is not sent again.
    for flow in desk.session.flows()? {
        if let (record, AnyCeremony::BadgeRotation(rotation)) = flow.into_parts() {
            voice.again = true;
            return desk.go_on(rotation, record, voice, patience);
        }
    }
    let question = "Rotate? The old badge and its DID are dead at once, for everybody who knows the agent by them.";
    let next = Next::new(&["badge", "rotate", "--yes"], "when the owner agrees that the badge and the DID change");
    let needed = "may the badge and the DID change, for everybody who knows them?";
    if let Some(stopped) = voice.answer(args.yes, question)?.unless_yes(needed, RotationAsked { did }, next) {
        return Ok(stopped);
    }
    let origin = Origin::parse(&base_url).map_err(Problem::internal)?;
    let intent = Intent { argv: ["badge", "rotate", "--yes"].map(str::to_owned).into(), then_claim: None };
    desk.begin(BadgeRotation::new(origin, badge), intent, voice, patience)
}
