//! Checks badges offline, with the service's published keys. It needs the feature `verify`.
//!
//! # What it decides, and what it cannot decide
//!
//! [`Rules::check_badge`] says whether a badge was signed by a key of the set and is within its time. It cannot see that a badge was
//! revoked or rotated; only [`VerifyBadge`](crate::badge::VerifyBadge) can. A badge also signs, rotates and revokes in its agent's name, so
//! do not keep a badge that you were shown.
//!
//! The rules are those of RFC 7515, 7517, 7519, 8037, 8725 and 9864:
//!
//! * The algorithm is Ed25519, whatever the token says; its header must call it `EdDSA` or `Ed25519`, and the key must be an
//!   OKP key on Ed25519 that is meant for signatures. Small-order keys and non-canonical encodings are refused.
//! * `kid` is compared with the keys of the set and used for nothing else. `jku`, `x5u`, `jwk` and `x5c` are never looked at.
//!   Without a `kid`, the set must hold exactly one key that fits.
//! * `crit` is refused: no extension is understood. So is `b64: false`.
//! * Base64url is exact: no padding, no other alphabet, no spare bits. A member that comes twice makes the token unreadable.
//! * Members of the set that are unknown or broken are skipped, and never make it unreadable.
//! * `exp`, `nbf` and `iat` are numbers or the token is refused, with a leeway of 60 s; `sub` is a `did:sentryagent:`.
//! * A badge without `exp` is refused, unless the caller accepts it ([`Rules::without_expiry`]). So is one that was issued in the future.
//! * `typ` is absent or `JWT`, unless the caller requires another type ([`Rules::typ`]): a token of any other type is no badge.
//!
//! # In ten lines
//!
//! ```
//! use enlist_core::Timestamp;
//! use enlist_core::badge::verify::{Jwks, Rules};
//!
//! # let jwks_json = br#"{"keys":[{"kty":"OKP","use":"sig","kid":"key-1","alg":"EdDSA","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
//! # let shown = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
//! let jwks = Jwks::parse(jwks_json)?; // GET /v1/jwks, kept for a while
//! let now = Timestamp::from_unix_ms(1_781_254_800_000); // your clock
//! match Rules::default().check_badge(shown, &jwks, now) {
//!     Ok(badge) => println!("{} until {:?}", badge.did(), badge.expires_at()),
//!     Err(rejection) if rejection.wants_newer_keys() => println!("fetch the keys once more, then ask again"),
//!     Err(rejection) => println!("refused: {rejection}"),
//! }
//! # assert!(matches!(Rules::default().check_badge(shown, &jwks, now), Err(enlist_core::badge::verify::Rejection::Claims)));
//! # Ok::<(), enlist_core::badge::verify::BadJwks>(())
//! ```

mod badge;
mod jwks;
mod jws;

#[cfg(test)]
mod vectors;

pub use badge::VerifiedBadge;
pub use jwks::{BadJwks, Jwks};
pub use jws::VerifiedJws;

use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::string::String;

/// The settings for a check, beyond the rules that always apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    leeway: Duration,
    issuer: Option<String>,
    audience: Option<String>,
    typ: Option<String>,
    may_lack_expiry: bool,
}

/// The default has a leeway of 60 s, accepts any issuer (the documents name none), expects no audience, and requires an `exp`.
impl Default for Rules {
    fn default() -> Self {
        Self { leeway: Duration::from_secs(60), issuer: None, audience: None, typ: None, may_lack_expiry: false }
    }
}

impl Rules {
    /// Sets the leeway for clocks that differ: how long after `exp` and how long before `nbf` and `iat` a badge is accepted.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway, ..self }
    }

    /// Requires this issuer: `iss` must be present and equal to it.
    #[must_use]
    pub fn issuer(self, issuer: &str) -> Self {
        Self { issuer: Some(issuer.to_owned()), ..self }
    }

    /// Requires this audience: `aud` must be present and contain it. Without this setting, a token that names an audience is refused,
    /// because it was made for a specific party, which may not be you (RFC 7519 section 4.1.3).
    #[must_use]
    pub fn audience(self, audience: &str) -> Self {
        Self { audience: Some(audience.to_owned()), ..self }
    }

    /// Requires this type: `typ` must be present and equal to it, in any case. Set it as soon as you know what the service writes, because
    /// nothing else distinguishes a badge from another token of the same key (RFC 8725 section 3.11).
    #[must_use]
    pub fn typ(self, typ: &str) -> Self {
        Self { typ: Some(typ.to_owned()), ..self }
    }

    /// Accepts a badge without `exp`. Only the service can say whether such a badge is still valid, so ask it with
    /// [`VerifyBadge`](crate::badge::VerifyBadge).
    #[must_use]
    pub fn without_expiry(self) -> Self {
        Self { may_lack_expiry: true, ..self }
    }
}

/// The reason why a token was refused. Its text contains nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The token is not three parts of strict base64url, or it is far too long.
    #[error("it is not a compact JWS")]
    Malformed,
    /// The header is not a JSON object, a member occurs twice, or a member has a wrong type.
    #[error("its header cannot be read")]
    Header,
    /// The algorithm is not `EdDSA` or `Ed25519`, or there is no signature.
    #[error("its algorithm is not Ed25519")]
    Algorithm,
    /// The token requires support for an extension (`crit`, `b64`).
    #[error("it requires an extension that is not supported")]
    Extension,
    /// `typ` says that the token is something else: it is neither absent nor `JWT`, or it is not the required type.
    #[error("it is a token of another type")]
    Type,
    /// The set does not contain the key. A newer set may contain it.
    #[error("none of the keys is the one that signed it")]
    UnknownKey,
    /// Several keys could be the one that signed.
    #[error("several of the keys could be the one that signed it")]
    AmbiguousKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// The claims are not a JSON object, a member occurs twice, or a member has a wrong type.
    #[error("its claims cannot be read")]
    Claims,
    /// `sub` is not a `did:sentryagent:`.
    #[error("it names no agent")]
    Subject,
    /// The time is after `exp`.
    #[error("it has expired")]
    Expired,
    /// The time is before `nbf`.
    #[error("it is not valid yet")]
    NotYetValid,
    /// `iat` is later than now. The badge was made by a clock that is ahead, or this machine's clock is behind.
    #[error("it was issued in the future, by this machine's clock")]
    IssuedInFuture,
    /// There is no `exp`, so the badge never expires.
    #[error("it has no end, so only the service can say whether it is still valid")]
    NoExpiry,
    /// `iss` is not the required issuer.
    #[error("it is from another issuer")]
    Issuer,
    /// `aud` is not the required audience, or it names an audience although none is required.
    #[error("it is intended for somebody else")]
    Audience,
}

impl Rejection {
    /// Every rejection.
    pub const ALL: &'static [Self] = &[
        Self::Malformed,
        Self::Header,
        Self::Algorithm,
        Self::Extension,
        Self::Type,
        Self::UnknownKey,
        Self::AmbiguousKey,
        Self::Signature,
        Self::Claims,
        Self::Subject,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuedInFuture,
        Self::NoExpiry,
        Self::Issuer,
        Self::Audience,
    ];

    /// The rejection's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Header => "header",
            Self::Algorithm => "algorithm",
            Self::Extension => "extension",
            Self::Type => "type",
            Self::UnknownKey => "unknown_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Subject => "subject",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
            Self::NoExpiry => "no_expiry",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
        }
    }

    /// Whether a newer set of keys may change the result. Fetch it once, and not more often than once a minute for this reason, because the
    /// maker of the token chose the `kid`.
    #[must_use]
    pub const fn wants_newer_keys(self) -> bool {
        matches!(self, Self::UnknownKey)
    }

    /// Whether the verdict depends on this machine's clock, so that a wrong clock may be its reason.
    #[must_use]
    pub const fn may_be_a_wrong_clock(self) -> bool {
        matches!(self, Self::Expired | Self::NotYetValid | Self::IssuedInFuture)
    }
}
