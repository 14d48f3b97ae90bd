//! Saved ceremonies.
//!
//! The live types cannot be serialised; a [`Snapshot`] can. Its JSON is `{format, version, minor, ceremony, origin, saved_at, state}`. `v1`
//! defines the shapes of version 1. An addition to them raises the minor. A change of them needs version 2, with a new file and a
//! conversion.

mod kind;
pub(crate) mod v1;

use core::fmt;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use zeroize::Zeroizing;

use crate::exchange::ExchangeId;
use crate::types::timestamp::Timestamp;

pub use kind::CeremonyKind;

const FORMAT: &str = "enlist-snapshot";
const VERSION: u32 = 1;

/// The saved state of a ceremony, from which another process can continue. It contains secrets, so store it where nobody else can read it.
#[derive(Clone, PartialEq)]
pub struct Snapshot {
    minor: u32,
    origin: String,
    saved_at: Timestamp,
    state: v1::State,
}

/// The JSON of a snapshot. It is secret, and it is wiped from memory when it is dropped.
pub struct SnapshotJson(Zeroizing<String>);

impl SnapshotJson {
    /// The JSON text. The caller is responsible for where it goes.
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

/// The reason why a text is not a snapshot, or why this version or this ceremony cannot use it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The text is not a snapshot.
    #[error("this is not an enlist snapshot (line {line}, column {column})")]
    NotASnapshot {
        /// The line at which reading stopped, from 1. It is 0 if the whole text was read and is something else.
        line: usize,
        /// The column at which reading stopped.
        column: usize,
    },
    /// A newer version of enlist wrote it, and only that version can use it.
    #[error("a newer version of enlist wrote this snapshot (format {version}.{minor}); it was left as it is")]
    Newer {
        /// The snapshot's version.
        version: u32,
        /// The snapshot's minor.
        minor: u32,
    },
    /// A version of enlist from before the first release wrote it. Such snapshots are not converted.
    #[error("an unreleased version of enlist wrote this snapshot; it cannot be used, and was left as it is")]
    Unreleased,
    /// The snapshot belongs to another ceremony.
    #[error("this is a snapshot of {found}, not of {expected}")]
    OtherCeremony {
        /// The ceremony that was to be resumed.
        expected: CeremonyKind,
        /// The ceremony that was saved.
        found: CeremonyKind,
    },
    /// The snapshot breaks an invariant, which means that somebody changed it.
    #[error("this snapshot contains invalid data ({what}); it was left as it is")]
    Invalid {
        /// The part that breaks the invariant.
        what: &'static str,
    },
}

impl Snapshot {
    /// The ceremony that was saved.
    #[must_use]
    pub fn kind(&self) -> CeremonyKind {
        self.state.kind()
    }

    /// The service's pinned origin, as a URL.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The time when the last request was begun, or the last input was taken in.
    #[must_use]
    pub fn saved_at(&self) -> Timestamp {
        self.saved_at
    }

    /// The exchange that still awaits its answer.
    #[must_use]
    pub fn in_flight(&self) -> Option<ExchangeId> {
        self.state.in_flight()
    }

    /// The exchanges whose answers could not be read and may contain a credential. Their records must not be deleted.
    #[must_use]
    pub fn unreadable(&self) -> Vec<ExchangeId> {
        self.state.unreadable()
    }

    /// Whether a newer version of enlist wrote the snapshot. Such a snapshot may contain more than this version can read, so it is
    /// read-only: [`peek`](crate::Ceremony::peek) works, [`resume`](crate::Ceremony::resume) does not, and nothing may be written in its
    /// place.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.minor > v1::MINOR
    }

    fn newer(&self) -> Option<ResumeError> {
        self.is_newer().then_some(ResumeError::Newer { version: VERSION, minor: self.minor })
    }

    pub(crate) fn refuse_newer(&self) -> Result<(), ResumeError> {
        self.newer().map_or(Ok(()), Err)
    }

    /// The snapshot as JSON. For a newer snapshot, it contains only what this version has read.
    #[must_use]
    pub fn to_json(&self) -> SnapshotJson {
        let file = v1::File {
            format: FORMAT,
            version: VERSION,
            minor: self.minor,
            ceremony: self.kind().as_str(),
            origin: &self.origin,
            saved_at: self.saved_at.as_unix_ms(),
            state: &self.state,
        };
        // Writing strings and numbers into a string cannot fail.
        SnapshotJson(Zeroizing::new(serde_json::to_string(&file).unwrap_or_default()))
    }

    /// Reads what [`to_json`](Self::to_json) wrote. The ceremony's `resume` checks the state itself.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub fn from_json(json: &[u8]) -> Result<Self, ResumeError> {
        let head: v1::Head = serde_json::from_slice(json).map_err(|error| not_a_snapshot(&error))?;
        if head.format != FORMAT {
            return Err(ResumeError::NotASnapshot { line: 0, column: 0 });
        }
        let minor = head.minor.ok_or(ResumeError::Unreleased)?;
        let newer = ResumeError::Newer { version: head.version, minor };
        if head.version > VERSION {
            return Err(newer);
        }
        let kind = CeremonyKind::from_name(&head.ceremony).filter(|_| head.version == VERSION);
        let read = kind.ok_or(ResumeError::Invalid { what: "ceremony" }).and_then(|kind| v1::State::read(kind, json));
        // A state that a newer version wrote is not damaged just because this version cannot read all of it.
        let is_newer = minor > v1::MINOR;
        let state = read.map_err(|error| if is_newer { newer } else { error })?;
        if !is_newer && !v1::is_read_whole(json, &state) {
            return Err(ResumeError::Invalid { what: "members" });
        }
        Ok(Self { minor, origin: head.origin, saved_at: Timestamp::from_unix_ms(head.saved_at), state })
    }
}

/// The error keeps only the position, because serde's own text may quote a secret.
fn not_a_snapshot(error: &serde_json::Error) -> ResumeError {
    ResumeError::NotASnapshot { line: error.line(), column: error.column() }
}

/// The output shows everything but the state.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let saved_at = format!("{}", self.saved_at);
        f.debug_struct("Snapshot")
            .field("ceremony", &self.kind())
            .field("origin", &self.origin)
            .field("saved_at", &saved_at)
            .field("in_flight", &self.in_flight())
            .field("unreadable", &self.unreadable())
            .finish_non_exhaustive()
    }
}
