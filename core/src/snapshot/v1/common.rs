//! Shapes that several ceremonies share.

use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::invalid;
use crate::error::{self, Delivery, TransportFailure, TransportKind};
use crate::exchange::ExchangeId;
use crate::pace::{self, WaitReason};
use crate::retry;
use crate::snapshot::ResumeError;
use crate::types::secret::{Kind, Secret};
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;

/// A secret on its way to or from the file.
pub(crate) type SecretText = Zeroizing<String>;

pub(crate) fn secret_to_dto<K>(secret: &Secret<K>) -> SecretText {
    Zeroizing::new(secret.expose().to_owned())
}

pub(crate) fn restore_secret<K: Kind>(text: &SecretText, what: &'static str) -> Result<Secret<K>, ResumeError> {
    Secret::parse(text).map_err(|_| invalid(what))
}

pub(crate) fn restore_time(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

fn text_to_dto(text: Option<&Untrusted>) -> Option<String> {
    text.map(|text| text.raw().to_owned())
}

fn restore_text(text: Option<String>) -> Option<Untrusted> {
    text.map(|text| Untrusted::new(&text))
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timer {
    anchor: i64,
    gap_ms: u64,
}

impl From<&pace::Timer> for Timer {
    fn from(live: &pace::Timer) -> Self {
        Self { anchor: live.anchor.as_unix_ms(), gap_ms: u64::try_from(live.gap.as_millis()).unwrap_or(u64::MAX) }
    }
}

impl Timer {
    pub(crate) fn restore(self) -> Result<pace::Timer, ResumeError> {
        if Duration::from_millis(self.gap_ms) > pace::LONGEST_GAP {
            return Err(invalid("wait"));
        }
        Ok(pace::Timer::new(restore_time(self.anchor), Duration::from_millis(self.gap_ms)))
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attempts {
    phase: Phase,
    unsent: u8,
    unsent_since: Option<i64>,
    busy: u8,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Due,
    Waiting { timer: Timer, trouble: Trouble },
    InFlight { id: u64 },
}

impl From<&retry::Attempts> for Attempts {
    fn from(live: &retry::Attempts) -> Self {
        let phase = match &live.phase {
            retry::Phase::Due => Phase::Due,
            retry::Phase::Waiting { timer, trouble } => Phase::Waiting { timer: timer.into(), trouble: trouble.into() },
            retry::Phase::InFlight(id) => Phase::InFlight { id: id.0 },
        };
        Self { phase, unsent: live.unsent, unsent_since: live.unsent_since.map(Timestamp::as_unix_ms), busy: live.busy }
    }
}

impl Attempts {
    pub(crate) fn in_flight(&self) -> Option<u64> {
        match self.phase {
            Phase::InFlight { id } => Some(id),
            Phase::Due | Phase::Waiting { .. } => None,
        }
    }

    pub(crate) fn restore(self) -> Result<retry::Attempts, ResumeError> {
        let phase = match self.phase {
            Phase::Due => retry::Phase::Due,
            Phase::Waiting { timer, trouble } => retry::Phase::Waiting { timer: timer.restore()?, trouble: trouble.restore() },
            Phase::InFlight { id } => retry::Phase::InFlight(ExchangeId(id)),
        };
        Ok(retry::Attempts { phase, unsent: self.unsent, unsent_since: self.unsent_since.map(restore_time), busy: self.busy })
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    Pending,
    SlowedDown,
    Trouble(Trouble),
}

impl From<&WaitReason> for Why {
    fn from(live: &WaitReason) -> Self {
        match live {
            WaitReason::Pending => Self::Pending,
            WaitReason::SlowedDown => Self::SlowedDown,
            WaitReason::Trouble(trouble) => Self::Trouble(trouble.into()),
        }
    }
}

impl Why {
    pub(crate) fn restore(self) -> WaitReason {
        match self {
            Self::Pending => WaitReason::Pending,
            Self::SlowedDown => WaitReason::SlowedDown,
            Self::Trouble(trouble) => WaitReason::Trouble(trouble.restore()),
        }
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trouble {
    Transport(Transport),
    Server(ServerError),
    Unreadable(Violation),
}

impl From<&error::Trouble> for Trouble {
    fn from(live: &error::Trouble) -> Self {
        match live {
            error::Trouble::Transport(failure) => Self::Transport(failure.into()),
            error::Trouble::Server(error) => Self::Server(error.into()),
            error::Trouble::Unreadable(violation) => Self::Unreadable(violation.into()),
        }
    }
}

impl Trouble {
    pub(crate) fn restore(self) -> error::Trouble {
        match self {
            Self::Transport(failure) => error::Trouble::Transport(failure.restore()),
            Self::Server(error) => error::Trouble::Server(error.restore()),
            Self::Unreadable(violation) => error::Trouble::Unreadable(violation.restore()),
        }
    }
}

/// The partial answer is left out. It is judged when it arrives, and it may be secret.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transport {
    #[serde(with = "Kinds")]
    kind: TransportKind,
    may_have_arrived: bool,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TransportKind", rename_all = "snake_case")]
enum Kinds {
    Dns,
    Connect,
    Timeout,
    Tls,
    Proxy,
    Closed,
    BodyTooLarge,
    BadHttp,
    Forgotten,
    NotTried,
}

impl From<&TransportFailure> for Transport {
    fn from(live: &TransportFailure) -> Self {
        Self { kind: live.kind, may_have_arrived: live.delivery == Delivery::Unknown, text: live.text.clone() }
    }
}

impl Transport {
    fn restore(self) -> TransportFailure {
        let delivery = if self.may_have_arrived { Delivery::Unknown } else { Delivery::NotSent };
        TransportFailure { text: self.text, ..TransportFailure::new(self.kind, delivery) }
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServerError {
    status: u16,
    code: Option<String>,
    description: Option<String>,
    retry_after: Option<u64>,
    interval: Option<u32>,
    body: Option<String>,
}

impl From<&error::ServerError> for ServerError {
    fn from(live: &error::ServerError) -> Self {
        Self {
            status: live.status,
            code: text_to_dto(live.code.as_ref()),
            description: text_to_dto(live.description.as_ref()),
            retry_after: live.retry_after,
            interval: live.interval,
            body: text_to_dto(live.body.as_ref()),
        }
    }
}

impl ServerError {
    pub(crate) fn restore(self) -> error::ServerError {
        error::ServerError {
            status: self.status,
            code: restore_text(self.code),
            description: restore_text(self.description),
            retry_after: self.retry_after,
            interval: self.interval,
            body: restore_text(self.body),
        }
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Violation {
    Redirect { status: u16 },
    UnexpectedStatus { status: u16 },
    NotJson { status: u16 },
    Encoded,
    TooLarge { status: u16 },
    MissingField { field: String },
    BadField { field: String },
    ForeignOrigin { field: String, origin: String },
    EchoMismatch { field: String },
}

impl From<&error::Violation> for Violation {
    fn from(live: &error::Violation) -> Self {
        use error::Violation as Live;
        match live {
            Live::Redirect { status } => Self::Redirect { status: *status },
            Live::UnexpectedStatus { status } => Self::UnexpectedStatus { status: *status },
            Live::NotJson { status } => Self::NotJson { status: *status },
            Live::Encoded => Self::Encoded,
            Live::TooLarge { status } => Self::TooLarge { status: *status },
            Live::MissingField { field } => Self::MissingField { field: field.to_string() },
            Live::BadField { field } => Self::BadField { field: field.to_string() },
            Live::ForeignOrigin { field, origin } => Self::ForeignOrigin { field: field.to_string(), origin: origin.raw().to_owned() },
            Live::EchoMismatch { field } => Self::EchoMismatch { field: field.to_string() },
        }
    }
}

impl Violation {
    pub(crate) fn restore(self) -> error::Violation {
        use error::Violation as Live;
        match self {
            Self::Redirect { status } => Live::Redirect { status },
            Self::UnexpectedStatus { status } => Live::UnexpectedStatus { status },
            Self::NotJson { status } => Live::NotJson { status },
            Self::Encoded => Live::Encoded,
            Self::TooLarge { status } => Live::TooLarge { status },
            Self::MissingField { field } => Live::MissingField { field: field.into() },
            Self::BadField { field } => Live::BadField { field: field.into() },
            Self::ForeignOrigin { field, origin } => Live::ForeignOrigin { field: field.into(), origin: Untrusted::new(&origin) },
            Self::EchoMismatch { field } => Live::EchoMismatch { field: field.into() },
        }
    }
}
