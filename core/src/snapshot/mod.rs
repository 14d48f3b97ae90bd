//! A ceremony at rest.
//!
//! The live types are not serialisable; a [`Snapshot`] is. Its JSON is `{format, version, ceremony, origin, saved_at, state}`.
//! `v1` holds the frozen shapes of version 1: a version 2 is a new file and a conversion, never an edit.

mod v1;

use core::fmt;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use zeroize::Zeroizing;

use crate::exchange::ExchangeId;
use crate::time::Timestamp;

const FORMAT: &str = "enlist-snapshot";

/// All that is needed to go on with a ceremony in another process. It holds secrets: keep it where nobody else reads.
#[derive(Clone, PartialEq)]
pub struct Snapshot {
    ceremony: &'static str,
    origin: String,
    saved_at: Timestamp,
    in_flight: Option<ExchangeId>,
    kept: Vec<ExchangeId>,
    state: v1::State,
}

/// A snapshot's JSON: secret, wiped when dropped.
pub struct SnapshotJson(Zeroizing<String>);

impl SnapshotJson {
    /// The JSON text. Who calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SnapshotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SnapshotJson({} bytes)", self.0.len())
    }
}

/// A text that is no snapshot, or none that this version and this ceremony can go on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// Not a snapshot at all.
    #[error("this is no enlist snapshot (line {line}, column {column})")]
    NotASnapshot {
        /// Where reading stopped, from 1; 0 when it was read and is something else.
        line: usize,
        /// The same.
        column: usize,
    },
    /// A newer version wrote it.
    #[error("the snapshot has version {version}, which this version of enlist does not know; it was left as it is")]
    UnknownVersion {
        /// The snapshot's version.
        version: u32,
    },
    /// Another ceremony's.
    #[error("the snapshot is of another ceremony, not of {expected}")]
    OtherCeremony {
        /// The ceremony that was to be resumed.
        expected: &'static str,
    },
    /// It breaks an invariant: somebody changed it.
    #[error("the snapshot's {what} cannot be right; it was left as it is")]
    Invalid {
        /// Which part.
        what: &'static str,
    },
}

impl Snapshot {
    /// The ceremony's [`NAME`](crate::Ceremony::NAME).
    #[must_use]
    pub fn ceremony(&self) -> &str {
        self.ceremony
    }

    /// The pinned origin, as a URL.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// When the last request was begun, or the last answer taken in.
    #[must_use]
    pub fn saved_at(&self) -> Timestamp {
        self.saved_at
    }

    /// The exchange whose answer is owed.
    #[must_use]
    pub fn in_flight(&self) -> Option<ExchangeId> {
        self.in_flight
    }

    /// Exchanges whose answers could not be read and may hold a credential: their journals must not be thrown away.
    #[must_use]
    pub fn kept(&self) -> &[ExchangeId] {
        &self.kept
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> SnapshotJson {
        let file = v1::File {
            format: FORMAT.into(),
            version: 1,
            ceremony: self.ceremony.into(),
            origin: self.origin.clone(),
            saved_at: self.saved_at.as_unix_ms(),
            state: &self.state,
        };
        // Writing strings and numbers into a string cannot fail.
        SnapshotJson(Zeroizing::new(serde_json::to_string(&file).unwrap_or_default()))
    }

    /// Reads what [`to_json`](Self::to_json) wrote. The ceremony's `resume` then checks the state.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub fn from_json(json: &[u8]) -> Result<Self, ResumeError> {
        let head: v1::Head = serde_json::from_slice(json).map_err(|error| not_a_snapshot(&error))?;
        if head.format != FORMAT {
            return Err(ResumeError::NotASnapshot { line: 0, column: 0 });
        }
        if head.version != 1 {
            return Err(ResumeError::UnknownVersion { version: head.version });
        }
        let (ceremony, state) = v1::State::read(&head.ceremony, json)?;
        Ok(Self {
            ceremony,
            origin: head.origin,
            saved_at: Timestamp::from_unix_ms(head.saved_at),
            in_flight: state.in_flight(),
            kept: state.kept(),
            state,
        })
    }
}

/// The position alone: serde's own words may quote a secret.
fn not_a_snapshot(error: &serde_json::Error) -> ResumeError {
    ResumeError::NotASnapshot { line: error.line(), column: error.column() }
}

/// All but the state.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let saved_at = format!("{}", self.saved_at);
        f.debug_struct("Snapshot")
            .field("ceremony", &self.ceremony)
            .field("origin", &self.origin)
            .field("saved_at", &saved_at)
            .field("in_flight", &self.in_flight)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}
