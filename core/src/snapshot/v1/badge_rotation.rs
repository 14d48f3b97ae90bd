//! The stored shape of SentryAgent's rotation. A rotation that was due but not sent is saved as its beginning, so that the old badge is
//! verified again.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{Attempts, SecretText, Trouble, restore_secret, restore_time, secret_to_dto};
use super::failure::Failure;
use super::{check_ids, invalid};
use crate::badge as live;
use crate::machine::ExchangeLog;
use crate::retry;
use crate::snapshot::ResumeError;
use crate::types::origin::Origin;
use crate::types::timestamp::Timestamp;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::snapshot) struct Rotation {
    badge: SecretText,
    last_id: u64,
    pub(super) unreadable: Vec<u64>,
    at: At,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    Checking { attempts: Attempts, lost: u8 },
    Rotating { attempts: Attempts },
    Probing { trouble: Trouble, sent_at: i64, asked: u8, attempts: Attempts },
    Asking { trouble: Trouble, sent_at: i64 },
    Rotated { badge: SecretText, did: Option<String>, rotated_at: Option<i64> },
    Failed { failure: Failure },
}

impl From<&live::BadgeRotation> for Rotation {
    fn from(live: &live::BadgeRotation) -> Self {
        Self {
            badge: secret_to_dto(&live.badge),
            last_id: live.log.last_id,
            unreadable: live.unreadable.iter().map(|id| id.0).collect(),
            at: (&live.state).into(),
        }
    }
}

impl From<&live::RotationState> for At {
    fn from(state: &live::RotationState) -> Self {
        match state {
            live::RotationState::Checking { attempts, lost } => Self::Checking { attempts: attempts.into(), lost: *lost },
            live::RotationState::Rotating(attempts) if attempts.in_flight().is_some() => Self::Rotating { attempts: attempts.into() },
            live::RotationState::Rotating(_) => Self::Checking { attempts: (&retry::Attempts::due()).into(), lost: 0 },
            live::RotationState::Probing(probing) => Self::Probing {
                trouble: (&probing.trouble).into(),
                sent_at: probing.sent_at.as_unix_ms(),
                asked: probing.asked,
                attempts: (&probing.attempts).into(),
            },
            live::RotationState::Asking { trouble, sent_at } => Self::Asking { trouble: trouble.into(), sent_at: sent_at.as_unix_ms() },
            live::RotationState::Done(Ok(rotated)) => Self::Rotated {
                badge: secret_to_dto(&rotated.badge),
                did: rotated.did.as_ref().map(ToString::to_string),
                rotated_at: rotated.rotated_at.map(Timestamp::as_unix_ms),
            },
            live::RotationState::Done(Err(failure)) => Self::Failed { failure: failure.into() },
        }
    }
}

impl Rotation {
    pub(super) fn in_flight(&self) -> Option<u64> {
        match &self.at {
            At::Checking { attempts, .. } | At::Rotating { attempts } | At::Probing { attempts, .. } => attempts.in_flight(),
            At::Asking { .. } | At::Rotated { .. } | At::Failed { .. } => None,
        }
    }

    pub(super) fn restore(self, origin: Origin, seen: Timestamp) -> Result<live::BadgeRotation, ResumeError> {
        let unreadable = check_ids(self.last_id, self.in_flight(), &self.unreadable)?;
        let badge = restore_secret(&self.badge, "badge")?;
        Ok(live::BadgeRotation { origin, badge, log: ExchangeLog { last_id: self.last_id, seen }, unreadable, state: self.at.restore()? })
    }
}

impl At {
    fn restore(self) -> Result<live::RotationState, ResumeError> {
        Ok(match self {
            Self::Checking { attempts, lost } => live::RotationState::Checking { attempts: attempts.restore()?, lost },
            Self::Rotating { attempts } => {
                // Only a request in flight may be restored here. Everything else begins by verifying the old badge.
                if attempts.in_flight().is_none() {
                    return Err(invalid("rotation"));
                }
                live::RotationState::Rotating(attempts.restore()?)
            }
            Self::Probing { trouble, sent_at, asked, attempts } => live::RotationState::Probing(live::Probing {
                trouble: trouble.restore(),
                sent_at: restore_time(sent_at),
                asked,
                attempts: attempts.restore()?,
            }),
            Self::Asking { trouble, sent_at } => live::RotationState::Asking { trouble: trouble.restore(), sent_at: restore_time(sent_at) },
            Self::Rotated { badge, did, rotated_at } => {
                let did = did.map(|did| live::Did::parse(&did)).transpose().map_err(|_| invalid("DID"))?;
                let rotated_at = rotated_at.map(restore_time);
                live::RotationState::Done(Ok(live::Rotated { badge: restore_secret(&badge, "badge")?, did, rotated_at }))
            }
            Self::Failed { failure } => live::RotationState::Done(Err(failure.restore())),
        })
    }
}
