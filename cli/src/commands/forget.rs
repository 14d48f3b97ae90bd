//! `enlist forget`: a credential dropped here, and left alone at the service.

use crate::args::ServiceArgs;
use crate::desk::Desk;
use crate::output::data::Forgotten;
use crate::output::{Next, Outcome};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{AnyCeremony, Credential};
use crate::view::credential::{Kind, State};

pub(crate) fn run(args: &ServiceArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let desk = Desk::open(setting, args.service)?;
    desk.end_of(None)?;
    let credential = desk.session.credential()?.ok_or(Problem::NotRegistered(args.service))?;
    refuse_what_is_under_way(&desk)?;
    let data = Forgotten { kind: Kind::of(&credential), state: State::of(&credential) };
    let question = match credential {
        Credential::Unclaimed(_) => "Forget the registration? It holds the only claim token: nobody can claim the agent any more.",
        _ => "Forget it? It stays good at the service, and nobody here can end it any more: enlist revoke does both.",
    };
    let next = Next::new(&["forget", args.service.name(), "--yes"], "when the owner agrees to lose it");
    let answer = setting.voice().answer(args.yes, question)?;
    if let Some(stopped) = answer.unless_yes("may it be forgotten, for good?", data.clone(), next) {
        return Ok(stopped);
    }
    clear(&desk)?;
    setting.output.text("Forgotten here. The service knows nothing of that.")?;
    Ok(Outcome::ready(data))
}

/// What is under way may still bring something; it is settled or abandoned first.
pub(super) fn refuse_what_is_under_way(desk: &Desk<'_>) -> Result<(), Problem> {
    match desk.session.flows()?.iter().find(|flow| flow.is_pending()) {
        Some(flow) => Err(Problem::UnderWay(format!("{} is under way in this profile", flow.name()))),
        None => Ok(()),
    }
}

/// The credential first: what is left of a crash in between are attempts at a registration that is gone.
pub(super) fn clear(desk: &Desk<'_>) -> Result<(), Problem> {
    desk.setting.output.warn_of(desk.session.remove_credential()?);
    for flow in desk.session.flows()? {
        if let AnyCeremony::Claim(_) = flow.ceremony() {
            desk.session.remove_flow(flow.name())?;
        }
    }
    Ok(())
}
