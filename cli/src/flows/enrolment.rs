//! The anonymous registration at OpenTrain.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::claim::{Enrolment, EnrolmentAnswer, EnrolmentPrompt};
use enlist_core::{Ceremony, Step, Timestamp};

use super::{CliCeremony, Pause};
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::{CeremonyData, PendingEnrolment};
use crate::output::event::Action;
use crate::prompt::Prompter;
use crate::view::flow::Awaiting;
use crate::wait_policy::now;

impl CliCeremony for Enrolment {
    fn show(notice: &Infallible, _prompter: &mut Prompter<'_>) -> Result<(), Error> {
        match *notice {}
    }

    fn ask(prompt: &EnrolmentPrompt, prompter: &mut Prompter<'_>) -> Result<ControlFlow<(), EnrolmentAnswer>, Error> {
        let EnrolmentPrompt::RegisterAgain { .. } = prompt else { return Ok(ControlFlow::Break(())) };
        let question = "The answer to the registration was lost, so an account may exist that nobody can reach. Register again?";
        let agreed = prompter.pre_answers.take_again() || {
            let say =
                "The answer to the registration was lost, so an account may exist that nobody can reach. May the agent register again?";
            prompter.needs(Action::RegisterAgain, say, prompter.next_step("resume", &["--again"], "when the owner agrees").for_owner())?;
            prompter.agrees(question)?
        };
        Ok(if agreed { ControlFlow::Continue(EnrolmentAnswer::RegisterAgain) } else { ControlFlow::Break(()) })
    }

    fn awaiting(&self) -> Awaiting {
        if matches!(self.poll(now()), Step::Ask(_)) { Awaiting::RegisterAgain } else { Awaiting::Service }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    fn paused(&self, pause: &Pause<'_>) -> Outcome {
        let data = CeremonyData::PendingEnrolment(PendingEnrolment { flow: pause.flow.to_owned(), awaiting: self.awaiting() });
        match self.poll(now()) {
            Step::Ask(_) => pause.unanswered(
                Error::AnswerLost,
                data,
                pause.resume(&["--again"], "when the owner agrees to another registration").for_owner(),
            ),
            _ => pause.pending(false, data, pause.resume(&["--max-wait", "60s"], "when the service may have recovered").later()),
        }
    }
}
