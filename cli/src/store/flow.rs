//! A flow: a ceremony that has not come to its end, as one file.

use std::path::{Path, PathBuf};

use enlist_core::opentrain::{Claim, Enrolment};
use enlist_core::sentryagent::Rotation;
use enlist_core::{Ceremony, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{StoreError, files};

const ENDING: &str = ".json";
const ENROLMENT: &str = "enr";
const CLAIM: &str = "clm";
const REGISTRATION: &str = "reg";
const ROTATION: &str = "rot";
const VERSION: u8 = 1;

/// A saved ceremony and its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flow {
    pub(crate) name: String,
    /// The command line that began it, without the program's name: the way to begin it anew.
    pub(crate) begun_by: Vec<String>,
    pub(crate) snapshot: Snapshot,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowFile<'a> {
    v: u8,
    flow: String,
    begun_by: Vec<String>,
    #[serde(borrow)]
    snapshot: &'a RawValue,
}

impl Flow {
    /// A new flow of `ceremony`, with a name that no other has.
    pub(crate) fn start<C: Ceremony>(ceremony: &C, begun_by: Vec<String>) -> Result<Self, getrandom::Error> {
        let random = getrandom::u32()?;
        Ok(Self { name: format!("{}_{random:08x}", prefix(C::NAME)), begun_by, snapshot: ceremony.snapshot() })
    }

    /// Whether `text` can be the name of a flow.
    pub(crate) fn is_name(text: &str) -> bool {
        let is_id = |id: &str| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.split_once('_').is_some_and(|(prefix, id)| matches!(prefix, ENROLMENT | CLAIM | REGISTRATION | ROTATION) && is_id(id))
    }

    pub(crate) fn path(name: &str, folder: &Path) -> PathBuf {
        folder.join(format!("{name}{ENDING}"))
    }

    /// Writes it, durably.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), StoreError> {
        let path = Self::path(&self.name, folder);
        let json = self.snapshot.to_json();
        let unwritable = |error: serde_json::Error| StoreError::corrupt(&path, error);
        let snapshot = serde_json::from_str(json.expose()).map_err(unwritable)?;
        let file = FlowFile { v: VERSION, flow: self.name.clone(), begun_by: self.begun_by.clone(), snapshot };
        let bytes = Zeroizing::new(serde_json::to_vec(&file).map_err(unwritable)?);
        files::replace(&path, &bytes)
    }

    pub(crate) fn remove(name: &str, folder: &Path) -> Result<(), StoreError> {
        files::remove(&Self::path(name, folder))
    }

    /// All flows in `folder`, in the order of their names.
    pub(crate) fn all(folder: &Path) -> Result<Vec<Self>, StoreError> {
        files::names(folder, ENDING)?.into_iter().filter_map(|name| Self::read(folder, name).transpose()).collect()
    }

    fn read(folder: &Path, name: String) -> Result<Option<Self>, StoreError> {
        let path = Self::path(&name, folder);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        // Positions only: serde's own words may quote what is secret.
        let file: FlowFile<'_> = serde_json::from_slice(&bytes).map_err(|error| StoreError::corrupt(&path, position(&error)))?;
        if file.v != VERSION || file.flow != name {
            return Err(StoreError::corrupt(&path, "it is no flow that this version of enlist knows"));
        }
        let snapshot = Snapshot::from_json(file.snapshot.get().as_bytes()).map_err(|error| StoreError::corrupt(&path, error))?;
        Ok(Some(Self { name, begun_by: file.begun_by, snapshot }))
    }
}

fn prefix(ceremony: &str) -> &'static str {
    match ceremony {
        Enrolment::NAME => ENROLMENT,
        Claim::NAME => CLAIM,
        Rotation::NAME => ROTATION,
        _ => REGISTRATION,
    }
}

pub(crate) fn position(error: &serde_json::Error) -> String {
    format!("it cannot be read (line {}, column {})", error.line(), error.column())
}
