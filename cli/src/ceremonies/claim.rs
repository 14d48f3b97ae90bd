//! OpenTrain's claim.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;

use enlist_core::opentrain::{Claim, ClaimedToken, EnterCode};
use enlist_core::{Ceremony, Failure, Step, Timestamp, Untrusted};
use serde_json::{Value, json};

use super::{Everyday, Pause};
use crate::output::{Outcome, Output};
use crate::patience::now;
use crate::problem::Problem;
use crate::store::Credential;
use crate::talk::Voice;

const WHEN: &str = "after the owner was told; end your turn first";

impl Everyday for Claim {
    const BROUGHT: &'static str = "claimed";

    fn show(notice: &EnterCode, voice: &mut Voice<'_>) -> Result<(), Problem> {
        voice.started = true;
        voice.enter_code(notice)
    }

    fn ask(prompt: &Infallible, _voice: &mut Voice<'_>) -> Result<ControlFlow<(), Infallible>, Problem> {
        match *prompt {}
    }

    fn credential(&self, outcome: &ClaimedToken) -> Credential {
        Credential::claimed(self.snapshot().origin(), outcome)
    }

    fn awaiting(&self) -> &'static str {
        if self.notice().is_some() { "owner" } else { "service" }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.notice().map(|notice| notice.expires_at)
    }

    fn paused(&self, pause: &Pause<'_>) -> Outcome {
        let next = if pause.is_human {
            pause.resume(&[], "while the code is good; a claim by the same owner does the same")
        } else {
            pause.resume(&["--max-wait", "60s"], WHEN)
        };
        if pause.fails_fast && self.is_started() {
            let problem = Problem::HumanNeeded("the owner must open the link and enter the code");
            return pause.unanswered(problem, pending_data(self, pause.flow), next);
        }
        pause.pending(self.is_started(), pending_data(self, pause.flow), next)
    }

    /// Before that, it is on its way to a code, and there is nothing to tell the owner.
    fn is_started(&self) -> bool {
        self.notice().is_some()
    }

    fn outlives_failure(_failure: &Failure) -> bool {
        true
    }
}

/// Whether nothing but a token made by hand will do, or it may be so.
pub(crate) fn may_be_lost(claim: &Claim) -> bool {
    match claim.poll(now()) {
        Step::Done(Err(failure)) => claim.in_doubt() || ends_registration(&failure),
        _ => false,
    }
}

/// Whether another attempt would be in vain.
pub(crate) fn ends_registration(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::CredentialLost { .. } | Failure::CredentialUnreadable { .. } | Failure::WindowExpired | Failure::UnknownClaimToken(_)
    )
}

fn pending_data(claim: &Claim, flow: &str) -> Value {
    let notice = claim.notice();
    json!({
        "flow": flow,
        "user_code": notice.map(|notice| notice.user_code.expose()),
        "verification_uri": notice.map(|notice| notice.verification_uri.expose()),
        "expires_at": notice.map(|notice| notice.expires_at.to_string()),
        "window_expires_at": claim.window_expires_at().map(|at| at.to_string()),
        "interval_s": notice.map(|notice| notice.interval),
        "email_sent": notice.map(|notice| notice.email_sent),
        "say_to_user": notice.map(say_to_user),
    })
}

/// Link and code as the event that an agent acts upon.
pub(crate) fn action_required(notice: &EnterCode, output: &Output) -> Value {
    json!({
        "kind": "enter_code",
        "url": notice.verification_uri.expose(),
        "code": notice.user_code.expose(),
        "for": notice.owner.expose(),
        "email_sent": notice.email_sent,
        "expires_at": notice.expires_at.to_string(),
        "say_to_user": say_to_user(notice),
        "next": output.way_on_with_flow("resume", &["--max-wait", "60s"], WHEN),
    })
}

/// For an agent to repeat: what its owner must do, and why they might not want to.
fn say_to_user(notice: &EnterCode) -> String {
    let (owner, code, link) = (notice.owner.expose(), notice.user_code.expose(), notice.verification_uri.expose());
    let mailed = if notice.email_sent { " The link was also sent to that address." } else { "" };
    format!(
        "To let this agent act for {owner}, open {link} and enter the code {code} before {}.{mailed} Only enter it if you started this yourself.",
        notice.expires_at
    )
}

/// The same as lines for a person.
pub(crate) fn lines(notice: &EnterCode, agent: Option<&str>, now: Timestamp) -> [String; 5] {
    let mailed = if notice.email_sent { "  (also e-mailed)" } else { "" };
    let agent = agent.map(|name| format!(" (\"{}\")", Untrusted::new(name))).unwrap_or_default();
    [
        format!("Claim this agent{agent} for {}", notice.owner.expose()),
        format!("  1  Open        {}{mailed}", notice.verification_uri.expose()),
        format!("  2  Enter code  {}", notice.user_code.expose()),
        format!("     until {} ({} left)", notice.expires_at, minutes(notice.expires_at.since(now))),
        "  Only type this code if you started this yourself; nobody will ask you for it.".to_owned(),
    ]
}

/// `29:58`; hours come first where there are any.
pub(crate) fn minutes(time: Duration) -> String {
    let (hours, minutes, seconds) = (time.as_secs() / 3600, time.as_secs() / 60 % 60, time.as_secs() % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_reads_as_on_a_clock() {
        for (seconds, expected) in [(0, "0:00"), (59, "0:59"), (1798, "29:58"), (3600, "1:00:00"), (86_399, "23:59:59")] {
            assert_eq!(minutes(Duration::from_secs(seconds)), expected);
        }
    }
}
