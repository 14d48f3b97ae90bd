//! What can go wrong before a ceremony has failed, by whose doing it is. How it can fail is in [`failure`](crate::failure).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::exchange::ExchangeId;
use crate::types::untrusted::Untrusted;

/// The caller broke the contract of [`Ceremony`](crate::Ceremony). Never caused by what a service sent; the state is untouched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// `begin` while no request is due.
    #[error("no request is due now: call poll first, and begin only on Step::Send")]
    NothingToSend,
    /// An answer to an exchange that is not in flight: stale, or another ceremony's.
    #[error("no answer to exchange {0} is awaited")]
    NotInFlight(ExchangeId),
    /// A human's answer that nobody asked for.
    #[error("this answer was not asked for")]
    NotAsked,
    /// `Notified` without a notice.
    #[error("no notice is waiting to be shown")]
    NothingToShow,
    /// Another attempt is asked for while this one is owed an answer.
    #[error("the answer to exchange {0} is still awaited")]
    StillInFlight(ExchangeId),
    /// Another attempt is asked for after this one succeeded.
    #[error("the ceremony has succeeded; there is nothing to start again")]
    Finished,
    /// `Woke` without a wait.
    #[error("the ceremony is not waiting")]
    NotWaiting,
}

/// Why an exchange brought no whole answer; made by transports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", self.kind.phrase(), detail(&self.text))]
pub struct TransportFailure {
    /// What happened.
    pub kind: TransportKind,
    /// Whether the service may have seen the request.
    pub delivery: Delivery,
    /// What had come of the answer when it broke off, if its status had.
    pub partial: Option<Partial>,
    /// The transport's own words, without URL and without any secret; may be empty.
    pub text: String,
}

/// What happened to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportKind {
    /// The host's name could not be resolved.
    Dns,
    /// No connection: refused, unreachable, reset while connecting.
    Connect,
    /// The deadline passed.
    Timeout,
    /// The service's certificate was not accepted, or no TLS version or cipher was shared.
    Tls,
    /// The proxy refused, wants a login (407), or could not be reached.
    Proxy,
    /// The connection broke after the request was under way.
    Closed,
    /// The body was larger than the exchange allows.
    BodyTooLarge,
    /// What came was no HTTP.
    BadHttp,
    /// The exchange was begun, and the process that would know its end is gone.
    Forgotten,
    /// The driver did not send: its store was not writable, say. Costs no try.
    NotTried,
}

/// Whether the service may have seen the request. When in doubt, [`Unknown`](Delivery::Unknown).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Not a byte of the request was sent.
    NotSent,
    /// It may have arrived.
    Unknown,
}

/// The part of an answer that came before the connection broke.
#[derive(Clone, PartialEq, Eq)]
pub struct Partial {
    /// The HTTP status.
    pub status: u16,
    /// The bytes of the body that came.
    pub body: Vec<u8>,
}

impl core::fmt::Debug for Partial {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Partial(status {}, {} bytes)", self.status, self.body.len())
    }
}

impl TransportFailure {
    /// A failure without details.
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
            Self::BadHttp => "the answer was no HTTP",
            Self::Forgotten => "the process ended before it saw the answer",
            Self::NotTried => "the request was not sent",
        }
    }
}

fn detail(text: &str) -> String {
    if text.is_empty() { String::new() } else { alloc::format!(" ({text})") }
}

/// A service's refusal: any answer that is no success, and a 2xx whose body carries `error`.
///
/// Its `Display` says the status alone: what the service wrote is in the fields, and is nobody's sentence but its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service answered {status}")]
pub struct ServerError {
    /// The HTTP status.
    pub status: u16,
    /// The machine code in the body (`error`, `code`), when there is one.
    pub code: Option<Untrusted>,
    /// The service's words (`error_description`, `message`). Never decide by them.
    pub description: Option<Untrusted>,
    /// `Retry-After` in seconds from the receipt, unclamped.
    pub retry_after: Option<u64>,
    /// `interval` in the body, in seconds: some services send it with `slow_down`.
    pub interval: Option<u32>,
    /// The body's beginning, when it was no JSON error.
    pub body: Option<Untrusted>,
}

impl ServerError {
    /// Whether the body's code is `code`; codes are case-sensitive (RFC 6749 section 5.2).
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
    /// A 3xx. It is never followed.
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
    /// A success whose body is no JSON object (cut off, HTML, duplicate members, ...).
    #[error("the service's answer ({status}) is no JSON object")]
    NotJson {
        /// The HTTP status.
        status: u16,
    },
    /// A body in an encoding that was not asked for.
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
        /// Where it points to.
        origin: Untrusted,
    },
    /// A member that should repeat what was sent says something else.
    #[error("`{field}` in the service's answer is not what was sent")]
    EchoMismatch {
        /// The member's name.
        field: Cow<'static, str>,
    },
}

/// A passing difficulty: no failure yet, but the reason of a wait, or of the failure when it does not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The exchange brought no whole answer.
    #[error(transparent)]
    Transport(#[from] TransportFailure),
    /// The service answered that it cannot, for now.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The service answered something that cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Violation),
}

impl Trouble {
    /// Whether the service may have done what it was asked: always, unless nothing was sent. An error page may be a router's.
    pub(crate) fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::Transport(failure) => failure.delivery == Delivery::Unknown,
            Self::Server(_) | Self::Unreadable(_) => true,
        }
    }

    /// The service's `Retry-After`, in seconds, unclamped.
    pub(crate) const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Server(error) => error.retry_after,
            Self::Transport(_) | Self::Unreadable(_) => None,
        }
    }
}
