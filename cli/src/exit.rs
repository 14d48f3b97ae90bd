//! The exit codes, and the errors that lead to them. This is a contract: later versions only add rows.

use enlist_core::FailureCode;
use serde::{Serialize, Serializer};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command is done.
    Done,
    /// A bug in enlist.
    Unexpected,
    /// The human said no.
    Declined,
    /// Something has expired: restart or register again.
    Expired,
    /// A human or a registration is needed.
    NeedsHuman,
    /// The service refused, or its answer broke the protocol.
    Refused,
    /// There is no network, or the service stays unavailable.
    Network,
    /// The service accepts no more requests for now.
    RateLimited,
    /// The flow is pending: run the command in `next`.
    Pending,
    /// The store cannot be used, or another process uses it.
    Storage,
    /// An identity already exists.
    Conflict,
    /// The command line or the input is wrong; nothing was sent.
    Usage,
    /// A signal came. The value is its exit code. The flow is saved.
    Interrupted(u8),
}

/// `status` of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub(crate) enum Status {
    Ready,
    Pending,
    Failed,
    /// The command was stopped, and there is nothing to continue.
    Cancelled,
    Expired,
}

impl Exit {
    /// The number that the process returns.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::Declined => 2,
            Self::Expired => 3,
            Self::NeedsHuman => 4,
            Self::Refused => 5,
            Self::Network => 6,
            Self::RateLimited => 7,
            Self::Pending => 8,
            Self::Storage => 9,
            Self::Conflict => 10,
            Self::Usage => 64,
            Self::Interrupted(code) => code,
        }
    }

    pub(crate) const fn status(self) -> Status {
        match self {
            Self::Done => Status::Ready,
            Self::Expired => Status::Expired,
            Self::Pending | Self::Interrupted(_) => Status::Pending,
            Self::Storage
            | Self::Conflict
            | Self::Unexpected
            | Self::Declined
            | Self::NeedsHuman
            | Self::Refused
            | Self::Network
            | Self::RateLimited
            | Self::Usage => Status::Failed,
        }
    }
}

/// Declares the codes of the command's own errors, one row each: the code, its word in JSON, its exit code.
macro_rules! error_codes {
    ($($(#[$about:meta])* $code:ident = $word:literal => $exit:ident,)+) => {
        /// `error.code` of the result: the code of a ceremony's failure, or one of the command's own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum ErrorCode {
            /// The ceremony ended without its credential.
            Ceremony(FailureCode),
            $($(#[$about])* $code,)+
        }

        impl ErrorCode {
            /// The command's own codes. A ceremony's are [`FailureCode::ALL`].
            #[cfg(test)]
            const OWN: &[Self] = &[$(Self::$code),+];

            #[cfg(test)]
            fn all() -> impl Iterator<Item = Self> {
                FailureCode::ALL.iter().map(|code| Self::Ceremony(*code)).chain(Self::OWN.iter().copied())
            }

            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    Self::Ceremony(code) => code.as_str(),
                    $(Self::$code => $word,)+
                }
            }

            pub(crate) const fn exit(self) -> Exit {
                match self {
                    Self::Ceremony(code) => of_ceremony(code),
                    $(Self::$code => Exit::$exit,)+
                }
            }
        }
    };
}

error_codes! {
    /// The answer to a request was lost, and the request must not be repeated without consent.
    AnswerLost = "answer_lost" => NeedsHuman,
    /// The profile has no identity at the service.
    NotRegistered = "not_registered" => NeedsHuman,
    /// A person must answer, and nobody can be asked.
    HumanNeeded = "human_needed" => NeedsHuman,
    /// The one-time code was wrong and may be entered again.
    OtpRejected = "otp_rejected" => Pending,
    /// It is not known now whether a badge is valid.
    CannotTell = "cannot_tell" => Network,
    /// Another process uses the store.
    Locked = "locked" => Storage,
    /// The store cannot be written.
    StoreUnwritable = "store_unwritable" => Storage,
    /// An answer that comes once could be stored nowhere.
    CredentialNotStored = "credential_not_stored" => Storage,
    /// The store cannot be read now.
    StoreUnreadable = "store_unreadable" => Storage,
    /// A file in the store is damaged.
    StoreCorrupt = "store_corrupt" => Storage,
    /// A newer version of enlist wrote a file in the store.
    StoreNewer = "store_newer" => Storage,
    /// stdout cannot be written.
    OutputUnwritable = "output_unwritable" => Storage,
    /// An identity already exists.
    Conflict = "conflict" => Conflict,
    /// A bug in enlist.
    Internal = "internal" => Unexpected,
    /// The command line or the input is wrong.
    Usage = "usage" => Usage,
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
impl schemars::JsonSchema for ErrorCode {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "error_code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: std::collections::BTreeSet<_> = Self::all().map(Self::as_str).collect();
        schemars::json_schema!({ "enum": codes })
    }
}

const fn of_ceremony(code: FailureCode) -> Exit {
    use FailureCode as Code;
    match code {
        Code::Denied => Exit::Declined,
        Code::AttemptExpired | Code::WindowExpired | Code::SessionExpired | Code::OtpTriesUsedUp => Exit::Expired,
        Code::CredentialLost | Code::ClaimTokenSpent | Code::CredentialUnreadable | Code::AnswerLost => Exit::NeedsHuman,
        Code::AnonymousNotEnabled
        | Code::EmailAlreadyRegistered
        | Code::UnknownClaimToken
        | Code::Rejected
        | Code::ProtocolViolation
        | Code::ForeignOrigin
        | Code::BadgeInvalid => Exit::Refused,
        Code::Network | Code::Timeout | Code::Tls | Code::Proxy | Code::Busy => Exit::Network,
        Code::RateLimited => Exit::RateLimited,
        // The enum belongs to another crate and may grow. The test below shows that no code ends here.
        _ => Exit::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the contract: exit code, status, error codes.
    const TABLE: &str = "
        1   failed   internal
        2   failed   denied
        3   expired  attempt_expired window_expired session_expired otp_tries_used_up
        4   failed   not_registered human_needed answer_lost claim_token_spent credential_lost credential_unreadable
        5   failed   anonymous_not_enabled email_already_registered rejected protocol_violation foreign_origin badge_invalid
        6   failed   network timeout tls proxy busy cannot_tell
        7   failed   rate_limited
        8   pending  otp_rejected
        9   failed   locked store_unwritable credential_not_stored store_unreadable store_corrupt store_newer output_unwritable
        10  failed   conflict
        64  failed   usage";

    fn row_of(code: ErrorCode) -> String {
        let status = format!("{:?}", code.exit().status()).to_lowercase();
        format!("{} {status}", code.exit().number())
    }

    #[test]
    fn every_code_ends_as_the_contract_says() {
        let mut rows = Vec::new();
        for line in TABLE.lines().filter(|line| !line.trim().is_empty()) {
            let mut words = line.split_whitespace();
            let (exit, status) = (words.next().unwrap(), words.next().unwrap());
            rows.extend(words.map(|code| (code.to_owned(), format!("{exit} {status}"))));
        }
        let mut ours: Vec<_> = ErrorCode::all().map(|code| (code.as_str().to_owned(), row_of(code))).collect();
        rows.sort();
        ours.sort();
        // Two failures may share one error code.
        ours.dedup();
        assert_eq!(ours, rows);
    }

    #[test]
    fn the_help_page_has_every_code_and_no_other() {
        let page = include_str!("commands/help/exit-codes.txt");
        let mut section = 0;
        let mut rows = std::collections::BTreeSet::new();
        for line in page.split("\n\nWith 3").next().unwrap().lines() {
            section = line.get(2..7).and_then(|number| number.trim().parse().ok()).unwrap_or(section);
            if line.starts_with("         ") {
                let is_code =
                    |word: &&str| word.contains('_') || !line.contains(' ') || ErrorCode::all().any(|code| code.as_str() == *word);
                rows.extend(line.split([' ', ',']).filter(is_code).map(|word| (word.to_owned(), section)));
            }
        }
        let expected = ErrorCode::all().map(|code| (code.as_str().to_owned(), code.exit().number())).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn no_failure_of_a_ceremony_is_unexpected() {
        for code in FailureCode::ALL {
            assert_ne!(of_ceremony(*code), Exit::Unexpected, "{}", code.as_str());
        }
    }

    #[test]
    fn success_is_ready() {
        assert_eq!((Exit::Done.number(), Exit::Done.status()), (0, Status::Ready));
    }
}
