//! Reads a badge without verifying it. A party that relies on a badge must verify it.

use core::fmt;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::PublishedProfile;
use crate::http::json::Object;
use crate::types::secret::{BadInput, Badge};
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;
use zeroize::Zeroizing;

/// An agent's decentralised identifier, `did:sentryagent:...` (W3C DID Core section 3.1). It is public.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Did(String);

impl Did {
    /// Checks the syntax.
    ///
    /// # Errors
    /// [`BadInput`] if the text is not a DID of this service.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%');
        let id = text.strip_prefix("did:sentryagent:").filter(|id| !id.is_empty() && !id.ends_with(':') && id.bytes().all(is_id));
        id.map(|_| Self(text.to_owned())).ok_or(BadInput { what: "DID", rule: "did:sentryagent: and an identifier" })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The claims of a badge, read but not verified. They inform the badge's holder; nobody may rely on them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadgeView {
    /// `sub`
    pub did: Option<Did>,
    /// `iss`
    pub issuer: Option<Untrusted>,
    /// `iat`
    pub issued_at: Option<Timestamp>,
    /// `exp`
    pub expires_at: Option<Timestamp>,
    /// `public_profile`. The documents do not name the claim that embeds the profile (sentryagent.md, U8).
    pub profile: Option<PublishedProfile>,
}

impl BadgeView {
    /// Reads the claims of `badge`; `None` if they cannot be read.
    #[must_use]
    pub fn of(badge: &Badge) -> Option<Self> {
        let claims = claims_of(badge)?;
        let claims = Object::parse(&claims)?;
        let time = |claim: &str| claims.number(claim).filter(|seconds| seconds.is_finite()).map(Timestamp::from_unix_seconds);
        Some(Self {
            did: claims.text("sub").and_then(|sub| Did::parse(sub).ok()),
            issuer: claims.text("iss").map(Untrusted::new),
            issued_at: time("iat"),
            expires_at: time("exp"),
            profile: claims.object("public_profile").map(PublishedProfile::read),
        })
    }
}

/// The DID in the badge's `sub`. The answer of the registration does not contain it (sentryagent.md section 6).
pub(crate) fn did_of(badge: &Badge) -> Option<Did> {
    Did::parse(Object::parse(&claims_of(badge)?)?.text("sub")?).ok()
}

/// Whether `badge` has the form of a badge: three parts of base64url and a header with the documented algorithm. It is used where a badge
/// comes in a damaged answer; a whole answer is taken at its word.
pub(crate) fn has_form_of_badge(badge: &Badge) -> bool {
    let parts: Vec<_> = badge.expose().split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok().map(Zeroizing::new)).collect();
    let [Some(header), Some(claims), Some(signature)] = parts.as_slice() else { return false };
    let is_eddsa = Object::parse(header).is_some_and(|header| header.text("alg").is_some_and(|alg| matches!(alg, "EdDSA" | "Ed25519")));
    is_eddsa && Object::parse(claims).is_some() && !signature.is_empty()
}

fn claims_of(badge: &Badge) -> Option<Zeroizing<Vec<u8>>> {
    let mut parts = badge.expose().split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some(Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn badge(claims: &str) -> Badge {
        Badge::parse(&format!("eyJhbGciOiJFZERTQSJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))).unwrap()
    }

    #[test]
    fn the_did_is_the_badges_sub() {
        let did = did_of(&badge(r#"{"iss":"x","sub":"did:sentryagent:abc123"}"#));
        assert_eq!(did.as_ref().map(Did::as_str), Some("did:sentryagent:abc123"));
    }

    #[test]
    fn what_is_no_badge_has_no_did() {
        for claims in [
            "",
            "{}",
            "[]",
            r#"{"sub":1}"#,
            r#"{"sub":"did:web:x"}"#,
            r#"{"sub":"did:sentryagent:"}"#,
            r#"{"sub":"did:sentryagent:a b"}"#,
            r#"{"sub":"did:sentryagent:a","sub":"did:sentryagent:b"}"#,
        ] {
            assert_eq!(did_of(&badge(claims)), None, "{claims}");
        }
        for text in ["x", "a.b", "a.b.c.d", "a.!!.c", "..", "a.e30=.c"] {
            assert_eq!(did_of(&Badge::parse(text).unwrap()), None, "{text}");
        }
    }
}
