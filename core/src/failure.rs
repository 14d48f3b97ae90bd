//! How a ceremony can end without its credential, and what its caller does next.
//!
//! A new error code needs a [`FailureCode`], the [`Failure`] that carries it, and a row in `tests/it/error_table.rs`.

use alloc::vec::Vec;

use crate::error::{ServerError, TransportKind, Trouble, Violation};
use crate::exchange::ExchangeId;
use crate::types::timestamp::Timestamp;

/// The end of a ceremony that did not succeed. It is final: a finished ceremony ignores every input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The human declined.
    #[error("the owner declined; the registration is kept")]
    Denied(ServerError),
    /// The claim attempt is over. The registration still exists.
    #[error("the claim attempt has expired ({}); the registration is kept{}", self.said_by_words(), lost_answer_words(*may_be_delivered))]
    AttemptExpired {
        /// Who says that the attempt is over.
        said_by: SaidBy,
        /// Whether an answer was lost before the end. The service may have delivered the token in it.
        may_be_delivered: bool,
    },
    /// The claim window (about 24 h from the registration) is over.
    #[error("the time for claiming this registration is over; register again")]
    WindowExpired,
    /// The service has forgotten the registration's session.
    #[error("the registration session has expired; register again{}", lost_answer_words(*may_be_delivered))]
    SessionExpired {
        /// The service's answer.
        error: ServerError,
        /// Whether the answer to an earlier code was lost. The badge may then have been issued and lost.
        may_be_delivered: bool,
    },
    /// Too many wrong codes were entered.
    #[error("no try is left for the one-time code; register again")]
    OtpTriesUsedUp(ServerError),
    /// The service does not register agents anonymously.
    #[error("anonymous registration is switched off at the service")]
    AnonymousNotEnabled(ServerError),
    /// The owner's e-mail address already has an account.
    #[error("this e-mail already has an account at the service; the registration is kept, claim it with another e-mail")]
    EmailAlreadyRegistered(ServerError),
    /// The service does not know the claim token, or no longer knows it.
    #[error("the service does not know this claim token; register again")]
    UnknownClaimToken(ServerError),
    /// The service says that the claim token was used, and no answer was lost that could have contained the token. Somebody else may
    /// have the token, or a gateway hid the loss.
    #[error("the service says that this claim token has been used, and no answer brought the token; {}", way_out(Service::OpenTrain))]
    ClaimTokenSpent(ServerError),
    /// The service refused the request for another reason.
    #[error("the request was rejected: {0}")]
    Rejected(ServerError),
    /// Too many requests were sent. For a poll this is not a failure.
    #[error("too many requests; the service accepts no request before {retry_at}")]
    RateLimited {
        /// The service's answer, with its own `Retry-After` if it sent one.
        error: ServerError,
        /// The time when the caller may retry: the service's `Retry-After`, or else a minute after the answer.
        retry_at: Timestamp,
    },
    /// A temporary problem that was still there after the last allowed try.
    #[error("given up: {trouble}{}", lost_answer_words(*may_be_delivered))]
    GaveUp {
        /// The last problem.
        trouble: Trouble,
        /// The time when the caller may retry.
        retry_at: Timestamp,
        /// Whether an answer was lost. The service may have delivered the credential in it.
        may_be_delivered: bool,
    },
    /// The service broke a rule of its protocol. If the answer could have contained a credential, its bytes are kept.
    #[error("{0}")]
    Protocol(Violation),
    /// The credential was delivered once, and that answer was lost. A later definite answer proved it.
    #[error("the credential was delivered, and the answer that contained it was lost; {}", way_out(*service))]
    CredentialLost {
        /// The service that delivered the credential.
        service: Service,
    },
    /// The credential was delivered in an answer that cannot be read. The bytes of the answer are kept.
    #[error("the credential was delivered in an answer that cannot be read; its bytes are kept, so that a person can look at them")]
    CredentialUnreadable {
        /// The service that delivered the credential.
        service: Service,
        /// The exchanges whose answers are kept.
        exchanges: Vec<ExchangeId>,
    },
    /// The service says that the badge is not valid. It does not say why.
    #[error("the service says that this badge is not valid: it has expired, was revoked, or was rotated")]
    BadgeInvalid,
    /// The rotation's answer was lost, and the service says that the old badge is still valid. Keep the old badge; the owner may rotate
    /// again.
    #[error("the badge was not rotated ({trouble}); the service says that the old one is still valid")]
    NotRotated {
        /// The result of the rotation's request.
        trouble: Trouble,
    },
}

/// Who says that something is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidBy {
    /// Our own clock passed the end, and the service still said `pending`.
    OurClock,
    /// The service said so.
    Service,
}

/// A service that issues identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// `app.opentrain.ai`
    OpenTrain,
    /// `identity.sentryagent.ai`
    SentryAgent,
}

/// The caller's next step after a [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Start another attempt from the same registration, if the owner agrees.
    RestartAttempt,
    /// Register again.
    Reregister,
    /// Repeat the request, but not before this time.
    RetryAt(Timestamp),
    /// A person must act: give another e-mail address, correct the input, or create a token by hand.
    AskHuman,
    /// There is nothing that the caller could do.
    None,
}

macro_rules! failure_codes {
    ($($(#[doc = $doc:literal])* $name:ident => $text:literal,)*) => {
        /// A failure's stable name. The set is closed, and names are only ever added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FailureCode { $($(#[doc = $doc])* $name,)* }

        impl FailureCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as scripts see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

failure_codes! {
    /// [`Failure::Denied`]
    Denied => "denied",
    /// [`Failure::AttemptExpired`]
    AttemptExpired => "attempt_expired",
    /// [`Failure::WindowExpired`]
    WindowExpired => "window_expired",
    /// [`Failure::SessionExpired`]
    SessionExpired => "session_expired",
    /// [`Failure::OtpTriesUsedUp`]
    OtpTriesUsedUp => "otp_tries_used_up",
    /// [`Failure::AnonymousNotEnabled`]
    AnonymousNotEnabled => "anonymous_not_enabled",
    /// [`Failure::EmailAlreadyRegistered`]
    EmailAlreadyRegistered => "email_already_registered",
    /// [`Failure::UnknownClaimToken`]; scripts see it as a rejection
    UnknownClaimToken => "rejected",
    /// [`Failure::Rejected`]
    Rejected => "rejected",
    /// [`Failure::ClaimTokenSpent`]
    ClaimTokenSpent => "claim_token_spent",
    /// [`Failure::RateLimited`]
    RateLimited => "rate_limited",
    /// [`Failure::GaveUp`]: there was no connection, or it broke
    Network => "network",
    /// [`Failure::GaveUp`]: the deadline passed
    Timeout => "timeout",
    /// [`Failure::GaveUp`]: the certificate or TLS was not accepted
    Tls => "tls",
    /// [`Failure::GaveUp`]: the proxy refused, or could not be reached
    Proxy => "proxy",
    /// [`Failure::GaveUp`]: the service was unavailable
    Busy => "busy",
    /// [`Failure::Protocol`]
    ProtocolViolation => "protocol_violation",
    /// [`Failure::Protocol`]: a URL on another origin
    ForeignOrigin => "foreign_origin",
    /// [`Failure::CredentialLost`]
    CredentialLost => "credential_lost",
    /// [`Failure::CredentialUnreadable`]
    CredentialUnreadable => "credential_unreadable",
    /// [`Failure::BadgeInvalid`]
    BadgeInvalid => "badge_invalid",
    /// [`Failure::NotRotated`]: a request that must not be repeated automatically brought no answer
    AnswerLost => "answer_lost",
}

impl Failure {
    /// The failure's stable name.
    #[must_use]
    pub fn code(&self) -> FailureCode {
        match self {
            Self::Denied(_) => FailureCode::Denied,
            Self::AttemptExpired { .. } => FailureCode::AttemptExpired,
            Self::WindowExpired => FailureCode::WindowExpired,
            Self::SessionExpired { .. } => FailureCode::SessionExpired,
            Self::OtpTriesUsedUp(_) => FailureCode::OtpTriesUsedUp,
            Self::AnonymousNotEnabled(_) => FailureCode::AnonymousNotEnabled,
            Self::EmailAlreadyRegistered(_) => FailureCode::EmailAlreadyRegistered,
            Self::UnknownClaimToken(_) => FailureCode::UnknownClaimToken,
            Self::ClaimTokenSpent(_) => FailureCode::ClaimTokenSpent,
            Self::Rejected(_) => FailureCode::Rejected,
            Self::RateLimited { .. } => FailureCode::RateLimited,
            Self::GaveUp { trouble, .. } => trouble_code(trouble),
            Self::Protocol(Violation::ForeignOrigin { .. }) => FailureCode::ForeignOrigin,
            Self::Protocol(_) => FailureCode::ProtocolViolation,
            Self::CredentialLost { .. } => FailureCode::CredentialLost,
            Self::CredentialUnreadable { .. } => FailureCode::CredentialUnreadable,
            Self::BadgeInvalid => FailureCode::BadgeInvalid,
            Self::NotRotated { .. } => FailureCode::AnswerLost,
        }
    }

    /// The caller's next step.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::AttemptExpired { .. } => Recovery::RestartAttempt,
            Self::WindowExpired
            | Self::SessionExpired { .. }
            | Self::OtpTriesUsedUp(_)
            | Self::UnknownClaimToken(_)
            | Self::BadgeInvalid => Recovery::Reregister,
            Self::Denied(_)
            | Self::EmailAlreadyRegistered(_)
            | Self::ClaimTokenSpent(_)
            | Self::CredentialUnreadable { .. }
            | Self::NotRotated { .. } => Recovery::AskHuman,
            // A 400 concerns the input, so a person has to check it.
            Self::Rejected(error) if error.status == 400 => Recovery::AskHuman,
            Self::AnonymousNotEnabled(_) | Self::Rejected(_) | Self::Protocol(_) => Recovery::None,
            Self::RateLimited { retry_at, .. } | Self::GaveUp { retry_at, .. } => Recovery::RetryAt(*retry_at),
            // OpenTrain's owner can create a token in the app. Nobody can fetch a lost badge.
            Self::CredentialLost { service: Service::OpenTrain } => Recovery::AskHuman,
            Self::CredentialLost { service: Service::SentryAgent } => Recovery::Reregister,
        }
    }

    /// The service's answer that ended the ceremony, if one did.
    #[must_use]
    pub fn server_error(&self) -> Option<&ServerError> {
        match self {
            Self::Denied(error)
            | Self::SessionExpired { error, .. }
            | Self::OtpTriesUsedUp(error)
            | Self::AnonymousNotEnabled(error)
            | Self::EmailAlreadyRegistered(error)
            | Self::UnknownClaimToken(error)
            | Self::ClaimTokenSpent(error)
            | Self::Rejected(error)
            | Self::RateLimited { error, .. }
            | Self::GaveUp { trouble: Trouble::Server(error), .. } => Some(error),
            _ => None,
        }
    }

    fn said_by_words(&self) -> &'static str {
        match self {
            Self::AttemptExpired { said_by: SaidBy::OurClock, .. } => "according to this machine's clock",
            _ => "according to the service",
        }
    }
}

fn trouble_code(trouble: &Trouble) -> FailureCode {
    let Trouble::Transport(failure) = trouble else { return FailureCode::Busy };
    match failure.kind {
        TransportKind::Timeout => FailureCode::Timeout,
        TransportKind::Tls => FailureCode::Tls,
        TransportKind::Proxy => FailureCode::Proxy,
        _ => FailureCode::Network,
    }
}

const fn way_out(service: Service) -> &'static str {
    match service {
        Service::OpenTrain => "the owner can sign in at the service, create a token there, and hand it to the agent",
        Service::SentryAgent => "a DID may exist whose badge is lost; register again",
    }
}

impl Failure {
    /// Sets whether the credential may have been in a lost answer, if this failure records that.
    pub(crate) fn with_may_be_delivered(mut self, value: bool) -> Self {
        if let Self::AttemptExpired { may_be_delivered, .. }
        | Self::SessionExpired { may_be_delivered, .. }
        | Self::GaveUp { may_be_delivered, .. } = &mut self
        {
            *may_be_delivered = value;
        }
        self
    }
}

const fn lost_answer_words(may_be_delivered: bool) -> &'static str {
    if may_be_delivered { "; an answer was lost, and it may have contained the credential" } else { "" }
}
