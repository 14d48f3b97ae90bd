//! How a command can fail, and how that is told.
//!
//! The sentences are ours. What a service wrote goes into fields named `untrusted_*`, escaped, and nowhere else: stdout
//! is often read by a language model.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use enlist_core::badge::verify::Rejection;
use enlist_core::{Failure, FailureCode, Recovery, ServerError, Timestamp, Trouble, Violation};
use serde::Serialize;

use crate::exit::{ErrorCode, Exit};
use crate::store::{ProfileName, Service, StoreError};

/// Why a command brought no result.
#[derive(Debug)]
pub(crate) enum Error {
    /// A ceremony ended without its credential.
    Ceremony { failure: Box<Failure>, at: Timestamp, kept: Vec<PathBuf> },
    /// A request that must not be repeated by itself was sent, and its answer lost.
    AnswerLost,
    /// There is no registration to go on from.
    NotRegistered(Service),
    /// A person must answer this question, and none is there.
    HumanNeeded(&'static str),
    /// A person was asked and said no. A flow is kept.
    Declined { flow: Option<String> },
    /// The one-time code was wrong.
    OtpRejected(Box<ServerError>),
    /// A badge that does not keep a rule.
    BadgeRefused(Rejection),
    /// The key of a badge is not known, and the service's keys may only be fetched again after `wait`.
    CannotTell { wait: Duration },
    /// The service's key set is none.
    BadKeys(String),
    /// The service publishes nothing about an agent of this DID.
    NoSuchAgent,
    /// The store cannot be used.
    Store(StoreError),
    /// No variable says where the store is.
    NoHome,
    /// An identity exists: in these words.
    Conflict(String),
    /// One is on its way: in these words.
    UnderWay(String),
    /// The flow that was named is another profile's.
    InProfile { flow: String, profile: ProfileName },
    /// A wrong command line or input.
    Usage { message: String, hint: Option<String> },
    /// A signal came, by its exit code. No error, and told as none.
    Interrupted(u8),
    /// A fault of ours.
    Internal(String),
    /// stdout cannot be written to, so that there is no point in a result.
    Stdout(io::Error),
}

/// `error` of the document.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Error"))]
pub(crate) struct ErrorBody {
    code: ErrorCode,
    message: String,
    hint: Option<String>,
    retryable: bool,
    retry_after_s: Option<u64>,
    #[cfg_attr(test, schemars(range(min = 100, max = 999)))]
    http: Option<u16>,
    docs: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    untrusted_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    untrusted_description: Option<String>,
}

impl Error {
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::Usage { message: message.to_string(), hint: None }
    }

    pub(crate) fn internal(message: impl Display) -> Self {
        Self::Internal(message.to_string())
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Ceremony { failure, .. } => ErrorCode::Ceremony(failure.code()),
            Self::AnswerLost => ErrorCode::AnswerLost,
            Self::NotRegistered(_) => ErrorCode::NotRegistered,
            Self::HumanNeeded(_) => ErrorCode::HumanNeeded,
            Self::Declined { .. } => ErrorCode::Ceremony(FailureCode::Denied),
            Self::OtpRejected(_) => ErrorCode::OtpRejected,
            Self::BadgeRefused(_) => ErrorCode::Ceremony(FailureCode::BadgeInvalid),
            Self::CannotTell { .. } => ErrorCode::CannotTell,
            Self::BadKeys(_) => ErrorCode::Ceremony(FailureCode::ProtocolViolation),
            Self::NoSuchAgent => ErrorCode::Ceremony(FailureCode::Rejected),
            Self::Store(StoreError::Locked { .. }) => ErrorCode::Locked,
            Self::Store(StoreError::Unwritable { .. }) | Self::NoHome => ErrorCode::StoreUnwritable,
            Self::Store(
                StoreError::Corrupt { .. } | StoreError::Exposed { .. } | StoreError::Unreleased { .. } | StoreError::Keyring { .. },
            ) => ErrorCode::StoreCorrupt,
            Self::Store(StoreError::Unreadable { .. }) => ErrorCode::StoreUnreadable,
            Self::Store(StoreError::Newer { .. }) => ErrorCode::StoreNewer,
            Self::Store(StoreError::NoRandom { .. }) => ErrorCode::Internal,
            Self::Store(StoreError::RelativeHome { .. }) => ErrorCode::Usage,
            Self::Conflict(_) | Self::UnderWay(_) => ErrorCode::Conflict,
            Self::Usage { .. } | Self::InProfile { .. } => ErrorCode::Usage,
            Self::Stdout(_) => ErrorCode::OutputUnwritable,
            Self::Internal(_) | Self::Interrupted(_) => ErrorCode::Internal,
        }
    }

    /// `error.code`.
    pub(crate) fn code_word(&self) -> &'static str {
        self.code().as_str()
    }

    /// A reader that has seen enough is no failure.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Stdout(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Done,
            Self::Interrupted(code) => Exit::Interrupted(*code),
            _ => self.code().exit(),
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::Ceremony { failure, kept, .. } => failure_words(failure) + &kept_words(kept),
            Self::AnswerLost => "a request was sent and its answer lost; it must not be repeated without a person's word".to_owned(),
            Self::NotRegistered(service) => format!("this profile has no registration at {}", service.name()),
            Self::HumanNeeded(question) => format!("a person must answer: {question}"),
            Self::Declined { flow: None } => "a person said no: nothing was changed".to_owned(),
            Self::Declined { flow: Some(_) } => "a person said no: nothing more was sent".to_owned(),
            Self::OtpRejected(_) => "the one-time code was wrong; it may be tried again".to_owned(),
            Self::BadgeRefused(rejection) => format!("the badge is not valid: {rejection}"),
            Self::CannotTell { .. } => {
                "none of the keys is the one that signed the badge, and newer ones were asked for less than a minute ago".to_owned()
            }
            Self::BadKeys(why) => format!("the service's keys cannot be read: {why}"),
            Self::NoSuchAgent => "the service publishes nothing about this agent: never registered, or revoked".to_owned(),
            Self::Store(error) => error.to_string(),
            Self::NoHome => "there is no place to keep anything: neither ENLIST_HOME, XDG_STATE_HOME nor HOME is set".to_owned(),
            Self::Conflict(what) | Self::UnderWay(what) => format!("{what}; nothing was sent, nothing was overwritten"),
            Self::InProfile { flow, profile } => format!("{flow} is in profile {profile}"),
            Self::Usage { message, .. } | Self::Internal(message) => message.clone(),
            Self::Interrupted(_) => "a signal came".to_owned(),
            Self::Stdout(error) => format!("cannot write to stdout: {error}"),
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Ceremony { failure, .. } => match (network_hints::hint(failure), recovery_words(failure.recovery())) {
                (Some(hint), Some(then)) => Some(format!("{hint}; then {then}")),
                (hint, then) => hint.map(str::to_owned).or(then),
            },
            Self::InProfile { profile, .. } => Some(format!("name the profile: --profile {profile}")),
            Self::Usage { hint, .. } => hint.clone(),
            Self::Internal(_) => Some("this is a fault of enlist: please report it".to_owned()),
            Self::Store(StoreError::Locked { .. }) => Some("run this again when it has ended".to_owned()),
            Self::Store(StoreError::Unwritable { .. }) | Self::NoHome => {
                Some("make room, or set ENLIST_HOME to a folder that can be written to".to_owned())
            }
            Self::Store(StoreError::Unreadable { .. }) => {
                Some("run this again; if it stays so, look at the permissions, the limit on open files, and the disk".to_owned())
            }
            Self::Store(StoreError::Corrupt { .. }) => Some("look at the file, move it away, and run this again".to_owned()),
            Self::Store(StoreError::Exposed { .. }) => {
                Some("make it yours alone again, when you know who could read or change it, and run this again".to_owned())
            }
            Self::Store(StoreError::Newer { .. }) => Some("run this with the newer version of enlist".to_owned()),
            Self::Store(StoreError::Unreleased { .. }) => Some("move it away, or set ENLIST_HOME to another folder".to_owned()),
            Self::Store(StoreError::Keyring { .. }) => {
                Some("unlock the keyring, or start one, and run this again; enlist profile remove NAME gives up what is in it".to_owned())
            }
            Self::Conflict(_) => Some("another identity goes into another profile: --profile NAME".to_owned()),
            Self::UnderWay(_) => Some("enlist pending lists it; enlist resume goes on with it; enlist abandon gives it up".to_owned()),
            Self::Declined { flow } => {
                flow.as_ref().map(|flow| format!("{flow} is kept: enlist resume {flow} asks again, enlist abandon {flow} gives it up"))
            }
            Self::NotRegistered(_) => Some("register first".to_owned()),
            Self::BadgeRefused(rejection) if rejection.may_be_a_wrong_clock() => {
                Some("if this machine's clock is wrong, set it and run this again".to_owned())
            }
            Self::BadgeRefused(Rejection::NoExpiry) => {
                Some("verify it without --offline, so that the service can say, or accept it with --no-expiry".to_owned())
            }
            Self::CannotTell { wait } => Some(format!("run this again in {} s", whole_seconds(*wait))),
            Self::Stdout(_) => Some("make room where stdout goes, and look with enlist status: what was done is kept".to_owned()),
            Self::Store(StoreError::NoRandom { .. } | StoreError::RelativeHome { .. })
            | Self::AnswerLost
            | Self::HumanNeeded(_)
            | Self::OtpRejected(_)
            | Self::BadgeRefused(_)
            | Self::BadKeys(_)
            | Self::NoSuchAgent
            | Self::Interrupted(_) => None,
        }
    }

    /// The service's own words on the error, escaped.
    pub(crate) fn said_by_service(&self) -> Option<String> {
        self.body().untrusted_description
    }

    pub(crate) fn body(&self) -> ErrorBody {
        let (failure, retry_after_s) = match self {
            Self::Ceremony { failure, at, .. } => (Some(failure), retry_after(failure, *at)),
            Self::CannotTell { wait } => (None, Some(whole_seconds(*wait))),
            _ => (None, None),
        };
        let server = match self {
            Self::OtpRejected(error) => Some(error.as_ref()),
            _ => failure.and_then(|failure| failure.server_error()),
        };
        ErrorBody {
            code: self.code(),
            message: self.message(),
            hint: self.hint(),
            retryable: retry_after_s.is_some() || matches!(self, Self::Store(StoreError::Unreadable { .. })),
            retry_after_s,
            http: server.map(|error| error.status),
            docs: None,
            untrusted_code: server.and_then(|error| error.code.as_ref()).map(ToString::to_string),
            untrusted_description: server.and_then(|error| error.description.as_ref()).map(ToString::to_string),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A passing trouble, in our words.
pub(crate) fn trouble_words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Server(error) => wordless(error.clone()).to_string(),
        other => other.to_string(),
    }
}

/// In whole seconds, rounded up: never earlier than the service wants it.
fn retry_after(failure: &Failure, now: Timestamp) -> Option<u64> {
    let Recovery::RetryAt(at) = failure.recovery() else { return None };
    Some(whole_seconds(at.since(now)))
}

/// In whole seconds, rounded up.
fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// Core's sentence, without the service's error code or origin that stands in some of them.
fn failure_words(failure: &Failure) -> String {
    let ours = match failure.clone() {
        Failure::Rejected(error) => Failure::Rejected(wordless(error)),
        Failure::GaveUp { trouble: Trouble::Server(error), retry_at, may_be_delivered } => {
            Failure::GaveUp { trouble: wordless(error).into(), retry_at, may_be_delivered }
        }
        Failure::NotRotated { trouble: Trouble::Server(error) } => Failure::NotRotated { trouble: wordless(error).into() },
        Failure::Protocol(Violation::ForeignOrigin { field, .. }) => {
            return format!("`{field}` in the service's answer points to another origin; nothing was sent there");
        }
        other => other,
    };
    ours.to_string()
}

/// Where the bytes are that a person should look at.
fn kept_words(kept: &[PathBuf]) -> String {
    kept.iter().map(|path| format!("; kept in {}", path.display())).collect()
}

fn wordless(error: ServerError) -> ServerError {
    ServerError { code: None, description: None, body: None, ..error }
}

fn recovery_words(recovery: Recovery) -> Option<String> {
    match recovery {
        Recovery::RestartAttempt => Some("start another claim from the same registration".to_owned()),
        Recovery::Reregister => Some("register again".to_owned()),
        Recovery::RetryAt(at) => Some(format!("try again, not before {at}")),
        Recovery::AskHuman => Some("a person must look at this".to_owned()),
        Recovery::None => None,
    }
}

mod network_hints;
#[cfg(test)]
pub(crate) mod tests;
