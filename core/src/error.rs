//! Errors that do not end a ceremony, ordered by who caused them. The failures of a ceremony are in [`failure`](crate::failure).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::exchange::ExchangeId;
use crate::types::untrusted::Untrusted;

/// The caller broke the contract of [`Ceremony`](crate::Ceremony). A service can never cause this error, and the state stays unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The caller called `begin` while no request is due.
    #[error("no request is due now: call poll first, and begin only on Step::Send")]
    NothingToSend,
    /// The answer belongs to an exchange that is not in flight: it is stale, or another ceremony's.
    #[error("no answer to exchange {0} is awaited")]
    NotInFlight(ExchangeId),
    /// The caller gave a human's answer to which there is no question.
    #[error("the ceremony did not ask for this answer")]
    NotAsked,
    /// The caller reported `Notified` without a notice.
    #[error("no notice is waiting to be shown")]
    NothingToShow,
    /// The caller wanted another attempt while this one still awaits an answer.
    #[error("the answer to exchange {0} is still awaited")]
    StillInFlight(ExchangeId),
    /// The caller wanted another attempt after this one succeeded.
    #[error("the ceremony has succeeded; there is nothing to start again")]
    Finished,
    /// The caller reported `Woke` without a wait.
    #[error("the ceremony is not waiting")]
    NotWaiting,
}

/// The reason why an exchange brought no whole answer. Transports make this value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", self.kind.phrase(), detail(&self.text))]
pub struct TransportFailure {
    /// The kind of failure.
    pub kind: TransportKind,
    /// Whether the service may have seen the request.
    pub delivery: Delivery,
    /// The part of the answer that arrived, if at least its status did.
    pub partial: Option<Partial>,
    /// The transport's own description, without the URL and without any secret. It may be empty.
    pub text: String,
}

/// The kind of a transport failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportKind {
    /// The host's name could not be resolved.
    Dns,
    /// There is no connection: it was refused, unreachable, or reset while connecting.
    Connect,
    /// The deadline passed.
    Timeout,
    /// The service's certificate was not accepted, or no TLS version or cipher was shared.
    Tls,
    /// The proxy refused, requires a login (407), or could not be reached.
    Proxy,
    /// The connection broke after the request had begun.
    Closed,
    /// The body was larger than the exchange allows.
    BodyTooLarge,
    /// The answer was not HTTP.
    BadHttp,
    /// The exchange was begun, and the process that began it has ended.
    Forgotten,
    /// The driver did not send the request, for example because its store was not writable. It does not count as a try.
    NotTried,
}

/// Whether the service may have seen the request. If that is not known, it is [`Unknown`](Delivery::Unknown).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// No byte of the request was sent.
    NotSent,
    /// The request may have arrived.
    Unknown,
}

/// The part of an answer that arrived before the connection broke.
#[derive(Clone, PartialEq, Eq)]
pub struct Partial {
    /// The HTTP status.
    pub status: u16,
    /// The bytes of the body that arrived.
    pub body: Vec<u8>,
}

impl core::fmt::Debug for Partial {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Partial(status {}, {} bytes)", self.status, self.body.len())
    }
}

impl TransportFailure {
    /// Makes a failure without details.
    #[must_use]
    pub const fn new(kind: TransportKind, delivery: Delivery) -> Self {
        Self { kind, delivery, partial: None, text: String::new() }
    }
}

impl TransportKind {
    const fn phrase(self) -> &'static str {
        match self {
            Self::Dns => "the service's name could not be resolved",
            Self::Connect => "no connection to the service",
            Self::Timeout => "no answer within the time allowed",
            Self::Tls => "the service's certificate or TLS was not accepted",
            Self::Proxy => "the proxy refused or could not be reached",
            Self::Closed => "the connection broke before the whole answer had come",
            Self::BodyTooLarge => "the answer was larger than allowed",
            Self::BadHttp => "the answer was not HTTP",
            Self::Forgotten => "the process ended before it saw the answer",
            Self::NotTried => "the request was not sent",
        }
    }
}

fn detail(text: &str) -> String {
    if text.is_empty() { String::new() } else { alloc::format!(" ({text})") }
}

/// A service's refusal: any answer that is not a success, and a 2xx whose body contains `error`.
///
/// Its `Display` shows only the status. The service's own text is in the fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service answered {status}")]
pub struct ServerError {
    /// The HTTP status.
    pub status: u16,
    /// The machine-readable code in the body (`error`, `code`), if there is one.
    pub code: Option<Untrusted>,
    /// The service's description (`error_description`, `message`). Never make a decision that depends on it.
    pub description: Option<Untrusted>,
    /// `Retry-After`, in seconds from the receipt of the answer, without a limit.
    pub retry_after: Option<u64>,
    /// `interval` in the body, in seconds. Some services send it with `slow_down`.
    pub interval: Option<u32>,
    /// The beginning of the body, if the body was not a JSON error.
    pub body: Option<Untrusted>,
}

impl ServerError {
    /// Whether the body's code is `code`. Codes are case-sensitive (RFC 6749 section 5.2).
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_ref().is_some_and(|own| own.raw() == code)
    }

    /// Whether the body's code is `code`, be it in capitals.
    pub(crate) fn has_code_in_any_case(&self, code: &str) -> bool {
        self.code.as_ref().is_some_and(|own| own.raw().eq_ignore_ascii_case(code))
    }
}

/// A rule that the service's answer broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A 3xx. The client never follows it.
    #[error("the service answered with a redirect ({status}), which is never followed")]
    Redirect {
        /// The HTTP status.
        status: u16,
    },
    /// A status that has no meaning here.
    #[error("the service answered with the unexpected status {status}")]
    UnexpectedStatus {
        /// The HTTP status.
        status: u16,
    },
    /// A success whose body is not a JSON object (cut off, HTML, duplicate members, ...).
    #[error("the service's answer ({status}) is not a JSON object")]
    NotJson {
        /// The HTTP status.
        status: u16,
    },
    /// A body in an encoding that the client did not ask for.
    #[error("the service's answer is compressed, which was not asked for")]
    Encoded,
    /// The body was larger than the exchange allows.
    #[error("the service's answer ({status}) is larger than allowed")]
    TooLarge {
        /// The HTTP status.
        status: u16,
    },
    /// A required member is missing, null or empty.
    #[error("the service's answer lacks `{field}`")]
    MissingField {
        /// The member's name.
        field: Cow<'static, str>,
    },
    /// A member has the wrong type, or characters that it must not have.
    #[error("`{field}` in the service's answer is malformed")]
    BadField {
        /// The member's name.
        field: Cow<'static, str>,
    },
    /// A URL in the answer is not on the pinned origin.
    #[error("`{field}` in the service's answer points to another origin; nothing was sent there")]
    ForeignOrigin {
        /// The member's name.
        field: Cow<'static, str>,
        /// The origin of the URL.
        origin: Untrusted,
    },
    /// A member that should repeat what was sent has another value.
    #[error("`{field}` in the service's answer differs from what was sent")]
    EchoMismatch {
        /// The member's name.
        field: Cow<'static, str>,
    },
}

/// A temporary problem. It is the reason for a wait, or for a failure if it persists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The exchange brought no whole answer.
    #[error(transparent)]
    Transport(#[from] TransportFailure),
    /// The service answered that it cannot serve the request now.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The service's answer cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Violation),
}

impl Trouble {
    /// Whether the service may have carried out the request: always, unless nothing was sent. An error page may come from a router.
    pub(crate) fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::Transport(failure) => failure.delivery == Delivery::Unknown,
            Self::Server(_) | Self::Unreadable(_) => true,
        }
    }

    /// The service's `Retry-After`, in seconds, without a limit.
    pub(crate) const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Server(error) => error.retry_after,
            Self::Transport(_) | Self::Unreadable(_) => None,
        }
    }
}
