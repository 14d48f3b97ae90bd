//! The stored shapes of failures.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{ServerError, Trouble, Violation, restore_time};
use crate::exchange::ExchangeId;
use crate::failure::{Failure as Live, SaidBy, Service};

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Failure {
    Denied { error: ServerError },
    AttemptExpired { said_by_service: bool, may_be_delivered: bool },
    WindowExpired,
    SessionExpired { error: ServerError, may_be_delivered: bool },
    OtpTriesUsedUp { error: ServerError },
    AnonymousNotEnabled { error: ServerError },
    EmailAlreadyRegistered { error: ServerError },
    UnknownClaimToken { error: ServerError },
    ClaimTokenSpent { error: ServerError },
    Rejected { error: ServerError },
    RateLimited { error: ServerError, retry_at: i64 },
    GaveUp { trouble: Trouble, retry_at: i64, may_be_delivered: bool },
    Protocol { violation: Violation },
    CredentialLost { service: Services },
    CredentialUnreadable { service: Services, exchanges: Vec<u64> },
    BadgeInvalid,
    NotRotated { trouble: Trouble },
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Services {
    Opentrain,
    Sentryagent,
}

impl From<Service> for Services {
    fn from(live: Service) -> Self {
        match live {
            Service::OpenTrain => Self::Opentrain,
            Service::SentryAgent => Self::Sentryagent,
        }
    }
}

impl From<Services> for Service {
    fn from(frozen: Services) -> Self {
        match frozen {
            Services::Opentrain => Self::OpenTrain,
            Services::Sentryagent => Self::SentryAgent,
        }
    }
}

impl From<&Live> for Failure {
    fn from(live: &Live) -> Self {
        match live {
            Live::Denied(error) => Self::Denied { error: error.into() },
            Live::AttemptExpired { said_by, may_be_delivered } => {
                Self::AttemptExpired { said_by_service: *said_by == SaidBy::Service, may_be_delivered: *may_be_delivered }
            }
            Live::WindowExpired => Self::WindowExpired,
            Live::SessionExpired { error, may_be_delivered } => {
                Self::SessionExpired { error: error.into(), may_be_delivered: *may_be_delivered }
            }
            Live::OtpTriesUsedUp(error) => Self::OtpTriesUsedUp { error: error.into() },
            Live::AnonymousNotEnabled(error) => Self::AnonymousNotEnabled { error: error.into() },
            Live::EmailAlreadyRegistered(error) => Self::EmailAlreadyRegistered { error: error.into() },
            Live::UnknownClaimToken(error) => Self::UnknownClaimToken { error: error.into() },
            Live::ClaimTokenSpent(error) => Self::ClaimTokenSpent { error: error.into() },
            Live::Rejected(error) => Self::Rejected { error: error.into() },
            Live::RateLimited { error, retry_at } => Self::RateLimited { error: error.into(), retry_at: retry_at.as_unix_ms() },
            Live::GaveUp { trouble, retry_at, may_be_delivered } => {
                Self::GaveUp { trouble: trouble.into(), retry_at: retry_at.as_unix_ms(), may_be_delivered: *may_be_delivered }
            }
            Live::Protocol(violation) => Self::Protocol { violation: violation.into() },
            Live::CredentialLost { service } => Self::CredentialLost { service: (*service).into() },
            Live::CredentialUnreadable { service, exchanges } => {
                Self::CredentialUnreadable { service: (*service).into(), exchanges: exchanges.iter().map(|id| id.0).collect() }
            }
            Live::BadgeInvalid => Self::BadgeInvalid,
            Live::NotRotated { trouble } => Self::NotRotated { trouble: trouble.into() },
        }
    }
}

impl Failure {
    pub(crate) fn restore(self) -> Live {
        match self {
            Self::Denied { error } => Live::Denied(error.restore()),
            Self::AttemptExpired { said_by_service, may_be_delivered } => {
                Live::AttemptExpired { said_by: if said_by_service { SaidBy::Service } else { SaidBy::OurClock }, may_be_delivered }
            }
            Self::WindowExpired => Live::WindowExpired,
            Self::SessionExpired { error, may_be_delivered } => Live::SessionExpired { error: error.restore(), may_be_delivered },
            Self::OtpTriesUsedUp { error } => Live::OtpTriesUsedUp(error.restore()),
            Self::AnonymousNotEnabled { error } => Live::AnonymousNotEnabled(error.restore()),
            Self::EmailAlreadyRegistered { error } => Live::EmailAlreadyRegistered(error.restore()),
            Self::UnknownClaimToken { error } => Live::UnknownClaimToken(error.restore()),
            Self::ClaimTokenSpent { error } => Live::ClaimTokenSpent(error.restore()),
            Self::Rejected { error } => Live::Rejected(error.restore()),
            Self::RateLimited { error, retry_at } => Live::RateLimited { error: error.restore(), retry_at: restore_time(retry_at) },
            Self::GaveUp { trouble, retry_at, may_be_delivered } => {
                Live::GaveUp { trouble: trouble.restore(), retry_at: restore_time(retry_at), may_be_delivered }
            }
            Self::Protocol { violation } => Live::Protocol(violation.restore()),
            Self::CredentialLost { service } => Live::CredentialLost { service: service.into() },
            Self::CredentialUnreadable { service, exchanges } => {
                Live::CredentialUnreadable { service: service.into(), exchanges: exchanges.into_iter().map(ExchangeId).collect() }
            }
            Self::BadgeInvalid => Live::BadgeInvalid,
            Self::NotRotated { trouble } => Live::NotRotated { trouble: trouble.restore() },
        }
    }
}
