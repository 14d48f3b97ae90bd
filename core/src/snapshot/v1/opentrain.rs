//! OpenTrain's enrolment and claim.

use core::time::Duration;

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
    pace: Pace,
    doubt: bool,
    shown: Option<EnterCode>,
    at: ClaimAt,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ClaimAt {
    Starting { call: Call, lost: u8 },
    Announcing { started_at: i64 },
    Polling { turn: Turn, unanswered: u8, goal: Goal },
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
    Token,
    Start { lost: u8 },
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
            registration_id: self.registration_id.filter(|id| live::wire::is_id(id)),
            access_token: thaw_secret(&self.access_token, "access token")?,
            scopes: check_scopes(self.scopes)?,
            claim_token: thaw_secret(&self.claim_token, "claim token")?,
            claim_token_expires_at: self.claim_token_expires_at.map(thaw_time),
            claim_endpoint: pinned(origin, &self.claim_endpoint)?,
            token_endpoint: pinned(origin, &self.token_endpoint)?,
        })
    }
}

/// They are shown: what the wire would not take, a file may not bring.
fn check_scopes(scopes: Vec<String>) -> Result<Vec<String>, ResumeError> {
    if scopes.iter().all(|scope| live::wire::is_scope(scope)) { Ok(scopes) } else { Err(invalid("scopes")) }
}

fn pinned(origin: &Origin, url: &str) -> Result<Endpoint, ResumeError> {
    origin.pinned_endpoint("endpoint", url).map_err(|_| invalid("endpoint"))
}

impl From<&live::Claim> for Claim {
    fn from(live: &live::Claim) -> Self {
        let at = match &live.state {
            live::ClaimState::Starting(live::Starting { call, lost }) => ClaimAt::Starting { call: call.into(), lost: *lost },
            live::ClaimState::Announcing(started_at) => ClaimAt::Announcing { started_at: started_at.as_unix_ms() },
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
            kept: live.memory.kept.iter().map(|id| id.0).collect(),
            pace: (&live.memory.pace).into(),
            doubt: live.memory.doubt,
            shown: live.memory.shown.as_deref().map(Into::into),
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
        let goal = match live.goal {
            live::Goal::Token => Goal::Token,
            live::Goal::Start { lost } => Goal::Start { lost },
        };
        Self::Polling { turn, unanswered: live.unanswered, goal }
    }
}

impl From<&pace::Pace> for Pace {
    fn from(live: &pace::Pace) -> Self {
        let pace::Pace { interval, slowed, backoff, retry_after } = *live;
        Self { interval, slowed, backoff, retry_after }
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
        let shown = self.shown.map(|notice| notice.thaw(&terms.origin, seen)).transpose()?;
        if shown.is_none() && matches!(self.at, ClaimAt::Announcing { .. } | ClaimAt::Polling { goal: Goal::Token, .. }) {
            return Err(invalid("notice"));
        }
        let memory = live::Memory { pace: self.pace.thaw()?, doubt: self.doubt, kept, shown: shown.map(Arc::new) };
        Ok(live::Claim { terms, owner, last_id: self.last_id, seen, memory, state: self.at.thaw()? })
    }
}

impl ClaimAt {
    fn thaw(self) -> Result<live::ClaimState, ResumeError> {
        Ok(match self {
            Self::Starting { call, lost } => live::ClaimState::Starting(live::Starting { call: call.thaw()?, lost }),
            Self::Announcing { started_at } => live::ClaimState::Announcing(thaw_time(started_at)),
            Self::Polling { turn, unanswered, goal } => {
                let goal = match goal {
                    Goal::Token => live::Goal::Token,
                    Goal::Start { lost } => live::Goal::Start { lost },
                };
                live::ClaimState::Polling(live::Polling { turn: turn.thaw()?, unanswered, goal })
            }
            Self::Claimed { access_token, scopes } => {
                let access_token = thaw_secret(&access_token, "access token")?;
                live::ClaimState::Done(Ok(live::ClaimedToken { access_token, scopes: check_scopes(scopes)? }))
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
    fn thaw(self, origin: &Origin, seen: Timestamp) -> Result<live::EnterCode, ResumeError> {
        // No attempt is believed to live for longer than a day: an end that was edited must not keep the polls going for ever.
        let latest = seen.after(Duration::from_secs(live::wire::LONGEST_LIFE.into()));
        Ok(live::EnterCode {
            user_code: thaw_secret(&self.user_code, "user code")?,
            verification_uri: origin.pinned_link("verification_uri", &self.verification_uri).map_err(|_| invalid("link"))?,
            owner: thaw_secret(&self.owner, "e-mail")?,
            expires_at: thaw_time(self.expires_at).min(latest),
            interval: Some(self.interval).filter(|interval| (1..=pace::LONGEST).contains(interval)).ok_or(invalid("interval"))?,
            email_sent: self.email_sent,
        })
    }
}
