//! A flow: a ceremony that has not ended, as one file.

use std::path::{Path, PathBuf};

use enlist_core::secret::Email;
use enlist_core::{Ceremony, ResumeError, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::head::{Body, Format, Unusable};
use crate::journal::Nonce;
use crate::kind;
use crate::{DamagedFlow, StoreError, files};

const ENDING: &str = ".json";
const FORMAT: Format = Format { name: "enlist-flow", version: 1, minor: 0 };

/// A saved ceremony and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The flow's name: a prefix that tells the ceremony, and eight hexadecimal digits.
    pub name: String,
    /// The command line that began the flow, without the program's name. Running it again begins another flow.
    pub origin_argv: Vec<String>,
    /// The owner by whom the agent is to be claimed as soon as this flow, a registration, has succeeded.
    pub then_claim: Option<Email>,
    /// The ceremony.
    pub snapshot: Snapshot,
    /// Ties the answer of the exchange in flight to its record in the journal.
    pub(crate) nonce: Option<Nonce>,
    is_newer: bool,
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

impl Flow {
    /// A new flow of `ceremony`, with a random name.
    ///
    /// # Errors
    /// [`StoreError::NoRandom`].
    pub fn start<C: Ceremony>(ceremony: &C, origin_argv: Vec<String>) -> Result<Self, StoreError> {
        let random = getrandom::u32().map_err(|error| StoreError::no_random(&error))?;
        let (snapshot, prefix) = (ceremony.snapshot(), kind::prefix_of(C::KIND));
        Ok(Self { name: format!("{prefix}_{random:08x}"), origin_argv, then_claim: None, snapshot, nonce: None, is_newer: false })
    }

    /// Whether `text` can be the name of a flow.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        kind::of_flow(text).is_some()
    }

    /// Whether a newer version of enlist wrote it. Such a flow can be looked at and not resumed, and its file must not be changed.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.is_newer
    }

    pub(crate) fn path(name: &str, folder: &Path) -> PathBuf {
        folder.join(format!("{name}{ENDING}"))
    }

    /// Writes it durably.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), StoreError> {
        let path = Self::path(&self.name, folder);
        if self.is_newer {
            return Err(StoreError::Newer { path });
        }
        let json = self.snapshot.to_json();
        let unwritable = |error: serde_json::Error| StoreError::corrupt(&path, error);
        let body = FlowBody {
            flow: self.name.clone(),
            origin_argv: self.origin_argv.clone(),
            then_claim: self.then_claim.as_ref().map(|owner| owner.expose().to_owned()),
            nonce: self.nonce.map(Nonce::to_hex),
            snapshot: serde_json::from_str(json.expose()).map_err(unwritable)?,
        };
        files::replace(&path, &FORMAT.write(&body).map_err(unwritable)?)
    }

    pub(crate) fn remove(name: &str, folder: &Path) -> Result<(), StoreError> {
        files::remove(&Self::path(name, folder))
    }

    /// All flows in `folder` in the order of their names, and the damaged ones. A link, a file of somebody else, and a file of another
    /// version that cannot be read are errors, because they may be whole.
    pub(crate) fn all(folder: &Path) -> Result<(Vec<Self>, Vec<DamagedFlow>), StoreError> {
        let (mut whole, mut damaged) = (Vec::new(), Vec::new());
        for name in files::names(folder, ENDING)? {
            let path = Self::path(&name, folder);
            let Some(bytes) = files::read(&path)? else { continue };
            match Self::parse(&bytes, &name) {
                Ok(flow) => whole.push(flow),
                Err(Unusable::Damaged(reason)) => damaged.push(DamagedFlow::new(name, path, reason)),
                Err(other) => return Err(other.at(&path)),
            }
        }
        Ok((whole, damaged))
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
        let kind = kind::of_flow(name).ok_or(Unusable::Newer)?;
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
        kind::restores(&snapshot)?;
        let is_newer = is_newer || snapshot.is_newer();
        Ok(Self { name: name.to_owned(), origin_argv: body.origin_argv, then_claim, snapshot, nonce, is_newer })
    }
}

impl From<ResumeError> for Unusable {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Newer { .. } => Self::Newer,
            ResumeError::Unreleased => Self::Unreleased,
            // Core's own words also say what became of the snapshot, which the caller decides.
            ResumeError::Invalid { what } => Self::damaged(format_args!("its {what} cannot be right")),
            _ => Self::damaged("it holds no ceremony that can go on"),
        }
    }
}
