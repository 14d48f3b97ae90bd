//! A set of keys (RFC 7517). Only the keys that can sign a badge count.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::Rejection;
use super::jws::is_ed25519;
use crate::http::json::{Json, Object};

/// The largest size of a set, in bytes: a hundred times what the service publishes.
const LARGEST: usize = 64 * 1024;

/// A service's keys. Members that are unknown, broken or meant for another purpose are skipped (RFC 7517 section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwks {
    keys: Vec<Key>,
    skipped: usize,
}

/// An Ed25519 key for signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    kid: Option<String>,
    key: VerifyingKey,
}

/// The document is not a set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid JWK set (expected a JSON object of at most 64 KiB with a list `keys`, in which no member occurs twice)")]
pub struct BadJwks;

impl Jwks {
    /// Reads a set.
    ///
    /// # Errors
    /// [`BadJwks`] if the document is not a set. A set without a usable key is valid, and verifies nothing.
    pub fn parse(json: &[u8]) -> Result<Self, BadJwks> {
        if json.len() > LARGEST {
            return Err(BadJwks);
        }
        let object = Object::parse(json).ok_or(BadJwks)?;
        let Some(Json::List(members)) = object.get("keys") else { return Err(BadJwks) };
        let keys: Vec<_> = members.iter().filter_map(|member| Key::read(member.as_object()?)).collect();
        let skipped = members.len().saturating_sub(keys.len());
        Ok(Self { keys, skipped })
    }

    /// The number of keys that can be used.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can be used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The number of members that were skipped.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The key with this name, or the only key if no name is given. The order of the set does not matter.
    pub(super) fn key(&self, kid: Option<&str>) -> Result<&Key, Rejection> {
        let mut meant = self.keys.iter().filter(|key| kid.is_none() || key.kid.as_deref() == kid);
        match (meant.next(), meant.next()) {
            (None, _) => Err(Rejection::UnknownKey),
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(Rejection::AmbiguousKey),
        }
    }
}

impl Key {
    /// Reads a key; `None` if the member cannot be used.
    fn read(member: &Object<'_>) -> Option<Self> {
        let absent_or = |field: &str, is_fine: &dyn Fn(&Json<'_>) -> bool| member.get(field).is_none_or(is_fine);
        let is_text = |text: &'static str| move |value: &Json<'_>| value.as_text() == Some(text);
        let verifies = |value: &Json<'_>| matches!(value, Json::List(ops) if ops.iter().any(is_text("verify")));
        let is_meant = member.text("kty") == Some("OKP")
            && member.text("crv") == Some("Ed25519")
            && absent_or("use", &is_text("sig"))
            && absent_or("key_ops", &verifies)
            && absent_or("alg", &|alg| alg.as_text().is_some_and(is_ed25519))
            // A set that publishes the private part has given the key away (RFC 8037 section 2).
            && member.get("d").is_none();
        let kid = match member.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_text()?.to_owned()),
        };
        is_meant.then(|| Some(Self { kid, key: point(member.text("x")?)? }))?
    }

    /// Verifies strictly: the points of the signature and the key are not of small order, `S` is below the group's order, and every
    /// encoding is canonical (RFC 8032 section 5.1.7).
    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(signed, &Signature::from_bytes(signature)).is_ok()
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// The point that `x` encodes. It has 32 bytes in canonical form and is not of small order.
fn point(x: &str) -> Option<VerifyingKey> {
    // A longer text cannot be 32 bytes, so it is not decoded.
    let bytes = (x.len() == 43).then(|| URL_SAFE_NO_PAD.decode(x).ok()).flatten()?;
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    let key = VerifyingKey::from_bytes(&bytes).ok()?;
    (is_canonical(&bytes) && !key.is_weak()).then_some(key)
}

/// Whether the encoded coordinate is below 2^255 - 19. The library also accepts the few that are not.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    !(*lowest >= 0xed && middle.iter().all(|byte| *byte == 0xff) && highest & 0x7f == 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_from_the_modulus_on_are_not_canonical() {
        let mut bytes = [0xff; 32];
        for (lowest, highest, expected) in
            [(0xec, 0x7f, true), (0xed, 0x7f, false), (0xff, 0x7f, false), (0xed, 0xff, false), (0xff, 0x7e, true)]
        {
            (bytes[0], bytes[31]) = (lowest, highest);
            assert_eq!(is_canonical(&bytes), expected, "{lowest:x} {highest:x}");
        }
    }
}
