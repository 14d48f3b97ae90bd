//! Version 1 of the snapshot, frozen. Golden files in `tests/golden` hold one of each state.

mod common;
mod failure;
mod opentrain;
mod rotation;
mod sentryagent;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ResumeError, Snapshot, not_a_snapshot};
use crate::ceremony::Ceremony;
use crate::exchange::ExchangeId;
use crate::opentrain::{Claim, Enrolment};
use crate::origin::Origin;
use crate::sentryagent::{Registration, Rotation};

/// The whole file.
#[derive(Serialize)]
pub(super) struct File<'a> {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) ceremony: String,
    pub(super) origin: String,
    pub(super) saved_at: i64,
    pub(super) state: &'a State,
}

/// The file without its state: what must be known before the state can be read.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) ceremony: String,
    pub(super) origin: String,
    pub(super) saved_at: i64,
}

#[derive(Deserialize)]
struct Body<T> {
    state: T,
}

#[derive(Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum State {
    Enrolment(opentrain::Enrolment),
    Claim(opentrain::Claim),
    Registration(sentryagent::Registration),
    Rotation(rotation::Rotation),
}

impl State {
    pub(super) fn read(ceremony: &str, json: &[u8]) -> Result<(&'static str, Self), ResumeError> {
        Ok(match ceremony {
            Enrolment::NAME => (Enrolment::NAME, Self::Enrolment(body(json)?)),
            Claim::NAME => (Claim::NAME, Self::Claim(body(json)?)),
            Registration::NAME => (Registration::NAME, Self::Registration(body(json)?)),
            Rotation::NAME => (Rotation::NAME, Self::Rotation(body(json)?)),
            _ => return Err(ResumeError::Invalid { what: "ceremony" }),
        })
    }

    pub(super) fn in_flight(&self) -> Option<ExchangeId> {
        match self {
            Self::Enrolment(state) => state.in_flight(),
            Self::Claim(state) => state.in_flight(),
            Self::Registration(state) => state.in_flight(),
            Self::Rotation(state) => state.in_flight(),
        }
        .map(ExchangeId)
    }

    pub(super) fn kept(&self) -> Vec<ExchangeId> {
        let ids = match self {
            Self::Enrolment(state) => &state.kept,
            Self::Claim(state) => &state.kept,
            Self::Registration(state) => &state.kept,
            Self::Rotation(state) => &state.kept,
        };
        ids.iter().copied().map(ExchangeId).collect()
    }
}

fn body<T: DeserializeOwned>(json: &[u8]) -> Result<T, ResumeError> {
    serde_json::from_slice::<Body<T>>(json).map(|body| body.state).map_err(|error| not_a_snapshot(&error))
}

const fn invalid(what: &'static str) -> ResumeError {
    ResumeError::Invalid { what }
}

/// Exchanges are numbered in order: none is later than the last.
fn check_ids(last_id: u64, in_flight: Option<u64>, kept: &[u64]) -> Result<Vec<ExchangeId>, ResumeError> {
    if in_flight.is_some_and(|id| id != last_id) || kept.iter().any(|id| *id > last_id) {
        return Err(invalid("exchange ids"));
    }
    Ok(kept.iter().copied().map(ExchangeId).collect())
}

impl Snapshot {
    pub(crate) fn of_enrolment(live: &Enrolment) -> Self {
        Self::of(Enrolment::NAME, &live.origin, live.seen, State::Enrolment(live.into()))
    }

    pub(crate) fn of_claim(live: &Claim) -> Self {
        Self::of(Claim::NAME, &live.terms.origin, live.seen, State::Claim(live.into()))
    }

    pub(crate) fn of_registration(live: &Registration) -> Self {
        Self::of(Registration::NAME, &live.origin, live.seen, State::Registration(live.into()))
    }

    pub(crate) fn of_rotation(live: &Rotation) -> Self {
        Self::of(Rotation::NAME, &live.origin, live.seen, State::Rotation(live.into()))
    }

    fn of(ceremony: &'static str, origin: &Origin, saved_at: crate::Timestamp, state: State) -> Self {
        let (in_flight, kept) = (state.in_flight(), state.kept());
        Self { ceremony, origin: alloc::format!("{origin}"), saved_at, in_flight, kept, state }
    }

    pub(crate) fn to_enrolment(&self) -> Result<Enrolment, ResumeError> {
        match &self.state {
            State::Enrolment(frozen) => frozen.clone().thaw(self.pin()?, self.saved_at),
            _ => Err(ResumeError::OtherCeremony { expected: Enrolment::NAME }),
        }
    }

    pub(crate) fn to_claim(&self) -> Result<Claim, ResumeError> {
        match &self.state {
            State::Claim(frozen) => frozen.clone().thaw(self.pin()?, self.saved_at),
            _ => Err(ResumeError::OtherCeremony { expected: Claim::NAME }),
        }
    }

    pub(crate) fn to_registration(&self) -> Result<Registration, ResumeError> {
        match &self.state {
            State::Registration(frozen) => frozen.clone().thaw(self.pin()?, self.saved_at),
            _ => Err(ResumeError::OtherCeremony { expected: Registration::NAME }),
        }
    }

    pub(crate) fn to_rotation(&self) -> Result<Rotation, ResumeError> {
        match &self.state {
            State::Rotation(frozen) => frozen.clone().thaw(self.pin()?, self.saved_at),
            _ => Err(ResumeError::OtherCeremony { expected: Rotation::NAME }),
        }
    }

    fn pin(&self) -> Result<Origin, ResumeError> {
        Origin::parse(&self.origin.to_owned()).map_err(|_| invalid("origin"))
    }
}
