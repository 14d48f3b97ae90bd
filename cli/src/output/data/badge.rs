//! `data` of the commands about badges and manifests.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::view::profile::Profile;
use crate::view::{Time, words};

/// `badge rotate`, when nobody has agreed to it yet.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RotationAsked {
    /// The DID that would change.
    pub(crate) did: Option<String>,
}

/// `badge show`: what a badge says about itself.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BadgeShown {
    pub(crate) did: Option<String>,
    /// Prefix and last four characters of a secret.
    pub(crate) badge_hint: String,
    /// Always false: `badge verify` checks a badge.
    #[cfg_attr(test, schemars(extend("const" = false)))]
    pub(crate) verified: bool,
    /// The badge is the profile's own.
    pub(crate) own: bool,
    pub(crate) issued_at: Option<Time>,
    pub(crate) expires_at: Option<Time>,
    pub(crate) untrusted_issuer: Option<String>,
    pub(crate) untrusted_profile: Option<Profile>,
}

/// `badge verify`
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum BadgeVerified {
    Valid(Box<ValidBadge>),
    Other(OtherBadge),
}

/// A badge whose signature is good and that was not revoked, as far as that is known.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ValidBadge {
    #[cfg_attr(test, schemars(extend("const" = true)))]
    pub(crate) valid: bool,
    /// Always null.
    pub(crate) reason: Option<&'static str>,
    pub(crate) service: Said,
    pub(crate) did: String,
    pub(crate) issued_at: Option<Time>,
    pub(crate) expires_at: Option<Time>,
    pub(crate) untrusted_issuer: Option<String>,
    pub(crate) untrusted_profile: Option<Profile>,
    pub(crate) keys: Keys,
}

/// A badge that is not valid, or not known to be valid.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OtherBadge {
    /// False, or null if it is not known.
    pub(crate) valid: Option<bool>,
    /// The rule that the badge breaks, or `revoked`.
    pub(crate) reason: Option<&'static str>,
    pub(crate) service: Said,
    /// Absent when the signature is not good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) did: Option<String>,
    pub(crate) keys: Keys,
}

words! {
    /// The service's answer about a badge.
    Said {
        Valid = "valid",
        NotValid = "not_valid",
        NotAsked = "not_asked",
        /// The service could not be asked.
        Unknown = "unknown",
    }
}

/// The service's published keys that a verdict rests on.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Keys {
    pub(crate) fetched_at: Time,
    /// The seconds since they were fetched. Null when `fetched_at` is in the future, so that their age is not known.
    pub(crate) age_s: Option<u64>,
    /// An earlier command fetched them.
    pub(crate) cached: bool,
    /// The number of keys that can be used.
    pub(crate) usable: usize,
}

/// `badge sign`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Signed {
    pub(crate) jws: String,
    pub(crate) did: Option<String>,
    pub(crate) signed_at: Option<Time>,
}

/// `badge lookup`
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum LookedUp {
    Found(Box<FoundAgent>),
    Missing(MissingAgent),
}

/// What the service publishes about an agent.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FoundAgent {
    pub(crate) did: String,
    #[cfg_attr(test, schemars(extend("const" = true)))]
    pub(crate) found: bool,
    pub(crate) issued_at: Option<Time>,
    pub(crate) untrusted_profile: Profile,
}

/// An agent about which the service publishes nothing.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MissingAgent {
    pub(crate) did: String,
    #[cfg_attr(test, schemars(extend("const" = false)))]
    pub(crate) found: bool,
}

/// `manifest init`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ManifestTemplate {
    pub(crate) file: String,
    pub(crate) fields: Vec<FieldMeaning>,
    /// A manifest.
    pub(crate) template: Map<String, Value>,
}

/// A field of the manifest.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FieldMeaning {
    pub(crate) field: &'static str,
    pub(crate) meaning: &'static str,
}

/// `manifest check`
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum ManifestChecked {
    Complete {
        public_profile: Profile,
    },
    Wrong {
        /// All that break their rules. Empty when the file holds no JSON object.
        fields: Vec<WrongField>,
    },
}

/// A field of a manifest that breaks its rule.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WrongField {
    pub(crate) field: String,
    pub(crate) must_be: &'static str,
}
