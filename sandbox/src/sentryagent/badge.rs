//! The badge: a compact JWS, EdDSA over Ed25519 (`sentryagent.md` section 6, RFC 7515, RFC 8037). Claims beyond `sub`
//! and the embedded profile are not published (U8).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey};
use serde::{Deserialize, Serialize};

use super::manifest::PublicProfile;
use super::{Agent, Refusal, SentryAgent};
use crate::context::Context;
use crate::random;

/// The `kid` of the only key.
pub(super) const KEY_ID: &str = "key-1";

/// The JWS header. `alg` comes first, as in the prefix that the pages print.
#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
    kid: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    public_profile: PublicProfile,
    iss: String,
    /// Unix seconds.
    iat: u64,
    /// Unix seconds.
    exp: u64,
    jti: String,
}

impl SentryAgent {
    /// Registers an agent under a new DID.
    pub(super) fn issue(&mut self, context: &Context<'_>, public_profile: PublicProfile) -> Result<String, Refusal> {
        let did = format!("did:sentryagent:{}", random::alphanumeric(22)?);
        let issued = context.now / 1000;
        let claims = Claims {
            sub: did.clone(),
            public_profile: public_profile.clone(),
            iss: context.url.to_owned(),
            iat: issued,
            exp: issued.saturating_add(context.config.badge_lifetime.as_secs()),
            jti: random::uuid()?,
        };
        let badge = self.sign(&claims);
        let key = SigningKey::from_bytes(&random::bytes()?);
        self.agents.insert(did, Agent { public_profile, key, issued_at: context.now, revoked: false, dies_at: None });
        self.badges_issued += 1;
        Ok(badge)
    }

    /// The DID of a badge that this service signed and that has not expired. Revocation is not checked.
    pub(super) fn subject(&self, badge: &str, now: u64) -> Option<String> {
        let (signed, signature) = badge.rsplit_once('.')?;
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        self.key.verifying_key().verify_strict(signed.as_bytes(), &signature).ok()?;
        let (_, payload) = signed.split_once('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (now / 1000 < claims.exp).then_some(claims.sub)
    }

    fn sign(&self, claims: &Claims) -> String {
        let header = Header { alg: "EdDSA", typ: "JWT", kid: KEY_ID };
        let signed = format!("{}.{}", encoded(&header), encoded(claims));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

fn encoded(part: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).unwrap_or_default())
}
