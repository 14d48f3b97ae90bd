//! What a sandbox is told at its start.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::clock::millis;
use crate::faults::Scripted;
use crate::readings::Readings;

/// How the sandbox behaves. Every default is what the services' pages say.
///
/// Lifetimes and intervals are announced in whole seconds, after division by [`Config::speed`], never below 1 s;
/// what is announced is what is enforced, by the sandbox clock.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Loopback only. Default `127.0.0.1:0`: a free port.
    pub addr: SocketAddr,
    /// Divides the intervals and lifetimes that a ceremony announces. 0 counts as 1. Default 1.
    pub speed: u32,
    /// OpenTrain: the least time between polls. Default 5 s (`opentrain.md` section 4).
    pub interval: Duration,
    /// OpenTrain: how long one claim attempt lives. Default 1800 s (`opentrain.md` section 4).
    pub attempt_lifetime: Duration,
    /// OpenTrain: how long after registration a claim is possible. Default 24 h (`opentrain.md` section 2).
    pub claim_window: Duration,
    /// SentryAgent: how long step 1 waits for step 2. The pages name no figure (U4). Default 900 s.
    pub manifest_session_lifetime: Duration,
    /// SentryAgent: how long an OTP lives. Default 900 s (`sentryagent.md` section 3).
    pub otp_lifetime: Duration,
    /// SentryAgent: how many wrong OTPs are answered 401 before only 429 comes. No figure in the pages (U6). Default 3.
    pub otp_tries: u32,
    /// SentryAgent: how long a badge is valid (U8). Not divided by `speed`: it paces no ceremony. Default 365 days.
    pub badge_lifetime: Duration,
    /// Plays the human: types the right code on the claim page that long after the claim start, by the sandbox
    /// clock. Default `None`: nobody does.
    pub auto_approve: Option<Duration>,
    /// OpenTrain: `false` answers 403 `anonymous_not_enabled`. Default `true`.
    pub anonymous_enabled: bool,
    /// OpenTrain: addresses that have an account already. Claimed ones are added to them. Default none.
    pub taken_emails: Vec<String>,
    /// Limits that end in 429. Default none.
    pub limits: Limits,
    /// SentryAgent: the first so many calls of the registration steps answer 503. Default 0.
    pub unavailable_calls: u32,
    /// What a `Retry-After` says where no limit's window gives a better figure, after division by `speed`. Default 30 s.
    pub retry_after: Duration,
    /// SentryAgent: how long the slow calls take, after they have acted. Default none.
    pub latency: Latency,
    /// Scripted answers from the start. Default none.
    pub script: Vec<Scripted>,
    /// Which reading to play where the pages are silent.
    pub readings: Readings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            speed: 1,
            interval: Duration::from_secs(5),
            attempt_lifetime: Duration::from_secs(1800),
            claim_window: Duration::from_secs(86_400),
            manifest_session_lifetime: Duration::from_secs(900),
            otp_lifetime: Duration::from_secs(900),
            otp_tries: 3,
            badge_lifetime: Duration::from_secs(365 * 86_400),
            auto_approve: None,
            anonymous_enabled: true,
            taken_emails: Vec::new(),
            limits: Limits::default(),
            unavailable_calls: 0,
            retry_after: Duration::from_secs(30),
            latency: Latency::default(),
            script: Vec::new(),
            readings: Readings::default(),
        }
    }
}

impl Config {
    /// Whole seconds as they are announced: divided by the speed, at least 1.
    pub(crate) fn announced_secs(&self, duration: Duration) -> u64 {
        (duration.as_secs() / u64::from(self.speed.max(1))).max(1)
    }
}

/// How long SentryAgent's slow calls take, in real time: the answer comes so much later. Not divided by the speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// `POST /v1/rotate`; up to 30 s are documented.
    pub rotate: Duration,
    /// `POST /v1/revoke`; about 10 s are documented as normal, 30 as possible (C6).
    pub revoke: Duration,
}

impl Latency {
    /// What the pages call normal.
    pub const DOCUMENTED: Self = Self { rotate: Duration::from_secs(10), revoke: Duration::from_secs(10) };

    pub(crate) fn of(self, method: &str, path: &str) -> Duration {
        match (method, path) {
            ("POST", "/v1/rotate") => self.rotate,
            ("POST", "/v1/revoke") => self.revoke,
            _ => Duration::ZERO,
        }
    }
}

/// How often a call may be made before 429. `None`: as often as one likes.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// OpenTrain, `POST /api/agent/identity`.
    pub register: Option<RateLimit>,
    /// OpenTrain, `POST /api/agent/identity/claim`.
    pub claim_start: Option<RateLimit>,
    /// SentryAgent, `POST /v1/auth/verify-phone`.
    pub verify_phone: Option<RateLimit>,
    /// SentryAgent, `POST /v1/auth/confirm-manifest`.
    pub confirm_manifest: Option<RateLimit>,
}

/// So many calls in any window of that length, by the sandbox clock. Not divided by the speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls let through.
    pub calls: u32,
    /// Length of the sliding window.
    pub window: Duration,
}

impl RateLimit {
    pub(crate) fn window_ms(self) -> u64 {
        millis(self.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_divides_and_never_reaches_zero() {
        let config = Config { speed: 10, ..Config::default() };
        assert_eq!(config.announced_secs(config.attempt_lifetime), 180);
        assert_eq!(config.announced_secs(config.interval), 1);
        let still = Config { speed: 0, ..Config::default() };
        assert_eq!(still.announced_secs(still.interval), 5);
    }
}
