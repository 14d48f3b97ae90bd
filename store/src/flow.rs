//! A flow: a ceremony that has not ended, as one file.

use std::path::{Path, PathBuf};

use enlist_core::secret::Email;
use enlist_core::{Ceremony, CeremonyKind, ResumeError, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ceremony::{AnyCeremony, FlowEnd, kind_of_flow, prefix};
use crate::head::{Body, Format, Unusable, position};
use crate::journal::Nonce;
use crate::{DamagedFlow, StoreError, files};

const ENDING: &str = ".json";
const FORMAT: Format = Format { name: "enlist-flow", version: 1, minor: 0 };

/// The caller's intent with a flow. It is stored beside the ceremony, for the process that resumes the flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// The command line that began the flow, without the program's name. Running it again begins another flow.
    pub argv: Vec<String>,
    /// The owner by whom the agent is to be claimed as soon as this flow, a registration, has succeeded.
    pub then_claim: Option<Email>,
}

/// A flow as its file holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRecord {
    pub(crate) name: String,
    /// The caller's intent with the flow.
    pub intent: Intent,
    pub(crate) snapshot: Snapshot,
    /// Ties the answer to the exchange in flight to its record in the journal.
    pub(crate) nonce: Option<Nonce>,
}

/// A flow that was read, and its ceremony.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub(crate) record: FlowRecord,
    pub(crate) ceremony: AnyCeremony,
    is_newer: bool,
}

/// The kind of a file in the folder of flows.
pub(crate) enum Read {
    Flow(Box<Flow>),
    Damaged(DamagedFlow),
    /// It may be whole.
    Refused(StoreError),
}

#[derive(Serialize, Deserialize)]
struct FlowBody<'a> {
    flow: String,
    origin_argv: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    then_claim: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(borrow)]
    snapshot: &'a RawValue,
}

impl Body for FlowBody<'_> {
    const MEMBERS: &'static [&'static str] = &["flow", "origin_argv", "then_claim", "nonce", "snapshot"];
}

impl FlowRecord {
    /// A new flow of `ceremony`, with a random name. It is not on disk yet.
    pub(crate) fn new<C: Ceremony>(ceremony: &C, intent: Intent) -> Result<Self, StoreError> {
        let random = getrandom::u32().map_err(|error| StoreError::no_random(&error))?;
        Ok(Self { name: format!("{}_{random:08x}", prefix(C::KIND)), intent, snapshot: ceremony.snapshot(), nonce: None })
    }

    /// The flow's name: a prefix for the kind of ceremony, and eight hexadecimal digits.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of ceremony.
    #[must_use]
    pub fn kind(&self) -> CeremonyKind {
        self.snapshot.kind()
    }

    /// The ceremony's snapshot.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Writes it durably.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), StoreError> {
        let path = path(folder, &self.name);
        let json = self.snapshot.to_json();
        let unwritable = |error: serde_json::Error| StoreError::corrupt(&path, position(&error));
        let body = FlowBody {
            flow: self.name.clone(),
            origin_argv: self.intent.argv.clone(),
            then_claim: self.intent.then_claim.as_ref().map(|owner| owner.expose().to_owned()),
            nonce: self.nonce.map(Nonce::to_hex),
            snapshot: serde_json::from_str(json.expose()).map_err(unwritable)?,
        };
        files::replace(&path, &FORMAT.write(&body).map_err(unwritable)?)
    }
}

impl Flow {
    /// Whether `text` can be the name of a flow.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        kind_of_flow(text).is_some()
    }

    /// The flow's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// The flow as its file holds it.
    #[must_use]
    pub fn record(&self) -> &FlowRecord {
        &self.record
    }

    /// The ceremony, as it was saved.
    #[must_use]
    pub fn ceremony(&self) -> &AnyCeremony {
        &self.ceremony
    }

    /// The record, which [`Session::resume`](crate::Session::resume) takes, and the ceremony to drive.
    #[must_use]
    pub fn into_parts(self) -> (FlowRecord, AnyCeremony) {
        (self.record, self.ceremony)
    }

    /// How the ceremony has ended; `None` before that.
    #[must_use]
    pub fn end(&self) -> Option<FlowEnd> {
        self.ceremony.end()
    }

    /// Whether the flow is pending: its ceremony has not ended, or its credential is not stored yet. A flow that failed is not pending.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        !matches!(self.end(), Some(FlowEnd::Failed(_) | FlowEnd::FailedAndKept(_)))
    }

    /// Whether a newer version of enlist wrote it. Such a flow can be looked at and not resumed, and its file must not be changed.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.is_newer
    }

    /// Reads all flows in `folder`, in the order of their names.
    pub(crate) fn all(folder: &Path) -> Result<Vec<Read>, StoreError> {
        let names = files::names(folder, ENDING)?;
        Ok(names
            .into_iter()
            .filter_map(|name| Self::read(folder, name).transpose())
            .map(|read| read.unwrap_or_else(Read::Refused))
            .collect())
    }

    fn read(folder: &Path, name: String) -> Result<Option<Read>, StoreError> {
        let path = path(folder, &name);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        Ok(Some(match Self::parse(&bytes, &name) {
            Ok(flow) => Read::Flow(Box::new(flow)),
            Err(Unusable::Damaged(reason)) => Read::Damaged(DamagedFlow::new(name, path, reason)),
            Err(other) => Read::Refused(other.at(&path)),
        }))
    }

    fn parse(bytes: &[u8], name: &str) -> Result<Self, Unusable> {
        let opened = FORMAT.open(bytes)?;
        let body: FlowBody<'_> = opened.read()?;
        Self::restore(body, name, opened.is_newer).map_err(|unusable| opened.unless_newer(unusable))
    }

    fn restore(body: FlowBody<'_>, name: &str, is_newer: bool) -> Result<Self, Unusable> {
        let is_not_named = || Unusable::damaged("it is not what its name says");
        if body.flow != name {
            return Err(is_not_named());
        }
        // An unknown name is that of a ceremony which a later version added.
        let kind = kind_of_flow(name).ok_or(Unusable::Newer)?;
        let nonce = match body.nonce {
            None => None,
            Some(text) => Some(Nonce::from_hex(&text).ok_or_else(|| Unusable::damaged("its nonce cannot be right"))?),
        };
        let then_claim = body.then_claim.map(|owner| Email::parse(&owner)).transpose();
        let then_claim = then_claim.map_err(|_| Unusable::damaged("its owner cannot be right"))?;
        let snapshot = Snapshot::from_json(body.snapshot.get().as_bytes())?;
        if snapshot.kind() != kind {
            return Err(is_not_named());
        }
        let (ceremony, is_newer) = (AnyCeremony::peek(&snapshot)?, is_newer || snapshot.is_newer());
        let intent = Intent { argv: body.origin_argv, then_claim };
        Ok(Self { record: FlowRecord { name: name.to_owned(), intent, snapshot, nonce }, ceremony, is_newer })
    }
}

/// The file of the flow of this name.
pub(crate) fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{ENDING}"))
}

impl From<ResumeError> for Unusable {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Newer { .. } => Self::Newer,
            // Core's own words also say what became of the snapshot, which the caller decides.
            ResumeError::Invalid { what } => Self::damaged(format_args!("its {what} cannot be right")),
            _ => Self::damaged("it holds no ceremony that can go on"),
        }
    }
}
