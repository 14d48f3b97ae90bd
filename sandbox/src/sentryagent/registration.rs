//! The three steps of a registration (`sentryagent.md` sections 2 to 5).

use serde::Serialize;
use serde_json::{Map, Value};

use super::manifest::{Manifest, PublicProfile};
use super::{Refusal, SentryAgent};
use crate::ambiguities::{self, RepeatedStep2};
use crate::clock::rfc3339;
use crate::config::Config;
use crate::context::Context;
use crate::http::{Answer, Request};
use crate::random;

/// The session between step 1 and step 2.
pub(super) struct ManifestSession {
    manifest: Manifest,
    /// Unix milliseconds.
    expires_at: u64,
    /// The newest OTP session that belongs to this session.
    otp_session: Option<String>,
    /// A badge was issued, or the tries were used up. Only a new step 1 continues.
    over: bool,
}

/// The session between step 2 and step 3.
pub(super) struct OtpSession {
    manifest_session: String,
    otp: String,
    /// Unix milliseconds.
    expires_at: u64,
    wrong_tries: u32,
    /// The session was confirmed or replaced by a newer one.
    over: bool,
}

#[derive(Serialize)]
struct PhoneVerified<'a> {
    manifest_session_id: &'a str,
    public_profile: &'a PublicProfile,
}

#[derive(Serialize)]
struct ManifestConfirmed<'a> {
    otp_session_id: &'a str,
    expires_at: String,
}

#[derive(Serialize)]
struct Confirmed<'a> {
    verified: bool,
    badge: &'a str,
}

impl SentryAgent {
    /// Step 1. It sends no OTP, despite its name (C8).
    pub(super) fn verify_phone(&mut self, context: &Context<'_>, request: &Request) -> Result<Answer, Refusal> {
        self.turn_away(context.config)?;
        let limit = context.config.limits.verify_phone;
        self.verify_phone_limiter.admit(limit, context.now).map_err(Refusal::rate_limited)?;
        let members = request.json().map_err(Refusal::invalid)?;
        let manifest = members.get("manifest").and_then(Value::as_object);
        let manifest = Manifest::parse(manifest.ok_or_else(|| Refusal::invalid("manifest must be an object."))?)?;
        let id = random::uuid()?;
        let body = PhoneVerified { manifest_session_id: &id, public_profile: &manifest.public_profile };
        let answer = Answer::json(200, &body);
        let expires_at = manifest_session_end(context);
        let session = ManifestSession { manifest, expires_at, otp_session: None, over: false };
        self.manifest_sessions.insert(id, session);
        Ok(answer)
    }

    /// Step 2. It sends the OTP.
    pub(super) fn confirm_manifest(&mut self, context: &mut Context<'_>, request: &Request) -> Result<Answer, Refusal> {
        self.turn_away(context.config)?;
        let limit = context.config.limits.confirm_manifest;
        self.confirm_manifest_limiter.admit(limit, context.now).map_err(Refusal::rate_limited)?;
        let members = request.json().map_err(Refusal::invalid)?;
        let id = text(&members, "manifest_session_id")?;
        let session = self.manifest_sessions.get(id).ok_or_else(Refusal::session_expired)?;
        if session.over || context.now >= session.expires_at {
            return Err(Refusal::session_expired());
        }
        let former = session.otp_session.clone();
        match (former, context.config.ambiguities.sentryagent.repeated_step_2) {
            (None, _) => self.send_otp(context, id),
            (Some(former), RepeatedStep2::NewSession) => {
                if let Some(former) = self.otp_sessions.get_mut(&former) {
                    former.over = true;
                }
                self.send_otp(context, id)
            }
            (Some(former), RepeatedStep2::SameSession) => self.send_otp_again(context, id, &former),
            (Some(_), RepeatedStep2::Gone) => Err(Refusal::session_expired()),
        }
    }

    /// Step 3. Its member is `session_id`, although step 2 answers `otp_session_id` (C9).
    pub(super) fn confirm(&mut self, context: &Context<'_>, request: &Request) -> Result<Answer, Refusal> {
        self.turn_away(context.config)?;
        let members = request.json().map_err(Refusal::invalid)?;
        let id = text(&members, "session_id")?;
        let otp = text(&members, "otp")?;
        let manifest_session = self.check_otp(context, id, otp)?;
        let session = self.manifest_sessions.get_mut(&manifest_session).ok_or_else(Refusal::session_expired)?;
        session.over = true;
        let public_profile = session.manifest.public_profile.clone();
        let badge = self.issue(context, public_profile)?;
        Ok(Answer::json(200, &Confirmed { verified: true, badge: &badge }))
    }

    fn send_otp(&mut self, context: &mut Context<'_>, manifest_session: &str) -> Result<Answer, Refusal> {
        let lifetime = context.config.announced_secs(context.config.otp_lifetime);
        let session = OtpSession {
            manifest_session: manifest_session.to_owned(),
            otp: random::six_digits()?,
            expires_at: context.now.saturating_add(lifetime.saturating_mul(1000)),
            wrong_tries: 0,
            over: false,
        };
        let id = random::uuid()?;
        let answer = manifest_confirmed(&id, &session);
        if let Some(former) = self.manifest_sessions.get_mut(manifest_session) {
            context.outbox.sms_otp(context.now, &former.manifest.mobile_phone, &session.otp);
            former.otp_session = Some(id.clone());
        }
        self.otp_sessions.insert(id, session);
        Ok(answer)
    }

    fn send_otp_again(&self, context: &mut Context<'_>, manifest_session: &str, id: &str) -> Result<Answer, Refusal> {
        let otp_session = self.otp_sessions.get(id).filter(|session| context.now < session.expires_at);
        let otp_session = otp_session.ok_or_else(Refusal::session_expired)?;
        let session = self.manifest_sessions.get(manifest_session).ok_or_else(Refusal::session_expired)?;
        context.outbox.sms_otp(context.now, &session.manifest.mobile_phone, &otp_session.otp);
        Ok(manifest_confirmed(id, otp_session))
    }

    /// Checks the code, ends the OTP session, and returns the manifest session that it belongs to.
    fn check_otp(&mut self, context: &Context<'_>, id: &str, otp: &str) -> Result<String, Refusal> {
        let tries = context.config.otp_tries;
        let session = self.otp_sessions.get_mut(id).ok_or_else(Refusal::session_expired)?;
        if session.over || context.now >= session.expires_at {
            return Err(Refusal::session_expired());
        }
        if session.wrong_tries >= tries {
            return Err(Refusal::too_many_attempts(context.config));
        }
        if otp != session.otp {
            session.wrong_tries += 1;
            let left = tries - session.wrong_tries;
            if left == 0
                && let Some(session) = self.manifest_sessions.get_mut(&session.manifest_session)
            {
                session.over = true;
            }
            return Err(Refusal::wrong_otp(left));
        }
        session.over = true;
        Ok(session.manifest_session.clone())
    }

    /// Answers the first calls with 503, as configured.
    fn turn_away(&mut self, config: &Config) -> Result<(), Refusal> {
        if self.turned_away >= config.unavailable_calls {
            return Ok(());
        }
        self.turned_away += 1;
        Err(Refusal::unavailable(config))
    }
}

fn manifest_session_end(context: &Context<'_>) -> u64 {
    let config = context.config;
    match config.ambiguities.sentryagent.manifest_session {
        ambiguities::ManifestSession::Ends => {
            let lifetime = config.announced_secs(config.manifest_session_lifetime);
            context.now.saturating_add(lifetime.saturating_mul(1000))
        }
        ambiguities::ManifestSession::Endless => u64::MAX,
    }
}

fn manifest_confirmed(id: &str, session: &OtpSession) -> Answer {
    Answer::json(200, &ManifestConfirmed { otp_session_id: id, expires_at: rfc3339(session.expires_at) })
}

/// A required string.
pub(super) fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    let value = members.get(name).and_then(Value::as_str);
    value.ok_or_else(|| Refusal::invalid(format!("{name} is required and must be a string.")))
}
