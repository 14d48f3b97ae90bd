//! The rotation of a badge at SentryAgent.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::badge::{BadgeRotation, RotationAnswer, RotationPrompt};
use enlist_core::{Ceremony, Step, Timestamp};

use super::{CliCeremony, Pause};
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::{CeremonyData, OldBadge, PendingRotation};
use crate::output::event::Action;
use crate::prompt::Prompter;
use crate::view::flow::Awaiting;
use crate::wait_policy::now;

impl CliCeremony for BadgeRotation {
    fn show(notice: &Infallible, _prompter: &mut Prompter<'_>) -> Result<(), Error> {
        match *notice {}
    }

    fn ask(prompt: &RotationPrompt, prompter: &mut Prompter<'_>) -> Result<ControlFlow<(), RotationAnswer>, Error> {
        let RotationPrompt::VerifyAgain { .. } = prompt else { return Ok(ControlFlow::Break(())) };
        let question =
            "The answer to the rotation was lost, and the service could not say whether the old badge is still valid. Ask it again?";
        let agreed = prompter.pre_answers.take_again() || {
            let say = "The answer to the badge's rotation was lost, and the service could not yet say which badge is valid.";
            prompter.needs(
                Action::VerifyAgain,
                say,
                prompter.next_step("resume", &[], "when the service can be reached; the old badge must be kept").later(),
            )?;
            prompter.agrees(question)?
        };
        Ok(if agreed { ControlFlow::Continue(RotationAnswer::VerifyAgain) } else { ControlFlow::Break(()) })
    }

    fn awaiting(&self) -> Awaiting {
        if matches!(self.poll(now()), Step::Ask(_)) { Awaiting::VerifyAgain } else { Awaiting::Service }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    fn paused(&self, pause: &Pause<'_>) -> Outcome {
        let old_badge = if self.may_be_delivered() { OldBadge::Doubtful } else { OldBadge::Valid };
        let data = CeremonyData::PendingRotation(PendingRotation { flow: pause.flow.to_owned(), awaiting: self.awaiting(), old_badge });
        match self.poll(now()) {
            Step::Ask(_) => pause.unanswered(
                Error::AnswerLost,
                data,
                pause.resume(&[], "when the service can be reached; the old badge must be kept").later(),
            ),
            _ => pause.pending(false, data, pause.resume(&["--max-wait", "3m"], "now; the old badge must be kept")),
        }
    }
}
