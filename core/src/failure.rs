//! How a ceremony can end without its credential, and what its caller does next.
//!
//! A new error code is added here: a [`FailureCode`], the [`Failure`] that bears it, and its row in `tests/it/error_table.rs`.

use alloc::vec::Vec;

use crate::error::{ServerError, TransportKind, Trouble, Violation};
use crate::exchange::ExchangeId;
use crate::types::timestamp::Timestamp;

/// The end of a ceremony that did not succeed. What it says stays true: a finished ceremony absorbs every input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The human said no.
    #[error("the owner declined; the registration is kept")]
    Denied(ServerError),
    /// The claim attempt is over; the registration is not.
    #[error("the claim attempt has expired ({}); the registration is kept{}", self.said_by_words(), doubt_words(*doubt))]
    AttemptExpired {
        /// Whose word it is.
        said_by: SaidBy,
        /// An answer was lost before the end: the token may have been delivered with it.
        doubt: bool,
    },
    /// The claim window (about 24 h from the registration) is over.
    #[error("the time for claiming this registration is over; register again")]
    WindowExpired,
    /// The service has forgotten the registration's session.
    #[error("the registration session has expired; register again{}", doubt_words(*doubt))]
    SessionExpired {
        /// The service's answer.
        error: ServerError,
        /// The answer to an earlier code was lost: the badge may have been issued and lost with it.
        doubt: bool,
    },
    /// Too many wrong codes.
    #[error("the tries for the one-time code are used up; register again")]
    OtpTriesUsedUp(ServerError),
    /// The service does not register agents anonymously.
    #[error("anonymous registration is switched off at the service")]
    AnonymousNotEnabled(ServerError),
    /// The owner's e-mail has an account already.
    #[error("this e-mail already has an account at the service; the registration is kept, claim it with another e-mail")]
    EmailAlreadyRegistered(ServerError),
    /// The service does not know the claim token (any more).
    #[error("the service does not know this claim token; register again")]
    UnknownClaimToken(ServerError),
    /// The service says that the claim token was used, and no answer was lost in which the token could have come. Somebody else may
    /// have it, or a gateway hid the loss.
    #[error("the service says that this claim token has been used, and no answer brought the token; {}", way_out(Service::OpenTrain))]
    ClaimTokenSpent(ServerError),
    /// Any other definite refusal.
    #[error("the request was rejected: {0}")]
    Rejected(ServerError),
    /// Too many requests, outside of a poll.
    #[error("too many requests; the service wants to be left alone until {retry_at}")]
    RateLimited {
        /// The service's answer, with its own `Retry-After` if it named one.
        error: ServerError,
        /// When to try again: the service's word, else a minute from the answer.
        retry_at: Timestamp,
    },
    /// A trouble that did not pass in the tries allowed.
    #[error("given up: {trouble}{}", doubt_words(*doubt))]
    GaveUp {
        /// The last trouble.
        trouble: Trouble,
        /// When to try again.
        retry_at: Timestamp,
        /// An answer was lost: the credential may have been delivered with it.
        doubt: bool,
    },
    /// The service broke a rule of its protocol. If the answer could have held a credential, its bytes are kept aside.
    #[error("{0}")]
    Protocol(Violation),
    /// The credential was delivered once, and that answer was lost. A later definite answer proved it.
    #[error("the credential was delivered, and the answer that held it was lost; {}", way_out(*service))]
    CredentialLost {
        /// Whose credential.
        service: Service,
    },
    /// The credential was delivered in an answer that cannot be read; its bytes are kept aside.
    #[error("the credential was delivered in an answer that cannot be read; its bytes are kept for a person to look at")]
    CredentialUnreadable {
        /// Whose credential.
        service: Service,
        /// The exchanges whose answers are kept.
        exchanges: Vec<ExchangeId>,
    },
    /// The service says that the badge is not valid. It does not say why.
    #[error("the service says that this badge is not valid: it has expired, was revoked, or was rotated")]
    BadgeInvalid,
    /// A rotation's answer was lost, and the service says that the old badge is valid still. Keep it; the owner may rotate again.
    #[error("the badge was not rotated ({trouble}); the service says that the old one is still valid")]
    NotRotated {
        /// What came of the rotation's request.
        trouble: Trouble,
    },
}

/// Whose word it is that something is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidBy {
    /// Our own clock passed the end, and the service still said `pending`.
    OurClock,
    /// The service said so.
    Service,
}

/// A service that hands out identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// `app.opentrain.ai`
    OpenTrain,
    /// `identity.sentryagent.ai`
    SentryAgent,
}

/// What the caller does after a [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Start another attempt from the same registration, on the owner's word.
    RestartAttempt,
    /// Register again.
    Reregister,
    /// Do the same again, not before this time.
    RetryAt(Timestamp),
    /// A person must act: give another e-mail, mend the input, mint a token by hand.
    AskHuman,
    /// Nothing the caller could do.
    None,
}

macro_rules! failure_codes {
    ($($(#[doc = $doc:literal])* $name:ident => $text:literal,)*) => {
        /// A failure's stable name; a closed set that is only ever added to.
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
    /// [`Failure::UnknownClaimToken`]; to scripts a rejection like any other
    UnknownClaimToken => "rejected",
    /// [`Failure::Rejected`]
    Rejected => "rejected",
    /// [`Failure::ClaimTokenSpent`]
    ClaimTokenSpent => "claim_token_spent",
    /// [`Failure::RateLimited`]
    RateLimited => "rate_limited",
    /// [`Failure::GaveUp`]: no connection, or it broke
    Network => "network",
    /// [`Failure::GaveUp`]: the deadline passed
    Timeout => "timeout",
    /// [`Failure::GaveUp`]: certificate or TLS not accepted
    Tls => "tls",
    /// [`Failure::GaveUp`]: the proxy refused, or could not be reached
    Proxy => "proxy",
    /// [`Failure::GaveUp`]: the service stays down
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
    /// [`Failure::NotRotated`]: a request that must not be repeated by itself brought no answer
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

    /// What the caller does next.
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
            // A 400 is about what was sent: somebody has to look at it.
            Self::Rejected(error) if error.status == 400 => Recovery::AskHuman,
            Self::AnonymousNotEnabled(_) | Self::Rejected(_) | Self::Protocol(_) => Recovery::None,
            Self::RateLimited { retry_at, .. } | Self::GaveUp { retry_at, .. } => Recovery::RetryAt(*retry_at),
            // OpenTrain's owner mints a token in the app; a lost badge cannot be fetched by anybody.
            Self::CredentialLost { service: Service::OpenTrain } => Recovery::AskHuman,
            Self::CredentialLost { service: Service::SentryAgent } => Recovery::Reregister,
        }
    }

    /// The service's answer that ended it, when one did.
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
            Self::AttemptExpired { said_by: SaidBy::OurClock, .. } => "by this machine's clock",
            _ => "by the service's word",
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
        Service::SentryAgent => "a DID may exist whose badge nobody has; register again",
    }
}

impl Failure {
    /// The same, saying whether the credential may have been in an answer that was lost, where it says that.
    pub(crate) fn with_doubt(mut self, is_in_doubt: bool) -> Self {
        if let Self::AttemptExpired { doubt, .. } | Self::SessionExpired { doubt, .. } | Self::GaveUp { doubt, .. } = &mut self {
            *doubt = is_in_doubt;
        }
        self
    }
}

const fn doubt_words(doubt: bool) -> &'static str {
    if doubt { "; an answer was lost on the way, and the credential may have been in it" } else { "" }
}
