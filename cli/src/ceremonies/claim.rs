//! OpenTrain's claim.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::opentrain::{Claim, ClaimedToken, EnterCode};
use enlist_core::{Ceremony, Failure, Step, Timestamp};
use serde_json::{Value, json};

use super::{Everyday, Pause};
use crate::output::{Outcome, Output};
use crate::patience::now;
use crate::problem::Problem;
use crate::store::Credential;
use crate::talk::Voice;

impl Everyday for Claim {
    fn show(notice: &EnterCode, voice: &mut Voice<'_>) -> Result<(), Problem> {
        voice.started = true;
        show_code(notice, voice.output)
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
        let next = pause.resume(&["--max-wait", "60s"], "after the owner was told; end your turn first");
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
    })
}

/// Link and code, before any waiting.
pub(crate) fn show_code(notice: &EnterCode, output: &Output) -> Result<(), Problem> {
    let mailed = if notice.email_sent { "  (also e-mailed)" } else { "" };
    output.tell(format_args!("Claim this agent for {}", notice.owner.expose()))?;
    output.tell(format_args!("  1  Open        {}{mailed}", notice.verification_uri.expose()))?;
    output.tell(format_args!("  2  Enter code  {}", notice.user_code.expose()))?;
    output.tell(format_args!("     until {}", notice.expires_at))?;
    output.tell("  Only type this code if you started this yourself; nobody will ask you for it.")
}
