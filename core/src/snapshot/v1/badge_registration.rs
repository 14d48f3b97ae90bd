//! The stored shape of SentryAgent's registration. No snapshot contains a one-time code.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{Attempts, SecretText, ServerError, Trouble};
use super::failure::Failure;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) profile: PublicProfile,
    pub(crate) phone_hint: String,
    pub(crate) last_id: u64,
    pub(crate) unreadable: Vec<u64>,
    pub(crate) otp_answer: OtpAnswer,
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
    LostEarlier,
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
