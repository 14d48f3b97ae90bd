//! The meaning of the claim's answers, in the words of any dialect.

use core::time::Duration;

use alloc::vec::Vec;

use super::{Dialect, LONGEST_LIFE, PollError, Words};
use crate::claim::polling::{AnswerFate, Polled};
use crate::claim::types::{ClaimedToken, EnterCode, Registration};
use crate::error::{ServerError, Violation};
use crate::failure::Failure;
use crate::http::damaged::Damaged;
use crate::http::json::{Json, Object};
use crate::http::oauth::{check_token_type, is_id, scopes};
use crate::http::pinned_origins::{Endpoint, PinnedOrigins};
use crate::http::response::ResponseClass;
use crate::pace::{DEFAULT_INTERVAL, LONGEST, normalised};
use crate::types::secret::{ClaimToken, Email, PersonalToken};
use crate::types::timestamp::Timestamp;

/// Reads a registration. The two secrets are required; the endpoints default to the documented paths.
pub(super) fn registration(dialect: Dialect, object: &Object<'_>, origins: &PinnedOrigins) -> Result<Registration, Violation> {
    let words = dialect.words();
    check_token_type(object, "token_type")?;
    if object.text("grant_type").is_some_and(|grant| grant != words.grant_type) {
        return Err(Violation::BadField { field: "grant_type".into() });
    }
    Ok(Registration {
        dialect,
        origins: origins.clone(),
        registration_id: object.text("registration_id").filter(|id| is_id(id)).map(Into::into),
        access_token: object.required_secret(words.access_token)?,
        scopes: scopes(object),
        claim_token: object.required_secret("claim_token")?,
        claim_token_expires_at: object.text("claim_token_expires_at").and_then(Timestamp::parse_rfc3339),
        claim_endpoint: endpoint(object, origins, "claim_endpoint", words.claim_path)?,
        token_endpoint: endpoint(object, origins, "token_endpoint", words.token_path)?,
    })
}

fn endpoint(object: &Object<'_>, origins: &PinnedOrigins, field: &'static str, path: &str) -> Result<Endpoint, Violation> {
    object.text(field).map_or_else(|| Ok(origins.service().endpoint(path)), |url| origins.endpoint(field, url))
}

/// Reads a damaged registration: the two secrets and nothing else. Nothing older can be lost, so it is taken at once. A link is never taken
/// from damaged JSON.
pub(super) fn damaged_registration(dialect: Dialect, damaged: Damaged<'_>, origins: &PinnedOrigins) -> Option<Registration> {
    let words = dialect.words();
    let access_token = PersonalToken::parse(damaged.credential(words.access_token)?).ok()?;
    let claim_token = ClaimToken::parse(damaged.credential("claim_token")?).ok()?;
    let service = origins.service();
    (access_token.expose() != claim_token.expose()).then(|| Registration {
        dialect,
        origins: origins.clone(),
        registration_id: None,
        access_token,
        scopes: Vec::new(),
        claim_token,
        claim_token_expires_at: None,
        claim_endpoint: service.endpoint(words.claim_path),
        token_endpoint: service.endpoint(words.token_path),
    })
}

pub(super) fn registration_refused(error: ServerError) -> Failure {
    if is_switched_off(&error) { Failure::AnonymousNotEnabled(error) } else { Failure::Rejected(error) }
}

/// Reads what the owner must do. The code, the link and the attempt's life are required.
pub(super) fn started(
    words: &Words,
    object: &Object<'_>,
    origins: &PinnedOrigins,
    owner: &Email,
    now: Timestamp,
) -> Result<EnterCode, Violation> {
    if matches!(object.get("expires_in"), None | Some(Json::Null)) {
        return Err(Violation::MissingField { field: "expires_in".into() });
    }
    let life = normalised(object.number("expires_in"), words.attempt_life, LONGEST_LIFE);
    let interval = normalised(object.number("interval"), DEFAULT_INTERVAL, LONGEST);
    Ok(EnterCode {
        user_code: object.required_secret(words.user_code)?,
        verification_uri: origins.link("verification_uri", object.required_text("verification_uri")?)?,
        owner: owner.clone(),
        expires_at: now.after(Duration::from_secs(life.into())),
        interval,
        email_sent: object.is_true("email_sent"),
    })
}

/// An expired window and a taken e-mail address have the same code. The window is believed to have expired only if our own date agrees
/// (opentrain.md, U7).
pub(super) fn start_refused(error: ServerError, window_is_over: bool) -> Failure {
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

fn is_switched_off(error: &ServerError) -> bool {
    error.status == 403 && error.has_code("anonymous_not_enabled")
}

pub(super) fn polled(words: &Words, answer: ResponseClass<'_>) -> Polled {
    match answer {
        ResponseClass::Object(object) => match delivered(words, &object) {
            Ok(token) => Polled::Delivered(token),
            Err(violation) => Polled::unanswered(violation.into(), AnswerFate::Unreadable),
        },
        ResponseClass::Unreadable(trouble, damaged) => {
            let candidate = damaged.credential(words.access_token).and_then(|token| PersonalToken::parse(token).ok());
            Polled::Unanswered { trouble, fate: AnswerFate::Unreadable, candidate }
        }
        ResponseClass::Lost(trouble) => Polled::unanswered(trouble, AnswerFate::Lost),
        ResponseClass::NotSent(failure) => Polled::unanswered(failure.into(), AnswerFate::NotSent),
        ResponseClass::Refused(error) | ResponseClass::TooMany(error) => poll_refused(words, error),
        ResponseClass::Unavailable(error) => Polled::unanswered(error.into(), AnswerFate::Lost),
        // A gateway may have put it in the place of the delivery.
        ResponseClass::Broken(violation) => Polled::unanswered(violation.into(), AnswerFate::Lost),
    }
}

fn delivered(words: &Words, object: &Object<'_>) -> Result<ClaimedToken, Violation> {
    check_token_type(object, "token_type")?;
    Ok(ClaimedToken { access_token: object.required_secret(words.access_token)?, scopes: scopes(object) })
}

/// A code that continues the polling counts at any status and in upper or lower case. A code that ends the polling counts only as the
/// documents write it, with its status. Any other answer may be a gateway's, in place of the delivery.
fn poll_refused(words: &Words, error: ServerError) -> Polled {
    let is_documented = error.status == words.poll_error_status;
    match meaning(words, &error) {
        Some(PollError::Pending) => Polled::Pending { interval: error.interval, retry_after: error.retry_after },
        Some(PollError::SlowDown) => Polled::SlowDown { interval: error.interval, retry_after: error.retry_after },
        Some(PollError::Expired) if is_documented => Polled::Expired,
        Some(PollError::Denied) if is_documented => Polled::Denied(error),
        Some(PollError::Consumed) if is_documented => Polled::Consumed(error),
        Some(PollError::Refused) if is_documented => Polled::Refused(error),
        None if is_documented && error.code.is_some() => Polled::Undocumented(error),
        _ => Polled::unanswered(error.into(), AnswerFate::Lost),
    }
}

fn meaning(words: &Words, error: &ServerError) -> Option<PollError> {
    let goes_on = |meaning: &PollError| matches!(meaning, PollError::Pending | PollError::SlowDown);
    let is_said = |code: &str, meaning| error.has_code(code) || goes_on(meaning) && error.has_code_in_any_case(code);
    words.poll_errors.iter().find(|(code, meaning)| is_said(code, meaning)).map(|(_, meaning)| *meaning)
}
