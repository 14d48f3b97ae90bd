//! The public lookups (`sentryagent.md` section 8).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};

use super::badge::KEY_ID;
use super::manifest::PublicProfile;
use super::signing::agent_key_id;
use super::{Refusal, SentryAgent};
use crate::ambiguities::{DidInPath, SigningKeyOf};
use crate::clock::rfc3339;
use crate::context::Context;
use crate::http::Answer;

#[derive(Serialize)]
struct Looked<'a> {
    did: &'a str,
    public_profile: &'a PublicProfile,
    issued_at: String,
}

impl SentryAgent {
    /// The published profile of an agent. `encoded` is the DID from the path, with raw colons or with `%3A` (C2).
    pub(super) fn manifest(&self, context: &Context<'_>, encoded: &str) -> Result<Answer, Refusal> {
        let did = percent_decode_str(encoded).decode_utf8_lossy();
        let is_readable = match context.config.ambiguities.sentryagent.did_in_path {
            DidInPath::Either => true,
            DidInPath::RawOnly => !encoded.contains('%'),
            DidInPath::EncodedOnly => !encoded.contains(':'),
        };
        if !is_did(&did) || !is_readable {
            return Err(Refusal::new(400, "invalid_did", "The DID has not the form did:sentryagent:..."));
        }
        let agent = self.agents.get(&did).filter(|agent| agent.is_alive(context.now));
        let agent = agent.ok_or_else(|| Refusal::new(404, "not_found", "Never registered, or revoked."))?;
        let issued_at = rfc3339(agent.issued_at);
        Ok(Answer::json(200, &Looked { did: &did, public_profile: &agent.public_profile, issued_at }))
    }

    /// The JWKS: the bridge's key, and the agents' keys under [`SigningKeyOf::AgentListed`] (C1).
    pub(super) fn jwks(&self, context: &Context<'_>) -> Answer {
        let mut keys = vec![jwk(KEY_ID, &self.key)];
        if context.config.ambiguities.sentryagent.signing_key == SigningKeyOf::AgentListed {
            keys.extend(self.agents.iter().map(|(did, agent)| jwk(&agent_key_id(did), &agent.key)));
        }
        Answer::json(200, &json!({"keys": keys}))
    }

    /// The DID document of the bridge. Its form and its DID method are not published (U12).
    pub(super) fn did_document(&self, context: &Context<'_>) -> Answer {
        let host = context.url.trim_start_matches("http://").replace(':', "%3A");
        let did = format!("did:web:{host}");
        let method = format!("{did}#{KEY_ID}");
        let x = URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        let body = json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
            "id": did,
            "verificationMethod": [{
                "id": method,
                "type": "JsonWebKey2020",
                "controller": did,
                "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "x": x},
            }],
            "assertionMethod": [method],
        });
        Answer::json(200, &body)
    }
}

fn jwk(kid: &str, key: &SigningKey) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    json!({"kty": "OKP", "use": "sig", "kid": kid, "alg": "EdDSA", "crv": "Ed25519", "x": x})
}

pub(super) fn health() -> Answer {
    Answer::json(200, &json!({"status": "ok", "version": "1.0.0"}))
}

/// Whether the text is a DID of SentryAgent. The alphabet and length of the identifier are not published; the sandbox
/// accepts letters, digits, `.`, `-` and `_` in any length.
fn is_did(text: &str) -> bool {
    text.strip_prefix("did:sentryagent:")
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')))
}
