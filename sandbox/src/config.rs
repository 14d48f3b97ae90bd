//! The configuration of a sandbox.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::ambiguities::Ambiguities;
use crate::clock::millis;
use crate::faults::Scripted;

/// The behaviour of the sandbox. Every default is what the services' pages say.
///
/// Lifetimes and intervals are announced in whole seconds, after division by [`Config::speed`], and never below 1 s.
/// The sandbox enforces what it announces, by its own clock.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on. It must be a loopback address. Default `127.0.0.1:0`: a free port.
    pub addr: SocketAddr,
    /// Divides the intervals and lifetimes that a ceremony announces. 0 counts as 1. Default 1.
    pub speed: u32,
    /// OpenTrain: the minimum time between polls. Default 5 s (`opentrain.md` section 4).
    pub interval: Duration,
    /// OpenTrain: the lifetime of a claim attempt. Default 1800 s (`opentrain.md` section 4).
    pub attempt_lifetime: Duration,
    /// OpenTrain: how long after registration a claim is possible. Default 24 h (`opentrain.md` section 2).
    pub claim_window: Duration,
    /// SentryAgent: the time between step 1 and step 2 until the session expires. The pages name no figure (U4). Default 900 s.
    pub manifest_session_lifetime: Duration,
    /// SentryAgent: the lifetime of an OTP. Default 900 s (`sentryagent.md` section 3).
    pub otp_lifetime: Duration,
    /// SentryAgent: the number of wrong OTPs that are answered 401; all later ones get 429. The pages name no figure (U6).
    /// Default 3.
    pub otp_tries: u32,
    /// SentryAgent: the validity of a badge (U8). It is not divided by `speed`, because no ceremony waits for it. Default
    /// 365 days.
    pub badge_lifetime: Duration,
    /// Plays the human: enters the right code on the claim page this long after the claim start, by the sandbox clock.
    /// With `None`, the default, nobody does.
    pub auto_approve: Option<Duration>,
    /// OpenTrain: `false` answers 403 `anonymous_not_enabled`. Default `true`.
    pub anonymous_enabled: bool,
    /// OpenTrain: e-mail addresses that already have an account. Claimed addresses are added. Default none.
    pub taken_emails: Vec<String>,
    /// Limits that end in 429. Default none.
    pub limits: Limits,
    /// SentryAgent: the number of calls of the registration steps, from the first on, that are answered 503. Default 0.
    pub unavailable_calls: u32,
    /// The value of a `Retry-After` unless the window of a limit gives a better one. It is divided by `speed`. Default
    /// 30 s.
    pub retry_after: Duration,
    /// SentryAgent: the delay of the slow calls, after they have acted. Default none.
    pub latency: Latency,
    /// Scripted answers from the start. Default none.
    pub script: Vec<Scripted>,
    /// The behaviour wherever the services' pages are silent.
    pub ambiguities: Ambiguities,
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
            ambiguities: Ambiguities::default(),
        }
    }
}

impl Config {
    /// The whole seconds that are announced: divided by the speed, at least 1.
    pub(crate) fn announced_secs(&self, duration: Duration) -> u64 {
        (duration.as_secs() / u64::from(self.speed.max(1))).max(1)
    }
}

/// The delay of the answers to SentryAgent's slow calls, in real time. It is not divided by the speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// `POST /v1/rotate`; up to 30 s are documented.
    pub rotate: Duration,
    /// `POST /v1/revoke`; about 10 s are documented as normal, 30 as possible (C6).
    pub revoke: Duration,
}

impl Latency {
    /// The delays that the pages call normal.
    pub const DOCUMENTED: Self = Self { rotate: Duration::from_secs(10), revoke: Duration::from_secs(10) };

    pub(crate) fn of(self, method: &str, path: &str) -> Duration {
        match (method, path) {
            ("POST", "/v1/rotate") => self.rotate,
            ("POST", "/v1/revoke") => self.revoke,
            _ => Duration::ZERO,
        }
    }
}

/// How often a call may be made before it is answered 429. `None` means without a limit.
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

/// A number of calls in any window of a given length, by the sandbox clock. It is not divided by the speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// The number of calls that are let through.
    pub calls: u32,
    /// The length of the sliding window.
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
