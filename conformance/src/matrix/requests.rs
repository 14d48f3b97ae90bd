//! The requests of the ceremonies, as a fault meets them.

use enlist_core::CeremonyKind;

use super::ALWAYS;
use crate::fixture::{
    BADGE, CLAIM, DELIVERED, MANIFEST, OTP, REGISTER, REGISTERED, ROTATE, ROTATED, SMS, SPENT, STARTED, SUBMITTED, TEXTED, TOKEN, VALID,
    VERIFY,
};
use crate::reply::Reply;
use crate::scripted_server::Planned;

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
    /// SentryAgent's look at the old badge before it is rotated.
    Verify,
    /// SentryAgent's rotation, which the service does not carry out.
    Rotate,
    /// SentryAgent's rotation, which the service carries out, whatever becomes of its answer: the old badge ends.
    DeliveringRotate,
}

impl Request {
    /// Every request.
    pub const ALL: [Self; 11] = [
        Self::Register,
        Self::ClaimStart,
        Self::Poll,
        Self::DeliveringPoll,
        Self::Manifest,
        Self::Sms,
        Self::HandIn,
        Self::DeliveringHandIn,
        Self::Verify,
        Self::Rotate,
        Self::DeliveringRotate,
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
            Self::Verify => "verify",
            Self::Rotate => "rotate",
            Self::DeliveringRotate => "rotate that delivers",
        }
    }

    pub(super) const fn kind(self) -> CeremonyKind {
        match self {
            Self::Register => CeremonyKind::Enrolment,
            Self::ClaimStart | Self::Poll | Self::DeliveringPoll => CeremonyKind::Claim,
            Self::Manifest | Self::Sms | Self::HandIn | Self::DeliveringHandIn => CeremonyKind::BadgeRegistration,
            Self::Verify | Self::Rotate | Self::DeliveringRotate => CeremonyKind::BadgeRotation,
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
            Self::Verify => VERIFY,
            Self::Rotate | Self::DeliveringRotate => ROTATE,
        }
    }

    /// The number of its exchange in the ceremony.
    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Register | Self::ClaimStart | Self::Manifest | Self::Verify => 1,
            Self::Poll | Self::DeliveringPoll | Self::Sms | Self::Rotate | Self::DeliveringRotate => 2,
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
            Self::Verify => VALID,
            Self::Rotate | Self::DeliveringRotate => ROTATED,
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
            Self::Verify => "valid",
            Self::Rotate | Self::DeliveringRotate => "new_badge",
        }
    }

    /// Whether the service delivers a credential in answer to it, whatever becomes of the answer.
    pub(super) const fn delivers(self) -> bool {
        matches!(self, Self::DeliveringPoll | Self::DeliveringHandIn | Self::DeliveringRotate)
    }

    /// The service's replies before and after it has delivered, as far as they differ from those of a service where nothing is wrong.
    pub(super) fn replies_around(self) -> Vec<Planned> {
        let always = |path, reply| Planned { path: Some(path), times: ALWAYS, reply };
        match self {
            Self::DeliveringPoll => vec![always(TOKEN, Reply::json(400, SPENT))],
            Self::DeliveringHandIn => vec![always(OTP, Reply::json(401, r#"{"error":"invalid_otp"}"#))],
            Self::DeliveringRotate => {
                let before = Planned { path: Some(VERIFY), times: 1, reply: Reply::json(200, VALID) };
                vec![before, always(VERIFY, Reply::json(200, r#"{"valid":false}"#))]
            }
            _ => Vec::new(),
        }
    }
}
