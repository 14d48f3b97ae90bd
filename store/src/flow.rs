//! A flow: a ceremony that has not ended, as one file.

use std::path::{Path, PathBuf};

use enlist_core::opentrain::{Claim, Enrolment};
use enlist_core::sentryagent::{Registration, Rotation};
use enlist_core::{Ceremony, ResumeError, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{DamagedFlow, StoreError, files, version};

const ENDING: &str = ".json";
const ENROLMENT: &str = "enr";
const CLAIM: &str = "clm";
const REGISTRATION: &str = "reg";
const ROTATION: &str = "rot";
const VERSION: u8 = 1;

/// A saved ceremony and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The flow's name: a prefix that tells the ceremony, and eight hexadecimal digits.
    pub name: String,
    /// The command line that began the flow, without the program's name. Running it again begins another flow.
    pub origin_argv: Vec<String>,
    /// The ceremony.
    pub snapshot: Snapshot,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowFile<'a> {
    v: u8,
    flow: String,
    origin_argv: Vec<String>,
    #[serde(borrow)]
    snapshot: &'a RawValue,
}

impl Flow {
    /// A new flow of `ceremony`, with a random name.
    ///
    /// # Errors
    /// [`StoreError::NoRandom`].
    pub fn start<C: Ceremony>(ceremony: &C, origin_argv: Vec<String>) -> Result<Self, StoreError> {
        let random = getrandom::u32().map_err(|error| StoreError::no_random(&error))?;
        Ok(Self { name: format!("{}_{random:08x}", prefix(C::NAME)), origin_argv, snapshot: ceremony.snapshot() })
    }

    /// Whether `text` can be the name of a flow.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        let is_id = |id: &str| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.split_once('_').is_some_and(|(prefix, id)| matches!(prefix, ENROLMENT | CLAIM | REGISTRATION | ROTATION) && is_id(id))
    }

    pub(crate) fn path(name: &str, folder: &Path) -> PathBuf {
        folder.join(format!("{name}{ENDING}"))
    }

    /// Writes it durably.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), StoreError> {
        let path = Self::path(&self.name, folder);
        let json = self.snapshot.to_json();
        let unwritable = |error: serde_json::Error| StoreError::corrupt(&path, error);
        let snapshot = serde_json::from_str(json.expose()).map_err(unwritable)?;
        let file = FlowFile { v: VERSION, flow: self.name.clone(), origin_argv: self.origin_argv.clone(), snapshot };
        let bytes = Zeroizing::new(serde_json::to_vec(&file).map_err(unwritable)?);
        files::replace(&path, &bytes)
    }

    pub(crate) fn remove(name: &str, folder: &Path) -> Result<(), StoreError> {
        files::remove(&Self::path(name, folder))
    }

    /// All flows in `folder` in the order of their names, and the damaged ones. A link, a file of somebody else and a file of a newer
    /// enlist are errors, because they may be whole.
    pub(crate) fn all(folder: &Path) -> Result<(Vec<Self>, Vec<DamagedFlow>), StoreError> {
        let (mut whole, mut damaged) = (Vec::new(), Vec::new());
        for name in files::names(folder, ENDING)? {
            let path = Self::path(&name, folder);
            let Some(bytes) = files::read(&path)? else { continue };
            if version::is_newer(&bytes, VERSION) {
                return Err(StoreError::Newer { path });
            }
            match Self::parse(&bytes, &name) {
                Ok(flow) => whole.push(flow),
                Err(Unusable::Newer) => return Err(StoreError::Newer { path }),
                Err(Unusable::Damaged(reason)) => damaged.push(DamagedFlow::new(name, path, reason)),
            }
        }
        Ok((whole, damaged))
    }

    fn parse(bytes: &[u8], name: &str) -> Result<Self, Unusable> {
        let damaged = |reason: &dyn ToString| Unusable::Damaged(reason.to_string());
        // Only the position is told: serde's own words may quote a secret.
        let file: FlowFile<'_> = serde_json::from_slice(bytes).map_err(|error| damaged(&position(&error)))?;
        if file.v != VERSION || file.flow != name {
            return Err(damaged(&"it is not what its name says"));
        }
        if !Self::is_name(name) {
            // The ceremony was added by a later version.
            return Err(Unusable::Newer);
        }
        let snapshot = Snapshot::from_json(file.snapshot.get().as_bytes())?;
        resumes(&snapshot)?;
        Ok(Self { name: name.to_owned(), origin_argv: file.origin_argv, snapshot })
    }

    pub(crate) fn is_rotation(name: &str) -> bool {
        prefix_of(name) == ROTATION
    }

    /// A sentence about what may be lost with a flow of this name.
    pub(crate) fn loss(name: &str) -> &'static str {
        match prefix_of(name) {
            ENROLMENT => "A registration that was on its way may have come about: then nobody can claim it",
            CLAIM => {
                "Its code is of no use any more, and a token that was on its way may be lost: claim again, and should the service know \
                 nothing of the claim, have a token created there and hand it in with enlist adopt"
            }
            ROTATION => "A rotation was under way, and the badge that is kept may be dead: enlist status --check tells",
            _ => "Its SMS is of no use any more, and a badge that was on its way may be lost",
        }
    }
}

/// Why a file cannot be used as a flow.
enum Unusable {
    /// A newer enlist wrote it.
    Newer,
    Damaged(String),
}

impl From<ResumeError> for Unusable {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::UnknownVersion { version: 2.. } => Self::Newer,
            // Core's own words also say what became of the snapshot, which the caller decides.
            ResumeError::Invalid { what } => Self::Damaged(format!("its {what} cannot be right")),
            _ => Self::Damaged("it holds no ceremony that can go on".to_owned()),
        }
    }
}

/// Shows that the ceremony can be resumed from the snapshot, so that no caller finds out later that it cannot.
fn resumes(snapshot: &Snapshot) -> Result<(), ResumeError> {
    match snapshot.ceremony() {
        Enrolment::NAME => Enrolment::resume(snapshot).map(drop),
        Claim::NAME => Claim::resume(snapshot).map(drop),
        Rotation::NAME => Rotation::resume(snapshot).map(drop),
        _ => Registration::resume(snapshot).map(drop),
    }
}

fn prefix_of(name: &str) -> &str {
    name.split_once('_').map_or("", |(prefix, _)| prefix)
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
