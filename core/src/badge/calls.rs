//! What the holder of a badge can do with it: have it verified, sign, revoke it. Rotating it is a ceremony of its own.

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
use crate::http::request::{authorized, post_json};
use crate::types::origin::{Endpoint, Origin};
use crate::types::secret::{BadInput, Badge};
use crate::types::timestamp::Timestamp;

/// `POST /v1/verify`: is the badge good, at this moment and by the service's own word? The only call that sees a revocation.
/// 10 s, as documented; may be repeated.
#[derive(Clone, Debug)]
pub struct VerifyBadge {
    origin: Origin,
    badge: Badge,
}

/// What the service says of a badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validity {
    /// The badge is good.
    Valid {
        /// Whose it is.
        did: Option<Did>,
        /// What the service publishes about the agent.
        profile: Box<PublishedProfile>,
    },
    /// Its signature is bad, or it has expired, or it was revoked: the service does not say which.
    NotValid,
}

/// `POST /v1/sign`: the service signs a message in the agent's name. 10 s, as documented; may be repeated, for a repeat makes
/// another signature and no more.
#[derive(Clone)]
pub struct Sign {
    origin: Origin,
    badge: Badge,
    message: Zeroizing<String>,
}

/// What the service signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed {
    /// The signature, a compact JWS. Whether the message is in it is not documented (sentryagent.md, U9).
    pub jws: String,
    /// Who signed.
    pub did: Option<Did>,
    /// When.
    pub signed_at: Option<Timestamp>,
}

/// `POST /v1/revoke`: the badge is dead, for good; another registration is needed.
///
/// 60 s: about 10 are normal, and the documents ask for 30 at least (sentryagent.md, C6). It may be repeated, in effect; what a
/// repeat is answered is not documented (U10). So after anything but `Ok`, [`VerifyBadge`] says what is the case.
#[derive(Clone, Debug)]
pub struct RevokeBadge {
    origin: Origin,
    badge: Badge,
}

/// The documented deadline of quick calls, and what the slow ones get: more than their documented 30 s.
pub(crate) const QUICK: Duration = Duration::from_secs(10);
pub(crate) const SLOW: Duration = Duration::from_secs(60);

impl VerifyBadge {
    /// About `badge`, one's own or one that was shown.
    #[must_use]
    pub fn new(origin: &Origin, badge: Badge) -> Self {
        Self { origin: origin.clone(), badge }
    }
}

impl Sign {
    /// Signs `message` in the name of `badge`'s agent.
    ///
    /// # Errors
    /// [`BadInput`] for a message that some reader may take for a JSON object. The service may sign with the key that also signs
    /// badges (sentryagent.md, C1), so the signature of an object with claims could be shown as a badge. Readers of JSON differ in
    /// what they accept, so the content of the object does not matter. [`new_even_claims`](Self::new_even_claims) takes it.
    pub fn new(origin: &Origin, badge: Badge, message: &str) -> Result<Self, BadInput> {
        match rule_against_claims(message) {
            Some(rule) => Err(BadInput { what: "message to sign", rule }),
            None => Ok(Self::new_even_claims(origin, badge, message)),
        }
    }

    /// Signs `message` whatever it is.
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
    /// Ends `badge`.
    #[must_use]
    pub fn new(origin: &Origin, badge: Badge) -> Self {
        Self { origin: origin.clone(), badge }
    }
}

/// Without the message.
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

    /// The badge stands in the header and in the body, as documented. The answer may repeat the message, in base64.
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
    // The middle one is empty when the message is left out (RFC 7515 appendix F).
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

    /// Done is what says `revoked: true`, and nothing else.
    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<(), Failure> {
        let read = |object: &Object<'_>| match object.get("revoked") {
            Some(Json::Bool(true)) => Ok(()),
            None => Err(Violation::MissingField { field: "revoked".into() }),
            Some(_) => Err(Violation::BadField { field: "revoked".into() }),
        };
        api_call::settle(now, result, "", read, |error| Err(Failure::Rejected(error)))
    }
}
