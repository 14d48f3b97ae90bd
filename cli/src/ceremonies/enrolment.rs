//! OpenTrain's anonymous registration.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::opentrain::{Answer, Enrolment, Prompt, Registration};
use enlist_core::{Ceremony, Step, Timestamp};
use serde_json::json;

use super::{Everyday, Pause};
use crate::output::Outcome;
use crate::patience::now;
use crate::problem::Problem;
use crate::store::Credential;
use crate::talk::Voice;

impl Everyday for Enrolment {
    const BROUGHT: &'static str = "registered";

    fn show(notice: &Infallible, _voice: &mut Voice<'_>) -> Result<(), Problem> {
        match *notice {}
    }

    fn ask(prompt: &Prompt, voice: &mut Voice<'_>) -> Result<ControlFlow<(), Answer>, Problem> {
        let Prompt::RegisterAgain { .. } = prompt else { return Ok(ControlFlow::Break(())) };
        let question = "The registration's answer was lost; an account may exist that nobody can reach. Register another one?";
        let agreed = voice.take_again() || {
            let say = "The answer to the registration was lost, so an account may exist that nobody can reach. May another one be made?";
            voice.needs("register_again", say, voice.way_on("resume", &["--again"], "when the owner agrees"))?;
            voice.agrees(question)?
        };
        Ok(if agreed { ControlFlow::Continue(Answer::RegisterAgain) } else { ControlFlow::Break(()) })
    }

    fn credential(&self, _outcome: &Registration) -> Credential {
        Credential::Unclaimed(Box::new(self.clone()))
    }

    fn awaiting(&self) -> &'static str {
        if matches!(self.poll(now()), Step::Ask(_)) { "register_again" } else { "service" }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    fn paused(&self, pause: &Pause<'_>) -> Outcome {
        let data = json!({ "flow": pause.flow, "awaiting": self.awaiting() });
        match self.poll(now()) {
            Step::Ask(_) => {
                pause.unanswered(Problem::AnswerLost, data, pause.resume(&["--again"], "when the owner agrees to another registration"))
            }
            _ => pause.pending(false, data, pause.resume(&["--max-wait", "60s"], "when the service may have recovered")),
        }
    }
}
