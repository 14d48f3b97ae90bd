//! `data` of the commands about credentials, flows and profiles.

use std::fmt::{self, Formatter};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::output::Next;
use crate::store::Service;
use crate::view::credential::{Identity, Kind, State};
use crate::view::flow::{PendingFlow, Unreadable};
use crate::view::words;

/// `status`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Status {
    pub(crate) identities: Vec<Identity>,
    pub(crate) pending: Vec<PendingEntry>,
    /// The stores that could not be read.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// `pending`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Pending {
    pub(crate) pending: Vec<PendingEntry>,
    /// The stores that could not be read.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// A pending flow, and the command line that continues it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PendingEntry {
    #[serde(flatten)]
    pub(crate) flow: PendingFlow,
    pub(crate) next: Next,
}

/// The flow that `abandon` gave up.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FlowName {
    pub(crate) flow: String,
}

/// `revoke` and `badge revoke`
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Revoked {
    /// The badge's DID; null when the badge could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) did: Option<Option<String>>,
    pub(crate) revoked: bool,
    /// The answer that proves the revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed_by: Option<ConfirmedBy>,
    /// The service's answer about a badge that could not be revoked; null if it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid: Option<Option<bool>>,
}

words! {
    /// The call whose answer proves a revocation.
    ConfirmedBy {
        Revoke = "revoke",
        Verify = "verify",
    }
}

/// `forget`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Forgotten {
    pub(crate) was: Presence,
    /// Null when there was nothing.
    pub(crate) kind: Option<Kind>,
    /// Null when there was nothing.
    pub(crate) state: Option<State>,
}

words! {
    /// Whether `forget` found a credential.
    Presence {
        Stored = "stored",
        Absent = "absent",
    }
}

/// `token`: the only data with a secret.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Secret {
    pub(crate) kind: Kind,
    pub(crate) service: Service,
    pub(crate) state: State,
    /// The secret. No other command prints one.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) token: Zeroizing<String>,
}

/// Without the secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("kind", &self.kind).field("service", &self.service).finish_non_exhaustive()
    }
}

/// `profile list`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Profiles {
    pub(crate) profiles: Vec<ListedProfile>,
}

/// A profile in the list of all.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListedProfile {
    pub(crate) profile: String,
    /// Commands use this profile when none is named.
    pub(crate) used: bool,
    pub(crate) identities: Vec<Identity>,
    pub(crate) pending: Vec<PendingFlow>,
}

/// `profile use`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProfileUsed {
    pub(crate) used: String,
}

/// `profile rename`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProfileRenamed {
    pub(crate) old: String,
    pub(crate) new: String,
}

/// `profile remove`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProfileRemoved {
    pub(crate) profile: String,
    pub(crate) identities: Vec<Identity>,
    pub(crate) pending: Vec<PendingFlow>,
    /// The number of answers and flows that could not be read.
    pub(crate) quarantined: usize,
}

/// `profile export`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Exported {
    /// The file of the service's own tool.
    pub(crate) path: String,
    /// Prefix and last four characters of a secret.
    pub(crate) token_hint: Option<String>,
}
