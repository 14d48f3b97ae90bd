//! A compact JWS (RFC 7515): three parts, a header, one signature.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Jwks, Rejection, Rules};
use crate::http::json::{Json, Object};

/// The largest length of a token, in characters. It is far longer than any badge.
const LONGEST: usize = 128 * 1024;

/// A message with a valid signature, such as the checked result of [`Sign`](crate::badge::Sign).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedJws {
    payload: Vec<u8>,
    kid: Option<String>,
}

impl VerifiedJws {
    /// The signed bytes: the message, or what the service made of it (sentryagent.md, U9).
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The name of the key that signed, if it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// A token that was split and whose header is valid. Its signature has not been checked yet.
pub(super) struct Parts<'a> {
    /// `header.payload`, as it was signed.
    signed: &'a str,
    payload: &'a str,
    signature: [u8; 64],
    kid: Option<String>,
    pub(super) typ: Option<String>,
}

impl Rules {
    /// Checks a signed message against the keys that may have signed it. It does not check the time, the issuer and the type, because the
    /// message need not be a token. Never take it for a badge.
    ///
    /// # Errors
    /// [`Rejection`]. `UnknownKey` may also mean that the agent's own key signed, which is not published anywhere (sentryagent.md, C1).
    pub fn check_jws(&self, jws: &str, keys: &Jwks) -> Result<VerifiedJws, Rejection> {
        let parts = Parts::take_apart(jws)?;
        let (payload, kid) = parts.verify(parts.signed, parts.payload, keys)?;
        Ok(VerifiedJws { payload, kid })
    }

    /// Checks a JWS without its message (RFC 7515 appendix F), together with the separate `message`.
    ///
    /// # Errors
    /// [`Rejection`]. It is `Malformed` if the JWS contains a message.
    pub fn check_detached(&self, jws: &str, message: &[u8], keys: &Jwks) -> Result<VerifiedJws, Rejection> {
        let parts = Parts::take_apart(jws)?;
        let Some(header) = parts.signed.strip_suffix('.') else { return Err(Rejection::Malformed) };
        let payload = URL_SAFE_NO_PAD.encode(message);
        let (payload, kid) = parts.verify(&format!("{header}.{payload}"), &payload, keys)?;
        Ok(VerifiedJws { payload, kid })
    }
}

impl<'a> Parts<'a> {
    pub(super) fn take_apart(token: &'a str) -> Result<Self, Rejection> {
        if token.len() > LONGEST {
            return Err(Rejection::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Rejection::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Rejection::Malformed)?;
        if header.is_empty() || payload.contains('.') {
            return Err(Rejection::Malformed);
        }
        let header = decode(header)?;
        let header = Object::parse(&header).ok_or(Rejection::Header)?;
        let (kid, typ) = check_header(&header)?;
        // The library decodes without checking the result, so a part that is not base64url is refused here.
        decode(payload)?;
        let signature = decode(signature)?.try_into().map_err(|_| Rejection::Signature)?;
        Ok(Self { signed, payload, signature, kid, typ })
    }

    /// Returns the payload if the signature over `signed` is valid.
    pub(super) fn verify(&self, signed: &str, payload: &str, keys: &Jwks) -> Result<(Vec<u8>, Option<String>), Rejection> {
        let key = keys.key(self.kid.as_deref())?;
        if !key.verifies(signed.as_bytes(), &self.signature) {
            return Err(Rejection::Signature);
        }
        Ok((decode(payload)?, key.kid().map(ToOwned::to_owned)))
    }

    pub(super) fn claims(&self, keys: &Jwks) -> Result<Vec<u8>, Rejection> {
        self.verify(self.signed, self.payload, keys).map(|(payload, _)| payload)
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// Accepts both names of the algorithm (RFC 8037 section 3.1, RFC 9864), which are case-sensitive.
pub(super) fn is_ed25519(alg: &str) -> bool {
    matches!(alg, "EdDSA" | "Ed25519")
}

/// Returns the key's name and the token's type, if the header requires nothing that is not supported.
fn check_header(header: &Object<'_>) -> Result<(Option<String>, Option<String>), Rejection> {
    let text = |field: &str| match header.get(field) {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.as_ref().to_owned())),
        Some(_) => Err(Rejection::Header),
    };
    let alg = text("alg")?.ok_or(Rejection::Algorithm)?;
    if !is_ed25519(&alg) {
        return Err(Rejection::Algorithm);
    }
    // RFC 7515 section 4.1.11; RFC 7797 section 3.
    if header.get("crit").is_some() || header.get("b64").is_some_and(|b64| *b64 != Json::Bool(true)) {
        return Err(Rejection::Extension);
    }
    Ok((text("kid")?, text("typ")?))
}

/// Decodes strict base64url: no padding, no white space, no `+` and `/`, no spare bits.
fn decode(part: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejection::Malformed)
}
