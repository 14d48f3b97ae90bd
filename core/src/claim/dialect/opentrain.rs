//! OpenTrain's dialect (opentrain.md sections 3 to 5).

use serde_json::{Value, json};

use super::{PollError, Words};
use crate::claim::enrolment::Label;
use crate::claim::machine::ClaimContext;
use crate::failure::Service;
use crate::types::secret::Email;

pub(super) const WORDS: Words = Words {
    name: "opentrain",
    service: Service::OpenTrain,
    register_path: "/api/agent/identity",
    claim_path: "/api/agent/identity/claim",
    token_path: "/api/agent/oauth/token",
    grant_type: "urn:opentrain:agent-auth:grant-type:claim",
    registration,
    start,
    access_token: "access_token",
    user_code: "user_code",
    attempt_life: 1800,
    poll_error_status: 400,
    poll_errors: &[
        ("authorization_pending", PollError::Pending),
        ("slow_down", PollError::SlowDown),
        ("expired_token", PollError::Expired),
        ("access_denied", PollError::Denied),
        ("claim_denied", PollError::Denied),
        ("invalid_grant", PollError::Consumed),
        ("invalid_request", PollError::Refused),
        ("unsupported_grant_type", PollError::Refused),
    ],
};

fn registration(agent_name: Option<&Label>, organization_name: Option<&Label>) -> Value {
    let mut body = json!({ "identity_type": "anonymous" });
    for (member, label) in [("agent_name", agent_name), ("organization_name", organization_name)] {
        if let (Some(label), Some(members)) = (label, body.as_object_mut()) {
            members.insert(member.into(), label.as_str().into());
        }
    }
    body
}

fn start(context: &ClaimContext, owner: &Email) -> Value {
    json!({ "claim_token": context.claim_token.expose(), "email": owner.expose() })
}
