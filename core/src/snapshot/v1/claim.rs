//! The stored shapes of the enrolment and the claim. Both store the dialect and the pinned origins that they were begun with.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{Attempts, SecretText, Timer, Trouble, Why};
use super::failure::Failure;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) dialect: String,
    pub(crate) origins: Vec<String>,
    pub(crate) agent_name: Option<String>,
    pub(crate) organization_name: Option<String>,
    pub(crate) last_id: u64,
    pub(crate) unreadable: Vec<u64>,
    pub(crate) at: EnrolmentAt,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EnrolmentAt {
    Registering { attempts: Attempts },
    Asking { trouble: Trouble },
    Registered { registration: Registration },
    Failed { failure: Failure },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) registration_id: Option<String>,
    pub(crate) access_token: SecretText,
    pub(crate) scopes: Vec<String>,
    pub(crate) claim_token: SecretText,
    pub(crate) claim_token_expires_at: Option<i64>,
    pub(crate) claim_endpoint: String,
    pub(crate) token_endpoint: String,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claim {
    pub(crate) dialect: String,
    pub(crate) origins: Vec<String>,
    pub(crate) claim_endpoint: String,
    pub(crate) token_endpoint: String,
    pub(crate) claim_token: SecretText,
    pub(crate) old_token: SecretText,
    pub(crate) window_ends: Option<i64>,
    pub(crate) owner: SecretText,
    pub(crate) last_id: u64,
    pub(crate) unreadable: Vec<u64>,
    pub(crate) pace: Pace,
    pub(crate) may_be_delivered: bool,
    pub(crate) candidate: Option<Candidate>,
    pub(crate) shown: Option<EnterCode>,
    pub(crate) at: ClaimAt,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Candidate {
    pub(crate) token: SecretText,
    pub(crate) polls: u8,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClaimAt {
    Starting { attempts: Attempts, lost: u8 },
    Announcing { started_at: i64 },
    Polling { turn: Turn, unanswered: u8, goal: Goal },
    Claimed { access_token: SecretText, scopes: Vec<String> },
    Failed { failure: Failure },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Turn {
    Waiting { timer: Timer, why: Why },
    InFlight { id: u64, begun_at: i64 },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    Token,
    Start { lost: u8 },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pace {
    pub(crate) interval: u32,
    pub(crate) slowed: bool,
    pub(crate) backoff: u32,
    pub(crate) retry_after: u32,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EnterCode {
    pub(crate) user_code: SecretText,
    pub(crate) verification_uri: SecretText,
    pub(crate) owner: SecretText,
    pub(crate) expires_at: i64,
    pub(crate) interval: u32,
    pub(crate) email_sent: bool,
}

impl Enrolment {
    pub(crate) fn in_flight(&self) -> Option<u64> {
        match &self.at {
            EnrolmentAt::Registering { attempts } => attempts.in_flight(),
            _ => None,
        }
    }
}

impl Claim {
    pub(crate) fn in_flight(&self) -> Option<u64> {
        match &self.at {
            ClaimAt::Starting { attempts, .. } => attempts.in_flight(),
            ClaimAt::Polling { turn: Turn::InFlight { id, .. }, .. } => Some(*id),
            _ => None,
        }
    }
}
