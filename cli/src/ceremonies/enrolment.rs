//! OpenTrain's anonymous registration.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::claim::{Enrolment, EnrolmentAnswer, EnrolmentPrompt};
use enlist_core::{Ceremony, Step, Timestamp};

use super::{Everyday, Pause};
use crate::output::Outcome;
use crate::output::data::{CeremonyData, PendingEnrolment};
use crate::output::event::Action;
use crate::patience::now;
use crate::problem::Problem;
use crate::talk::Voice;
use crate::view::flow::Awaiting;

impl Everyday for Enrolment {
    const BROUGHT: &'static str = "registered";

    fn show(notice: &Infallible, _voice: &mut Voice<'_>) -> Result<(), Problem> {
        match *notice {}
    }

    fn ask(prompt: &EnrolmentPrompt, voice: &mut Voice<'_>) -> Result<ControlFlow<(), EnrolmentAnswer>, Problem> {
        let EnrolmentPrompt::RegisterAgain { .. } = prompt else { return Ok(ControlFlow::Break(())) };
        let question = "The registration's answer was lost; an account may exist that nobody can reach. Register another one?";
        let agreed = voice.take_again() || {
            let say = "The answer to the registration was lost, so an account may exist that nobody can reach. May another one be made?";
            voice.needs(Action::RegisterAgain, say, voice.way_on("resume", &["--again"], "when the owner agrees"))?;
            voice.agrees(question)?
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
            Step::Ask(_) => {
                pause.unanswered(Problem::AnswerLost, data, pause.resume(&["--again"], "when the owner agrees to another registration"))
            }
            _ => pause.pending(false, data, pause.resume(&["--max-wait", "60s"], "when the service may have recovered")),
        }
    }
}
