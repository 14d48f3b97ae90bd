//! The requests of the ceremonies, as a fault meets them.

use enlist_core::CeremonyKind;

use crate::fixture::{BADGE, CLAIM, DELIVERED, MANIFEST, OTP, REGISTER, REGISTERED, SMS, SPENT, STARTED, SUBMITTED, TEXTED, TOKEN};
use crate::reply::Reply;

/// A request that a fault meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// OpenTrain's registration.
    Register,
    /// OpenTrain's claim start.
    ClaimStart,
    /// OpenTrain's poll, before the owner has typed the code.
    Poll,
    /// OpenTrain's poll after the owner has typed the code: the service hands out the token, whatever becomes of its answer.
    DeliveringPoll,
    /// SentryAgent's step 1: the manifest is submitted.
    Manifest,
    /// SentryAgent's step 2: the SMS is ordered.
    Sms,
    /// SentryAgent's step 3: the code is handed in, and the service does not issue the badge.
    HandIn,
    /// SentryAgent's step 3: the code is handed in, and the service issues the badge, whatever becomes of its answer.
    DeliveringHandIn,
}

impl Request {
    /// Every request.
    pub const ALL: [Self; 8] = [
        Self::Register,
        Self::ClaimStart,
        Self::Poll,
        Self::DeliveringPoll,
        Self::Manifest,
        Self::Sms,
        Self::HandIn,
        Self::DeliveringHandIn,
    ];

    /// The request's name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::ClaimStart => "claim start",
            Self::Poll => "poll",
            Self::DeliveringPoll => "poll that delivers",
            Self::Manifest => "manifest",
            Self::Sms => "SMS",
            Self::HandIn => "hand in",
            Self::DeliveringHandIn => "hand in that delivers",
        }
    }

    pub(super) const fn kind(self) -> CeremonyKind {
        match self {
            Self::Register => CeremonyKind::Enrolment,
            Self::ClaimStart | Self::Poll | Self::DeliveringPoll => CeremonyKind::Claim,
            Self::Manifest | Self::Sms | Self::HandIn | Self::DeliveringHandIn => CeremonyKind::BadgeRegistration,
        }
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Register => REGISTER,
            Self::ClaimStart => CLAIM,
            Self::Poll | Self::DeliveringPoll => TOKEN,
            Self::Manifest => MANIFEST,
            Self::Sms => SMS,
            Self::HandIn | Self::DeliveringHandIn => OTP,
        }
    }

    /// The number of its exchange in the ceremony.
    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Register | Self::ClaimStart | Self::Manifest => 1,
            Self::Poll | Self::DeliveringPoll | Self::Sms => 2,
            Self::HandIn | Self::DeliveringHandIn => 3,
        }
    }

    /// The body of the answer when all is well.
    pub(super) const fn success(self) -> &'static str {
        match self {
            Self::Register => REGISTERED,
            Self::ClaimStart => STARTED,
            Self::Poll | Self::DeliveringPoll => DELIVERED,
            Self::Manifest => SUBMITTED,
            Self::Sms => TEXTED,
            Self::HandIn | Self::DeliveringHandIn => BADGE,
        }
    }

    /// The member of that body without which the ceremony cannot continue.
    pub(super) const fn required(self) -> &'static str {
        match self {
            Self::Register | Self::Poll | Self::DeliveringPoll => "access_token",
            Self::ClaimStart => "user_code",
            Self::Manifest => "manifest_session_id",
            Self::Sms => "otp_session_id",
            Self::HandIn | Self::DeliveringHandIn => "badge",
        }
    }

    /// The reply to this request after the service has delivered.
    pub(super) fn spent(self) -> Option<Reply> {
        match self {
            Self::DeliveringPoll => Some(Reply::json(400, SPENT)),
            Self::DeliveringHandIn => Some(Reply::json(401, r#"{"error":"invalid_otp"}"#)),
            _ => None,
        }
    }
}
