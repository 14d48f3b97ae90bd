//! Version 1 of the snapshot: the stored shapes, frozen at each minor. The files in `tests/golden` contain one example of each state.

pub(crate) mod badge_registration;
pub(crate) mod badge_rotation;
pub(crate) mod claim;
pub(crate) mod common;
mod failure;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{CeremonyKind, ResumeError, Snapshot, not_a_snapshot};
use crate::exchange::ExchangeId;
use crate::http::json::{Json, Object};
use crate::types::origin::Origin;
use crate::types::timestamp::Timestamp;

/// The number of additions to version 1. Raise it with every new member, variant or word in a stored shape. An older version of enlist then
/// reads the file at most, and never writes it.
pub(super) const MINOR: u32 = 0;

/// The whole file.
#[derive(Serialize)]
pub(super) struct File<'a> {
    pub(super) format: &'a str,
    pub(super) version: u32,
    pub(super) minor: u32,
    pub(super) ceremony: &'a str,
    pub(super) origin: &'a str,
    pub(super) saved_at: i64,
    pub(super) state: &'a State,
}

/// The file without its state, which is read before the state.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) format: String,
    pub(super) version: u32,
    /// The minor. It is absent in files that were written before the first release.
    pub(super) minor: Option<u32>,
    #[serde(default)]
    pub(super) ceremony: String,
    #[serde(default)]
    pub(super) origin: String,
    #[serde(default)]
    pub(super) saved_at: i64,
}

#[derive(Deserialize)]
struct Body<T> {
    state: T,
}

#[derive(Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum State {
    Enrolment(claim::Enrolment),
    Claim(claim::Claim),
    BadgeRegistration(badge_registration::Registration),
    BadgeRotation(badge_rotation::Rotation),
}

impl State {
    pub(super) fn read(kind: CeremonyKind, json: &[u8]) -> Result<Self, ResumeError> {
        Ok(match kind {
            CeremonyKind::Enrolment => Self::Enrolment(body(json)?),
            CeremonyKind::Claim => Self::Claim(body(json)?),
            CeremonyKind::BadgeRegistration => Self::BadgeRegistration(body(json)?),
            CeremonyKind::BadgeRotation => Self::BadgeRotation(body(json)?),
        })
    }

    pub(super) const fn kind(&self) -> CeremonyKind {
        match self {
            Self::Enrolment(_) => CeremonyKind::Enrolment,
            Self::Claim(_) => CeremonyKind::Claim,
            Self::BadgeRegistration(_) => CeremonyKind::BadgeRegistration,
            Self::BadgeRotation(_) => CeremonyKind::BadgeRotation,
        }
    }

    pub(super) fn in_flight(&self) -> Option<ExchangeId> {
        match self {
            Self::Enrolment(state) => state.in_flight(),
            Self::Claim(state) => state.in_flight(),
            Self::BadgeRegistration(state) => state.in_flight(),
            Self::BadgeRotation(state) => state.in_flight(),
        }
        .map(ExchangeId)
    }

    pub(super) fn unreadable(&self) -> Vec<ExchangeId> {
        let ids = match self {
            Self::Enrolment(state) => &state.unreadable,
            Self::Claim(state) => &state.unreadable,
            Self::BadgeRegistration(state) => &state.unreadable,
            Self::BadgeRotation(state) => &state.unreadable,
        };
        ids.iter().copied().map(ExchangeId).collect()
    }
}

/// Whether every member of `state` in the file was read into `stored`. An unknown member means that somebody changed the file. The caller
/// accepts the unknown members of a newer version.
pub(super) fn is_read_whole(json: &[u8], stored: &State) -> bool {
    let again = Zeroizing::new(serde_json::to_string(stored).unwrap_or_default());
    let (file, read) = (Object::parse(json), Object::parse(again.as_bytes()));
    let state = file.as_ref().and_then(|file| file.object("state"));
    state.zip(read.as_ref()).is_some_and(|(state, read)| has_members_of(read, state))
}

fn has_members_of(read: &Object<'_>, found: &Object<'_>) -> bool {
    found.iter().all(|(name, value)| read.get(name).is_some_and(|read| is_like(read, value)))
}

fn is_like(read: &Json<'_>, found: &Json<'_>) -> bool {
    match (read, found) {
        (Json::Object(read), Json::Object(found)) => has_members_of(read, found),
        (Json::List(read), Json::List(found)) => read.iter().zip(found).all(|(read, found)| is_like(read, found)),
        _ => true,
    }
}

fn body<T: DeserializeOwned>(json: &[u8]) -> Result<T, ResumeError> {
    serde_json::from_slice::<Body<T>>(json).map(|body| body.state).map_err(|error| not_a_snapshot(&error))
}

pub(crate) const fn invalid(what: &'static str) -> ResumeError {
    ResumeError::Invalid { what }
}

/// Checks that no exchange has a number above the last one.
pub(crate) fn check_ids(last_id: u64, in_flight: Option<u64>, unreadable: &[u64]) -> Result<Vec<ExchangeId>, ResumeError> {
    if in_flight.is_some_and(|id| id != last_id) || unreadable.iter().any(|id| *id > last_id) {
        return Err(invalid("exchange ids"));
    }
    Ok(unreadable.iter().copied().map(ExchangeId).collect())
}

impl Snapshot {
    pub(crate) fn of(origin: &Origin, saved_at: Timestamp, state: State) -> Self {
        Self { minor: MINOR, origin: origin.to_string(), saved_at, state }
    }

    /// The stored state.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Checks that the envelope names the origin that the state is pinned to. A newer version may have stored something that is valid by
    /// rules which this version does not know.
    pub(crate) fn restored<C>(&self, live: Result<C, ResumeError>, origin: impl Fn(&C) -> &Origin) -> Result<C, ResumeError> {
        let checked = live.and_then(|live| if self.pin()? == *origin(&live) { Ok(live) } else { Err(invalid("origin")) });
        checked.map_err(|error| self.newer().unwrap_or(error))
    }

    /// The origin that the envelope names.
    pub(crate) fn pin(&self) -> Result<Origin, ResumeError> {
        Origin::parse(&self.origin).map_err(|_| invalid("origin"))
    }
}

pub(crate) const fn other_ceremony(expected: CeremonyKind, found: &State) -> ResumeError {
    ResumeError::OtherCeremony { expected, found: found.kind() }
}
