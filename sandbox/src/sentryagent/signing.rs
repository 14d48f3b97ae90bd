//! `POST /v1/sign` (`sentryagent.md` section 7). The signing key is ambiguity C1, and the payload is U9.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde::Serialize;
use serde_json::json;

use super::badge::KEY_ID;
use super::registration::text;
use super::{Refusal, SentryAgent};
use crate::ambiguities::{SignedPayload, SigningKeyOf};
use crate::clock::rfc3339;
use crate::context::Context;
use crate::http::{Answer, Request};

/// The JWS header, in the order of the prefix that the pages print: `alg`, then `kid`.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
}

impl SentryAgent {
    pub(super) fn sign_message(&self, context: &Context<'_>, request: &Request) -> Result<Answer, Refusal> {
        let members = request.json().map_err(Refusal::invalid)?;
        let message = text(&members, "message")?;
        let did = self.holder(context, request, text(&members, "badge")?)?;
        let agent = self.agents.get(&did).ok_or_else(Refusal::unauthorized)?;
        let ambiguities = &context.config.ambiguities.sentryagent;
        let signed_at = rfc3339(context.now);
        let payload = match ambiguities.signed_payload {
            SignedPayload::Raw | SignedPayload::Detached => message.to_owned(),
            SignedPayload::Claims => json!({"sub": did, "message": message, "iat": context.now / 1000}).to_string(),
        };
        let jws = match ambiguities.signing_key {
            SigningKeyOf::Bridge => compact(&self.key, KEY_ID, &payload),
            SigningKeyOf::AgentListed | SigningKeyOf::AgentUnlisted => compact(&agent.key, &agent_key_id(&did), &payload),
        };
        let jws = if ambiguities.signed_payload == SignedPayload::Detached { detached(&jws) } else { jws };
        Ok(Answer::json(200, &json!({"jws": jws, "did": did, "signed_at": signed_at})))
    }

    /// The agent with this badge. The badge must be valid, and be both the bearer credential and in the body.
    pub(super) fn holder(&self, context: &Context<'_>, request: &Request, badge: &str) -> Result<String, Refusal> {
        let did = self.subject(badge, context.now).filter(|_| request.bearer() == Some(badge));
        let is_alive = |did: &String| self.agents.get(did).is_some_and(|agent| agent.is_alive(context.now));
        did.filter(is_alive).ok_or_else(Refusal::unauthorized)
    }
}

/// The `kid` of an agent's own key in the JWKS.
pub(super) fn agent_key_id(did: &str) -> String {
    format!("{did}#key")
}

fn compact(key: &SigningKey, kid: &str, payload: &str) -> String {
    let header = serde_json::to_vec(&Header { alg: "EdDSA", kid }).unwrap_or_default();
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// The JWS without its payload (RFC 7515 appendix F).
fn detached(jws: &str) -> String {
    let (header, rest) = jws.split_once('.').unwrap_or_default();
    let (_, signature) = rest.split_once('.').unwrap_or_default();
    format!("{header}..{signature}")
}
