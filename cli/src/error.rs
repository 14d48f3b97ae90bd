//! The errors of commands, and their messages.
//!
//! Every message is our own text. Text from a service is escaped and goes only into fields named `untrusted_*`, because stdout is often
//! read by a language model.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use enlist_core::badge::verify::Rejection;
use enlist_core::{Failure, FailureCode, Recovery, ServerError, Timestamp, Trouble, Violation};
use serde::Serialize;

use crate::exit::{ErrorCode, Exit};
use crate::store::{ProfileName, Service, StoreError};
use crate::view::duration_words;

/// The seconds after which a store that another process uses is worth another try.
const RETRY_LOCKED: u64 = 5;

/// The reason why a command has no result.
#[derive(Debug)]
pub(crate) enum Error {
    /// A ceremony ended without its credential.
    Ceremony { failure: Box<Failure>, at: Timestamp, kept: Vec<PathBuf> },
    /// The answer to a request was lost, and the request must not be repeated without consent.
    AnswerLost,
    /// The profile has no identity at the service.
    NotRegistered(Service),
    /// There is nothing to revoke.
    Absent { service: Service, profile: ProfileName, home: PathBuf },
    /// A person must answer this question, and nobody can be asked.
    HumanNeeded(&'static str),
    /// A person was asked and said no. `flow` is the flow that is still pending.
    Declined { flow: Option<String> },
    /// The one-time code was wrong.
    OtpRejected(Box<ServerError>),
    /// A badge is not valid.
    BadgeRefused(Rejection),
    /// The key of a badge is not known, and the service's keys may only be fetched again after `wait`.
    CannotTell { wait: Duration },
    /// The service's key set cannot be read.
    BadKeys(String),
    /// The service publishes nothing about an agent of this DID.
    NoSuchAgent,
    /// A service says that a credential of this store is not valid.
    NotValid {
        /// The service and the profile of the credential.
        service: Service,
        profile: ProfileName,
    },
    /// The store cannot be used.
    Store(StoreError),
    /// No variable says where the store is.
    NoHome,
    /// An identity already exists. The text says which.
    Conflict(String),
    /// A claim by another owner is pending, and its code was shown.
    OtherOwner,
    /// A flow is pending. The text says which.
    UnderWay(String),
    /// Several flows are pending, and the command line names none.
    Several(Vec<String>),
    /// The named flow belongs to another profile.
    InProfile { flow: String, profile: ProfileName },
    /// The command line or the input is wrong.
    Usage { message: String, hint: Option<String> },
    /// A signal came. The value is its exit code. This is not reported as an error.
    Interrupted(u8),
    /// A bug in enlist.
    Internal(String),
    /// stdout cannot be written, so the result cannot be printed.
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

    pub(crate) fn no_profile(name: &ProfileName) -> Self {
        let message = format!("there is no profile {name}");
        Self::Usage { message, hint: Some("see `enlist profile list`".to_owned()) }
    }

    pub(crate) fn internal(message: impl Display) -> Self {
        Self::Internal(message.to_string())
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Ceremony { failure, .. } => ErrorCode::Ceremony(failure.code()),
            Self::AnswerLost => ErrorCode::AnswerLost,
            Self::NotRegistered(_) | Self::Absent { .. } => ErrorCode::NotRegistered,
            Self::HumanNeeded(_) => ErrorCode::HumanNeeded,
            Self::Declined { .. } => ErrorCode::Ceremony(FailureCode::Denied),
            Self::OtpRejected(_) => ErrorCode::OtpRejected,
            Self::BadgeRefused(_) => ErrorCode::Ceremony(FailureCode::BadgeInvalid),
            Self::CannotTell { .. } => ErrorCode::CannotTell,
            Self::BadKeys(_) => ErrorCode::Ceremony(FailureCode::ProtocolViolation),
            Self::NoSuchAgent | Self::NotValid { .. } => ErrorCode::Ceremony(FailureCode::Rejected),
            Self::Store(StoreError::Locked { .. }) => ErrorCode::Locked,
            Self::Store(StoreError::Unwritable { .. } | StoreError::Rescued { .. }) | Self::NoHome => ErrorCode::StoreUnwritable,
            Self::Store(StoreError::NotStored { .. }) => ErrorCode::CredentialNotStored,
            Self::Store(
                StoreError::Corrupt { .. } | StoreError::Exposed { .. } | StoreError::Unreleased { .. } | StoreError::Keyring { .. },
            ) => ErrorCode::StoreCorrupt,
            Self::Store(StoreError::Unreadable { .. }) => ErrorCode::StoreUnreadable,
            Self::Store(StoreError::Newer { .. }) => ErrorCode::StoreNewer,
            Self::Store(StoreError::NoRandom { .. }) => ErrorCode::Internal,
            Self::Store(StoreError::RelativeHome { .. }) => ErrorCode::Usage,
            Self::Conflict(_) | Self::OtherOwner | Self::UnderWay(_) => ErrorCode::Conflict,
            Self::Usage { .. } | Self::Several(_) | Self::InProfile { .. } => ErrorCode::Usage,
            Self::Stdout(_) => ErrorCode::OutputUnwritable,
            Self::Internal(_) | Self::Interrupted(_) => ErrorCode::Internal,
        }
    }

    /// `error.code`.
    pub(crate) fn code_word(&self) -> &'static str {
        self.code().as_str()
    }

    /// The exit code. It is not a failure if the reader of stdout has closed it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Stdout(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Done,
            Self::Interrupted(code) => Exit::Interrupted(*code),
            _ => self.code().exit(),
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::Ceremony { failure, at, kept } => {
                let words = failure_words(failure, *at);
                network_hints::named(failure, &words).unwrap_or(words) + &kept_words(kept)
            }
            Self::AnswerLost => "the answer to a request was lost; the request must not be repeated unless a person agrees".to_owned(),
            Self::NotRegistered(service) => format!("this profile has no registration at {}", service.name()),
            Self::Absent { service, profile, home } => {
                let home = home.display();
                format!("nothing of {service} is stored in profile {profile} at {home}; a credential that is stored elsewhere stays valid")
            }
            Self::HumanNeeded(question) => format!("a person must answer: {question}"),
            Self::Declined { flow: None } => "a person said no; nothing was changed".to_owned(),
            Self::Declined { flow: Some(_) } => "a person said no; nothing more was sent".to_owned(),
            Self::OtpRejected(_) => "the one-time code was wrong; you can try again".to_owned(),
            Self::BadgeRefused(rejection) => format!("the badge is not valid: {rejection}"),
            Self::CannotTell { .. } => {
                "none of the keys is the one that signed the badge, and newer ones were asked for less than a minute ago".to_owned()
            }
            Self::BadKeys(why) => format!("the service's keys cannot be read: {why}"),
            Self::NotValid { service, profile } => {
                format!("{} says that the credential in profile {profile} is not valid", service.name())
            }
            Self::NoSuchAgent => "the service publishes nothing about this agent; it was never registered, or it was revoked".to_owned(),
            Self::Store(error) => error.to_string(),
            Self::NoHome => "there is no place for the store: none of ENLIST_HOME, XDG_STATE_HOME and HOME is set".to_owned(),
            Self::Conflict(what) | Self::UnderWay(what) => format!("{what}; nothing was sent or overwritten"),
            Self::OtherOwner => "a claim by another owner is pending, and its code is still valid; nothing was sent or replaced".to_owned(),
            Self::Several(flows) => format!("several flows are pending; name one of them: {}", flows.join(", ")),
            Self::InProfile { flow, profile } => format!("{flow} is in profile {profile}"),
            Self::Usage { message, .. } | Self::Internal(message) => message.clone(),
            Self::Interrupted(_) => "a signal came".to_owned(),
            Self::Stdout(error) => format!("cannot write to stdout: {error}"),
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Ceremony { failure, .. } if matches!(**failure, Failure::Rejected(ServerError { status: 404 | 405, .. })) => Some(
                "the server does not know this request; check its address: --base-url, or the variables in `enlist help environment`"
                    .to_owned(),
            ),
            Self::Ceremony { failure, at, .. } => match (network_hints::hint(failure), recovery_words(failure.recovery(), *at)) {
                (Some(hint), Some(then)) => Some(format!("{hint}; then {then}")),
                (hint, then) => hint.map(str::to_owned).or(then),
            },
            Self::InProfile { profile, .. } => Some(format!("name the profile: --profile {profile}")),
            Self::Usage { hint, .. } => hint.clone(),
            Self::Internal(_) => Some("this is a bug in enlist; please report it".to_owned()),
            Self::Store(StoreError::Locked { .. }) => Some("run this command again when it has ended".to_owned()),
            Self::Store(StoreError::Unwritable { .. }) | Self::NoHome => {
                Some("make room, or set ENLIST_HOME to a writable folder".to_owned())
            }
            Self::Store(StoreError::Rescued { .. } | StoreError::NotStored { .. }) => {
                Some("make room, or repair the disk, and then resume".to_owned())
            }
            Self::Store(StoreError::Unreadable { .. }) => Some(
                "run this command again; if that does not help, check the permissions, the limit on open files and the disk".to_owned(),
            ),
            Self::Store(StoreError::Corrupt { .. }) => Some("look at the file, move it away, and run this command again".to_owned()),
            Self::Store(StoreError::Exposed { .. }) => {
                Some("find out who could read or change it, make it private again, and run this command again".to_owned())
            }
            Self::Store(StoreError::Newer { .. }) => Some("run this command with the newer version of enlist".to_owned()),
            Self::Store(StoreError::Unreleased { .. }) => Some("move it away, or set ENLIST_HOME to another folder".to_owned()),
            Self::Store(StoreError::Keyring { .. }) => Some(
                "unlock or start the keyring and run this command again; `enlist profile remove NAME` deletes what is in it".to_owned(),
            ),
            Self::Conflict(_) => Some("use another profile for another identity: --profile NAME".to_owned()),
            Self::OtherOwner => Some("--restart replaces the code of the first owner".to_owned()),
            Self::UnderWay(_) => {
                Some("`enlist pending` lists it, `enlist resume FLOW` continues it, and `enlist abandon FLOW` gives it up".to_owned())
            }
            Self::Declined { flow } => flow
                .as_ref()
                .map(|flow| format!("{flow} is still pending: `enlist resume {flow}` asks again, and `enlist abandon {flow}` gives it up")),
            Self::NotRegistered(_) => Some("register first".to_owned()),
            Self::BadgeRefused(rejection) if rejection.may_be_a_wrong_clock() => {
                Some("if this machine's clock is wrong, set it and run this again".to_owned())
            }
            Self::BadgeRefused(Rejection::NoExpiry) => {
                Some("verify it without --offline, so that the service can say, or accept it with --no-expiry".to_owned())
            }
            Self::CannotTell { wait } => Some(format!("run this again in {} s", whole_seconds(*wait))),
            Self::Stdout(_) => Some("make room for stdout, then run `enlist status`; the work itself is done".to_owned()),
            Self::Store(StoreError::NoRandom { .. } | StoreError::RelativeHome { .. })
            | Self::AnswerLost
            | Self::Absent { .. }
            | Self::Several(_)
            | Self::HumanNeeded(_)
            | Self::OtpRejected(_)
            | Self::BadgeRefused(_)
            | Self::BadKeys(_)
            | Self::NoSuchAgent
            | Self::NotValid { .. }
            | Self::Interrupted(_) => None,
        }
    }

    /// The service's description of the error, escaped.
    pub(crate) fn said_by_service(&self) -> Option<String> {
        self.body().untrusted_description
    }

    pub(crate) fn body(&self) -> ErrorBody {
        let (failure, retry_after_s) = match self {
            Self::Ceremony { failure, at, .. } => (Some(failure), retry_after(failure, *at)),
            Self::CannotTell { wait } => (None, Some(whole_seconds(*wait))),
            Self::Store(StoreError::Locked { .. }) => (None, Some(RETRY_LOCKED)),
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

impl ErrorBody {
    /// This error with `change` applied to our own texts.
    pub(crate) fn with(self, change: impl Fn(&str) -> String) -> Self {
        Self { message: change(&self.message), hint: self.hint.map(|hint| change(&hint)), ..self }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The message about a temporary problem.
pub(crate) fn trouble_words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Server(error) => wordless(error.clone()).to_string(),
        other => other.to_string(),
    }
}

/// The whole seconds until a retry, rounded up so that it is never too early.
fn retry_after(failure: &Failure, now: Timestamp) -> Option<u64> {
    let Recovery::RetryAt(at) = failure.recovery() else { return None };
    Some(whole_seconds(at.since(now)))
}

/// In whole seconds, rounded up.
fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// The core's message, without the error code or origin from the service that some messages contain.
fn failure_words(failure: &Failure, now: Timestamp) -> String {
    let ours = match failure.clone() {
        Failure::Rejected(error) => Failure::Rejected(wordless(error)),
        Failure::GaveUp { trouble: Trouble::Server(error), retry_at, may_be_delivered } => {
            Failure::GaveUp { trouble: wordless(error).into(), retry_at, may_be_delivered }
        }
        Failure::NotRotated { trouble: Trouble::Server(error) } => Failure::NotRotated { trouble: wordless(error).into() },
        Failure::Protocol(Violation::ForeignOrigin { field, .. }) => {
            return format!("`{field}` in the service's answer points to another origin; nothing was sent there");
        }
        Failure::RateLimited { retry_at, .. } => {
            return format!("too many requests; the service accepts no request for {}", duration_words(retry_at.since(now)));
        }
        other => other,
    };
    ours.to_string()
}

/// The paths of the stored answers that a person should look at.
fn kept_words(kept: &[PathBuf]) -> String {
    kept.iter().map(|path| format!("; stored in {}", path.display())).collect()
}

fn wordless(error: ServerError) -> ServerError {
    ServerError { code: None, description: None, body: None, ..error }
}

fn recovery_words(recovery: Recovery, now: Timestamp) -> Option<String> {
    match recovery {
        Recovery::RestartAttempt => Some("start another claim of the same registration".to_owned()),
        Recovery::Reregister => Some("register again".to_owned()),
        Recovery::RetryAt(at) => Some(format!("try again in {}", duration_words(at.since(now)))),
        Recovery::AskHuman => Some("a person must look into this".to_owned()),
        Recovery::None => None,
    }
}

pub(crate) mod network_hints;
#[cfg(test)]
pub(crate) mod tests;
