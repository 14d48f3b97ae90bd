//! The well-known documents (`opentrain.md` section 7). Their JSON is not published (U11), so the names are those of
//! RFC 9728, RFC 8414 and similar services.

use serde_json::json;

use super::{CLAIM_GRANT, POST_CLAIM_SCOPES, revoke};
use crate::ambiguities::Issuer;
use crate::context::Context;
use crate::http::Answer;

pub(super) fn protected_resource(context: &Context<'_>) -> Answer {
    let url = context.url;
    let body = json!({
        "resource": url,
        "authorization_servers": [url],
        "scopes_supported": POST_CLAIM_SCOPES,
        "bearer_methods_supported": ["header"],
        "resource_documentation": format!("{url}/auth.md"),
    });
    Answer::json(200, &body)
}

pub(super) fn authorization_server(context: &Context<'_>) -> Answer {
    let url = context.url;
    let issuer = match context.config.ambiguities.opentrain.issuer {
        Issuer::Exact => url.to_owned(),
        Issuer::WithSlash => format!("{url}/"),
    };
    let body = json!({
        "issuer": issuer,
        "token_endpoint": format!("{url}/api/agent/oauth/token"),
        "revocation_endpoint": format!("{url}{}", revoke::path(context.config)),
        "grant_types_supported": [CLAIM_GRANT],
        "scopes_supported": POST_CLAIM_SCOPES,
        "token_endpoint_auth_methods_supported": ["none"],
        "agent_auth": {
            "identity_endpoint": format!("{url}/api/agent/identity"),
            "claim_endpoint": format!("{url}/api/agent/identity/claim"),
            "claim_grant_type": CLAIM_GRANT,
            "interval": context.config.announced_secs(context.config.interval),
        },
    });
    Answer::json(200, &body)
}
