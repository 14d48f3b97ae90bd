//! SentryAgent's requests and answers: paths, members, statuses.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;

use http::Request;
use serde_json::{Map, Value, json};

use super::did::{did_of, has_form_of_badge};
use super::{Did, Identity, Manifest, PublicProfile, PublishedProfile, Rotated, Validity};
use crate::error::{ServerError, Violation};
use crate::exchange::Body;
use crate::http::damaged::Damaged;
use crate::http::json::{Json, Object};
use crate::http::request::{authorized, post_json};
use crate::manifest::Member;
use crate::types::origin::Origin;
use crate::types::secret::{Badge, Otp, SessionId};
use crate::types::timestamp::Timestamp;

const MANIFEST_PATH: &str = "/v1/auth/verify-phone";
const SMS_PATH: &str = "/v1/auth/confirm-manifest";
const OTP_PATH: &str = "/v1/auth/confirm";
const VERIFY_PATH: &str = "/v1/verify";
const ROTATE_PATH: &str = "/v1/rotate";
pub(crate) const SIGN_PATH: &str = "/v1/sign";
pub(crate) const REVOKE_PATH: &str = "/v1/revoke";
pub(crate) const MANIFEST_LOOKUP_PATH: &str = "/v1/manifest/";
pub(crate) const JWKS_PATH: &str = "/v1/jwks";
pub(crate) const DID_PATH: &str = "/v1/did";
pub(crate) const HEALTH_PATH: &str = "/v1/health";
/// All paths above that contain no id.
pub(crate) const PATHS: &[&str] =
    &[MANIFEST_PATH, SMS_PATH, OTP_PATH, VERIFY_PATH, ROTATE_PATH, SIGN_PATH, REVOKE_PATH, JWKS_PATH, DID_PATH, HEALTH_PATH];

/// The members that mark the answer of a step as a success, whatever else the answer contains.
pub(crate) const SUBMITTED: &str = "manifest_session_id";
pub(crate) const TEXTED: &str = "otp_session_id";
pub(crate) const DELIVERY: &str = "badge";
pub(crate) const VERIFIED: &str = "valid";
pub(crate) const ROTATED: &str = "new_badge";

/// Builds step 1, `POST /v1/auth/verify-phone`. Despite its name, it sends no code yet.
pub(crate) fn submit(origin: &Origin, manifest: &Manifest) -> Request<Body> {
    let members = manifest.profile.members().map(|(name, value)| (name.to_owned(), json!(value)));
    let mut fields: Map<String, Value> = members.into_iter().collect();
    fields.insert("mobile_phone".to_owned(), json!(manifest.mobile_phone.expose()));
    fields.insert("compliance_attestation".to_owned(), Value::Bool(true));
    post_json(&origin.endpoint(MANIFEST_PATH), &json!({ "manifest": fields }))
}

/// Reads the answer of step 1. The members of the profile that it repeats must be equal to those sent.
pub(crate) fn submitted(object: &Object<'_>, profile: &PublicProfile) -> Result<SessionId, Violation> {
    if let Some(echo) = object.object("public_profile") {
        check_echo(echo, profile)?;
    }
    object.required_secret(SUBMITTED)
}

/// Builds step 2, `POST /v1/auth/confirm-manifest`. The service then sends the SMS.
pub(crate) fn text_the_code(origin: &Origin, session: &SessionId) -> Request<Body> {
    post_json(&origin.endpoint(SMS_PATH), &json!({ "manifest_session_id": session.expose() }))
}

/// Reads the answer of step 2: the session that the code belongs to, and the session's end.
pub(crate) fn texted(object: &Object<'_>) -> Result<(SessionId, Option<Timestamp>), Violation> {
    Ok((object.required_secret(TEXTED)?, object.text("expires_at").and_then(Timestamp::parse_rfc3339)))
}

/// Builds step 3, `POST /v1/auth/confirm`. As documented, the `otp_session_id` of step 2 is named `session_id` here.
pub(crate) fn hand_in(origin: &Origin, otp_session_id: &SessionId, otp: &Otp) -> Request<Body> {
    post_json(&origin.endpoint(OTP_PATH), &json!({ "session_id": otp_session_id.expose(), "otp": otp.expose() }))
}

/// Reads the answer of step 3. Only the badge is required, and it is accepted even if it cannot be decoded. Returns `None` for a success
/// with `verified: false`, which is not documented and brings no badge.
pub(crate) fn handed_in(object: &Object<'_>, profile: &PublicProfile) -> Result<Option<Identity>, Violation> {
    if object.get("verified") == Some(&Json::Bool(false)) && object.text(DELIVERY).is_none() {
        return Ok(None);
    }
    let badge: Badge = object.required_secret(DELIVERY)?;
    Ok(Some(Identity { did: did_of(&badge), badge, public_profile: profile.clone() }))
}

/// The badge in a damaged answer, if the member may be one.
pub(crate) fn damaged_badge(damaged: Damaged<'_>, member: &str) -> Option<Badge> {
    Badge::parse(damaged.credential(member)?).ok().filter(has_form_of_badge)
}

/// The meaning of a 4xx to a one-time code. The documents have the statuses 401, 410 and 429 and no codes. Gateways write each of these
/// statuses too, so a status without the service's own words lets the registration go on, and never ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeRefusal {
    /// The code is wrong.
    WrongCode,
    /// No try is left.
    NoTryLeft,
    /// The session is over.
    SessionOver,
    /// The first try may still be in progress.
    Conflict,
    /// Too many requests were sent.
    TooMany,
    /// It does not say what became of the code, so it counts as a lost answer.
    Unclear,
}

/// The codes that say that no try is left.
const NO_TRY_LEFT: &[&str] = &[
    "too_many_attempts",
    "attempts_exceeded",
    "max_attempts_exceeded",
    "max_attempts_reached",
    "too_many_otp_attempts",
    "otp_attempts_exceeded",
    "otp_tries_used_up",
    "otp_locked",
];

/// Reads a 4xx to a one-time code. `wrong_codes` were refused in this session before.
pub(crate) fn code_refused(error: &ServerError, wrong_codes: u8) -> CodeRefusal {
    let code = error.code.as_ref().map(|code| code.raw().to_ascii_lowercase()).unwrap_or_default();
    let is_about_the_code = ["otp", "code"].iter().any(|word| code.contains(word));
    match error.status {
        _ if NO_TRY_LEFT.contains(&code.as_str()) => CodeRefusal::NoTryLeft,
        409 => CodeRefusal::Conflict,
        410 => CodeRefusal::SessionOver,
        200..=299 | 401 => CodeRefusal::WrongCode,
        _ if is_about_the_code => CodeRefusal::WrongCode,
        429 if wrong_codes >= MOST_WRONG_CODES => CodeRefusal::NoTryLeft,
        429 => CodeRefusal::TooMany,
        _ => CodeRefusal::Unclear,
    }
}

/// The number of wrong codes after which a 429 says that no try is left. The documents do not say how many tries there are (U6).
const MOST_WRONG_CODES: u8 = 5;

/// Builds `POST /v1/verify`. It needs no login; the badge in its body is the subject of the question.
pub(crate) fn verify(origin: &Origin, badge: &Badge) -> Request<Body> {
    post_json(&origin.endpoint(VERIFY_PATH), &json!({ "badge": badge.expose() }))
}

/// Reads the answer of `verify`. The member `valid` must be a boolean.
pub(crate) fn verified(object: &Object<'_>) -> Result<Validity, Violation> {
    match object.get("valid") {
        Some(Json::Bool(false)) => Ok(Validity::NotValid),
        Some(Json::Bool(true)) => Ok(Validity::Valid {
            did: object.text("did").and_then(|did| Did::parse(did).ok()),
            profile: Box::new(object.object("public_profile").map(PublishedProfile::read).unwrap_or_default()),
        }),
        None => Err(Violation::MissingField { field: "valid".into() }),
        Some(_) => Err(Violation::BadField { field: "valid".into() }),
    }
}

/// Builds `POST /v1/rotate`. The badge is in the header and in the body.
pub(crate) fn rotate(origin: &Origin, badge: &Badge) -> Request<Body> {
    authorized(post_json(&origin.endpoint(ROTATE_PATH), &json!({ "badge": badge.expose() })), badge)
}

/// Reads the answer of `rotate`. Only the new badge is required, and it must differ from the old one.
pub(crate) fn rotated(object: &Object<'_>, old: &Badge) -> Result<Rotated, Violation> {
    let badge: Badge = object.required_secret(ROTATED)?;
    if badge == *old {
        return Err(Violation::BadField { field: ROTATED.into() });
    }
    let did = object.text("new_did").and_then(|did| Did::parse(did).ok()).or_else(|| did_of(&badge));
    Ok(Rotated { badge, did, rotated_at: object.text("rotated_at").and_then(Timestamp::parse_rfc3339) })
}

fn check_echo(echo: &Object<'_>, profile: &PublicProfile) -> Result<(), Violation> {
    let differs = |(field, sent): &(&str, Member<'_>)| echo.get(field).is_some_and(|said| !sent.is_repeated_by(said));
    match profile.members().into_iter().find(differs) {
        Some((field, _)) => Err(Violation::EchoMismatch { field: field.into() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_otp_session_id_of_step_2_is_sent_as_session_id_in_step_3() {
        let origin = Origin::parse("https://identity.sentryagent.ai").unwrap();
        let (session, expires_at) =
            texted(&Object::parse(br#"{"otp_session_id":"b9d2e445","expires_at":"2026-06-01T12:15:00.000Z"}"#).unwrap()).unwrap();
        let request = hand_in(&origin, &session, &Otp::parse("012345").unwrap());
        assert_eq!(request.body().as_bytes(), br#"{"otp":"012345","session_id":"b9d2e445"}"#);
        assert_eq!(request.uri(), "https://identity.sentryagent.ai/v1/auth/confirm");
        assert_eq!(expires_at, Timestamp::parse_rfc3339("2026-06-01T12:15:00Z"));
    }
}
