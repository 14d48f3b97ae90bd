//! The stored shape of SentryAgent's registration. No snapshot contains a one-time code.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{Attempts, SecretText, ServerError, Trouble, restore_secret, secret_to_dto};
use super::failure::Failure;
use super::invalid;
use crate::manifest;
use crate::snapshot::ResumeError;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) profile: PublicProfile,
    pub(crate) phone_hint: String,
    pub(crate) last_id: u64,
    pub(crate) unreadable: Vec<u64>,
    pub(crate) otp_answer: OtpAnswer,
    pub(crate) candidate: Option<SecretText>,
    pub(crate) at: At,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum At {
    Submitting {
        mobile_phone: SecretText,
        attempts: Attempts,
        lost: u8,
    },
    AskingProfile {
        session: SecretText,
    },
    Texting {
        session: SecretText,
        attempts: Attempts,
    },
    AskingSms {
        session: SecretText,
        trouble: Trouble,
    },
    AskingOtp {
        session: OtpSession,
    },
    /// A code that waits to be sent or repeated is asked for again. Only a code in flight still awaits its answer.
    HandingIn {
        session: OtpSession,
        attempts: Attempts,
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
pub(crate) struct OtpSession {
    pub(crate) id: SecretText,
    pub(crate) expires_at: Option<i64>,
    pub(crate) reason: OtpReason,
    pub(crate) wrong_codes: u8,
    pub(crate) manifest_session: SecretText,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OtpReason {
    Sent,
    Rejected { error: ServerError },
    NotTaken { trouble: Trouble },
    Interrupted,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OtpAnswer {
    Known,
    MayBeLost,
    Lost,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PublicProfile {
    pub(crate) agent_name: String,
    pub(crate) agent_version: String,
    pub(crate) developer_name: String,
    pub(crate) contact_email: SecretText,
    pub(crate) primary_goal: String,
    pub(crate) tools: Vec<String>,
    pub(crate) trust_tier: String,
    pub(crate) data_residency: String,
}

impl Registration {
    pub(crate) fn in_flight(&self) -> Option<u64> {
        match &self.at {
            At::Submitting { attempts, .. } | At::Texting { attempts, .. } | At::HandingIn { attempts, .. } => attempts.in_flight(),
            _ => None,
        }
    }
}

impl From<&manifest::PublicProfile> for PublicProfile {
    fn from(live: &manifest::PublicProfile) -> Self {
        Self {
            agent_name: live.agent_name.clone(),
            agent_version: live.agent_version.clone(),
            developer_name: live.developer_name.clone(),
            contact_email: secret_to_dto(&live.contact_email),
            primary_goal: live.primary_goal.clone(),
            tools: live.tools.clone(),
            trust_tier: live.trust_tier.as_str().into(),
            data_residency: live.data_residency.clone(),
        }
    }
}

impl PublicProfile {
    pub(crate) fn restore(self) -> Result<manifest::PublicProfile, ResumeError> {
        let trust_tier = match self.trust_tier.as_str() {
            "community" => manifest::TrustTier::Community,
            "enterprise" => manifest::TrustTier::Enterprise,
            _ => return Err(invalid("trust tier")),
        };
        let texts = [&self.agent_name, &self.agent_version, &self.developer_name, &self.primary_goal, &self.data_residency];
        if !texts.into_iter().chain(&self.tools).all(|text| manifest::is_plain(text)) {
            return Err(invalid("profile"));
        }
        Ok(manifest::PublicProfile {
            agent_name: self.agent_name,
            agent_version: self.agent_version,
            developer_name: self.developer_name,
            contact_email: restore_secret(&self.contact_email, "e-mail")?,
            primary_goal: self.primary_goal,
            tools: self.tools,
            trust_tier,
            data_residency: self.data_residency,
        })
    }
}
