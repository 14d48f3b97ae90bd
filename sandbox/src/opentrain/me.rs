//! `GET /api/public/v1/auth/me` (`opentrain.md` sections 8 and 9).

use serde_json::json;

use super::{OAuthError, OpenTrain};
use crate::http::{Answer, Request};
use crate::random;

impl OpenTrain {
    /// Who the token belongs to. What it says of an unclaimed account is a guess (U13): no e-mail, the agent's name.
    pub(super) fn me(&self, request: &Request) -> Result<Answer, OAuthError> {
        let token = request.bearer().and_then(|bearer| self.tokens.get(bearer)).filter(|token| !token.revoked);
        let Some(token) = token else {
            return unauthorized();
        };
        let Some(account) = self.registrations.get(&token.claim_token) else {
            return unauthorized();
        };
        let name = account.agent_name.as_deref().unwrap_or("Agent");
        let body = json!({
            "actor": {
                "userId": account.user_id,
                "email": account.owner,
                "firstName": name,
                "lastName": "",
                "fullName": name,
                "userType": "EMPLOYER",
            },
            "token": {
                "id": token.id,
                "label": "agent",
                "scopes": token.scopes,
                "ownerOrganizationId": account.organization_id,
            },
            "account": {
                "kind": "employer_organization",
                "organizationId": account.organization_id,
                "ownerUserId": account.user_id,
                "memberRole": "OWNER",
            },
        });
        Ok(Answer::json(200, &body))
    }
}

/// The Public API's own error shape.
fn unauthorized() -> Result<Answer, OAuthError> {
    let body = json!({
        "error": "The API token is missing, invalid, expired or revoked.",
        "code": "UNAUTHORIZED",
        "requestId": random::uuid()?,
    });
    Ok(Answer::json(401, &body))
}
