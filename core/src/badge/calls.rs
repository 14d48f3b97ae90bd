//! API calls for the holder of a badge: verify it, sign with it, revoke it. The rotation of a badge is a ceremony.

use core::fmt;
use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use http::Response;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Did, PublishedProfile, wire};
use crate::api_call::{self, ApiCall, sealed};
use crate::error::{TransportFailure, Violation};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http::json::{Json, Object};
use crate::http::pinned_origins::Endpoint;
use crate::http::request::{authorized, post_json};
use crate::types::origin::Origin;
use crate::types::secret::{BadInput, Badge};
use crate::types::timestamp::Timestamp;

/// `POST /v1/verify` asks the service whether a badge is valid now. It is the only call that shows a revocation. The deadline is the
/// documented 10 s, and the call may be repeated.
#[derive(Clone, Debug)]
pub struct VerifyBadge {
    origin: Origin,
    badge: Badge,
}

/// The service's verdict on a badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validity {
    /// The badge is valid.
    Valid {
        /// The agent that the badge belongs to.
        did: Option<Did>,
        /// What the service publishes about the agent.
        profile: Box<PublishedProfile>,
    },
    /// The badge has a bad signature, has expired, or was revoked. The service does not say which.
    NotValid,
}

/// `POST /v1/sign` lets the service sign a message in the agent's name. The deadline is the documented 10 s. The call may be repeated,
/// because a repeat only makes another signature.
#[derive(Clone)]
pub struct Sign {
    origin: Origin,
    badge: Badge,
    message: Zeroizing<String>,
}

/// The service's signature over a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed {
    /// The signature as a compact JWS. The documents do not say whether it contains the message (sentryagent.md, U9).
    pub jws: String,
    /// The agent that signed.
    pub did: Option<Did>,
    /// The time of the signature.
    pub signed_at: Option<Timestamp>,
}

/// `POST /v1/revoke` ends a badge for good. A new badge needs another registration.
///
/// The deadline is 60 s, because about 10 s are normal and the documents ask for at least 30 (sentryagent.md, C6). A repeat does no harm,
/// but its answer is not documented (U10). After anything but `Ok`, ask [`VerifyBadge`] for the badge's state.
#[derive(Clone, Debug)]
pub struct RevokeBadge {
    origin: Origin,
    badge: Badge,
}

/// The documented deadline of quick calls.
pub(crate) const QUICK: Duration = Duration::from_secs(10);
pub(crate) const SLOW: Duration = Duration::from_secs(60);

impl VerifyBadge {
    /// Asks about `badge`, which may be one's own or another agent's.
    #[must_use]
    pub fn new(origin: &Origin, badge: Badge) -> Self {
        Self { origin: origin.clone(), badge }
    }
}

impl Sign {
    /// Signs `message` in the name of the agent that `badge` belongs to.
    ///
    /// # Errors
    /// [`BadInput`] for a message that some reader may take for a JSON object. The service may sign with the key that also signs
    /// badges (sentryagent.md, C1), so the signature of an object with claims could be shown as a badge. Readers of JSON differ in
    /// what they accept, so the content of the object does not matter. [`new_even_claims`](Self::new_even_claims) accepts it.
    pub fn new(origin: &Origin, badge: Badge, message: &str) -> Result<Self, BadInput> {
        match rule_against_claims(message) {
            Some(rule) => Err(BadInput { what: "message to sign", rule }),
            None => Ok(Self::new_even_claims(origin, badge, message)),
        }
    }

    /// Signs any message, also one that [`new`](Self::new) refuses.
    #[must_use]
    pub fn new_even_claims(origin: &Origin, badge: Badge, message: &str) -> Self {
        Self { origin: origin.clone(), badge, message: Zeroizing::new(message.to_owned()) }
    }
}

/// The rule that `message` breaks if it may be a JSON object to any reader. Some readers skip more than JSON's white space before the
/// object, and some find UTF-16 or UTF-32 by its NUL characters.
fn rule_against_claims(message: &str) -> Option<&'static str> {
    let is_skipped =
        |char: char| char.is_whitespace() || char.is_control() || matches!(char, '\u{feff}' | '\u{fffe}' | '\u{200b}'..='\u{200f}');
    if message.contains('\0') {
        Some("text without NUL characters, as UTF-16 has them; a reader may take it for a JSON object with the claims of a badge")
    } else if message.trim_start_matches(is_skipped).starts_with('{') {
        Some("not a JSON object; with claims of a token (iss, sub, exp, ...) in it, its signature could be taken for a badge")
    } else {
        None
    }
}

impl RevokeBadge {
    /// Revokes `badge`.
    #[must_use]
    pub fn new(origin: &Origin, badge: Badge) -> Self {
        Self { origin: origin.clone(), badge }
    }
}

/// The output leaves out the message.
impl fmt::Debug for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sign({}, {} bytes)", self.origin, self.message.len())
    }
}

impl sealed::Sealed for VerifyBadge {}
impl sealed::Sealed for Sign {}
impl sealed::Sealed for RevokeBadge {}

impl ApiCall for VerifyBadge {
    type Outcome = Validity;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(wire::verify(&self.origin, &self.badge), QUICK)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<Validity, Failure> {
        api_call::settle(now, result, wire::VERIFIED, wire::verified, |error| Err(Failure::Rejected(error)))
    }
}

impl ApiCall for Sign {
    type Outcome = Signed;
    const SENT_AT_MOST: u8 = 3;

    /// The badge is in the header and in the body, as documented. The answer may repeat the message in base64.
    fn exchange(&self) -> Exchange {
        let body = json!({ "message": self.message.as_str(), "badge": self.badge.expose() });
        let request = authorized(post_json(&self.origin.endpoint(wire::SIGN_PATH), &body), &self.badge);
        let max_body = Exchange::MAX_BODY.saturating_add(self.message.len().saturating_mul(2));
        Exchange { max_body, ..api_call::exchange(request, QUICK) }
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<Signed, Failure> {
        api_call::settle(now, result, "jws", signed, |error| Err(Failure::Rejected(error)))
    }
}

fn signed(object: &Object<'_>) -> Result<Signed, Violation> {
    let jws = object.required_text("jws")?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    // The middle part is empty when the message is left out (RFC 7515 appendix F).
    let is_compact = jws.split('.').count() == 3 && jws.split('.').all(|part| part.bytes().all(is_part));
    if !is_compact || jws.starts_with('.') || jws.ends_with('.') {
        return Err(Violation::BadField { field: "jws".into() });
    }
    Ok(Signed {
        jws: jws.to_owned(),
        did: object.text("did").and_then(|did| Did::parse(did).ok()),
        signed_at: object.text("signed_at").and_then(Timestamp::parse_rfc3339),
    })
}

impl ApiCall for RevokeBadge {
    type Outcome = ();
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        let endpoint: Endpoint = self.origin.endpoint(wire::REVOKE_PATH);
        api_call::exchange(authorized(post_json(&endpoint, &json!({ "badge": self.badge.expose() })), &self.badge), SLOW)
    }

    /// Only an answer with `revoked: true` means that the badge was revoked.
    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<(), Failure> {
        let read = |object: &Object<'_>| match object.get("revoked") {
            Some(Json::Bool(true)) => Ok(()),
            None => Err(Violation::MissingField { field: "revoked".into() }),
            Some(_) => Err(Violation::BadField { field: "revoked".into() }),
        };
        api_call::settle(now, result, "", read, |error| Err(Failure::Rejected(error)))
    }
}
