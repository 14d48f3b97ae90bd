//! Converts SentryAgent's registration to its stored shape and back. A shape is checked when it is read.

use alloc::string::ToString;

use crate::badge as live;
use crate::exchange::ExchangeLog;
use crate::manifest::is_plain;
use crate::snapshot::v1::badge_registration::{At, OtpAnswer, OtpReason, OtpSession, Registration};
use crate::snapshot::v1::common::{SecretText, restore_secret, restore_time, secret_to_dto};
use crate::snapshot::v1::{State, check_ids, invalid, other_ceremony};
use crate::snapshot::{CeremonyKind, ResumeError, Snapshot};
use crate::types::origin::Origin;
use crate::types::timestamp::Timestamp;

impl live::BadgeRegistration {
    pub(super) fn to_snapshot(&self) -> Snapshot {
        Snapshot::of(&self.origin, self.log.seen, State::BadgeRegistration(self.into()))
    }

    pub(super) fn from_snapshot(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        match snapshot.state() {
            State::BadgeRegistration(stored) => {
                let restored = snapshot.pin().and_then(|origin| stored.clone().restore(origin, snapshot.saved_at()));
                snapshot.restored(restored, |live| &live.origin)
            }
            other => Err(other_ceremony(CeremonyKind::BadgeRegistration, other)),
        }
    }
}

impl From<&live::BadgeRegistration> for Registration {
    fn from(live: &live::BadgeRegistration) -> Self {
        Self {
            profile: (&live.profile).into(),
            phone_hint: live.phone_hint.clone(),
            last_id: live.log.last_id,
            unreadable: live.unreadable.iter().map(|id| id.0).collect(),
            otp_answer: live.otp_answer.into(),
            candidate: live.candidate.as_ref().map(secret_to_dto),
            at: (&live.state).into(),
        }
    }
}

impl From<&live::State> for At {
    fn from(state: &live::State) -> Self {
        match state {
            live::State::Submitting { manifest, attempts, lost } => {
                Self::Submitting { mobile_phone: secret_to_dto(&manifest.mobile_phone), attempts: attempts.into(), lost: *lost }
            }
            live::State::AskingProfile { session } => Self::AskingProfile { session: secret_to_dto(session) },
            live::State::Texting { session, attempts } => Self::Texting { session: secret_to_dto(session), attempts: attempts.into() },
            live::State::AskingSms { session, trouble } => Self::AskingSms { session: secret_to_dto(session), trouble: trouble.into() },
            live::State::AskingOtp(session) => Self::AskingOtp { session: session.into() },
            live::State::HandingIn { session, attempts, .. } if attempts.in_flight().is_some() => {
                Self::HandingIn { session: session.into(), attempts: attempts.into() }
            }
            live::State::HandingIn { session, .. } => {
                Self::AskingOtp { session: OtpSession { reason: OtpReason::Interrupted, ..session.into() } }
            }
            live::State::Done(Ok(identity)) => {
                Self::Registered { badge: secret_to_dto(&identity.badge), did: identity.did.as_ref().map(ToString::to_string) }
            }
            live::State::Done(Err(failure)) => Self::Failed { failure: failure.into() },
        }
    }
}

impl Registration {
    pub(super) fn restore(self, origin: Origin, seen: Timestamp) -> Result<live::BadgeRegistration, ResumeError> {
        let unreadable = check_ids(self.last_id, self.in_flight(), &self.unreadable)?;
        let profile = self.profile.restore()?;
        if !is_plain(&self.phone_hint) {
            return Err(invalid("phone"));
        }
        let state = self.at.restore(&profile)?;
        Ok(live::BadgeRegistration {
            origin,
            profile,
            phone_hint: self.phone_hint,
            log: ExchangeLog { last_id: self.last_id, seen },
            unreadable,
            otp_answer: self.otp_answer.into(),
            lost_otp: None,
            candidate: self.candidate.map(|badge| restore_secret(&badge, "badge")).transpose()?,
            state,
        })
    }
}

impl At {
    fn restore(self, profile: &live::PublicProfile) -> Result<live::State, ResumeError> {
        let session_id = |session: &SecretText| restore_secret(session, "session");
        Ok(match self {
            Self::Submitting { mobile_phone, attempts, lost } => {
                let manifest = live::Manifest { mobile_phone: restore_secret(&mobile_phone, "phone")?, profile: profile.clone() };
                live::State::Submitting { manifest, attempts: attempts.restore()?, lost }
            }
            Self::AskingProfile { session } => live::State::AskingProfile { session: session_id(&session)? },
            Self::Texting { session, attempts } => live::State::Texting { session: session_id(&session)?, attempts: attempts.restore()? },
            Self::AskingSms { session, trouble } => live::State::AskingSms { session: session_id(&session)?, trouble: trouble.restore() },
            Self::AskingOtp { session } => live::State::AskingOtp(session.restore()?),
            Self::HandingIn { session, attempts } => {
                if attempts.in_flight().is_none() {
                    return Err(invalid("one-time code"));
                }
                live::State::HandingIn { session: session.restore()?, otp: None, attempts: attempts.restore()?, repeat: false }
            }
            Self::Registered { badge, did } => {
                let did = did.map(|did| live::Did::parse(&did)).transpose().map_err(|_| invalid("DID"))?;
                live::State::Done(Ok(live::Identity { badge: restore_secret(&badge, "badge")?, did, public_profile: profile.clone() }))
            }
            Self::Failed { failure } => live::State::Done(Err(failure.restore())),
        })
    }
}

impl From<&live::OtpSession> for OtpSession {
    fn from(live: &live::OtpSession) -> Self {
        let reason = match &live.reason {
            live::OtpReason::Sent => OtpReason::Sent,
            live::OtpReason::Rejected(error) => OtpReason::Rejected { error: error.into() },
            live::OtpReason::NotTaken(trouble) => OtpReason::NotTaken { trouble: trouble.into() },
            live::OtpReason::Interrupted => OtpReason::Interrupted,
        };
        let manifest_session = secret_to_dto(&live.manifest_session);
        Self {
            id: secret_to_dto(&live.id),
            expires_at: live.expires_at.map(Timestamp::as_unix_ms),
            reason,
            wrong_codes: live.wrong_codes,
            manifest_session,
        }
    }
}

impl From<live::OtpAnswer> for OtpAnswer {
    fn from(live: live::OtpAnswer) -> Self {
        match live {
            live::OtpAnswer::Known => Self::Known,
            live::OtpAnswer::MayBeLost => Self::MayBeLost,
            live::OtpAnswer::Lost => Self::Lost,
        }
    }
}

impl From<OtpAnswer> for live::OtpAnswer {
    fn from(frozen: OtpAnswer) -> Self {
        match frozen {
            OtpAnswer::Known => Self::Known,
            OtpAnswer::MayBeLost => Self::MayBeLost,
            OtpAnswer::Lost => Self::Lost,
        }
    }
}

impl OtpSession {
    fn restore(self) -> Result<live::OtpSession, ResumeError> {
        let reason = match self.reason {
            OtpReason::Sent => live::OtpReason::Sent,
            OtpReason::Rejected { error } => live::OtpReason::Rejected(error.restore()),
            OtpReason::NotTaken { trouble } => live::OtpReason::NotTaken(trouble.restore()),
            OtpReason::Interrupted => live::OtpReason::Interrupted,
        };
        let manifest_session = restore_secret(&self.manifest_session, "session")?;
        let (id, expires_at) = (restore_secret(&self.id, "session")?, self.expires_at.map(restore_time));
        Ok(live::OtpSession { id, expires_at, reason, wrong_codes: self.wrong_codes, manifest_session })
    }
}
