//! SentryAgent's registration. A one-time code is in no snapshot.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{Call, SecretText, ServerError, Trouble, freeze_secret, thaw_secret, thaw_time};
use super::failure::Failure;
use super::{check_ids, invalid};
use crate::origin::Origin;
use crate::sentryagent as live;
use crate::snapshot::ResumeError;
use crate::time::Timestamp;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::snapshot) struct Registration {
    profile: PublicProfile,
    phone_hint: String,
    last_id: u64,
    pub(super) kept: Vec<u64>,
    doubt: OtpDoubt,
    at: At,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum At {
    Submitting {
        mobile_phone: SecretText,
        call: Call,
        lost: u8,
    },
    AskingProfile {
        session: SecretText,
    },
    Texting {
        session: SecretText,
        call: Call,
    },
    AskingSms {
        session: SecretText,
        trouble: Trouble,
    },
    AskingOtp {
        session: OtpSession,
    },
    /// A code that was waiting to be sent (again) is asked for once more; only one under way is owed an answer.
    HandingIn {
        session: OtpSession,
        call: Call,
    },
    Registered {
        badge: SecretText,
        did: Option<String>,
    },
    Failed {
        failure: Failure,
    },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OtpSession {
    id: SecretText,
    expires_at: Option<i64>,
    reason: OtpReason,
    manifest_session: SecretText,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum OtpReason {
    Sent,
    Rejected { error: ServerError },
    NotTaken { trouble: Trouble },
    Interrupted,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OtpDoubt {
    None,
    Open,
    Lost,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicProfile {
    agent_name: String,
    agent_version: String,
    developer_name: String,
    contact_email: SecretText,
    primary_goal: String,
    tools: Vec<String>,
    trust_tier: String,
    data_residency: String,
}

impl From<&live::Registration> for Registration {
    fn from(live: &live::Registration) -> Self {
        Self {
            profile: (&live.profile).into(),
            phone_hint: live.phone_hint.clone(),
            last_id: live.last_id,
            kept: live.kept.iter().map(|id| id.0).collect(),
            doubt: live.doubt.into(),
            at: (&live.state).into(),
        }
    }
}

impl From<&live::State> for At {
    fn from(state: &live::State) -> Self {
        match state {
            live::State::Submitting { manifest, call, lost } => {
                Self::Submitting { mobile_phone: freeze_secret(&manifest.mobile_phone), call: call.into(), lost: *lost }
            }
            live::State::AskingProfile { session } => Self::AskingProfile { session: freeze_secret(session) },
            live::State::Texting { session, call } => Self::Texting { session: freeze_secret(session), call: call.into() },
            live::State::AskingSms { session, trouble } => Self::AskingSms { session: freeze_secret(session), trouble: trouble.into() },
            live::State::AskingOtp(session) => Self::AskingOtp { session: session.into() },
            live::State::HandingIn { session, call, .. } if call.in_flight().is_some() => {
                Self::HandingIn { session: session.into(), call: call.into() }
            }
            live::State::HandingIn { session, .. } => {
                Self::AskingOtp { session: OtpSession { reason: OtpReason::Interrupted, ..session.into() } }
            }
            live::State::Done(Ok(identity)) => {
                Self::Registered { badge: freeze_secret(&identity.badge), did: identity.did.as_ref().map(ToString::to_string) }
            }
            live::State::Done(Err(failure)) => Self::Failed { failure: failure.into() },
        }
    }
}

impl Registration {
    pub(super) fn in_flight(&self) -> Option<u64> {
        match &self.at {
            At::Submitting { call, .. } | At::Texting { call, .. } | At::HandingIn { call, .. } => call.in_flight(),
            _ => None,
        }
    }

    pub(super) fn thaw(self, origin: Origin, seen: Timestamp) -> Result<live::Registration, ResumeError> {
        let kept = check_ids(self.last_id, self.in_flight(), &self.kept)?;
        let profile = self.profile.thaw()?;
        if !live::is_plain(&self.phone_hint) {
            return Err(invalid("phone"));
        }
        let state = self.at.thaw(&profile)?;
        Ok(live::Registration {
            origin,
            profile,
            phone_hint: self.phone_hint,
            last_id: self.last_id,
            seen,
            kept,
            doubt: self.doubt.into(),
            lost_otp: None,
            state,
        })
    }
}

impl At {
    fn thaw(self, profile: &live::PublicProfile) -> Result<live::State, ResumeError> {
        let session_id = |session: &SecretText| thaw_secret(session, "session");
        Ok(match self {
            Self::Submitting { mobile_phone, call, lost } => {
                let manifest = live::Manifest { mobile_phone: thaw_secret(&mobile_phone, "phone")?, profile: profile.clone() };
                live::State::Submitting { manifest, call: call.thaw()?, lost }
            }
            Self::AskingProfile { session } => live::State::AskingProfile { session: session_id(&session)? },
            Self::Texting { session, call } => live::State::Texting { session: session_id(&session)?, call: call.thaw()? },
            Self::AskingSms { session, trouble } => live::State::AskingSms { session: session_id(&session)?, trouble: trouble.thaw() },
            Self::AskingOtp { session } => live::State::AskingOtp(session.thaw()?),
            Self::HandingIn { session, call } => {
                if call.in_flight().is_none() {
                    return Err(invalid("one-time code"));
                }
                live::State::HandingIn { session: session.thaw()?, otp: None, call: call.thaw()?, repeat: false }
            }
            Self::Registered { badge, did } => {
                let did = did.map(|did| live::Did::parse(&did)).transpose().map_err(|_| invalid("DID"))?;
                live::State::Done(Ok(live::Identity { badge: thaw_secret(&badge, "badge")?, did, public_profile: profile.clone() }))
            }
            Self::Failed { failure } => live::State::Done(Err(failure.thaw())),
        })
    }
}

impl From<&live::OtpSession> for OtpSession {
    fn from(live: &live::OtpSession) -> Self {
        let reason = match &live.reason {
            live::OtpReason::Sent => OtpReason::Sent,
            live::OtpReason::Rejected(error) => OtpReason::Rejected { error: error.into() },
            live::OtpReason::NotTaken(trouble) => OtpReason::NotTaken { trouble: trouble.into() },
            live::OtpReason::Interrupted => OtpReason::Interrupted,
        };
        let manifest_session = freeze_secret(&live.manifest_session);
        Self { id: freeze_secret(&live.id), expires_at: live.expires_at.map(Timestamp::as_unix_ms), reason, manifest_session }
    }
}

impl From<live::OtpDoubt> for OtpDoubt {
    fn from(live: live::OtpDoubt) -> Self {
        match live {
            live::OtpDoubt::None => Self::None,
            live::OtpDoubt::Open => Self::Open,
            live::OtpDoubt::Lost => Self::Lost,
        }
    }
}

impl From<OtpDoubt> for live::OtpDoubt {
    fn from(frozen: OtpDoubt) -> Self {
        match frozen {
            OtpDoubt::None => Self::None,
            OtpDoubt::Open => Self::Open,
            OtpDoubt::Lost => Self::Lost,
        }
    }
}

impl OtpSession {
    fn thaw(self) -> Result<live::OtpSession, ResumeError> {
        let reason = match self.reason {
            OtpReason::Sent => live::OtpReason::Sent,
            OtpReason::Rejected { error } => live::OtpReason::Rejected(error.thaw()),
            OtpReason::NotTaken { trouble } => live::OtpReason::NotTaken(trouble.thaw()),
            OtpReason::Interrupted => live::OtpReason::Interrupted,
        };
        let manifest_session = thaw_secret(&self.manifest_session, "session")?;
        let (id, expires_at) = (thaw_secret(&self.id, "session")?, self.expires_at.map(thaw_time));
        Ok(live::OtpSession { id, expires_at, reason, manifest_session })
    }
}

impl From<&live::PublicProfile> for PublicProfile {
    fn from(live: &live::PublicProfile) -> Self {
        Self {
            agent_name: live.agent_name.clone(),
            agent_version: live.agent_version.clone(),
            developer_name: live.developer_name.clone(),
            contact_email: freeze_secret(&live.contact_email),
            primary_goal: live.primary_goal.clone(),
            tools: live.tools.clone(),
            trust_tier: live.trust_tier.as_str().into(),
            data_residency: live.data_residency.clone(),
        }
    }
}

impl PublicProfile {
    fn thaw(self) -> Result<live::PublicProfile, ResumeError> {
        let trust_tier = match self.trust_tier.as_str() {
            "community" => live::TrustTier::Community,
            "enterprise" => live::TrustTier::Enterprise,
            _ => return Err(invalid("trust tier")),
        };
        let texts = [&self.agent_name, &self.agent_version, &self.developer_name, &self.primary_goal, &self.data_residency];
        if !texts.into_iter().chain(&self.tools).all(|text| live::is_plain(text)) {
            return Err(invalid("profile"));
        }
        Ok(live::PublicProfile {
            agent_name: self.agent_name,
            agent_version: self.agent_version,
            developer_name: self.developer_name,
            contact_email: thaw_secret(&self.contact_email, "e-mail")?,
            primary_goal: self.primary_goal,
            tools: self.tools,
            trust_tier,
            data_residency: self.data_residency,
        })
    }
}
