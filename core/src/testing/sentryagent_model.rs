//! A model of SentryAgent's registration as the documents describe it (sentryagent.md sections 2 to 5).

use alloc::format;
use alloc::string::String;

use serde_json::Value;

use super::service::{Heard, Said, Service, error};
use super::world::by_the_services_clock;

/// SentryAgent's behaviour where its documents leave it open, and the life of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SentryAgentReading {
    /// The status of the answer to a code that was accepted before: 401 or 410. With 200, the service sends the same badge again.
    pub used: u16,
    /// Whether a second SMS can be ordered in the session of one manifest (U5).
    pub resends: bool,
    /// The life of a code's session, in seconds.
    pub life: u32,
    /// The number of wrong codes that are allowed (U6).
    pub tries: u8,
    /// The profile in the service's answer.
    pub echo: Echo,
}

/// The profile that a service repeats in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Echo {
    /// The profile that it received, as documented.
    Same,
    /// No profile.
    Nothing,
    /// Another profile, to which nobody has agreed.
    Other,
}

impl Default for SentryAgentReading {
    fn default() -> Self {
        Self { used: 410, resends: true, life: 900, tries: 3, echo: Echo::Same }
    }
}

impl Echo {
    /// The manifest without the private fields.
    fn of(self, heard: &Heard) -> Option<Value> {
        let mut profile = serde_json::from_str::<Value>(&heard.body).ok()?.get_mut("manifest")?.take();
        let members = profile.as_object_mut()?;
        members.retain(|name, _| !matches!(name.as_str(), "mobile_phone" | "compliance_attestation"));
        match self {
            Self::Same => {}
            Self::Nothing => return None,
            Self::Other => drop(members.insert("primary_goal".into(), "another".into())),
        }
        Some(profile)
    }
}

/// The model of SentryAgent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SentryAgent {
    reading: SentryAgentReading,
    manifests: u8,
    sms: u8,
    /// The time when the last code's session began.
    begun: u64,
    wrong: u8,
    issued: bool,
}

impl SentryAgent {
    /// A badge whose `sub` is `did:sentryagent:abc123`.
    pub const BADGE: &'static str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIn0.BADGECANARYBADGECANARY";

    /// A service without agents.
    #[must_use]
    pub const fn new(reading: SentryAgentReading) -> Self {
        Self { reading, manifests: 0, sms: 0, begun: 0, wrong: 0, issued: false }
    }

    /// The code of the last SMS, or of the one before it.
    #[must_use]
    pub fn code(&self, before: bool) -> String {
        let number = if before { self.sms.saturating_sub(1) } else { self.sms };
        format!("{}", 408_170_u32.saturating_add(number.into()))
    }

    /// Whether the last code's session is over.
    #[must_use]
    pub fn is_over(&self, now: u64) -> bool {
        now >= self.begun.saturating_add(u64::from(self.reading.life).saturating_mul(1000))
    }

    /// Whether the right code delivers a badge that nobody has yet.
    #[must_use]
    pub fn gives(&self, now: u64) -> bool {
        !self.issued && self.sms > 0 && !self.is_over(now) && self.wrong < self.reading.tries
    }

    /// Whether an SMS can be ordered.
    #[must_use]
    pub const fn texts(&self) -> bool {
        self.sms == 0 || self.reading.resends
    }

    /// Whether `id` is the last code's session.
    #[must_use]
    pub fn is_session(&self, id: &str) -> bool {
        id == format!("OTPCANARY-{}", self.sms)
    }

    fn text(&mut self, now: u64) -> Said {
        if self.manifests == 0 || self.sms > 0 && !self.reading.resends {
            return error(410, "gone");
        }
        self.sms = self.sms.saturating_add(1);
        self.wrong = 0;
        self.begun = now;
        let ends = by_the_services_clock(now.saturating_add(u64::from(self.reading.life).saturating_mul(1000)));
        (200, format!(r#"{{"otp_session_id":"OTPCANARY-{}","expires_at":"{ends}"}}"#, self.sms))
    }

    fn confirm(&mut self, heard: &Heard, now: u64) -> Said {
        let is_session = self.sms > 0 && heard.body.contains(&format!("\"OTPCANARY-{}\"", self.sms));
        if !is_session || self.is_over(now) {
            return error(410, "gone");
        }
        if self.wrong >= self.reading.tries {
            return error(429, "too_many_attempts");
        }
        if !heard.body.contains(&format!("\"otp\":\"{}\"", self.code(false))) {
            self.wrong = self.wrong.saturating_add(1);
            return error(401, "wrong_code");
        }
        if self.issued && self.reading.used != 200 {
            self.wrong = self.wrong.saturating_add(1);
            return error(self.reading.used, "used");
        }
        self.issued = true;
        (200, format!(r#"{{"verified":true,"badge":"{}"}}"#, Self::BADGE))
    }
}

impl Service for SentryAgent {
    fn serve(&mut self, heard: &Heard, now: u64) -> Said {
        match heard.path.as_str() {
            "/v1/auth/verify-phone" => {
                self.manifests = self.manifests.saturating_add(1);
                let profile = self.reading.echo.of(heard).map_or_else(String::new, |profile| format!(r#","public_profile":{profile}"#));
                (200, format!(r#"{{"manifest_session_id":"MANIFESTCANARY-{}"{profile}}}"#, self.manifests))
            }
            "/v1/auth/confirm-manifest" => self.text(now),
            "/v1/auth/confirm" => self.confirm(heard, now),
            _ => error(404, "not_found"),
        }
    }

    fn delivered(&self) -> Option<&'static str> {
        self.issued.then_some(Self::BADGE)
    }

    /// An SMS that binds the human to a profile that they never saw counts twice, because nobody agreed to that.
    fn costly(&self) -> u8 {
        if self.reading.echo == Echo::Other { self.sms.saturating_mul(2) } else { self.sms }
    }
}
