//! OpenTrain's enrolment and claim.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{Call, SecretText, Timer, Trouble, Why, freeze_secret, thaw_secret, thaw_time};
use super::failure::Failure;
use super::{check_ids, invalid};
use crate::exchange::ExchangeId;
use crate::opentrain as live;
use crate::origin::{Endpoint, Origin};
use crate::pace;
use crate::snapshot::ResumeError;
use crate::time::Timestamp;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::snapshot) struct Enrolment {
    agent_name: Option<String>,
    organization_name: Option<String>,
    last_id: u64,
    pub(super) kept: Vec<u64>,
    at: EnrolmentAt,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum EnrolmentAt {
    Registering { call: Call },
    Asking { trouble: Trouble },
    Registered { registration: Registration },
    Failed { failure: Failure },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    registration_id: Option<String>,
    access_token: SecretText,
    scopes: Vec<String>,
    claim_token: SecretText,
    claim_token_expires_at: Option<i64>,
    claim_endpoint: String,
    token_endpoint: String,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::snapshot) struct Claim {
    claim_endpoint: String,
    token_endpoint: String,
    claim_token: SecretText,
    window_ends: Option<i64>,
    owner: SecretText,
    last_id: u64,
    pub(super) kept: Vec<u64>,
    at: ClaimAt,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ClaimAt {
    Starting { call: Call, lost: u8 },
    Announcing { notice: EnterCode, started_at: i64 },
    Polling { turn: Turn, pace: Pace, doubt: bool, unanswered: u8, goal: Goal },
    Claimed { access_token: SecretText, scopes: Vec<String> },
    Failed { failure: Failure },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Turn {
    Waiting { timer: Timer, why: Why },
    InFlight { id: u64, begun_at: i64 },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Goal {
    Token { notice: EnterCode },
    Start { lost: u8, after_attempt: bool },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    interval: u32,
    slowed: bool,
    backoff: u32,
    retry_after: u32,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnterCode {
    user_code: SecretText,
    verification_uri: SecretText,
    owner: SecretText,
    expires_at: i64,
    interval: u32,
    email_sent: bool,
}

impl From<&live::Enrolment> for Enrolment {
    fn from(live: &live::Enrolment) -> Self {
        let at = match &live.state {
            live::EnrolmentState::Registering(call) => EnrolmentAt::Registering { call: call.into() },
            live::EnrolmentState::Asking { trouble } => EnrolmentAt::Asking { trouble: trouble.into() },
            live::EnrolmentState::Done(Ok(registration)) => EnrolmentAt::Registered { registration: registration.into() },
            live::EnrolmentState::Done(Err(failure)) => EnrolmentAt::Failed { failure: failure.into() },
        };
        Self {
            agent_name: live.agent_name.as_ref().map(|name| name.as_str().into()),
            organization_name: live.organization_name.as_ref().map(|name| name.as_str().into()),
            last_id: live.last_id,
            kept: live.kept.iter().map(|id| id.0).collect(),
            at,
        }
    }
}

impl Enrolment {
    pub(super) fn in_flight(&self) -> Option<u64> {
        match &self.at {
            EnrolmentAt::Registering { call } => call.in_flight(),
            _ => None,
        }
    }

    pub(super) fn thaw(self, origin: Origin, seen: Timestamp) -> Result<live::Enrolment, ResumeError> {
        let kept = check_ids(self.last_id, self.in_flight(), &self.kept)?;
        let label = |text: Option<String>| text.map(|text| live::Label::parse(&text)).transpose().map_err(|_| invalid("name"));
        let state = match self.at {
            EnrolmentAt::Registering { call } => live::EnrolmentState::Registering(call.thaw()?),
            EnrolmentAt::Asking { trouble } => live::EnrolmentState::Asking { trouble: trouble.thaw() },
            EnrolmentAt::Registered { registration } => live::EnrolmentState::Done(Ok(registration.thaw(&origin)?)),
            EnrolmentAt::Failed { failure } => live::EnrolmentState::Done(Err(failure.thaw())),
        };
        Ok(live::Enrolment {
            origin,
            agent_name: label(self.agent_name)?,
            organization_name: label(self.organization_name)?,
            last_id: self.last_id,
            seen,
            kept,
            state,
        })
    }
}

impl From<&live::Registration> for Registration {
    fn from(live: &live::Registration) -> Self {
        Self {
            registration_id: live.registration_id.clone(),
            access_token: freeze_secret(&live.access_token),
            scopes: live.scopes.clone(),
            claim_token: freeze_secret(&live.claim_token),
            claim_token_expires_at: live.claim_token_expires_at.map(Timestamp::as_unix_ms),
            claim_endpoint: live.claim_endpoint.uri().to_string(),
            token_endpoint: live.token_endpoint.uri().to_string(),
        }
    }
}

impl Registration {
    fn thaw(self, origin: &Origin) -> Result<live::Registration, ResumeError> {
        Ok(live::Registration {
            origin: origin.clone(),
            registration_id: self.registration_id,
            access_token: thaw_secret(&self.access_token, "access token")?,
            scopes: self.scopes,
            claim_token: thaw_secret(&self.claim_token, "claim token")?,
            claim_token_expires_at: self.claim_token_expires_at.map(thaw_time),
            claim_endpoint: pinned(origin, &self.claim_endpoint)?,
            token_endpoint: pinned(origin, &self.token_endpoint)?,
        })
    }
}

fn pinned(origin: &Origin, url: &str) -> Result<Endpoint, ResumeError> {
    origin.pinned_endpoint("endpoint", url).map_err(|_| invalid("endpoint"))
}

impl From<&live::Claim> for Claim {
    fn from(live: &live::Claim) -> Self {
        let at = match &live.state {
            live::ClaimState::Starting(live::Starting { call, lost }) => ClaimAt::Starting { call: call.into(), lost: *lost },
            live::ClaimState::Announcing(attempt) => {
                ClaimAt::Announcing { notice: (&*attempt.notice).into(), started_at: attempt.started_at.as_unix_ms() }
            }
            live::ClaimState::Polling(polling) => polling.into(),
            live::ClaimState::Done(Ok(token)) => {
                ClaimAt::Claimed { access_token: freeze_secret(&token.access_token), scopes: token.scopes.clone() }
            }
            live::ClaimState::Done(Err(failure)) => ClaimAt::Failed { failure: failure.into() },
        };
        Self {
            claim_endpoint: live.terms.claim_endpoint.uri().to_string(),
            token_endpoint: live.terms.token_endpoint.uri().to_string(),
            claim_token: freeze_secret(&live.terms.claim_token),
            window_ends: live.terms.window_ends.map(Timestamp::as_unix_ms),
            owner: freeze_secret(&live.owner),
            last_id: live.last_id,
            kept: live.kept.iter().map(|id| id.0).collect(),
            at,
        }
    }
}

impl From<&live::Polling> for ClaimAt {
    fn from(live: &live::Polling) -> Self {
        let turn = match &live.turn {
            live::Turn::Waiting { timer, why } => Turn::Waiting { timer: timer.into(), why: why.into() },
            live::Turn::InFlight { id, begun_at } => Turn::InFlight { id: id.0, begun_at: begun_at.as_unix_ms() },
        };
        let goal = match &live.goal {
            live::Goal::Token(notice) => Goal::Token { notice: (&**notice).into() },
            live::Goal::Start { lost, after_attempt } => Goal::Start { lost: *lost, after_attempt: *after_attempt },
        };
        let pace::Pace { interval, slowed, backoff, retry_after } = live.pace;
        let pace = Pace { interval, slowed, backoff, retry_after };
        Self::Polling { turn, pace, doubt: live.doubt, unanswered: live.unanswered, goal }
    }
}

impl Claim {
    pub(super) fn in_flight(&self) -> Option<u64> {
        match &self.at {
            ClaimAt::Starting { call, .. } => call.in_flight(),
            ClaimAt::Polling { turn: Turn::InFlight { id, .. }, .. } => Some(*id),
            _ => None,
        }
    }

    pub(super) fn thaw(self, origin: Origin, seen: Timestamp) -> Result<live::Claim, ResumeError> {
        let kept = check_ids(self.last_id, self.in_flight(), &self.kept)?;
        let terms = live::Terms {
            claim_endpoint: pinned(&origin, &self.claim_endpoint)?,
            token_endpoint: pinned(&origin, &self.token_endpoint)?,
            claim_token: thaw_secret(&self.claim_token, "claim token")?,
            window_ends: self.window_ends.map(thaw_time),
            origin,
        };
        let owner = thaw_secret(&self.owner, "e-mail")?;
        let state = self.at.thaw(&terms.origin)?;
        Ok(live::Claim { terms, owner, last_id: self.last_id, seen, kept, state })
    }
}

impl ClaimAt {
    fn thaw(self, origin: &Origin) -> Result<live::ClaimState, ResumeError> {
        Ok(match self {
            Self::Starting { call, lost } => live::ClaimState::Starting(live::Starting { call: call.thaw()?, lost }),
            Self::Announcing { notice, started_at } => {
                live::ClaimState::Announcing(live::Attempt { notice: Arc::new(notice.thaw(origin)?), started_at: thaw_time(started_at) })
            }
            Self::Polling { turn, pace, doubt, unanswered, goal } => {
                let goal = match goal {
                    Goal::Token { notice } => live::Goal::Token(Arc::new(notice.thaw(origin)?)),
                    Goal::Start { lost, after_attempt } => live::Goal::Start { lost, after_attempt },
                };
                live::ClaimState::Polling(live::Polling { turn: turn.thaw()?, pace: pace.thaw()?, doubt, unanswered, goal })
            }
            Self::Claimed { access_token, scopes } => {
                live::ClaimState::Done(Ok(live::ClaimedToken { access_token: thaw_secret(&access_token, "access token")?, scopes }))
            }
            Self::Failed { failure } => live::ClaimState::Done(Err(failure.thaw())),
        })
    }
}

impl Turn {
    fn thaw(self) -> Result<live::Turn, ResumeError> {
        Ok(match self {
            Self::Waiting { timer, why } => live::Turn::Waiting { timer: timer.thaw()?, why: why.thaw() },
            Self::InFlight { id, begun_at } => live::Turn::InFlight { id: ExchangeId(id), begun_at: thaw_time(begun_at) },
        })
    }
}

impl Pace {
    fn thaw(self) -> Result<pace::Pace, ResumeError> {
        let Self { interval, slowed, backoff, retry_after } = self;
        if !(1..=pace::LONGEST).contains(&interval) || backoff > pace::LONGEST || retry_after > pace::LONGEST {
            return Err(invalid("pace"));
        }
        Ok(pace::Pace { interval, slowed, backoff, retry_after })
    }
}

impl From<&live::EnterCode> for EnterCode {
    fn from(live: &live::EnterCode) -> Self {
        Self {
            user_code: freeze_secret(&live.user_code),
            verification_uri: freeze_secret(&live.verification_uri),
            owner: freeze_secret(&live.owner),
            expires_at: live.expires_at.as_unix_ms(),
            interval: live.interval,
            email_sent: live.email_sent,
        }
    }
}

impl EnterCode {
    fn thaw(self, origin: &Origin) -> Result<live::EnterCode, ResumeError> {
        Ok(live::EnterCode {
            user_code: thaw_secret(&self.user_code, "user code")?,
            verification_uri: origin.pinned_link("verification_uri", &self.verification_uri).map_err(|_| invalid("link"))?,
            owner: thaw_secret(&self.owner, "e-mail")?,
            expires_at: thaw_time(self.expires_at),
            interval: Some(self.interval).filter(|interval| (1..=pace::LONGEST).contains(interval)).ok_or(invalid("interval"))?,
            email_sent: self.email_sent,
        })
    }
}
