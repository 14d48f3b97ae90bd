//! `GET /api/public/v1/auth/me` (`opentrain.md` sections 8 and 9).

use serde_json::json;

use super::OpenTrain;
use super::public_api::PublicError;
use crate::context::Context;
use crate::http::{Answer, Request};

impl OpenTrain {
    /// The account that the token belongs to. The answer for an unclaimed account is a guess (U13): no e-mail, and the
    /// agent's name.
    pub(super) fn me(&self, context: &Context<'_>, request: &Request) -> Result<Answer, PublicError> {
        let (_, token) = self.caller(context, request)?;
        let account = self.registrations.get(&token.claim_token);
        let account = account.ok_or_else(|| PublicError::new(404, "NOT_FOUND", "The token's user is gone."))?;
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
                "label": token.name,
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
