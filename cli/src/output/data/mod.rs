//! `data` of the document: one struct for each thing that a command can report.
//!
//! This is a contract: later versions only add keys. `schema.json` is generated from these types.

mod badge;
mod ceremony;
mod credential;
mod doctor;

use serde::Serialize;
use serde_json::Value;

pub(crate) use badge::*;
pub(crate) use ceremony::*;
pub(crate) use credential::*;
pub(crate) use doctor::*;

/// Declares `Data` and how each of its variants is made.
macro_rules! data {
    ($($variant:ident($of:ty),)+) => {
        /// `data` of the document.
        #[derive(Clone, Debug, Serialize)]
        #[serde(untagged)]
        pub(crate) enum Data {
            $($variant($of),)+
        }

        $(impl From<$of> for Data {
            fn from(data: $of) -> Self {
                Self::$variant(data)
            }
        })+
    };
}

data! {
    Ceremony(CeremonyData),
    Status(Status),
    Pending(Pending),
    Flow(FlowName),
    Revoked(Revoked),
    Forgotten(Forgotten),
    Secret(Secret),
    RotationAsked(RotationAsked),
    BadgeShown(BadgeShown),
    BadgeVerified(BadgeVerified),
    Signed(Signed),
    LookedUp(LookedUp),
    ManifestTemplate(ManifestTemplate),
    ManifestChecked(ManifestChecked),
    Profiles(Profiles),
    ProfileUsed(ProfileUsed),
    ProfileRenamed(ProfileRenamed),
    ProfileRemoved(ProfileRemoved),
    Exported(Exported),
    Doctor(Doctor),
    Tour(Tour),
    Completion(Completion),
    Man(Man),
    Help(Help),
    Schema(Value),
}

/// `completion`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Completion {
    pub(crate) shell: String,
    pub(crate) script: String,
}

/// `man`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Man {
    pub(crate) page: String,
}

/// `help`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Help {
    pub(crate) text: String,
}
