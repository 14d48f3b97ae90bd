//! SentryAgent's rotation. One that was only about to be sent is saved as its beginning: the old badge is looked at again.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{Call, SecretText, Trouble, freeze_secret, thaw_secret, thaw_time};
use super::failure::Failure;
use super::{check_ids, invalid};
use crate::call;
use crate::origin::Origin;
use crate::sentryagent as live;
use crate::snapshot::ResumeError;
use crate::time::Timestamp;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::snapshot) struct Rotation {
    badge: SecretText,
    last_id: u64,
    pub(super) kept: Vec<u64>,
    at: At,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum At {
    Checking { call: Call, lost: u8 },
    Rotating { call: Call },
    Probing { trouble: Trouble, sent_at: i64, asked: u8, call: Call },
    Asking { trouble: Trouble, sent_at: i64 },
    Rotated { badge: SecretText, did: Option<String>, rotated_at: Option<i64> },
    Failed { failure: Failure },
}

impl From<&live::Rotation> for Rotation {
    fn from(live: &live::Rotation) -> Self {
        Self {
            badge: freeze_secret(&live.badge),
            last_id: live.last_id,
            kept: live.kept.iter().map(|id| id.0).collect(),
            at: (&live.state).into(),
        }
    }
}

impl From<&live::RotationState> for At {
    fn from(state: &live::RotationState) -> Self {
        match state {
            live::RotationState::Checking { call, lost } => Self::Checking { call: call.into(), lost: *lost },
            live::RotationState::Rotating(call) if call.in_flight().is_some() => Self::Rotating { call: call.into() },
            live::RotationState::Rotating(_) => Self::Checking { call: (&call::Call::due()).into(), lost: 0 },
            live::RotationState::Probing(probing) => Self::Probing {
                trouble: (&probing.trouble).into(),
                sent_at: probing.sent_at.as_unix_ms(),
                asked: probing.asked,
                call: (&probing.call).into(),
            },
            live::RotationState::Asking { trouble, sent_at } => Self::Asking { trouble: trouble.into(), sent_at: sent_at.as_unix_ms() },
            live::RotationState::Done(Ok(rotated)) => Self::Rotated {
                badge: freeze_secret(&rotated.badge),
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
            At::Checking { call, .. } | At::Rotating { call } | At::Probing { call, .. } => call.in_flight(),
            At::Asking { .. } | At::Rotated { .. } | At::Failed { .. } => None,
        }
    }

    pub(super) fn thaw(self, origin: Origin, seen: Timestamp) -> Result<live::Rotation, ResumeError> {
        let kept = check_ids(self.last_id, self.in_flight(), &self.kept)?;
        let badge = thaw_secret(&self.badge, "badge")?;
        Ok(live::Rotation { origin, badge, last_id: self.last_id, seen, kept, state: self.at.thaw()? })
    }
}

impl At {
    fn thaw(self) -> Result<live::RotationState, ResumeError> {
        Ok(match self {
            Self::Checking { call, lost } => live::RotationState::Checking { call: call.thaw()?, lost },
            Self::Rotating { call } => {
                // Only what is under way may be taken up here: anything else begins with a look at the old badge.
                if call.in_flight().is_none() {
                    return Err(invalid("rotation"));
                }
                live::RotationState::Rotating(call.thaw()?)
            }
            Self::Probing { trouble, sent_at, asked, call } => live::RotationState::Probing(live::Probing {
                trouble: trouble.thaw(),
                sent_at: thaw_time(sent_at),
                asked,
                call: call.thaw()?,
            }),
            Self::Asking { trouble, sent_at } => live::RotationState::Asking { trouble: trouble.thaw(), sent_at: thaw_time(sent_at) },
            Self::Rotated { badge, did, rotated_at } => {
                let did = did.map(|did| live::Did::parse(&did)).transpose().map_err(|_| invalid("DID"))?;
                let rotated_at = rotated_at.map(thaw_time);
                live::RotationState::Done(Ok(live::Rotated { badge: thaw_secret(&badge, "badge")?, did, rotated_at }))
            }
            Self::Failed { failure } => live::RotationState::Done(Err(failure.thaw())),
        })
    }
}
