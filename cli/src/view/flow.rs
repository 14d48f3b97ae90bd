//! What the command says about a pending flow.

use serde::Serialize;

use super::credential::in_profile;
use super::{Time, words};
use crate::store::{ProfileName, Service};

words! {
    /// The person or thing that a flow waits for.
    Awaiting {
        /// The owner must claim the registration.
        Owner = "owner",
        /// A person must confirm the public profile.
        Profile = "profile",
        /// The owner must agree to another SMS.
        SmsAgain = "sms_again",
        /// A person must submit the code from the SMS.
        Otp = "otp",
        /// The owner must agree to another registration.
        RegisterAgain = "register_again",
        /// The service must be asked again which badge is the valid one.
        VerifyAgain = "verify_again",
        /// The service has not answered yet.
        Service = "service",
    }
}

/// A flow in a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PendingFlow {
    pub(crate) flow: String,
    pub(crate) service: Service,
    pub(crate) profile: String,
    pub(crate) awaiting: Awaiting,
    pub(crate) expires_at: Option<Time>,
}

impl PendingFlow {
    /// One line of `pending`, where `current` is the profile that the command is about.
    pub(crate) fn line(&self, current: &ProfileName) -> String {
        let until = self.expires_at.map(|at| format!(", until {}", at.deadline())).unwrap_or_default();
        let profile = in_profile(&self.profile, current);
        format!("{}  {}, pending: {}{until}{profile}", self.flow, self.service, self.awaiting)
    }

    /// The flow with its service, and with its profile unless that is `current`.
    pub(crate) fn place(&self, current: &ProfileName) -> String {
        format!("{} ({}){}", self.flow, self.service, in_profile(&self.profile, current))
    }

    /// The flow as part of a line about its profile.
    pub(crate) fn brief(&self) -> String {
        format!("{} pending at {}", self.flow, self.service)
    }
}

/// A store that could not be read. The others are still listed; the first one is the error of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Unreadable {
    pub(crate) service: Service,
    pub(crate) profile: String,
    pub(crate) message: String,
}

impl Unreadable {
    /// One line of `status` and `pending`, where `current` is the profile that the command is about.
    pub(crate) fn line(&self, current: &ProfileName) -> String {
        format!("{}  unreadable{}: {}", self.service, in_profile(&self.profile, current), self.message)
    }
}
