//! Describes each ceremony to the test worlds.

use core::fmt::Debug;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::op::{Owner, Reply};
use super::rules::Broken;
use super::sentryagent_model::{SentryAgent, SentryAgentReading};
use super::service::{Heard, OpenTrain, OpenTrainReading, Service};
use crate::badge::{self, BadgeRegistration, Manifest};
use crate::ceremony::Ceremony;
use crate::claim::{self, ClaimState, EnrolmentState, Goal, Polling, Turn};
use crate::claim::{Claim, Enrolment};
use crate::error::Misuse;
use crate::exchange::ExchangeId;
use crate::failure::Failure;
use crate::http::pinned_origins::PinnedOrigins;
use crate::opentrain;
use crate::retry::{Attempts, Phase};
use crate::types::origin::Origin;
use crate::types::secret::{ClaimToken, Email, Otp, PersonalToken};

/// A ceremony that a world can be made around.
pub trait Harness: Ceremony + Debug {
    /// The service that the ceremony talks to.
    type Service: Service;

    /// The service's readings of the documents.
    type Reading: Copy + Debug + Default;

    /// Makes a service.
    fn service(reading: Self::Reading) -> Self::Service;

    /// A ceremony that has not begun. `None` would mean that a constant of this module is wrong.
    fn fresh() -> Option<Self>;

    /// Translates a reply into the human's answer.
    fn answer(reply: Reply, prompt: &Self::Prompt, service: &Self::Service) -> Option<Self::Answer>;

    /// Performs an action of the owner on the service's page.
    fn owner(_service: &mut Self::Service, _owner: Owner, _now: u64) {}

    /// How often a costly action may happen without the human's consent. The ceremony itself is one such action.
    const FREE: u8;

    /// Whether the human's answer allows one more costly action.
    fn is_word(answer: &Self::Answer) -> bool;

    /// The one-time code in the human's answer.
    fn code(_answer: &Self::Answer) -> Option<&str> {
        None
    }

    /// Restarts the ceremony with another attempt.
    ///
    /// # Errors
    /// [`Misuse`], as the ceremony says.
    fn restarted(&self) -> Option<Result<Self, Misuse>> {
        None
    }

    /// The code that is shown to the owner.
    fn shown(&self) -> Option<(&str, u32)> {
        None
    }

    /// Whether `code` belongs to the last attempt that the service has begun.
    fn is_current(_service: &Self::Service, _code: &str) -> bool {
        true
    }

    /// Whether a credential may be lost.
    fn may_be_delivered(&self) -> bool;

    /// Whether the state contains something that no snapshot contains.
    fn knows_more_than_its_snapshot(&self) -> bool {
        false
    }

    /// The part of the state that no snapshot contains, for telling states apart.
    fn beyond_its_snapshot(&self) -> String {
        String::new()
    }

    /// Whether a state with such a part may be resumed as `other`.
    fn may_come_back_as(&self, _other: &Self) -> bool {
        false
    }

    /// Whether another request asks for the result of the last one.
    fn asks_instead(&self) -> bool {
        false
    }

    /// Whether a request that arrives this many milliseconds after it was sent arrives later than a client has to expect.
    fn is_late(_heard: &Heard, _ms: u64) -> bool {
        true
    }

    /// Checks that the ceremony's verdict on the old badge agrees with the last answer of `verify`. `is_open` says that the rotation's
    /// answer decided nothing.
    ///
    /// # Errors
    /// [`Broken`].
    fn is_right_about_the_badge(&self, _verdict: Option<bool>, _is_open: bool) -> Result<(), Broken> {
        Ok(())
    }

    /// The state's name in `docs/STATES.md`.
    fn place(&self) -> &'static str;

    /// The credential.
    fn credential(outcome: &Self::Outcome) -> &str;

    /// Whether the service would deliver the credential if its human did their part.
    fn gives(_service: &Self::Service, _now: u64) -> bool {
        false
    }

    /// Whether this client can still obtain the credential.
    fn is_within_reach(&self, _service: &Self::Service, _now: u64) -> bool {
        false
    }

    /// Whether the ceremony may end with this failure, which the service did not cause, while the service would still deliver the
    /// credential.
    fn may_leave_it(failure: &Failure, _service: &Self::Service, _now: u64) -> bool {
        matches!(failure, Failure::GaveUp { .. } | Failure::RateLimited { .. })
    }

    /// Whether the service may, without a fault of its own, say that the credential is consumed although it was not delivered.
    fn may_be_taken_for_spent(_service: &Self::Service, _now: u64) -> bool {
        true
    }
}

impl Harness for Enrolment {
    type Service = OpenTrain;
    type Reading = OpenTrainReading;
    const FREE: u8 = 1;

    fn service(reading: OpenTrainReading) -> OpenTrain {
        OpenTrain::new(reading)
    }

    fn fresh() -> Option<Self> {
        Some(Self::new(Origin::parse(opentrain::BASE_URL).ok()?, claim::Label::parse("An agent").ok(), None))
    }

    fn answer(_: Reply, _: &claim::EnrolmentPrompt, _: &OpenTrain) -> Option<claim::EnrolmentAnswer> {
        Some(claim::EnrolmentAnswer::RegisterAgain)
    }

    fn is_word(_: &claim::EnrolmentAnswer) -> bool {
        true
    }

    /// Another account can be registered. The client asks what became of the first one, and then abandons it.
    fn may_be_delivered(&self) -> bool {
        false
    }

    fn place(&self) -> &'static str {
        match &self.state {
            EnrolmentState::Registering(attempts) => {
                of_call(attempts, ["Registering, due", "Registering, waiting", "Registering, in flight"])
            }
            EnrolmentState::Asking { .. } => "Asking",
            EnrolmentState::Done(Ok(_)) => "Done(Ok)",
            EnrolmentState::Done(Err(failure)) => of_failure(failure),
        }
    }

    fn credential(outcome: &claim::Registration) -> &str {
        outcome.access_token().expose()
    }

    fn gives(_service: &OpenTrain, _now: u64) -> bool {
        true
    }

    fn is_within_reach(&self, _service: &OpenTrain, _now: u64) -> bool {
        !matches!(self.state, EnrolmentState::Done(_))
    }
}

impl Harness for Claim {
    type Service = OpenTrain;
    type Reading = OpenTrainReading;
    const FREE: u8 = 0;

    fn service(reading: OpenTrainReading) -> OpenTrain {
        OpenTrain::new(reading)
    }

    fn fresh() -> Option<Self> {
        let origin = Origin::parse(opentrain::BASE_URL).ok()?;
        let registration = claim::Registration {
            registration_id: None,
            access_token: PersonalToken::parse(OpenTrain::PRE_CLAIM).ok()?,
            scopes: Vec::new(),
            claim_token: ClaimToken::parse(OpenTrain::CLAIM_TOKEN).ok()?,
            claim_token_expires_at: Some(super::world::START.after(core::time::Duration::from_secs(86_400))),
            claim_endpoint: origin.endpoint("/api/agent/identity/claim"),
            token_endpoint: origin.endpoint("/api/agent/oauth/token"),
            dialect: claim::Dialect::OpenTrain,
            origins: PinnedOrigins::only(origin),
        };
        Some(Self::new(&registration, Email::parse("owner@canary.example").ok()?))
    }

    fn answer(_: Reply, prompt: &core::convert::Infallible, _: &OpenTrain) -> Option<core::convert::Infallible> {
        match *prompt {}
    }

    fn owner(service: &mut OpenTrain, owner: Owner, now: u64) {
        match owner {
            Owner::Approves => service.approve(now),
            Owner::Declines => service.decline(now),
            Owner::Mistypes => {}
        }
    }

    fn is_word(answer: &core::convert::Infallible) -> bool {
        match *answer {}
    }

    fn restarted(&self) -> Option<Result<Self, Misuse>> {
        Some(self.restart(Email::parse("other@canary.example").ok()?))
    }

    fn shown(&self) -> Option<(&str, u32)> {
        self.notice().map(|notice| (notice.user_code.expose(), notice.interval))
    }

    fn is_current(service: &OpenTrain, code: &str) -> bool {
        service.code() == code
    }

    fn may_be_delivered(&self) -> bool {
        self.may_be_delivered()
    }

    fn place(&self) -> &'static str {
        match &self.state {
            ClaimState::Starting(starting) => of_call(&starting.attempts, ["Starting, due", "Starting, waiting", "Starting, in flight"]),
            ClaimState::Announcing(_) => "Announcing",
            ClaimState::Polling(Polling { turn, goal, .. }) => match (turn, goal) {
                (Turn::Waiting { .. }, Goal::Token) => "Polling(Token), waiting",
                (Turn::InFlight { .. }, Goal::Token) => "Polling(Token), in flight",
                (Turn::Waiting { .. }, Goal::Start { .. }) => "Polling(Start), waiting",
                (Turn::InFlight { .. }, Goal::Start { .. }) => "Polling(Start), in flight",
            },
            ClaimState::Done(Ok(_)) => "Done(Ok)",
            ClaimState::Done(Err(failure)) => of_failure(failure),
        }
    }

    fn credential(outcome: &claim::ClaimedToken) -> &str {
        outcome.access_token().expose()
    }

    fn gives(service: &OpenTrain, now: u64) -> bool {
        service.gives(now)
    }

    /// The next attempt polls once more for an attempt that was approved and has expired.
    fn may_leave_it(failure: &Failure, service: &OpenTrain, now: u64) -> bool {
        match failure {
            Failure::GaveUp { .. } | Failure::RateLimited { .. } => true,
            Failure::AttemptExpired { .. } => service.is_over(now),
            _ => false,
        }
    }

    fn is_within_reach(&self, service: &OpenTrain, _now: u64) -> bool {
        service.delivered().is_none() && !matches!(self.state, ClaimState::Done(_))
    }

    fn may_be_taken_for_spent(service: &OpenTrain, now: u64) -> bool {
        service.is_over(now)
    }
}

impl Harness for BadgeRegistration {
    type Service = SentryAgent;
    type Reading = SentryAgentReading;
    const FREE: u8 = 0;

    fn service(reading: SentryAgentReading) -> SentryAgent {
        SentryAgent::new(reading)
    }

    fn fresh() -> Option<Self> {
        let manifest = br#"{"mobile_phone":"+15005550006","trust_tier":"community","agent_name":"An agent","agent_version":"1.0.0",
            "developer_name":"Acme Corp","contact_email":"dev@canary.example","primary_goal":"Support","tools":["web-search"],
            "compliance_attestation":true,"data_residency":"us-east-1"}"#;
        Some(Self::new(Origin::parse(badge::BASE_URL).ok()?, Manifest::from_json(manifest).ok()?))
    }

    fn answer(reply: Reply, prompt: &badge::RegistrationPrompt, service: &SentryAgent) -> Option<badge::RegistrationAnswer> {
        let otp = |code: &str| Otp::parse(code).ok().map(badge::RegistrationAnswer::Otp);
        match (prompt, reply) {
            (badge::RegistrationPrompt::Profile { .. }, _) => Some(badge::RegistrationAnswer::ProfileOk),
            (badge::RegistrationPrompt::SmsAgain { .. }, _) | (badge::RegistrationPrompt::Otp { .. }, Reply::SmsAgain) => {
                Some(badge::RegistrationAnswer::SmsAgain)
            }
            (badge::RegistrationPrompt::Otp { .. }, Reply::AsAsked) => otp(&service.code(false)),
            (badge::RegistrationPrompt::Otp { .. }, Reply::OldCode) => otp(&service.code(true)),
            (badge::RegistrationPrompt::Otp { .. }, Reply::WrongCode) => otp("408199"),
        }
    }

    fn is_word(answer: &badge::RegistrationAnswer) -> bool {
        !matches!(answer, badge::RegistrationAnswer::Otp(_))
    }

    fn code(answer: &badge::RegistrationAnswer) -> Option<&str> {
        match answer {
            badge::RegistrationAnswer::Otp(otp) => Some(otp.expose()),
            _ => None,
        }
    }

    fn may_be_delivered(&self) -> bool {
        self.may_be_delivered()
    }

    fn knows_more_than_its_snapshot(&self) -> bool {
        self.lost_otp.is_some() || matches!(self.state, badge::State::HandingIn { otp: Some(_), .. })
    }

    /// No snapshot contains a one-time code. It is asked for again, unless its answer is still awaited.
    fn may_come_back_as(&self, other: &Self) -> bool {
        matches!(self.place(), "HandingIn, due" | "HandingIn, waiting") && other.place() == "AskingOtp"
    }

    /// The complete attempts, as the snapshot of another state stores them.
    fn beyond_its_snapshot(&self) -> String {
        let exposed = |otp: &Option<Otp>| otp.as_ref().map_or_else(String::new, |otp| otp.expose().into());
        let lost = exposed(&self.lost_otp);
        match &self.state {
            badge::State::HandingIn { session, otp, repeat, attempts } => {
                let json = |state| Self { state, ..self.clone() }.snapshot().to_json().expose().to_string();
                let session_json = json(badge::State::AskingOtp(session.clone()));
                let call_json = json(badge::State::Texting { session: session.id.clone(), attempts: attempts.clone() });
                format!("{lost} {} {repeat} {session_json} {call_json}", exposed(otp))
            }
            _ => format!("{lost} {}", self.place()),
        }
    }

    fn place(&self) -> &'static str {
        use badge::State;
        match &self.state {
            State::Submitting { attempts, .. } => of_call(attempts, ["Submitting, due", "Submitting, waiting", "Submitting, in flight"]),
            State::AskingProfile { .. } => "AskingProfile",
            State::Texting { attempts, .. } => of_call(attempts, ["Texting, due", "Texting, waiting", "Texting, in flight"]),
            State::AskingSms { .. } => "AskingSms",
            State::AskingOtp(_) => "AskingOtp",
            State::HandingIn { attempts, .. } => of_call(attempts, ["HandingIn, due", "HandingIn, waiting", "HandingIn, in flight"]),
            State::Done(Ok(_)) => "Done(Ok)",
            State::Done(Err(failure)) => of_failure(failure),
        }
    }

    fn credential(outcome: &badge::Identity) -> &str {
        outcome.badge().expose()
    }

    fn gives(service: &SentryAgent, now: u64) -> bool {
        service.gives(now)
    }

    /// A code is useless without the session that belongs to it.
    fn is_within_reach(&self, service: &SentryAgent, now: u64) -> bool {
        use badge::State;
        match &self.state {
            State::Submitting { .. } | State::AskingProfile { .. } | State::Texting { .. } | State::AskingSms { .. } => service.texts(),
            // A code in flight may be a wrong one. Its refusal would then be taken for a loss.
            State::HandingIn { .. } if self.may_be_delivered() => false,
            State::AskingOtp(session) | State::HandingIn { session, .. } => service.gives(now) && service.is_session(session.id.expose()),
            State::Done(_) => false,
        }
    }

    /// A session in a lost answer belongs to nobody, a refusal of a code whose answer was lost is taken as proof of a loss, and a 429 to a
    /// code is taken as the end of its tries.
    fn may_leave_it(failure: &Failure, _service: &SentryAgent, _now: u64) -> bool {
        matches!(
            failure,
            Failure::GaveUp { .. }
                | Failure::RateLimited { .. }
                | Failure::SessionExpired { .. }
                | Failure::OtpTriesUsedUp(_)
                | Failure::CredentialLost { .. }
                | Failure::CredentialUnreadable { .. }
        )
    }
}

pub(crate) fn of_call(attempts: &Attempts, [due, waiting, in_flight]: [&'static str; 3]) -> &'static str {
    match attempts.phase {
        Phase::Due => due,
        Phase::Waiting { .. } => waiting,
        Phase::InFlight(_) => in_flight,
    }
}

pub(crate) const fn of_failure(failure: &Failure) -> &'static str {
    match failure {
        Failure::Denied(_) => "Done(Denied)",
        Failure::AttemptExpired { .. } => "Done(AttemptExpired)",
        Failure::WindowExpired => "Done(WindowExpired)",
        Failure::SessionExpired { .. } => "Done(SessionExpired)",
        Failure::OtpTriesUsedUp(_) => "Done(OtpTriesUsedUp)",
        Failure::AnonymousNotEnabled(_) => "Done(AnonymousNotEnabled)",
        Failure::EmailAlreadyRegistered(_) => "Done(EmailAlreadyRegistered)",
        Failure::UnknownClaimToken(_) => "Done(UnknownClaimToken)",
        Failure::ClaimTokenSpent(_) => "Done(ClaimTokenSpent)",
        Failure::Rejected(_) => "Done(Rejected)",
        Failure::RateLimited { .. } => "Done(RateLimited)",
        Failure::GaveUp { .. } => "Done(GaveUp)",
        Failure::Protocol(_) => "Done(Protocol)",
        Failure::CredentialLost { .. } => "Done(CredentialLost)",
        Failure::CredentialUnreadable { .. } => "Done(CredentialUnreadable)",
        Failure::BadgeInvalid => "Done(BadgeInvalid)",
        Failure::NotRotated { .. } => "Done(NotRotated)",
    }
}

/// Whether the failure says that the credential may have been delivered, if it records that.
pub(crate) const fn may_be_delivered_in(failure: &Failure) -> Option<bool> {
    match failure {
        Failure::AttemptExpired { may_be_delivered, .. }
        | Failure::SessionExpired { may_be_delivered, .. }
        | Failure::GaveUp { may_be_delivered, .. } => Some(*may_be_delivered),
        _ => None,
    }
}

/// The request as the service sees it.
pub(crate) fn heard(exchange: &crate::exchange::Exchange) -> Heard {
    let body = String::from_utf8_lossy(exchange.request.body().as_bytes()).into_owned();
    Heard { path: String::from(exchange.request.uri().path()), body }
}

/// An id that is not in flight.
pub(crate) fn stale(in_flight: Option<ExchangeId>) -> ExchangeId {
    ExchangeId(in_flight.map_or(1, |id| id.0.wrapping_sub(1)))
}
