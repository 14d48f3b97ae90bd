//! A badge: a JWS whose payload are the claims of an agent (sentryagent.md section 6, RFC 7519).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::jws::Parts;
use super::{Jwks, Rejection, Rules};
use crate::badge::{Did, PublishedProfile};
use crate::http::json::{Json, Object};
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;

/// The claims of a badge whose signature and time are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBadge {
    did: Did,
    expires_at: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    issuer: Option<Untrusted>,
    kid: Option<String>,
    profile: Option<PublishedProfile>,
    claims: Claims,
}

/// The claims as they were signed. `Debug` shows only their length.
#[derive(Clone, PartialEq, Eq)]
struct Claims(Vec<u8>);

impl core::fmt::Debug for Claims {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl VerifiedBadge {
    /// The agent that the badge belongs to: `sub`.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The time when the badge expires: `exp`. If it is `None`, the badge does not expire, and only the service can say whether it is still
    /// valid.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The time when the badge was issued: `iat`.
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// The issuer of the badge: `iss`.
    #[must_use]
    pub fn issuer(&self) -> Option<&Untrusted> {
        self.issuer.as_ref()
    }

    /// The name of the key that signed the badge.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The profile that the badge embeds as `public_profile`. The documents do not name that claim (sentryagent.md, U8). `None` if it has
    /// another name; [`claims_json`](Self::claims_json) contains it.
    #[must_use]
    pub fn profile(&self) -> Option<&PublishedProfile> {
        self.profile.as_ref()
    }

    /// All claims, as they were signed.
    #[must_use]
    pub fn claims_json(&self) -> &[u8] {
        &self.claims.0
    }
}

impl Rules {
    /// Checks a badge against the service's keys, at `now`.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn check_badge(&self, badge: &str, keys: &Jwks, now: Timestamp) -> Result<VerifiedBadge, Rejection> {
        let parts = Parts::take_apart(badge)?;
        self.check_type(parts.typ.as_deref())?;
        let json = parts.claims(keys)?;
        let claims = Object::parse(&json).ok_or(Rejection::Claims)?;
        let [expires_at, issued_at] = self.check_times(&claims, now)?;
        let issuer = self.check_issuer(&claims)?;
        self.check_audience(&claims)?;
        let did = did(&claims)?;
        if expires_at.is_none() && !self.may_lack_expiry {
            return Err(Rejection::NoExpiry);
        }
        let profile = claims.object("public_profile").map(PublishedProfile::read);
        let kid = parts.kid().map(ToOwned::to_owned);
        drop(claims);
        Ok(VerifiedBadge { did, expires_at, issued_at, issuer, kid, profile, claims: Claims(json) })
    }

    /// The type must be the required one. If none is required, it must be absent or `JWT`, because the service's key may also sign tokens of
    /// other kinds (RFC 8725 section 3.11).
    fn check_type(&self, typ: Option<&str>) -> Result<(), Rejection> {
        let is_fine = match (&self.typ, typ.map(media_type)) {
            (Some(required), typ) => typ == Some(media_type(required)),
            (None, typ) => typ.is_none_or(|typ| typ == "jwt"),
        };
        if is_fine { Ok(()) } else { Err(Rejection::Type) }
    }

    /// Returns `exp` and `iat`. The time must be before `exp` and not before `nbf` and `iat`, within the leeway (RFC 7519 section 4.1).
    fn check_times(&self, claims: &Object<'_>, now: Timestamp) -> Result<[Option<Timestamp>; 2], Rejection> {
        let (exp, nbf, iat) = (time(claims, "exp")?, time(claims, "nbf")?, time(claims, "iat")?);
        let is_ahead = |time: Option<Timestamp>| time.is_some_and(|time| now.after(self.leeway) < time);
        if exp.is_some_and(|exp| now.before(self.leeway) >= exp) {
            return Err(Rejection::Expired);
        }
        if is_ahead(nbf) {
            return Err(Rejection::NotYetValid);
        }
        if is_ahead(iat) {
            return Err(Rejection::IssuedInFuture);
        }
        Ok([exp, iat])
    }

    fn check_issuer(&self, claims: &Object<'_>) -> Result<Option<Untrusted>, Rejection> {
        let said = text(claims, "iss")?;
        match (&self.issuer, said) {
            (Some(expected), said) if said != Some(expected) => Err(Rejection::Issuer),
            (_, said) => Ok(said.map(Untrusted::new)),
        }
    }

    fn check_audience(&self, claims: &Object<'_>) -> Result<(), Rejection> {
        let named: Vec<&str> = match claims.get("aud") {
            None => Vec::new(),
            Some(Json::Text(name)) => [name.as_ref()].into(),
            Some(Json::List(names)) => names.iter().map(Json::as_text).collect::<Option<_>>().ok_or(Rejection::Claims)?,
            Some(_) => return Err(Rejection::Claims),
        };
        let is_meant = match &self.audience {
            Some(own) => named.contains(&own.as_str()),
            None => claims.get("aud").is_none(),
        };
        if is_meant { Ok(()) } else { Err(Rejection::Audience) }
    }
}

/// The media type that a `typ` names, in small letters. The prefix `application/` may be left out (RFC 7515 section 4.1.9).
fn media_type(typ: &str) -> String {
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ).to_owned()
}

fn did(claims: &Object<'_>) -> Result<Did, Rejection> {
    let sub = text(claims, "sub")?.ok_or(Rejection::Subject)?;
    Did::parse(sub).map_err(|_| Rejection::Subject)
}

/// A claim that is a string or absent.
fn text<'a>(claims: &'a Object<'_>, name: &str) -> Result<Option<&'a str>, Rejection> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text)),
        Some(_) => Err(Rejection::Claims),
    }
}

/// A claim that is a time in seconds (RFC 7519 section 2) or absent. A claim of another type is never treated as absent.
fn time(claims: &Object<'_>, name: &str) -> Result<Option<Timestamp>, Rejection> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Number(seconds)) if seconds.is_finite() => Ok(Some(Timestamp::from_unix_seconds(*seconds))),
        Some(_) => Err(Rejection::Claims),
    }
}
