//! `POST /api/agent/oauth/revoke` (`opentrain.md` section 6, RFC 7009).

use serde_json::json;

use super::{OAuthError, OpenTrain};
use crate::http::{Answer, Request};

impl OpenTrain {
    /// 200 with `{}` also for a token that is not known. An `ot_clm_` is such a one here (U10).
    pub(super) fn revoke(&mut self, request: &Request) -> Result<Answer, OAuthError> {
        let form = request.form().map_err(OAuthError::invalid_request)?;
        let token = form.get("token").ok_or_else(|| OAuthError::invalid_request("token is required."))?;
        if let Some(token) = self.tokens.get_mut(token) {
            token.revoked = true;
        }
        Ok(Answer::json(200, &json!({})))
    }
}
