//! `/api/public/v1/tokens` (`opentrain.md` section 10).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::public_api::PublicError;
use super::register::personal_token;
use super::{OpenTrain, POST_CLAIM_SCOPES, Token};
use crate::ambiguities::TokenCap;
use crate::clock::rfc3339;
use crate::context::Context;
use crate::http::{Answer, Request};
use crate::random;

/// The greatest number of active tokens of an account.
const CAP: usize = 25;

/// The scopes that no token of an agent has by default (section 11).
const OTHER_SCOPES: [&str; 2] = ["payments:write", "webhooks:manage"];

impl OpenTrain {
    pub(super) fn list_tokens(&self, context: &Context<'_>, request: &Request) -> Result<Answer, PublicError> {
        let (_, caller) = self.caller(context, request)?;
        let of_account = self.tokens.iter().filter(|(_, token)| token.claim_token == caller.claim_token);
        let tokens: Vec<_> = of_account.map(|(secret, token)| self.metadata(context, secret, token)).collect();
        Ok(Answer::json(200, &json!({"tokens": tokens})))
    }

    pub(super) fn create_token(&mut self, context: &Context<'_>, request: &Request) -> Result<Answer, PublicError> {
        let (_, caller) = self.caller(context, request)?;
        let (claim_token, own_scopes) = (caller.claim_token.clone(), caller.scopes.clone());
        let members = request.json().map_err(PublicError::bad_request)?;
        let name = name(&members)?;
        let scopes = scopes(&members, &own_scopes)?;
        let expires_at = expiry(&members, context.now)?;
        let is_active = |token: &Token| token.claim_token == claim_token && !token.revoked && !token.is_expired(context.now);
        if self.tokens.iter().filter(|(_, token)| is_active(token)).count() >= CAP {
            return Err(match context.config.ambiguities.opentrain.token_cap {
                TokenCap::Conflict => PublicError::new(409, "CONFLICT", "There are 25 active tokens already."),
                TokenCap::BadRequest => PublicError::bad_request("There are 25 active tokens already."),
            });
        }
        let secret = personal_token().map_err(|_| PublicError::internal())?;
        let id = random::uuid().map_err(|_| PublicError::internal())?;
        let token = Token { name, scopes, created_at: context.now, expires_at, ..Token::new(id, &claim_token) };
        let metadata = self.metadata(context, &secret, &token);
        self.tokens.insert(secret.clone(), token);
        Ok(Answer::json(201, &json!({"token": secret, "tokenType": "bearer", "metadata": metadata})))
    }

    /// Deletes a token. A token of another account is answered like one that does not exist.
    pub(super) fn delete_token(&mut self, context: &Context<'_>, request: &Request, id: &str) -> Result<Answer, PublicError> {
        let (_, caller) = self.caller(context, request)?;
        let claim_token = caller.claim_token.clone();
        let is_meant = |token: &Token| token.id == id && token.claim_token == claim_token;
        let secret = self.tokens.iter().find(|(_, token)| is_meant(token)).map(|(secret, _)| secret.to_owned());
        let not_found = || PublicError::new(404, "NOT_FOUND", "There is no such token.").with("tokenId", id);
        let secret = secret.ok_or_else(not_found)?;
        if let Some(token) = self.tokens.get_mut(&secret) {
            token.revoke(context.now);
        }
        let token = self.tokens.get(&secret).ok_or_else(not_found)?;
        Ok(Answer::json(200, &json!({"token": self.metadata(context, &secret, token)})))
    }

    fn metadata(&self, context: &Context<'_>, secret: &str, token: &Token) -> Value {
        let organization = self.registrations.get(&token.claim_token).map(|account| account.organization_id.as_str());
        let time = |at: Option<u64>| at.map(rfc3339);
        json!({
            "id": token.id, "name": token.name, "preview": preview(secret), "scopes": token.scopes,
            "status": token.status(context.now), "organizationId": organization, "createdAt": rfc3339(token.created_at),
            "lastUsedAt": null, "expiresAt": time(token.expires_at), "revokedAt": time(token.revoked_at),
        })
    }
}

/// `ot_pat_8f2a********91cd`
fn preview(secret: &str) -> String {
    let (start, end) = (secret.get(..11).unwrap_or_default(), secret.get(secret.len().saturating_sub(4)..).unwrap_or_default());
    format!("{start}********{end}")
}

fn name(members: &Map<String, Value>) -> Result<String, PublicError> {
    match members.get("name") {
        None => Ok("API token".to_owned()),
        Some(Value::String(name)) if (1..=120).contains(&name.chars().count()) => Ok(name.clone()),
        Some(_) => Err(PublicError::bad_request("name must be a string of at most 120 characters.")),
    }
}

/// The requested scopes, which must be a subset of the caller's; `x:write` covers `x:read`.
fn scopes(members: &Map<String, Value>, own: &[String]) -> Result<Vec<String>, PublicError> {
    let Some(asked) = members.get("scopes") else { return Ok(own.to_vec()) };
    let asked: Option<Vec<String>> = asked.as_array().and_then(|list| list.iter().map(|scope| scope.as_str().map(str::to_owned)).collect());
    let asked = asked.ok_or_else(|| PublicError::bad_request("scopes must be an array of strings."))?;
    let is_known = |scope: &String| POST_CLAIM_SCOPES.contains(&scope.as_str()) || OTHER_SCOPES.contains(&scope.as_str());
    let unknown: Vec<_> = asked.iter().filter(|scope| !is_known(scope)).cloned().collect();
    if !unknown.is_empty() {
        return Err(PublicError::bad_request("There are unknown scopes.").with("unknownScopes", unknown));
    }
    let is_covered =
        |scope: &String| own.contains(scope) || scope.strip_suffix(":read").is_some_and(|part| own.contains(&format!("{part}:write")));
    if asked.iter().all(is_covered) { Ok(asked) } else { Err(PublicError::new(403, "FORBIDDEN", "These scopes are not yours to give.")) }
}

fn expiry(members: &Map<String, Value>, now: u64) -> Result<Option<u64>, PublicError> {
    let refused = || PublicError::bad_request("expiresAt must be a time in the future.");
    let Some(expiry) = members.get("expiresAt") else { return Ok(None) };
    let at: Timestamp = expiry.as_str().and_then(|text| text.parse().ok()).ok_or_else(refused)?;
    let at = u64::try_from(at.as_millisecond()).map_err(|_| refused())?;
    if at > now { Ok(Some(at)) } else { Err(refused()) }
}
