//! `data` of `enlist doctor`.

use serde::Serialize;

use crate::view::words;

/// `doctor`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Doctor {
    pub(crate) checks: Vec<Check>,
    /// The report for somebody else, with `--bundle -`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bundle: Option<Bundle>,
    /// The file that holds the report, with `--bundle FILE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bundle_file: Option<String>,
}

words! {
    /// The result of a check.
    CheckState {
        Ok = "ok",
        /// Commands work, but perhaps not as intended.
        Warn = "warn",
        /// Commands will fail.
        Fail = "fail",
    }
}

words! {
    /// What `doctor` checks.
    CheckName {
        Proxy = "proxy",
        Certificates = "certificates",
        Store = "store",
        Variables = "variables",
        Pending = "pending",
        Opentrain = "opentrain",
        Sentryagent = "sentryagent",
        Clock = "clock",
    }
}

/// One thing that `doctor` looked at.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Check {
    pub(crate) name: CheckName,
    pub(crate) state: CheckState,
    pub(crate) detail: String,
    pub(crate) hint: Option<String>,
}

/// The report for a bug report: no secret, no address, no name, no value of a variable.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Bundle {
    /// The version.
    pub(crate) enlist: &'static str,
    pub(crate) os: &'static str,
    pub(crate) arch: &'static str,
    pub(crate) offline: bool,
    pub(crate) variables_set: Vec<&'static str>,
    pub(crate) checks: Vec<PublicCheck>,
}

/// A check without addresses, paths and names.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PublicCheck {
    pub(crate) name: CheckName,
    pub(crate) state: CheckState,
    pub(crate) detail: String,
}
