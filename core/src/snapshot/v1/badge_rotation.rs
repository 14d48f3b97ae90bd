//! The stored shape of SentryAgent's rotation. A rotation that was due but not sent is saved as its beginning, so that the old badge is
//! verified again.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::common::{Attempts, SecretText, Trouble};
use super::failure::Failure;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rotation {
    pub(crate) badge: SecretText,
    pub(crate) last_id: u64,
    pub(crate) unreadable: Vec<u64>,
    pub(crate) candidate: Option<SecretText>,
    pub(crate) at: At,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum At {
    Checking { attempts: Attempts, lost: u8 },
    Rotating { attempts: Attempts },
    Probing { trouble: Trouble, sent_at: i64, asked: u8, attempts: Attempts },
    Asking { trouble: Trouble, sent_at: i64 },
    Rotated { badge: SecretText, did: Option<String>, rotated_at: Option<i64> },
    Failed { failure: Failure },
}

impl Rotation {
    pub(crate) fn in_flight(&self) -> Option<u64> {
        match &self.at {
            At::Checking { attempts, .. } | At::Rotating { attempts } | At::Probing { attempts, .. } => attempts.in_flight(),
            At::Asking { .. } | At::Rotated { .. } | At::Failed { .. } => None,
        }
    }
}
