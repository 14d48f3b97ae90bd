//! `POST /api/agent/oauth/revoke` (`opentrain.md` section 6, RFC 7009).

use serde_json::json;

use super::{OAuthError, OpenTrain};
use crate::ambiguities::RevokePath;
use crate::config::Config;
use crate::context::Context;
use crate::http::{Answer, Request};

/// The path of the endpoint. The pages name two (C1).
pub(super) const fn path(config: &Config) -> &'static str {
    match config.ambiguities.opentrain.revoke_path {
        RevokePath::OAuth => "/api/agent/oauth/revoke",
        RevokePath::Identity => "/api/agent/identity/revoke",
    }
}

impl OpenTrain {
    /// Answers 200 with `{}`, also to an unknown token. A claim token (`ot_clm_`) counts as unknown (U10).
    pub(super) fn revoke(&mut self, context: &Context<'_>, request: &Request) -> Result<Answer, OAuthError> {
        let form = request.form().map_err(OAuthError::invalid_request)?;
        let token = form.get("token").ok_or_else(|| OAuthError::invalid_request("token is required."))?;
        if let Some(token) = self.tokens.get_mut(token) {
            token.revoke(context.now);
        }
        Ok(Answer::json(200, &json!({})))
    }
}
