//! What the command says about a claim: the link, the code, and their deadline.

use std::time::Duration;

use enlist_core::Untrusted;
use enlist_core::claim::{Claim, EnterCode};
use serde::Serialize;

use super::Time;

/// When an agent resumes a claim.
pub(crate) const WHEN_TO_RESUME: &str = "after you have told the owner and ended your turn";

/// A claim that waits for its owner. Everything but the flow is null until the service has given a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PendingClaim {
    pub(crate) flow: String,
    pub(crate) user_code: Option<String>,
    pub(crate) verification_uri: Option<String>,
    /// The code expires at this time.
    pub(crate) expires_at: Option<Time>,
    /// The registration can be claimed until this time.
    pub(crate) window_expires_at: Option<Time>,
    pub(crate) interval_s: Option<u32>,
    pub(crate) email_sent: Option<bool>,
    /// Text that an agent repeats to its owner.
    pub(crate) say_to_user: Option<String>,
}

impl PendingClaim {
    pub(crate) fn of(claim: &Claim, flow: &str) -> Self {
        let notice = claim.notice();
        Self {
            flow: flow.to_owned(),
            user_code: notice.map(|notice| notice.user_code.expose().to_owned()),
            verification_uri: notice.map(|notice| notice.verification_uri.expose().to_owned()),
            expires_at: notice.map(|notice| Time(notice.expires_at)),
            window_expires_at: claim.window_expires_at().map(Time),
            interval_s: notice.map(|notice| notice.interval),
            email_sent: notice.map(|notice| notice.email_sent),
            say_to_user: notice.map(say_to_user),
        }
    }
}

/// What the owner must do, and when they should not. An agent repeats this text.
pub(crate) fn say_to_user(notice: &EnterCode) -> String {
    let (owner, code, link) = (notice.owner.expose(), notice.user_code.expose(), notice.verification_uri.expose());
    let mailed = if notice.email_sent { " The link was also sent to that address." } else { "" };
    format!(
        "To let this agent act for {owner}, open {link} and enter the code {code}. The code is valid until {}.{mailed} Only enter it if you started this request.",
        Time(notice.expires_at).local()
    )
}

/// The link and the code for a person at a terminal.
pub(crate) fn lines(notice: &EnterCode, agent: Option<&str>) -> [String; 5] {
    let mailed = if notice.email_sent { "  (also e-mailed)" } else { "" };
    let agent = agent.map(|name| format!(" (\"{}\")", Untrusted::new(name))).unwrap_or_default();
    [
        format!("Claim this agent{agent} for {}", notice.owner.expose()),
        format!("  1  Open        {}{mailed}", notice.verification_uri.expose()),
        format!("  2  Enter code  {}", notice.user_code.expose()),
        format!("     valid until {}", Time(notice.expires_at).deadline()),
        "  Only enter this code if you started this request. Nobody from the service will ever ask you for it.".to_owned(),
    ]
}

/// A duration as `29:58`, with hours in front where there are any.
pub(crate) fn minutes(time: Duration) -> String {
    let (hours, minutes, seconds) = (time.as_secs() / 3600, time.as_secs() / 60 % 60, time.as_secs() % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_on_a_clock() {
        for (seconds, expected) in [(0, "0:00"), (59, "0:59"), (1798, "29:58"), (3600, "1:00:00"), (86_399, "23:59:59")] {
            assert_eq!(minutes(Duration::from_secs(seconds)), expected);
        }
    }
}
