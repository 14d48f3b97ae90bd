//! SentryAgent's rotation.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::badge::{BadgeRotation, RotationAnswer, RotationPrompt};
use enlist_core::{Ceremony, Step, Timestamp};

use super::{Everyday, Pause};
use crate::output::data::{CeremonyData, OldBadge, PendingRotation};
use crate::output::event::Action;
use crate::output::{Outcome, Output};
use crate::patience::now;
use crate::problem::Problem;
use crate::store::Credential;
use crate::talk::Voice;
use crate::view::credential::Obtained;
use crate::view::flow::Awaiting;

impl Everyday for BadgeRotation {
    const BROUGHT: &'static str = "badge_issued";

    fn show(notice: &Infallible, _voice: &mut Voice<'_>) -> Result<(), Problem> {
        match *notice {}
    }

    fn ask(prompt: &RotationPrompt, voice: &mut Voice<'_>) -> Result<ControlFlow<(), RotationAnswer>, Problem> {
        let RotationPrompt::VerifyAgain { .. } = prompt else { return Ok(ControlFlow::Break(())) };
        let question = "The rotation's answer was lost, and nobody could say whether the old badge is still valid. Ask the service again?";
        let agreed = voice.take_again() || {
            let say = "The answer to the badge's rotation was lost, and nobody could say yet which badge is the valid one.";
            voice.needs(Action::VerifyAgain, say, voice.way_on("resume", &[], "when the service can be reached; keep the badge"))?;
            voice.agrees(question)?
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
        let old_badge = if self.in_doubt() { OldBadge::Doubtful } else { OldBadge::Valid };
        let data = CeremonyData::PendingRotation(PendingRotation { flow: pause.flow.to_owned(), awaiting: self.awaiting(), old_badge });
        match self.poll(now()) {
            Step::Ask(_) => {
                pause.unanswered(Problem::AnswerLost, data, pause.resume(&[], "when the service can be reached; keep the badge"))
            }
            _ => pause.pending(false, data, pause.resume(&["--max-wait", "3m"], "now; keep the badge")),
        }
    }

    fn tell(credential: &Credential, output: &Output) -> Result<(), Problem> {
        output.text_lines(Obtained::of(credential).rotated_lines())
    }
}
