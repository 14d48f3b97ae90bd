//! The questions of the registration, and the human's answers.

use alloc::string::String;

use super::PublicProfile;
use crate::error::{ServerError, Trouble};
use crate::types::secret::Otp;
use crate::types::timestamp::Timestamp;

/// A question to the human.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RegistrationPrompt {
    /// Asks whether this profile is right. It becomes public, and the SMS is sent next.
    Profile {
        /// The part of the manifest that becomes public.
        profile: PublicProfile,
        /// The phone number that will get the code, in a form that may be shown.
        phone_hint: String,
    },
    /// Asks whether another SMS may be sent, because the answer to the order was lost. The human should ignore the first SMS.
    SmsAgain {
        /// The reason why the answer is missing.
        trouble: Trouble,
    },
    /// Asks for the code that came by SMS.
    Otp {
        /// The end of the session, by the service's clock.
        expires_at: Option<Timestamp>,
        /// The phone number that got the code, in a form that may be shown.
        phone_hint: String,
        /// The reason for the question.
        reason: OtpReason,
    },
}

/// The reason why the one-time code is asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OtpReason {
    /// The SMS has just been sent.
    Sent,
    /// The last code was wrong.
    Rejected(ServerError),
    /// The last code could not be submitted, or its answer was lost.
    NotTaken(Trouble),
    /// The process ended while the code was being submitted.
    Interrupted,
}

/// The human's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationAnswer {
    /// The profile is right; send the SMS.
    ProfileOk,
    /// Send another SMS. It answers [`RegistrationPrompt::SmsAgain`], and also [`RegistrationPrompt::Otp`] if no SMS arrived.
    SmsAgain,
    /// The code.
    Otp(Otp),
}
