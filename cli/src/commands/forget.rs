//! `enlist forget`: a credential dropped here, and left alone at the service.

use crate::args::ServiceArgs;
use crate::ceremonies::{End, Live};
use crate::desk::Desk;
use crate::output::data::Forgotten;
use crate::output::{Next, Outcome};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::Credential;
use crate::view::credential::{Kind, State};

pub(crate) fn run(args: &ServiceArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let desk = Desk::open(setting, args.service)?;
    desk.end_of(None)?;
    let credential = desk.store.credential()?.ok_or(Problem::NotRegistered(args.service))?;
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
    for (flow, live) in desk.flows()? {
        if !matches!(live.end(), Some(End::FailedAndKept(_))) {
            return Err(Problem::UnderWay(format!("{} is under way in this profile", flow.name)));
        }
    }
    Ok(())
}

/// The credential first: what is left of a crash in between are attempts at a registration that is gone.
pub(super) fn clear(desk: &Desk<'_>) -> Result<(), Problem> {
    desk.setting.output.warn_of(desk.store.remove_credential()?);
    for (flow, live) in desk.flows()? {
        if let Live::Claim(_) = live {
            desk.store.remove_flow(&flow.name)?;
        }
    }
    Ok(())
}
