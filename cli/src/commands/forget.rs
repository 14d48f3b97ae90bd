//! `enlist forget`: a credential dropped here, and left alone at the service.

use super::{Facts, Run, Start};
use crate::context::Context;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::output::data::Forgotten;
use crate::output::{Next, Outcome};
use crate::store::Service;
use crate::store::{AnyCeremony, Credential};
use crate::view::credential::{Kind, State};

/// Forget a credential here; at its service it stays good
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose
    #[arg(value_enum)]
    pub(crate) service: Service,
    /// The owner agrees
    #[arg(long)]
    pub(crate) yes: bool,
}

pub(super) static FACTS: Facts = Facts::new("forget", &[("enlist forget opentrain", "dropped here only; at the service it stays good")]);

impl Run for Args {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn service(&self) -> Option<Service> {
        Some(self.service)
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        run(self, &start.context()?)
    }
}

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let session = CliSession::open(context, args.service)?;
    if let Some(lost) = session.end_of(None)? {
        return Ok(lost);
    }
    let credential = session.locked.credential()?.ok_or(Error::NotRegistered(args.service))?;
    refuse_what_is_under_way(&session)?;
    let data = Forgotten { kind: Kind::of(&credential), state: State::of(&credential) };
    let question = match credential {
        Credential::Unclaimed(_) => "Forget the registration? It holds the only claim token: nobody can claim the agent any more.",
        _ => "Forget it? It stays good at the service, and nobody here can end it any more: enlist revoke does both.",
    };
    let next = Next::new(&["forget", args.service.name(), "--yes"], "when the owner agrees to lose it");
    let answer = context.prompter().answer(args.yes, question)?;
    if let Some(stopped) = answer.unless_yes("may it be forgotten, for good?", data.clone(), next) {
        return Ok(stopped);
    }
    clear(&session)?;
    context.output.text("Forgotten here. The service knows nothing of that.")?;
    Ok(Outcome::ready(data))
}

/// What is under way may still bring something; it is settled or abandoned first.
pub(super) fn refuse_what_is_under_way(session: &CliSession<'_>) -> Result<(), Error> {
    match session.locked.flows()?.iter().find(|flow| flow.is_pending()) {
        Some(flow) => Err(Error::UnderWay(format!("{} is under way in this profile", flow.name()))),
        None => Ok(()),
    }
}

/// The credential first: what is left of a crash in between are attempts at a registration that is gone.
pub(super) fn clear(session: &CliSession<'_>) -> Result<(), Error> {
    session.context.output.warn_of(session.locked.remove_credential()?);
    for flow in session.locked.flows()? {
        if let AnyCeremony::Claim(_) = flow.ceremony() {
            session.locked.remove_flow(flow.name())?;
        }
    }
    Ok(())
}
