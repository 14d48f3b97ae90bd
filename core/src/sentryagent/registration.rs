//! The registration: manifest, the human's look at the profile, the SMS, the code, the badge, which comes once.

use core::convert::Infallible;

use alloc::string::String;
use alloc::vec::Vec;

use super::{Identity, Manifest, PublicProfile, wire};
use crate::call::{self, Call, Next};
use crate::ceremony::{Ceremony, Input, Step, sealed};
use crate::error::{Misuse, ServerError, Trouble};
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::{Failure, Service};
use crate::origin::Origin;
use crate::secret::{Otp, SessionId};
use crate::snapshot::{ResumeError, Snapshot};
use crate::time::Timestamp;
use crate::wire::{Answer as HttpAnswer, request::exchange, wipe};

/// How often the manifest is sent in all when answers are lost: it has no effect but a session.
const MOST_SUBMISSIONS: u8 = 3;

/// A registration, from the manifest to the badge.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    pub(crate) origin: Origin,
    pub(crate) profile: PublicProfile,
    /// Where the code goes, in a form that may be shown; the number itself is forgotten once it was sent.
    pub(crate) phone_hint: String,
    pub(crate) last_id: u64,
    pub(crate) seen: Timestamp,
    /// The exchanges whose unreadable 2xx may hold the badge.
    pub(crate) kept: Vec<ExchangeId>,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Submitting {
        manifest: Manifest,
        call: Call,
        lost: u8,
    },
    AskingProfile {
        session: SessionId,
    },
    Texting {
        session: SessionId,
        call: Call,
    },
    AskingSms {
        session: SessionId,
        trouble: Trouble,
    },
    AskingOtp(OtpSession),
    /// `otp` is `None` after a restart: it is in no snapshot. `repeat` while the one automatic repeat is left.
    HandingIn {
        session: OtpSession,
        otp: Option<Otp>,
        call: Call,
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
    pub(crate) doubt: OtpDoubt,
}

/// Whether a code that was handed in may have been accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum OtpDoubt {
    None,
    /// It was answered 503, which may come too late to be a refusal.
    Busy,
    /// Its answer was lost.
    Lost,
}

/// What the human is asked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Prompt {
    /// Is this profile right? It becomes public, and the SMS goes out next.
    Profile {
        /// What becomes public.
        profile: PublicProfile,
        /// Where the code will go.
        phone_hint: String,
    },
    /// The SMS was ordered and the answer lost. May another be sent? (Ignore the first.)
    SmsAgain {
        /// What became of the answer.
        trouble: Trouble,
    },
    /// The code that came by SMS.
    Otp {
        /// When the session ends, by the service's clock.
        expires_at: Option<Timestamp>,
        /// Where the code went.
        phone_hint: String,
        /// Why it is asked for.
        reason: OtpReason,
    },
}

/// Why the one-time code is asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OtpReason {
    /// It has just been sent.
    Sent,
    /// The last one was wrong.
    Rejected(ServerError),
    /// The last one could not be handed in, or its answer was lost.
    NotTaken(Trouble),
    /// It was being handed in when the process ended.
    Interrupted,
}

/// The human's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The profile is right; send the SMS.
    ProfileOk,
    /// Send another SMS.
    SmsAgain,
    /// The code.
    Otp(Otp),
}

impl Registration {
    /// A registration of `manifest` at `origin`.
    #[must_use]
    pub fn new(origin: Origin, manifest: Manifest) -> Self {
        let (profile, phone_hint) = (manifest.profile.clone(), manifest.mobile_phone.hint());
        let state = State::Submitting { manifest, call: Call::due(), lost: 0 };
        Self { origin, profile, phone_hint, last_id: 0, seen: Timestamp::from_unix_ms(0), kept: Vec::new(), state }
    }

    /// What becomes public.
    #[must_use]
    pub fn public_profile(&self) -> &PublicProfile {
        &self.profile
    }

    fn call(&self) -> Option<&Call> {
        match &self.state {
            State::Submitting { call, .. } | State::Texting { call, .. } | State::HandingIn { call, .. } => Some(call),
            _ => None,
        }
    }

    fn on_submitted(&self, manifest: Manifest, call: Call, lost: u8, answer: HttpAnswer<'_>, now: Timestamp) -> State {
        match call.clone().settle(answer, now) {
            Next::Object(object) => match wire::submitted(&object, &self.profile) {
                Ok(session) => State::AskingProfile { session },
                Err(violation) => failed(Failure::Protocol(violation)),
            },
            Next::Refused(error) => failed(Failure::Rejected(error)),
            Next::Lost(trouble) | Next::Unreadable(trouble) => {
                let lost = lost.saturating_add(1);
                if lost >= MOST_SUBMISSIONS {
                    return failed(call::give_up(trouble, now));
                }
                State::Submitting { manifest, call: call.repeat(trouble, now), lost }
            }
            Next::Again(call) => State::Submitting { manifest, call, lost },
            Next::End(failure) => failed(failure),
        }
    }

    /// An SMS is never ordered a second time without the human's word.
    fn on_texted(session: SessionId, call: Call, answer: HttpAnswer<'_>, now: Timestamp) -> State {
        match call.settle(answer, now) {
            Next::Object(object) => match wire::texted(&object) {
                Ok((id, expires_at)) => State::AskingOtp(OtpSession { id, expires_at, reason: OtpReason::Sent, doubt: OtpDoubt::None }),
                Err(violation) => State::AskingSms { session, trouble: violation.into() },
            },
            Next::Refused(error) => failed(wire::refused(error, false)),
            Next::Lost(trouble) | Next::Unreadable(trouble) => State::AskingSms { session, trouble },
            Next::Again(call) => State::Texting { session, call },
            Next::End(failure) => failed(failure),
        }
    }

    fn on_handed_in(&mut self, hand_in: HandIn, id: ExchangeId, answer: HttpAnswer<'_>, now: Timestamp) -> State {
        if let HttpAnswer::TooMany(error) = answer {
            return failed(Failure::OtpTriesUsedUp(error));
        }
        match hand_in.call.clone().settle(answer, now) {
            Next::Object(object) => match wire::handed_in(&object, &self.profile) {
                Ok(Some(identity)) => State::Done(Ok(identity)),
                Ok(None) => self.on_no(hand_in, not_verified()),
                Err(violation) => {
                    self.kept.push(id);
                    hand_in.lost(violation.into(), now)
                }
            },
            Next::Unreadable(trouble) => {
                self.kept.push(id);
                hand_in.lost(trouble, now)
            }
            Next::Lost(trouble) => hand_in.lost(trouble, now),
            // A conflict with itself: the first try may still be under way.
            Next::Refused(error) if error.status == 409 => hand_in.lost(error.into(), now),
            Next::Refused(error) => self.on_no(hand_in, error),
            Next::Again(call) => hand_in.again(call),
            // Not a failure of the registration: the session lives on, and the human may hand the code in later.
            Next::End(Failure::GaveUp { trouble, .. }) => hand_in.ask(OtpReason::NotTaken(trouble)),
            Next::End(failure) => failed(failure),
        }
    }

    /// A definite no. After a lost answer, 401 and 410 prove that the code had been accepted.
    fn on_no(&self, hand_in: HandIn, error: ServerError) -> State {
        let service = Service::SentryAgent;
        let is_no = matches!(error.status, 200..=299 | 401 | 410);
        match hand_in.session.doubt {
            OtpDoubt::Lost if is_no && !self.kept.is_empty() => failed(Failure::CredentialUnreadable { service, kept: self.kept.clone() }),
            OtpDoubt::Lost if is_no => failed(Failure::CredentialLost { service }),
            doubt if error.status == 410 || !is_no => failed(wire::refused(error, doubt != OtpDoubt::None)),
            _ => hand_in.ask(OtpReason::Rejected(error)),
        }
    }
}

/// What [`State::HandingIn`] holds.
struct HandIn {
    session: OtpSession,
    otp: Option<Otp>,
    call: Call,
    repeat: bool,
}

impl HandIn {
    /// The answer was lost: the same session and code once more, then it is the human's turn.
    fn lost(self, trouble: Trouble, now: Timestamp) -> State {
        let session = OtpSession { doubt: OtpDoubt::Lost, ..self.session };
        match self.otp {
            Some(otp) if self.repeat => State::HandingIn { session, otp: Some(otp), call: self.call.repeat(trouble, now), repeat: false },
            Some(_) => State::AskingOtp(OtpSession { reason: OtpReason::NotTaken(trouble), ..session }),
            None => State::AskingOtp(OtpSession { reason: OtpReason::Interrupted, ..session }),
        }
    }

    /// Not carried out: the same again when it is due.
    fn again(self, call: Call) -> State {
        let mut session = self.session;
        if call.busy > 0 && session.doubt == OtpDoubt::None {
            session.doubt = OtpDoubt::Busy;
        }
        match self.otp {
            Some(otp) => State::HandingIn { session, otp: Some(otp), call, repeat: self.repeat },
            None => State::AskingOtp(OtpSession { reason: OtpReason::Interrupted, ..session }),
        }
    }

    fn ask(self, reason: OtpReason) -> State {
        State::AskingOtp(OtpSession { reason, ..self.session })
    }
}

fn failed(failure: Failure) -> State {
    State::Done(Err(failure))
}

/// `200 {"verified": false}` stands nowhere in the documents; it can only mean a wrong code.
const fn not_verified() -> ServerError {
    ServerError { status: 200, code: None, description: None, retry_after: None, body: None }
}

impl sealed::Sealed for Registration {}

impl Ceremony for Registration {
    type Notice = Infallible;
    type Prompt = Prompt;
    type Answer = Answer;
    type Outcome = Identity;

    const NAME: &'static str = "sentryagent.registration";

    fn poll(&self, now: Timestamp) -> Step<Infallible, Prompt, Identity> {
        let phone_hint = || self.phone_hint.clone();
        match &self.state {
            State::Submitting { call, .. } | State::Texting { call, .. } | State::HandingIn { call, .. } => call.step(now),
            State::AskingProfile { .. } => Step::Ask(Prompt::Profile { profile: self.profile.clone(), phone_hint: phone_hint() }),
            State::AskingSms { trouble, .. } => Step::Ask(Prompt::SmsAgain { trouble: trouble.clone() }),
            State::AskingOtp(OtpSession { expires_at, reason, .. }) => {
                Step::Ask(Prompt::Otp { expires_at: *expires_at, phone_hint: phone_hint(), reason: reason.clone() })
            }
            State::Done(result) => Step::Done(result.clone()),
        }
    }

    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse> {
        let id = ExchangeId(self.last_id.saturating_add(1));
        if self.poll(now) != Step::Send {
            return Err(Misuse::NothingToSend);
        }
        let (state, exchange) = match self.state.clone() {
            State::Submitting { manifest, call, lost } => {
                let request = wire::submit(&self.origin, &manifest);
                (State::Submitting { manifest, call: call.sent(id), lost }, exchange(id, request, false))
            }
            State::Texting { session, call } => {
                let request = wire::text_the_code(&self.origin, &session);
                (State::Texting { session, call: call.sent(id) }, exchange(id, request, false))
            }
            State::HandingIn { session, otp: Some(otp), call, repeat } => {
                let request = wire::hand_in(&self.origin, &session.id, &otp);
                (State::HandingIn { session, otp: Some(otp), call: call.sent(id), repeat }, exchange(id, request, true))
            }
            _ => return Err(Misuse::NothingToSend),
        };
        (self.last_id, self.seen, self.state) = (id.as_u64(), now, state);
        Ok(exchange)
    }

    fn handle(&mut self, now: Timestamp, input: Input<Answer>) -> Result<(), Misuse> {
        if matches!(self.state, State::Done(_)) {
            return Ok(());
        }
        let (id, result) = match input {
            Input::Response { id, response } => (id, Ok(response)),
            Input::Failed { id, failure } => (id, Err(failure)),
            Input::Answer(answer) => return self.on_human(answer, now),
            Input::Notified => return Err(Misuse::NothingToShow),
            Input::Woke => return self.on_woke(now),
        };
        if self.call().and_then(Call::in_flight) != Some(id) {
            return Err(Misuse::NotInFlight(id));
        }
        self.state = match self.state.clone() {
            State::Submitting { manifest, call, lost } => {
                self.on_submitted(manifest, call, lost, HttpAnswer::read(&result, now, wire::SUBMITTED), now)
            }
            State::Texting { session, call } => Self::on_texted(session, call, HttpAnswer::read(&result, now, wire::TEXTED), now),
            State::HandingIn { session, otp, call, repeat } => {
                let answer = HttpAnswer::read(&result, now, wire::DELIVERY);
                self.on_handed_in(HandIn { session, otp, call, repeat }, id, answer, now)
            }
            state => state,
        };
        self.seen = now;
        wipe(result);
        Ok(())
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::of_registration(self)
    }

    fn resume(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        snapshot.to_registration()
    }
}

impl Registration {
    fn on_human(&mut self, answer: Answer, now: Timestamp) -> Result<(), Misuse> {
        self.state = match (self.state.clone(), answer) {
            (State::AskingProfile { session }, Answer::ProfileOk) | (State::AskingSms { session, .. }, Answer::SmsAgain) => {
                State::Texting { session, call: Call::due() }
            }
            (State::AskingOtp(session), Answer::Otp(otp)) => State::HandingIn { session, otp: Some(otp), call: Call::due(), repeat: true },
            _ => return Err(Misuse::NotAsked),
        };
        self.seen = now;
        Ok(())
    }

    fn on_woke(&mut self, now: Timestamp) -> Result<(), Misuse> {
        match &mut self.state {
            State::Submitting { call, .. } | State::Texting { call, .. } | State::HandingIn { call, .. } => call.woke(now),
            _ => Err(Misuse::NotWaiting),
        }
    }
}
