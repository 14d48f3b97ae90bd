//! OpenTrain's words, translated: paths, members, error codes. Another service that speaks a dialect of the same claim is
//! another file like this one, not another machine.

use alloc::string::String;
use alloc::vec::Vec;

use http::Request;
use serde_json::json;

use super::claim::Terms;
use super::enrolment::Label;
use super::polling::{Doubt, Polled};
use super::{ClaimedToken, EnterCode, Registration};
use crate::error::{ServerError, Violation};
use crate::failure::Failure;
use crate::origin::{Endpoint, Origin};
use crate::pace::{DEFAULT_INTERVAL, LONGEST, normalised};
use crate::secret::{ClaimToken, Email};
use crate::time::Timestamp;
use crate::wire::Answer;
use crate::wire::json::{Json, Object};
use crate::wire::request::{post_form, post_json};

const REGISTER_PATH: &str = "/api/agent/identity";
const CLAIM_PATH: &str = "/api/agent/identity/claim";
const TOKEN_PATH: &str = "/api/agent/oauth/token";
pub(crate) const REVOKE_PATH: &str = "/api/agent/oauth/revoke";
pub(crate) const ME_PATH: &str = "/api/public/v1/auth/me";
pub(crate) const TOKENS_PATH: &str = "/api/public/v1/tokens";
pub(crate) const RESOURCE_PATH: &str = "/.well-known/oauth-protected-resource";
pub(crate) const SERVER_PATH: &str = "/.well-known/oauth-authorization-server";
/// All of the above.
pub(crate) const PATHS: &[&str] = &[REGISTER_PATH, CLAIM_PATH, TOKEN_PATH, REVOKE_PATH, ME_PATH, TOKENS_PATH, RESOURCE_PATH, SERVER_PATH];
const GRANT_TYPE: &str = "urn:opentrain:agent-auth:grant-type:claim";

/// How long an attempt lives by the documents, in seconds, and the longest that is believed.
const ATTEMPT_LIFE: u32 = 1800;
pub(crate) const LONGEST_LIFE: u32 = 86_400;

/// The member whose presence makes an answer a delivery, whatever else is in it.
pub(crate) const DELIVERY: &str = "access_token";
/// The same for the start of a claim.
pub(crate) const STARTED: &str = "user_code";

/// `POST /api/agent/identity` (opentrain.md section 3).
pub(crate) fn register(origin: &Origin, agent_name: Option<&Label>, organization_name: Option<&Label>) -> Request<Vec<u8>> {
    let mut body = json!({ "identity_type": "anonymous" });
    for (member, label) in [("agent_name", agent_name), ("organization_name", organization_name)] {
        if let (Some(label), Some(members)) = (label, body.as_object_mut()) {
            members.insert(member.into(), label.as_str().into());
        }
    }
    post_json(&origin.endpoint(REGISTER_PATH), &body)
}

/// Reads the answer of `register`. The two secrets are required; the endpoints default to the documented paths.
pub(crate) fn registration(object: &Object<'_>, origin: &Origin) -> Result<Registration, Violation> {
    check_token_type(object)?;
    if object.text("grant_type").is_some_and(|grant| grant != GRANT_TYPE) {
        return Err(Violation::BadField { field: "grant_type".into() });
    }
    Ok(Registration {
        origin: origin.clone(),
        registration_id: object.text("registration_id").filter(|id| is_id(id)).map(Into::into),
        access_token: object.required_secret("access_token")?,
        scopes: scopes(object),
        claim_token: object.required_secret("claim_token")?,
        claim_token_expires_at: object.text("claim_token_expires_at").and_then(Timestamp::parse_rfc3339),
        claim_endpoint: endpoint(object, origin, "claim_endpoint", CLAIM_PATH)?,
        token_endpoint: endpoint(object, origin, "token_endpoint", TOKEN_PATH)?,
    })
}

/// What a refused registration means.
pub(crate) fn register_refused(error: ServerError) -> Failure {
    if is_switched_off(&error) { Failure::AnonymousNotEnabled(error) } else { Failure::Rejected(error) }
}

/// `POST /api/agent/identity/claim` (opentrain.md section 4).
pub(crate) fn start(terms: &Terms, owner: &Email) -> Request<Vec<u8>> {
    post_json(&terms.claim_endpoint, &json!({ "claim_token": terms.claim_token.expose(), "email": owner.expose() }))
}

/// Reads the answer of `start`. Required are code, link and life.
pub(crate) fn started(object: &Object<'_>, origin: &Origin, owner: &Email, now: Timestamp) -> Result<EnterCode, Violation> {
    if matches!(object.get("expires_in"), None | Some(Json::Null)) {
        return Err(Violation::MissingField { field: "expires_in".into() });
    }
    let life = normalised(object.number("expires_in"), ATTEMPT_LIFE, LONGEST_LIFE);
    let interval = normalised(object.number("interval"), DEFAULT_INTERVAL, LONGEST);
    Ok(EnterCode {
        user_code: object.required_secret("user_code")?,
        verification_uri: origin.pinned_link("verification_uri", object.required_text("verification_uri")?)?,
        owner: owner.clone(),
        expires_at: now.after(core::time::Duration::from_secs(life.into())),
        interval,
        email_sent: object.is_true("email_sent"),
    })
}

/// What a refused start means. "Window expired" and "e-mail taken" share one code; the first is believed only when our own
/// date agrees (opentrain.md, U7).
pub(crate) fn start_refused(error: ServerError, window_is_over: bool) -> Failure {
    let says = |word: &str| error.has_code(word) || error.description.as_ref().is_some_and(|text| text.raw().contains(word));
    if is_switched_off(&error) {
        Failure::AnonymousNotEnabled(error)
    } else if error.status == 400 && says("email_already_registered") {
        Failure::EmailAlreadyRegistered(error)
    } else if error.status == 400 && window_is_over {
        Failure::WindowExpired
    } else {
        Failure::Rejected(error)
    }
}

/// `POST /api/agent/oauth/token` (opentrain.md section 5).
pub(crate) fn poll(endpoint: &Endpoint, claim_token: &ClaimToken) -> Request<Vec<u8>> {
    post_form(endpoint, &[("grant_type", GRANT_TYPE), ("claim_token", claim_token.expose())])
}

/// What the answer to a poll means.
pub(crate) fn polled(answer: Answer<'_>) -> Polled {
    match answer {
        Answer::Object(object) => match delivered(&object) {
            Ok(token) => Polled::Delivered(token),
            Err(violation) => Polled::unanswered(violation.into(), Doubt::Unreadable),
        },
        Answer::Unreadable(trouble) => Polled::unanswered(trouble, Doubt::Unreadable),
        Answer::Lost(trouble) => Polled::unanswered(trouble, Doubt::Lost),
        Answer::NotSent(failure) => Polled::unanswered(failure.into(), Doubt::None),
        // A 429 says by its status what slow_down says by its code; it may say both.
        Answer::TooMany(error) if error.has_code("slow_down") => {
            Polled::SlowDown { interval: error.interval, retry_after: error.retry_after }
        }
        Answer::TooMany(error) | Answer::Unavailable(error) => Polled::unanswered(error.into(), Doubt::None),
        Answer::Refused(error) => poll_refused(error),
        Answer::Broken(violation) => Polled::Broken(violation),
    }
}

fn delivered(object: &Object<'_>) -> Result<ClaimedToken, Violation> {
    check_token_type(object)?;
    Ok(ClaimedToken { access_token: object.required_secret("access_token")?, scopes: scopes(object) })
}

/// Codes count where OAuth puts them: in a 400, and in the 200 of services that send errors so. At any other status the
/// status has said enough.
fn poll_refused(error: ServerError) -> Polled {
    if error.is_strangers_page() {
        return Polled::unanswered(error.into(), Doubt::None);
    }
    if error.status != 400 && !(200..300).contains(&error.status) {
        return Polled::Refused(error);
    }
    match error.code.as_ref().map_or("", |code| code.raw()) {
        "authorization_pending" => Polled::Pending { interval: error.interval, retry_after: error.retry_after },
        "slow_down" => Polled::SlowDown { interval: error.interval, retry_after: error.retry_after },
        "temporarily_unavailable" => Polled::unanswered(error.into(), Doubt::None),
        "expired_token" => Polled::Lapsed,
        "access_denied" | "claim_denied" => Polled::Denied(error),
        "invalid_grant" => Polled::Spent(error),
        _ => Polled::Refused(error),
    }
}

fn is_switched_off(error: &ServerError) -> bool {
    error.status == 403 && error.has_code("anonymous_not_enabled")
}

/// A token of a type that is not understood must not be used (RFC 6749 section 7.1).
fn check_token_type(object: &Object<'_>) -> Result<(), Violation> {
    check_type_of(object, "token_type")
}

/// The same by another name: the Public API writes in camel case.
pub(crate) fn check_type_of(object: &Object<'_>, field: &'static str) -> Result<(), Violation> {
    match object.text(field) {
        Some(other) if !other.eq_ignore_ascii_case("bearer") => Err(Violation::BadField { field: field.into() }),
        _ => Ok(()),
    }
}

fn endpoint(object: &Object<'_>, origin: &Origin, field: &'static str, path: &str) -> Result<Endpoint, Violation> {
    object.text(field).map_or_else(|| Ok(origin.endpoint(path)), |url| origin.pinned_endpoint(field, url))
}

/// OpenTrain sends `scopes` as a list; its relatives `scope` as words. What is no scope is dropped.
pub(crate) fn scopes(object: &Object<'_>) -> Vec<String> {
    object.words("scopes", "scope").into_iter().filter(|word| is_scope(word)).collect()
}

/// The scopes that a service's metadata names.
pub(crate) fn known_scopes(object: &Object<'_>) -> Vec<String> {
    object.words("scopes_supported", "").into_iter().filter(|word| is_scope(word)).collect()
}

/// A scope-token (RFC 6749 section 3.3) of a sane length.
pub(crate) fn is_scope(word: &str) -> bool {
    is_id(word) && !word.contains(['"', '\\'])
}

/// Visible ASCII of a sane length: fit to be shown.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
