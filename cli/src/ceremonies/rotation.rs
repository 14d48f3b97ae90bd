//! SentryAgent's rotation.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::sentryagent::{RotateAnswer, RotatePrompt, Rotated, Rotation};
use enlist_core::{Ceremony, Step, Timestamp};
use serde_json::{Value, json};

use super::{Everyday, Pause};
use crate::output::{Outcome, Output};
use crate::patience::now;
use crate::problem::Problem;
use crate::store::Credential;
use crate::talk::Voice;

impl Everyday for Rotation {
    const BROUGHT: &'static str = "badge_issued";

    fn show(notice: &Infallible, _voice: &mut Voice<'_>) -> Result<(), Problem> {
        match *notice {}
    }

    fn ask(prompt: &RotatePrompt, voice: &mut Voice<'_>) -> Result<ControlFlow<(), RotateAnswer>, Problem> {
        let RotatePrompt::VerifyAgain { .. } = prompt else { return Ok(ControlFlow::Break(())) };
        let question = "The rotation's answer was lost, and nobody could say whether the old badge is still valid. Ask the service again?";
        let agreed = voice.take_again() || {
            let say = "The answer to the badge's rotation was lost, and nobody could say yet which badge is the valid one.";
            voice.needs("verify_again", say, voice.way_on("resume", &[], "when the service can be reached; keep the badge"))?;
            voice.agrees(question)?
        };
        Ok(if agreed { ControlFlow::Continue(RotateAnswer::VerifyAgain) } else { ControlFlow::Break(()) })
    }

    /// Without the profile, which a rotation does not tell: it is the old badge's.
    fn credential(&self, outcome: &Rotated) -> Credential {
        Credential::Badge {
            base_url: self.origin().to_string(),
            badge: outcome.badge().clone(),
            did: outcome.did().map(ToString::to_string),
            public_profile: Value::Null,
        }
    }

    fn awaiting(&self) -> &'static str {
        if matches!(self.poll(now()), Step::Ask(_)) { "verify_again" } else { "service" }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    fn paused(&self, pause: &Pause<'_>) -> Outcome {
        let state = if self.in_doubt() { "doubtful" } else { "valid" };
        let data = json!({ "flow": pause.flow, "awaiting": self.awaiting(), "old_badge": state });
        match self.poll(now()) {
            Step::Ask(_) => {
                pause.unanswered(Problem::AnswerLost, data, pause.resume(&[], "when the service can be reached; keep the badge"))
            }
            _ => pause.pending(false, data, pause.resume(&["--max-wait", "3m"], "now; keep the badge")),
        }
    }

    fn tell(credential: &Credential, output: &Output) -> Result<(), Problem> {
        let Credential::Badge { did, .. } = credential else { return Ok(()) };
        output.text(format_args!("Rotated. The agent is now {}; the new badge is kept.", did.as_deref().unwrap_or("another")))?;
        output.text("  The old badge and its DID are dead: tell whoever knows the agent by them.")
    }
}
