//! The ceremonies as the cases use them: how they begin, how their service answers when nothing is wrong, and what their person
//! answers.

use enlist_core::badge::{self, BadgeRegistration, BadgeRotation, Manifest, Rotated, RotationAnswer, RotationPrompt};
use enlist_core::claim::{self, Claim, Enrolment, Label};
use enlist_core::secret::{Badge, Email, Otp};
use enlist_core::{Ceremony, Input, Origin, Timestamp};

use crate::mocks::trouble_text;
use crate::reply::Reply;

pub(crate) const REGISTER: &str = "/api/agent/identity";
pub(crate) const CLAIM: &str = "/api/agent/identity/claim";
pub(crate) const TOKEN: &str = "/api/agent/oauth/token";
pub(crate) const MANIFEST: &str = "/v1/auth/verify-phone";
pub(crate) const SMS: &str = "/v1/auth/confirm-manifest";
pub(crate) const OTP: &str = "/v1/auth/confirm";
pub(crate) const VERIFY: &str = "/v1/verify";
pub(crate) const ROTATE: &str = "/v1/rotate";

pub(crate) const REGISTERED: &str = r#"{"identity_type":"anonymous","registration_id":"reg_1","access_token":"ot_pat_1_PRECLAIM","token_type":"bearer","scopes":["jobs:read"],"claim_token":"ot_clm_CLAIM","claim_token_expires_at":"2026-06-13T09:00:00.000Z","grant_type":"urn:opentrain:agent-auth:grant-type:claim"}"#;
pub(crate) const PENDING: &str = r#"{"error":"authorization_pending","error_description":"Nobody has typed the code yet."}"#;
pub(crate) const DELIVERED: &str = r#"{"access_token":"ot_pat_2_POSTCLAIM","token_type":"bearer","scopes":["jobs:read","jobs:write"]}"#;
pub(crate) const SPENT: &str = r#"{"error":"invalid_grant","error_description":"The access token was already delivered."}"#;
pub(crate) const SUBMITTED: &str = r#"{"manifest_session_id":"a3f7c821","public_profile":{"agent_name":"Ada","agent_version":"1.0.0","developer_name":"Acme","contact_email":"dev@acme.com","primary_goal":"Support","tools":["email"],"trust_tier":"community","data_residency":"us-east-1"}}"#;
pub(crate) const TEXTED: &str = r#"{"otp_session_id":"b9d2e445","expires_at":"2026-06-12T09:15:00.000Z"}"#;
/// The payload is `{"sub":"did:sentryagent:ada"}`; nobody checks the signature here.
pub(crate) const BADGE: &str = r#"{"verified":true,"badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWRhIn0.c2ln"}"#;
/// The badge that is rotated. Its subject is `did:sentryagent:ada`.
pub(crate) const OLD_BADGE: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWRhIn0.c2ln";
pub(crate) const VALID: &str = r#"{"valid":true,"did":"did:sentryagent:ada","public_profile":{"agent_name":"Ada"}}"#;
/// The new badge. Its subject is `did:sentryagent:eve`.
pub(crate) const ROTATED: &str = r#"{"new_badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6ZXZlIn0.c2ln","new_did":"did:sentryagent:eve","rotated_at":"2026-06-12T09:00:00.000Z"}"#;
const PROFILE: &str = r#"{"mobile_phone":"+15005550006","compliance_attestation":true,"agent_name":"Ada","agent_version":"1.0.0","developer_name":"Acme","contact_email":"dev@acme.com","primary_goal":"Support","tools":["email"],"trust_tier":"community","data_residency":"us-east-1"}"#;

/// A claim that was started, with a link on the service's own origin, whose place the word `SERVICE` takes.
pub(crate) const STARTED: &str =
    r#"{"user_code":"039218","verification_uri":"SERVICE/claim?token=ot_cat_LINK","expires_in":1800,"interval":5,"email_sent":true}"#;

/// A ceremony as the cases use it.
pub(crate) trait TestCeremony: Ceremony {
    /// A new ceremony at the origin.
    fn start(origin: Origin) -> Option<Self>;

    /// The person's answer to a prompt before which so many others came; `None` when nobody answers.
    fn answer(prompt: &Self::Prompt, asked: usize) -> Option<Self::Answer>;

    /// The question as the transcript shows it.
    fn prompt_text(prompt: &Self::Prompt) -> String;

    /// The outcome as the transcript shows it.
    fn outcome_text(outcome: &Self::Outcome) -> String;
}

/// The reply of a service where nothing is wrong to a request for this path, of which it has seen so many before. The owner has typed
/// the code by the second poll.
pub(crate) fn healthy(path: &str, asked: usize) -> Reply {
    match (path, asked) {
        (REGISTER, _) => Reply::json(200, REGISTERED),
        (CLAIM, _) => Reply::json(200, STARTED),
        (TOKEN, 0) => Reply::json(400, PENDING),
        (TOKEN, 1) => Reply::json(200, DELIVERED),
        (TOKEN, _) => Reply::json(400, SPENT),
        (MANIFEST, _) => Reply::json(200, SUBMITTED),
        (SMS, _) => Reply::json(200, TEXTED),
        (VERIFY, _) => Reply::json(200, VALID),
        (ROTATE, _) => Reply::json(200, ROTATED),
        (OTP, 0) => Reply::json(200, BADGE),
        (OTP, _) => Reply::json(401, r#"{"error":"invalid_otp"}"#),
        _ => Reply::json(404, "{}"),
    }
}

impl TestCeremony for Enrolment {
    fn start(origin: Origin) -> Option<Self> {
        Some(Self::new(origin, Label::parse("Ada & Söhne").ok(), None))
    }

    fn answer(_: &claim::EnrolmentPrompt, _: usize) -> Option<claim::EnrolmentAnswer> {
        None
    }

    fn prompt_text(prompt: &claim::EnrolmentPrompt) -> String {
        match prompt {
            claim::EnrolmentPrompt::RegisterAgain { trouble } => format!("register another account? \"{}\"", trouble_text(trouble)),
            other => format!("{other:?}"),
        }
    }

    fn outcome_text(registration: &claim::Registration) -> String {
        format!("{} and {}", registration.access_token().expose(), registration.claim_token().expose())
    }
}

impl TestCeremony for Claim {
    fn start(origin: Origin) -> Option<Self> {
        let mut enrolment = Enrolment::new(origin, None, None);
        let now = Timestamp::from_unix_ms(0);
        let id = enrolment.begin(now).ok()?.id;
        let response = http::Response::new(REGISTERED.as_bytes().to_vec());
        enrolment.handle(now, Input::Response { id, response }).ok()?;
        let enlist_core::Step::Done(Ok(registration)) = enrolment.poll(now) else { return None };
        Some(Self::new(&registration, Email::parse("owner+tag@example.com").ok()?))
    }

    fn answer(never: &std::convert::Infallible, _: usize) -> Option<std::convert::Infallible> {
        match *never {}
    }

    fn prompt_text(never: &std::convert::Infallible) -> String {
        match *never {}
    }

    fn outcome_text(token: &claim::ClaimedToken) -> String {
        token.access_token().expose().to_owned()
    }
}

impl TestCeremony for BadgeRegistration {
    fn start(origin: Origin) -> Option<Self> {
        Some(Self::new(origin, Manifest::from_json(PROFILE.as_bytes()).ok()?))
    }

    /// Accepts the profile and types the code, once each, and allows no second SMS.
    fn answer(prompt: &badge::RegistrationPrompt, asked: usize) -> Option<badge::RegistrationAnswer> {
        match prompt {
            badge::RegistrationPrompt::Profile { .. } => Some(badge::RegistrationAnswer::ProfileOk),
            badge::RegistrationPrompt::Otp { .. } if asked < 2 => Otp::parse("123456").ok().map(badge::RegistrationAnswer::Otp),
            _ => None,
        }
    }

    fn prompt_text(prompt: &badge::RegistrationPrompt) -> String {
        use badge::{OtpReason, RegistrationPrompt as Prompt};
        match prompt {
            Prompt::Profile { .. } => "is the profile right?".to_owned(),
            Prompt::SmsAgain { trouble } => format!("another SMS? \"{}\"", trouble_text(trouble)),
            Prompt::Otp { reason: OtpReason::Sent, .. } => "the code?".to_owned(),
            Prompt::Otp { reason: OtpReason::Rejected(error), .. } => format!("the code again? \"{error}\""),
            Prompt::Otp { reason: OtpReason::NotTaken(trouble), .. } => format!("the code again? \"{}\"", trouble_text(trouble)),
            Prompt::Otp { reason: OtpReason::Interrupted, .. } => {
                "the code again? it was being handed in when the process ended".to_owned()
            }
            other => format!("{other:?}"),
        }
    }

    fn outcome_text(identity: &badge::Identity) -> String {
        identity.did().map_or_else(|| "a badge".to_owned(), |did| format!("the badge of {}", did.as_str()))
    }
}

impl TestCeremony for BadgeRotation {
    fn start(origin: Origin) -> Option<Self> {
        Some(Self::new(origin, Badge::parse(OLD_BADGE).ok()?))
    }

    fn answer(_: &RotationPrompt, _: usize) -> Option<RotationAnswer> {
        None
    }

    fn prompt_text(prompt: &RotationPrompt) -> String {
        match prompt {
            RotationPrompt::VerifyAgain { trouble } => format!("ask again whether the old badge is valid? \"{}\"", trouble_text(trouble)),
            other => format!("{other:?}"),
        }
    }

    fn outcome_text(rotated: &Rotated) -> String {
        rotated.did().map_or_else(|| "a badge".to_owned(), |did| format!("the badge of {}", did.as_str()))
    }
}
