//! Converts SentryAgent's rotation to its stored shape and back. A shape is checked when it is read.

use alloc::string::ToString;

use crate::badge as live;
use crate::exchange::ExchangeLog;
use crate::retry;
use crate::snapshot::v1::badge_rotation::{At, Rotation};
use crate::snapshot::v1::common::{restore_secret, restore_time, secret_to_dto};
use crate::snapshot::v1::{State, check_ids, invalid, other_ceremony};
use crate::snapshot::{CeremonyKind, ResumeError, Snapshot};
use crate::types::origin::Origin;
use crate::types::timestamp::Timestamp;

impl live::BadgeRotation {
    pub(super) fn to_snapshot(&self) -> Snapshot {
        Snapshot::of(&self.origin, self.log.seen, State::BadgeRotation(self.into()))
    }

    pub(super) fn from_snapshot(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        match snapshot.state() {
            State::BadgeRotation(stored) => {
                let restored = snapshot.pin().and_then(|origin| stored.clone().restore(origin, snapshot.saved_at()));
                snapshot.restored(restored, |live| &live.origin)
            }
            other => Err(other_ceremony(CeremonyKind::BadgeRotation, other)),
        }
    }
}

impl From<&live::BadgeRotation> for Rotation {
    fn from(live: &live::BadgeRotation) -> Self {
        Self {
            badge: secret_to_dto(&live.badge),
            last_id: live.log.last_id,
            unreadable: live.unreadable.iter().map(|id| id.0).collect(),
            candidate: live.candidate.as_ref().map(secret_to_dto),
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
    pub(super) fn restore(self, origin: Origin, seen: Timestamp) -> Result<live::BadgeRotation, ResumeError> {
        let unreadable = check_ids(self.last_id, self.in_flight(), &self.unreadable)?;
        let badge = restore_secret(&self.badge, "badge")?;
        let candidate = self.candidate.map(|badge| restore_secret(&badge, "badge")).transpose()?;
        Ok(live::BadgeRotation {
            candidate,
            origin,
            badge,
            log: ExchangeLog { last_id: self.last_id, seen },
            unreadable,
            state: self.at.restore()?,
        })
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
