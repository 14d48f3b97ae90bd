//! The events of `--output ndjson`, one line each.
//!
//! This is a contract: later versions only add types and keys. A new event is a new variant of [`Event`]; `schema.json` is generated from it.

use serde::Serialize;
use serde::ser::Error as _;
use serde_json::{Map, Value};

use super::Next;
use super::document::VERSION;
use crate::store::Service;
use crate::view::credential::{Badge, Kind, Obtained, Registration, Token};
use crate::view::flow::Awaiting;
use crate::view::profile::Profile;
use crate::view::{Time, words};
use enlist_blocking::system_clock as now;

/// What happened. `type` is the variant's name in snake case.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Event {
    /// The flow is on disk and can be resumed; nothing was sent yet.
    FlowStarted { ceremony: &'static str },
    /// The registration at OpenTrain is stored.
    Registered(Registration),
    /// A person must do something. This event is flushed before the first wait.
    ActionRequired(ActionRequired),
    /// The service waits for the code from the SMS.
    OtpRequired(ActionRequired),
    /// The code was wrong and may be entered again.
    OtpRejected { r#for: String },
    /// The flow is still pending. The next request is sent at `until`.
    Pending { awaiting: Awaiting, until: Time },
    /// The service asked for longer intervals.
    SlowDown { until: Time },
    /// A temporary problem. The request is repeated at `until`.
    Retrying { message: String, until: Time },
    /// The attempt has ended, and its code is no longer valid.
    CodeExpired {},
    /// The owner has claimed the registration, and the token is stored.
    Claimed(Token),
    /// The badge is stored.
    BadgeIssued(Badge),
    /// The credential is on disk, and the previous one is deleted.
    Stored { kind: Kind },
    /// Information that changes nothing.
    Warning { message: String },
}

/// The event for the credential of a ceremony.
impl From<Obtained> for Event {
    fn from(obtained: Obtained) -> Self {
        match obtained {
            Obtained::Registration(registration) => Self::Registered(registration),
            Obtained::Token(token) => Self::Claimed(token),
            Obtained::Badge(badge) => Self::BadgeIssued(badge),
        }
    }
}

/// What a person must do.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ActionRequired {
    pub(crate) kind: Action,
    pub(crate) url: Option<String>,
    pub(crate) code: Option<String>,
    /// The person who must do it: an e-mail address, or the last digits of a phone number.
    pub(crate) r#for: Option<String>,
    pub(crate) email_sent: Option<bool>,
    pub(crate) expires_at: Option<Time>,
    /// Text that an agent repeats to its owner.
    pub(crate) say_to_user: String,
    pub(crate) next: Next,
    /// The profile that must be confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) public_profile: Option<Profile>,
}

words! {
    /// The kinds of things that a person must do.
    Action {
        EnterCode = "enter_code",
        ConfirmProfile = "confirm_profile",
        SmsAgain = "sms_again",
        RegisterAgain = "register_again",
        VerifyAgain = "verify_again",
        Otp = "otp",
    }
}

impl ActionRequired {
    /// An action that needs only an answer.
    pub(crate) fn new(kind: Action, say_to_user: impl Into<String>, next: Next) -> Self {
        let say_to_user = say_to_user.into();
        Self { kind, url: None, code: None, r#for: None, email_sent: None, expires_at: None, say_to_user, next, public_profile: None }
    }
}

/// The position of an event in the run, its time, and the flow that it is about.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Stamp {
    /// The number of the event, from 1 without gaps.
    #[cfg_attr(test, schemars(range(min = 1)))]
    seq: u64,
    ts: Time,
    flow: Option<String>,
}

impl Stamp {
    pub(super) fn new(seq: u64, flow: Option<String>) -> Self {
        Self { seq, ts: now().into(), flow }
    }
}

/// An event as a line: the members that every event has, then its own fields.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    v: u8,
    r#type: String,
    #[serde(flatten)]
    stamp: Stamp,
    service: Option<Service>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Line {
    pub(super) fn new(event: &Event, stamp: Stamp, service: Option<Service>) -> Result<Self, serde_json::Error> {
        let Value::Object(mut fields) = serde_json::to_value(event)? else {
            return Err(serde_json::Error::custom("an event is an object"));
        };
        let Some(Value::String(r#type)) = fields.remove("type") else { return Err(serde_json::Error::custom("an event has a type")) };
        Ok(Self { v: VERSION, r#type, stamp, service, fields })
    }
}
