//! `enlist forget`: deletes a credential here and leaves it valid at the service.

use super::Facts;
use super::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::output::data::{Forgotten, Presence};
use crate::output::{Next, Outcome};
use crate::store::Service;
use crate::store::{AnyCeremony, Credential};
use crate::view::credential::{Kind, State};

/// Delete a credential here; it stays valid at its service
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Service that issued the credential
    #[arg(value_enum)]
    pub(crate) service: Service,
    /// The owner agrees; do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

pub(super) static FACTS: Facts =
    Facts::new("forget", &[("enlist forget opentrain", "deletes it here only; it stays valid at the service")]);

runs!(Args, FACTS, Some(self.service), |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let session = CliSession::open(context, args.service)?;
    if let Some(lost) = session.end_of(None)? {
        return Ok(lost);
    }
    refuse_what_is_under_way(&session)?;
    let Some(credential) = session.locked.credential()? else {
        context.output.text(format_args!("There is no credential of {} in this profile.", args.service))?;
        return Ok(Outcome::ready(Forgotten { was: Presence::Absent, kind: None, state: None }));
    };
    let data = Forgotten { was: Presence::Stored, kind: Some(Kind::of(&credential)), state: Some(State::of(&credential)) };
    let question = match credential {
        Credential::Unclaimed(_) => {
            "Delete the registration here? It contains the only claim token, so nobody could claim the agent any more."
        }
        _ => {
            "Delete the credential here? It stays valid at the service, and enlist could no longer revoke it. `enlist revoke SERVICE` does both."
        }
    };
    let next = Next::new(&["forget", args.service.name(), "--yes"], "when the owner agrees to delete it").for_owner();
    let answer = context.prompter().answer(args.yes, question)?;
    if let Some(stopped) = answer.unless_yes("may the credential be deleted here, for good?", data.clone(), next) {
        return Ok(stopped);
    }
    clear(&session)?;
    context.output.text("Deleted here. The service was not told.")?;
    Ok(Outcome::ready(data))
}

/// Refuses while a flow is pending, because it may still obtain a credential.
pub(super) fn refuse_what_is_under_way(session: &CliSession<'_>) -> Result<(), Error> {
    match session.locked.flows()?.iter().find(|flow| flow.is_pending()) {
        Some(flow) => Err(Error::UnderWay(format!("the flow {} is pending in this profile", flow.name()))),
        None => Ok(()),
    }
}

/// Removes the credential first, so that a crash leaves only attempts at a registration that no longer exists.
pub(super) fn clear(session: &CliSession<'_>) -> Result<(), Error> {
    session.context.output.warn_of(session.locked.remove_credential()?);
    for flow in session.locked.flows()? {
        if let AnyCeremony::Claim(_) = flow.ceremony() {
            session.locked.remove_flow(flow.name())?;
        }
    }
    Ok(())
}
