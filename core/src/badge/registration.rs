//! The registration: the manifest, the human's look at the profile, the SMS, the code, and the badge, which is delivered once.

use core::convert::Infallible;

use alloc::string::String;
use alloc::vec::Vec;

use super::did::did_of;
use super::registration_prompt::{OtpReason, RegistrationAnswer, RegistrationPrompt};
use super::wire::{self, CodeRefusal};
use super::{Identity, Manifest, PublicProfile};
use crate::ceremony::{Ceremony, Input, Step, sealed};
use crate::error::{Misuse, ServerError, Trouble};
use crate::exchange::{Exchange, ExchangeId, ExchangeLog};
use crate::failure::{Failure, Service};
use crate::http::request::exchange;
use crate::http::response::ResponseClass;
use crate::machine::{self, MOVED, Machine};
use crate::retry::{self, Attempts, Phase, RequestKind, Verdict};
use crate::snapshot::{CeremonyKind, ResumeError, Snapshot};
use crate::types::origin::Origin;
use crate::types::secret::{Badge, Otp, SessionId};
use crate::types::timestamp::Timestamp;

/// How often the manifest is sent at most when answers are lost. A repeat only makes another session.
const MOST_SUBMISSIONS: u8 = 3;

/// A registration, from the manifest to the badge.
#[derive(Clone, Debug, PartialEq)]
pub struct BadgeRegistration {
    pub(crate) origin: Origin,
    pub(crate) profile: PublicProfile,
    /// The phone number that gets the code, in a form that may be shown. The number itself is forgotten once it was sent.
    pub(crate) phone_hint: String,
    pub(crate) log: ExchangeLog,
    /// The exchanges whose unreadable 2xx may contain the badge.
    pub(crate) unreadable: Vec<ExchangeId>,
    /// Whether the service may have accepted a code although its answer was lost.
    pub(crate) otp_answer: OtpAnswer,
    /// The code whose answer was lost. No snapshot contains it, so it may be `None` although an answer was lost.
    pub(crate) lost_otp: Option<Otp>,
    /// The badge in a damaged answer, until another answer decides about it.
    pub(crate) candidate: Option<Badge>,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Submitting {
        manifest: Manifest,
        attempts: Attempts,
        lost: u8,
    },
    AskingProfile {
        session: SessionId,
    },
    Texting {
        session: SessionId,
        attempts: Attempts,
    },
    AskingSms {
        session: SessionId,
        trouble: Trouble,
    },
    AskingOtp(OtpSession),
    /// `otp` is `None` after a restart, because no snapshot contains it. `repeat` says that the one automatic repeat is left.
    HandingIn {
        session: OtpSession,
        otp: Option<Otp>,
        attempts: Attempts,
        repeat: bool,
    },
    Done(Result<Identity, Failure>),
}

/// The session that a code belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OtpSession {
    pub(crate) id: SessionId,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) reason: OtpReason,
    /// The number of codes that were refused as wrong.
    pub(crate) wrong_codes: u8,
    /// The session with which another SMS would be ordered.
    pub(crate) manifest_session: SessionId,
}

/// Whether the service may have accepted a code although its answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum OtpAnswer {
    /// Every answer to a code arrived.
    Known,
    /// An answer was lost before another SMS was ordered, or an answer came that a gateway may have put in the place of the badge. Nothing
    /// will prove the loss.
    MayBeLost,
    /// The answer to the last code was lost.
    Lost,
}

impl BadgeRegistration {
    /// Makes a registration of `manifest` at `origin`.
    #[must_use]
    pub fn new(origin: Origin, manifest: Manifest) -> Self {
        let (profile, phone_hint) = (manifest.profile.clone(), manifest.mobile_phone.hint());
        let state = State::Submitting { manifest, attempts: Attempts::due(), lost: 0 };
        Self {
            origin,
            profile,
            phone_hint,
            log: ExchangeLog::new(),
            unreadable: Vec::new(),
            otp_answer: OtpAnswer::Known,
            lost_otp: None,
            candidate: None,
            state,
        }
    }

    /// The part of the manifest that becomes public.
    #[must_use]
    pub fn public_profile(&self) -> &PublicProfile {
        &self.profile
    }

    /// The pinned origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether a submitted code may have been accepted and the badge lost with the answer. It stays true after the registration has failed.
    #[must_use]
    pub fn may_be_delivered(&self) -> bool {
        self.otp_answer != OtpAnswer::Known
    }

    /// Whether the badge came in a damaged answer and no later answer confirmed it. Ask [`VerifyBadge`](super::VerifyBadge) before anything
    /// relies on it.
    #[must_use]
    pub fn is_unconfirmed(&self) -> bool {
        matches!(self.state, State::Done(Ok(_))) && self.candidate.is_some()
    }

    fn on_submitted(&self, manifest: Manifest, attempts: Attempts, lost: u8, answer: ResponseClass<'_>, now: Timestamp) -> State {
        match attempts.clone().settle(RequestKind::Manifest, answer, now) {
            Verdict::Object(object) => match wire::submitted(&object, &self.profile) {
                Ok(session) => State::AskingProfile { session },
                Err(violation) => failed(Failure::Protocol(violation)),
            },
            Verdict::Refused(error) => failed(Failure::Rejected(error)),
            Verdict::Lost(trouble) | Verdict::Unreadable(trouble, _) => {
                let lost = lost.saturating_add(1);
                if lost >= MOST_SUBMISSIONS {
                    return failed(retry::give_up(trouble, false, now));
                }
                State::Submitting { manifest, attempts: attempts.repeat(trouble, now), lost }
            }
            Verdict::Again(attempts) => State::Submitting { manifest, attempts, lost },
            Verdict::End(failure) => failed(failure),
        }
    }

    /// Handles the answer to step 2. An SMS is never ordered a second time unless the human agrees.
    fn on_texted(&mut self, session: SessionId, attempts: Attempts, answer: ResponseClass<'_>, now: Timestamp) -> State {
        match attempts.settle(RequestKind::SmsOrder, answer, now) {
            Verdict::Object(object) => match wire::texted(&object) {
                Ok((id, expires_at)) => {
                    // The answers of this session will not show what became of the code of an earlier session.
                    if self.otp_answer == OtpAnswer::Lost {
                        self.otp_answer = OtpAnswer::MayBeLost;
                    }
                    State::AskingOtp(OtpSession { id, expires_at, reason: OtpReason::Sent, wrong_codes: 0, manifest_session: session })
                }
                Err(violation) => State::AskingSms { session, trouble: violation.into() },
            },
            // Any other refusal may be a gateway's, in the place of the session.
            Verdict::Refused(error) if error.status == 410 && error.code.is_some() => {
                failed(Failure::SessionExpired { error, may_be_delivered: false })
            }
            Verdict::Refused(error) => State::AskingSms { session, trouble: error.into() },
            Verdict::Lost(trouble) | Verdict::Unreadable(trouble, _) => State::AskingSms { session, trouble },
            Verdict::Again(attempts) => State::Texting { session, attempts },
            // A redirect or another answer without a meaning here may have replaced the one with the session.
            Verdict::End(Failure::Protocol(violation)) => State::AskingSms { session, trouble: violation.into() },
            Verdict::End(failure) => failed(failure),
        }
    }

    fn on_handed_in(&mut self, hand_in: HandIn, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp) -> State {
        // Waited out like a refusal, and never the end of the ceremony.
        let answer = match answer {
            ResponseClass::TooMany(error) => ResponseClass::Refused(error),
            answer => answer,
        };
        match hand_in.attempts.clone().settle(RequestKind::HandIn, answer, now) {
            Verdict::Object(object) => match wire::handed_in(&object, &self.profile) {
                Ok(Some(identity)) => {
                    self.candidate = None;
                    State::Done(Ok(identity))
                }
                Ok(None) => self.on_refused(hand_in, not_verified(), now),
                Err(violation) => self.on_unreadable(hand_in, id, violation.into(), None, now),
            },
            Verdict::Unreadable(trouble, damaged) => {
                self.on_unreadable(hand_in, id, trouble, wire::damaged_badge(damaged, wire::DELIVERY), now)
            }
            Verdict::Lost(trouble) => self.on_lost(hand_in, trouble, now),
            Verdict::Refused(error) => self.on_refused(hand_in, error, now),
            Verdict::Again(attempts) => hand_in.again(attempts, now),
            // Not a failure of the registration: the session lives on, and the human may hand the code in later.
            Verdict::End(Failure::GaveUp { trouble, .. }) => hand_in.ask(OtpReason::NotTaken(trouble)),
            // A redirect or another answer without a meaning here may have replaced the one that delivered the badge.
            Verdict::End(Failure::Protocol(violation)) => self.on_lost(hand_in, violation.into(), now),
            Verdict::End(failure) => failed(failure),
        }
    }

    /// A damaged answer may contain the badge. The answer to the same code, which is sent once more, decides whether it does.
    fn on_unreadable(&mut self, hand_in: HandIn, id: ExchangeId, trouble: Trouble, candidate: Option<Badge>, now: Timestamp) -> State {
        self.unreadable.push(id);
        match (candidate, self.candidate.take()) {
            (Some(badge), Some(held)) if badge == held => return self.identified(badge),
            (candidate, held) => self.candidate = candidate.or(held),
        }
        self.on_lost(hand_in, trouble, now)
    }

    /// The outcome with the badge of a damaged answer.
    fn identified(&self, badge: Badge) -> State {
        State::Done(Ok(Identity { did: did_of(&badge), badge, public_profile: self.profile.clone() }))
    }

    /// Sends the same code once more in the same session. After that, the human is asked.
    fn on_lost(&mut self, hand_in: HandIn, trouble: Trouble, now: Timestamp) -> State {
        self.otp_answer = OtpAnswer::Lost;
        self.lost_otp.clone_from(&hand_in.otp);
        if !hand_in.repeat && hand_in.otp.is_some() {
            // Two answers have not decided about it, so it is taken and stays unconfirmed.
            if let Some(badge) = self.candidate.clone() {
                return self.identified(badge);
            }
            return hand_in.ask(OtpReason::NotTaken(trouble));
        }
        let attempts = hand_in.attempts.clone().repeat(trouble, now);
        HandIn { repeat: false, ..hand_in }.again(attempts, now)
    }

    fn on_refused(&mut self, mut hand_in: HandIn, error: ServerError, now: Timestamp) -> State {
        let refusal = wire::code_refused(&error, hand_in.session.wrong_codes);
        if let Some(failure) = self.proved_loss(refusal, &hand_in) {
            // What proves that the badge was delivered confirms the candidate.
            return match self.candidate.take() {
                Some(badge) => self.identified(badge),
                None => failed(failure),
            };
        }
        // Whoever wrote an answer without a code may have put it in the place of the badge.
        let is_over = hand_in.session.expires_at.is_some_and(|end| now >= end);
        if error.code.is_none() && error.status >= 400 && !is_over {
            self.may_be_lost();
        }
        match refusal {
            CodeRefusal::WrongCode => {
                hand_in.session.wrong_codes = hand_in.session.wrong_codes.saturating_add(1);
                hand_in.ask(OtpReason::Rejected(error))
            }
            CodeRefusal::NoTryLeft => failed(Failure::OtpTriesUsedUp(error)),
            CodeRefusal::Conflict => self.on_lost(hand_in, error.into(), now),
            CodeRefusal::TooMany => hand_in.wait_out(error, now),
            CodeRefusal::SessionOver if is_over || error.code.is_some() => {
                // A service may also answer 410 to a code that it accepted before.
                if !is_over {
                    self.may_be_lost();
                }
                failed(Failure::SessionExpired { error, may_be_delivered: self.may_be_delivered() })
            }
            CodeRefusal::SessionOver => hand_in.ask(OtpReason::NotTaken(error.into())),
            CodeRefusal::Unclear => {
                self.otp_answer = OtpAnswer::Lost;
                self.lost_otp.clone_from(&hand_in.otp);
                hand_in.ask(OtpReason::NotTaken(error.into()))
            }
        }
    }

    /// The failure if the refusal proves that the code had been accepted and its answer lost. 410 proves it, and so does the refusal of the
    /// same code as wrong. The refusal of another code only says that this other code is wrong.
    fn proved_loss(&self, refusal: CodeRefusal, hand_in: &HandIn) -> Option<Failure> {
        let service = Service::SentryAgent;
        let is_other_code = self.lost_otp.is_some() && self.lost_otp != hand_in.otp;
        let is_proof = match refusal {
            CodeRefusal::SessionOver => true,
            CodeRefusal::WrongCode => !is_other_code,
            _ => false,
        };
        (is_proof && self.otp_answer == OtpAnswer::Lost).then(|| {
            if self.unreadable.is_empty() {
                Failure::CredentialLost { service }
            } else {
                Failure::CredentialUnreadable { service, exchanges: self.unreadable.clone() }
            }
        })
    }

    /// Nothing will prove what became of the code, except that a lost answer stays lost.
    fn may_be_lost(&mut self) {
        if self.otp_answer == OtpAnswer::Known {
            self.otp_answer = OtpAnswer::MayBeLost;
        }
    }
}

/// The content of [`State::HandingIn`].
struct HandIn {
    session: OtpSession,
    otp: Option<Otp>,
    attempts: Attempts,
    repeat: bool,
}

impl HandIn {
    fn ask(self, reason: OtpReason) -> State {
        self.session.asking(reason)
    }

    /// Sends the same code again when the service allows, a few times. Then, or if the session is over by then, the human is asked.
    fn wait_out(self, error: ServerError, now: Timestamp) -> State {
        let trouble = Trouble::from(error);
        match self.attempts.clone().wait_out(trouble.clone(), now) {
            Some(attempts) => self.again(attempts, now),
            None => self.ask(OtpReason::NotTaken(trouble)),
        }
    }

    /// Sends the same code in the same session again when it is due, unless the session is over by then.
    fn again(self, attempts: Attempts, now: Timestamp) -> State {
        let comes_too_late = attempts.waits_until(now).zip(self.session.expires_at).is_some_and(|(due, end)| due > end);
        match (self.otp, &attempts.phase) {
            (None, _) => self.session.asking(OtpReason::Interrupted),
            (Some(_), Phase::Waiting { trouble, .. }) if comes_too_late => self.session.asking(OtpReason::NotTaken(trouble.clone())),
            (Some(otp), _) => State::HandingIn { session: self.session, otp: Some(otp), attempts, repeat: self.repeat },
        }
    }
}

impl OtpSession {
    fn asking(self, reason: OtpReason) -> State {
        State::AskingOtp(Self { reason, ..self })
    }
}

fn failed(failure: Failure) -> State {
    State::Done(Err(failure))
}

/// The documents do not mention `200 {"verified": false}`. It can only mean a wrong code.
const fn not_verified() -> ServerError {
    ServerError { status: 200, code: None, description: None, retry_after: None, interval: None, body: None }
}

impl sealed::Sealed for BadgeRegistration {}

impl Ceremony for BadgeRegistration {
    type Notice = Infallible;
    type Prompt = RegistrationPrompt;
    type Answer = RegistrationAnswer;
    type Outcome = Identity;

    const KIND: CeremonyKind = CeremonyKind::BadgeRegistration;

    fn poll(&self, now: Timestamp) -> Step<Infallible, RegistrationPrompt, Identity> {
        let phone_hint = || self.phone_hint.clone();
        match &self.state {
            State::Submitting { attempts, .. } | State::Texting { attempts, .. } | State::HandingIn { attempts, .. } => attempts.step(now),
            State::AskingProfile { .. } => {
                Step::Ask(RegistrationPrompt::Profile { profile: self.profile.clone(), phone_hint: phone_hint() })
            }
            State::AskingSms { trouble, .. } => Step::Ask(RegistrationPrompt::SmsAgain { trouble: trouble.clone() }),
            State::AskingOtp(OtpSession { expires_at, reason, .. }) => {
                Step::Ask(RegistrationPrompt::Otp { expires_at: *expires_at, phone_hint: phone_hint(), reason: reason.clone() })
            }
            State::Done(result) => Step::Done(result.clone()),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse> {
        machine::begin(self, now)
    }

    fn handle(&mut self, now: Timestamp, input: Input<RegistrationAnswer>) -> Result<(), Misuse> {
        machine::handle(self, now, input)
    }

    fn snapshot(&self) -> Snapshot {
        self.to_snapshot()
    }

    fn peek(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        Self::from_snapshot(snapshot)
    }
}

impl Machine for BadgeRegistration {
    fn log(&mut self) -> &mut ExchangeLog {
        &mut self.log
    }

    fn in_flight(&self) -> Option<ExchangeId> {
        match &self.state {
            State::Submitting { attempts, .. } | State::Texting { attempts, .. } | State::HandingIn { attempts, .. } => {
                attempts.in_flight()
            }
            State::AskingProfile { .. } | State::AskingSms { .. } | State::AskingOtp(_) | State::Done(_) => None,
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    fn send(&mut self, id: ExchangeId, _now: Timestamp) -> Option<Exchange> {
        let (attempts, request, delivers) = match &mut self.state {
            State::Submitting { manifest, attempts, .. } => (attempts, wire::submit(&self.origin, manifest), false),
            State::Texting { session, attempts } => (attempts, wire::text_the_code(&self.origin, session), true),
            State::HandingIn { session, otp: Some(otp), attempts, .. } => (attempts, wire::hand_in(&self.origin, &session.id, otp), true),
            _ => return None,
        };
        attempts.send(id);
        Some(exchange(id, request, delivers))
    }

    fn success_member(&self) -> &'static str {
        match &self.state {
            State::Submitting { .. } => wire::SUBMITTED,
            State::Texting { .. } => wire::TEXTED,
            _ => wire::DELIVERY,
        }
    }

    fn on_response(&mut self, id: ExchangeId, answer: ResponseClass<'_>, now: Timestamp) {
        let state = match core::mem::replace(&mut self.state, failed(MOVED)) {
            State::Submitting { manifest, attempts, lost } => self.on_submitted(manifest, attempts, lost, answer, now),
            State::Texting { session, attempts } => self.on_texted(session, attempts, answer, now),
            State::HandingIn { session, otp, attempts, repeat } => {
                self.on_handed_in(HandIn { session, otp, attempts, repeat }, id, answer, now)
            }
            state => state,
        };
        self.state = match state {
            State::Done(Err(failure)) => match self.candidate.clone() {
                Some(badge) => self.identified(badge),
                None => failed(failure.with_may_be_delivered(self.may_be_delivered())),
            },
            state => state,
        };
    }

    fn on_human(&mut self, answer: RegistrationAnswer, _now: Timestamp) -> Result<(), Misuse> {
        let state = match (core::mem::replace(&mut self.state, failed(MOVED)), answer) {
            (State::AskingProfile { session }, RegistrationAnswer::ProfileOk)
            | (State::AskingSms { session, .. }, RegistrationAnswer::SmsAgain) => State::Texting { session, attempts: Attempts::due() },
            // The SMS did not arrive, so another one is ordered in the session of the same manifest.
            (State::AskingOtp(OtpSession { manifest_session, .. }), RegistrationAnswer::SmsAgain) => {
                State::Texting { session: manifest_session, attempts: Attempts::due() }
            }
            (State::AskingOtp(session), RegistrationAnswer::Otp(otp)) => {
                State::HandingIn { session, otp: Some(otp), attempts: Attempts::due(), repeat: true }
            }
            (state, _) => {
                self.state = state;
                return Err(Misuse::NotAsked);
            }
        };
        self.state = state;
        Ok(())
    }

    fn on_woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        match &mut self.state {
            State::Submitting { attempts, .. } | State::Texting { attempts, .. } | State::HandingIn { attempts, .. } => attempts.woke(now),
            _ => Err(Misuse::NotWaiting),
        }
    }
}
