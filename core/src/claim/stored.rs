//! Converts an enrolment and a claim to their stored shapes and back. A shape is checked when it is read.

use core::time::Duration;

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::claim as live;
use crate::exchange::{ExchangeId, ExchangeLog};
use crate::http::oauth;
use crate::http::pinned_origins::{Endpoint, PinnedOrigins};
use crate::pace;
use crate::snapshot::v1::claim::{Candidate, Claim, ClaimAt, Enrolment, EnrolmentAt, EnterCode, Goal, Pace, Registration, Turn};
use crate::snapshot::v1::common::{restore_secret, restore_time, secret_to_dto};
use crate::snapshot::v1::{State, check_ids, invalid, other_ceremony};
use crate::snapshot::{CeremonyKind, ResumeError, Snapshot};
use crate::types::origin::Origin;
use crate::types::timestamp::Timestamp;

impl live::Enrolment {
    pub(super) fn to_snapshot(&self) -> Snapshot {
        Snapshot::of(self.origins.service(), self.log.seen, State::Enrolment(self.into()))
    }

    pub(super) fn from_snapshot(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        match snapshot.state() {
            State::Enrolment(stored) => snapshot.restored(stored.clone().restore(snapshot.saved_at()), |live| live.origins.service()),
            other => Err(other_ceremony(CeremonyKind::Enrolment, other)),
        }
    }
}

impl live::Claim {
    pub(super) fn to_snapshot(&self) -> Snapshot {
        Snapshot::of(self.context.origins.service(), self.log.seen, State::Claim(self.into()))
    }

    pub(super) fn from_snapshot(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        match snapshot.state() {
            State::Claim(stored) => snapshot.restored(stored.clone().restore(snapshot.saved_at()), |live| live.context.origins.service()),
            other => Err(other_ceremony(CeremonyKind::Claim, other)),
        }
    }
}

impl From<&live::Enrolment> for Enrolment {
    fn from(live: &live::Enrolment) -> Self {
        let at = match &live.state {
            live::EnrolmentState::Registering(attempts) => EnrolmentAt::Registering { attempts: attempts.into() },
            live::EnrolmentState::Asking { trouble } => EnrolmentAt::Asking { trouble: trouble.into() },
            live::EnrolmentState::Done(Ok(registration)) => EnrolmentAt::Registered { registration: registration.into() },
            live::EnrolmentState::Done(Err(failure)) => EnrolmentAt::Failed { failure: failure.into() },
        };
        Self {
            dialect: live.dialect.as_str().into(),
            origins: live.origins.iter().map(ToString::to_string).collect(),
            agent_name: live.agent_name.as_ref().map(|name| name.as_str().into()),
            organization_name: live.organization_name.as_ref().map(|name| name.as_str().into()),
            last_id: live.log.last_id,
            unreadable: live.unreadable.iter().map(|id| id.0).collect(),
            at,
        }
    }
}

impl Enrolment {
    pub(super) fn restore(self, seen: Timestamp) -> Result<live::Enrolment, ResumeError> {
        let (dialect, origins) = (restore_dialect(&self.dialect)?, restore_origins(&self.origins)?);
        let unreadable = check_ids(self.last_id, self.in_flight(), &self.unreadable)?;
        let label = |text: Option<String>| text.map(|text| live::Label::parse(&text)).transpose().map_err(|_| invalid("name"));
        let state = match self.at {
            EnrolmentAt::Registering { attempts } => live::EnrolmentState::Registering(attempts.restore()?),
            EnrolmentAt::Asking { trouble } => live::EnrolmentState::Asking { trouble: trouble.restore() },
            EnrolmentAt::Registered { registration } => live::EnrolmentState::Done(Ok(registration.restore(dialect, &origins)?)),
            EnrolmentAt::Failed { failure } => live::EnrolmentState::Done(Err(failure.restore())),
        };
        Ok(live::Enrolment {
            dialect,
            origins,
            agent_name: label(self.agent_name)?,
            organization_name: label(self.organization_name)?,
            log: ExchangeLog { last_id: self.last_id, seen },
            unreadable,
            state,
        })
    }
}

impl From<&live::Registration> for Registration {
    fn from(live: &live::Registration) -> Self {
        Self {
            registration_id: live.registration_id.clone(),
            access_token: secret_to_dto(&live.access_token),
            scopes: live.scopes.clone(),
            claim_token: secret_to_dto(&live.claim_token),
            claim_token_expires_at: live.claim_token_expires_at.map(Timestamp::as_unix_ms),
            claim_endpoint: live.claim_endpoint.uri().to_string(),
            token_endpoint: live.token_endpoint.uri().to_string(),
        }
    }
}

impl Registration {
    fn restore(self, dialect: live::Dialect, origins: &PinnedOrigins) -> Result<live::Registration, ResumeError> {
        Ok(live::Registration {
            dialect,
            origins: origins.clone(),
            registration_id: self.registration_id.filter(|id| oauth::is_id(id)),
            access_token: restore_secret(&self.access_token, "access token")?,
            scopes: check_scopes(self.scopes)?,
            claim_token: restore_secret(&self.claim_token, "claim token")?,
            claim_token_expires_at: self.claim_token_expires_at.map(restore_time),
            claim_endpoint: pinned(origins, &self.claim_endpoint)?,
            token_endpoint: pinned(origins, &self.token_endpoint)?,
        })
    }
}

/// Scopes are shown to people, so a file may not contain what an answer may not.
fn check_scopes(scopes: Vec<String>) -> Result<Vec<String>, ResumeError> {
    if scopes.iter().all(|scope| oauth::is_scope(scope)) { Ok(scopes) } else { Err(invalid("scopes")) }
}

fn restore_dialect(name: &str) -> Result<live::Dialect, ResumeError> {
    live::Dialect::from_name(name).ok_or(invalid("dialect"))
}

fn restore_origins(origins: &[String]) -> Result<PinnedOrigins, ResumeError> {
    let origins: Result<Vec<_>, _> = origins.iter().map(|origin| Origin::parse(origin)).collect();
    origins.ok().and_then(PinnedOrigins::of).ok_or(invalid("origins"))
}

fn pinned(origins: &PinnedOrigins, url: &str) -> Result<Endpoint, ResumeError> {
    origins.endpoint("endpoint", url).map_err(|_| invalid("endpoint"))
}

impl From<&live::Claim> for Claim {
    fn from(live: &live::Claim) -> Self {
        let at = match &live.state {
            live::ClaimState::Starting(live::Starting { attempts, lost }) => ClaimAt::Starting { attempts: attempts.into(), lost: *lost },
            live::ClaimState::Announcing(started_at) => ClaimAt::Announcing { started_at: started_at.as_unix_ms() },
            live::ClaimState::Polling(polling) => polling.into(),
            live::ClaimState::Done(Ok(token)) => {
                ClaimAt::Claimed { access_token: secret_to_dto(&token.access_token), scopes: token.scopes.clone() }
            }
            live::ClaimState::Done(Err(failure)) => ClaimAt::Failed { failure: failure.into() },
        };
        Self {
            dialect: live.context.dialect.as_str().into(),
            origins: live.context.origins.iter().map(ToString::to_string).collect(),
            claim_endpoint: live.context.claim_endpoint.uri().to_string(),
            token_endpoint: live.context.token_endpoint.uri().to_string(),
            claim_token: secret_to_dto(&live.context.claim_token),
            old_token: secret_to_dto(&live.context.old_token),
            window_ends: live.context.window_ends.map(Timestamp::as_unix_ms),
            owner: secret_to_dto(&live.owner),
            last_id: live.log.last_id,
            unreadable: live.history.unreadable.iter().map(|id| id.0).collect(),
            pace: (&live.history.pace).into(),
            may_be_delivered: live.history.may_be_delivered,
            candidate: live.history.candidate.as_deref().map(Into::into),
            shown: live.history.shown.as_deref().map(Into::into),
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
    pub(super) fn restore(self, seen: Timestamp) -> Result<live::Claim, ResumeError> {
        let unreadable = check_ids(self.last_id, self.in_flight(), &self.unreadable)?;
        let origins = restore_origins(&self.origins)?;
        let context = live::ClaimContext {
            dialect: restore_dialect(&self.dialect)?,
            claim_endpoint: pinned(&origins, &self.claim_endpoint)?,
            token_endpoint: pinned(&origins, &self.token_endpoint)?,
            claim_token: restore_secret(&self.claim_token, "claim token")?,
            old_token: restore_secret(&self.old_token, "access token")?,
            window_ends: self.window_ends.map(restore_time),
            origins,
        };
        let owner = restore_secret(&self.owner, "e-mail")?;
        let shown = self.shown.map(|notice| notice.restore(&context.origins, seen)).transpose()?;
        if shown.is_none() && matches!(self.at, ClaimAt::Announcing { .. } | ClaimAt::Polling { goal: Goal::Token, .. }) {
            return Err(invalid("notice"));
        }
        let history = live::AttemptHistory {
            pace: self.pace.restore()?,
            may_be_delivered: self.may_be_delivered,
            candidate: self.candidate.map(Candidate::restore).transpose()?.map(Box::new),
            unreadable,
            shown: shown.map(Arc::new),
        };
        let log = ExchangeLog { last_id: self.last_id, seen };
        Ok(live::Claim { context, owner, log, history, state: self.at.restore()? })
    }
}

impl From<&live::Candidate> for Candidate {
    fn from(live: &live::Candidate) -> Self {
        Self { token: secret_to_dto(&live.token), polls: live.polls }
    }
}

impl Candidate {
    fn restore(self) -> Result<live::Candidate, ResumeError> {
        Ok(live::Candidate { token: restore_secret(&self.token, "access token")?, polls: self.polls })
    }
}

impl ClaimAt {
    fn restore(self) -> Result<live::ClaimState, ResumeError> {
        Ok(match self {
            Self::Starting { attempts, lost } => live::ClaimState::Starting(live::Starting { attempts: attempts.restore()?, lost }),
            Self::Announcing { started_at } => live::ClaimState::Announcing(restore_time(started_at)),
            Self::Polling { turn, unanswered, goal } => {
                let goal = match goal {
                    Goal::Token => live::Goal::Token,
                    Goal::Start { lost } => live::Goal::Start { lost },
                };
                live::ClaimState::Polling(live::Polling { turn: turn.restore()?, unanswered, goal })
            }
            Self::Claimed { access_token, scopes } => {
                let access_token = restore_secret(&access_token, "access token")?;
                live::ClaimState::Done(Ok(live::ClaimedToken { access_token, scopes: check_scopes(scopes)? }))
            }
            Self::Failed { failure } => live::ClaimState::Done(Err(failure.restore())),
        })
    }
}

impl Turn {
    fn restore(self) -> Result<live::Turn, ResumeError> {
        Ok(match self {
            Self::Waiting { timer, why } => live::Turn::Waiting { timer: timer.restore()?, why: why.restore() },
            Self::InFlight { id, begun_at } => live::Turn::InFlight { id: ExchangeId(id), begun_at: restore_time(begun_at) },
        })
    }
}

impl Pace {
    fn restore(self) -> Result<pace::Pace, ResumeError> {
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
            user_code: secret_to_dto(&live.user_code),
            verification_uri: secret_to_dto(&live.verification_uri),
            owner: secret_to_dto(&live.owner),
            expires_at: live.expires_at.as_unix_ms(),
            interval: live.interval,
            email_sent: live.email_sent,
        }
    }
}

impl EnterCode {
    fn restore(self, origins: &PinnedOrigins, seen: Timestamp) -> Result<live::EnterCode, ResumeError> {
        // No attempt is believed to live for longer than a day, so an edited end cannot keep the polls running for ever.
        let latest = seen.after(Duration::from_secs(live::dialect::LONGEST_LIFE.into()));
        Ok(live::EnterCode {
            user_code: restore_secret(&self.user_code, "user code")?,
            verification_uri: origins.link("verification_uri", &self.verification_uri).map_err(|_| invalid("link"))?,
            owner: restore_secret(&self.owner, "e-mail")?,
            expires_at: restore_time(self.expires_at).min(latest),
            interval: Some(self.interval).filter(|interval| (1..=pace::LONGEST).contains(interval)).ok_or(invalid("interval"))?,
            email_sent: self.email_sent,
        })
    }
}
