//! `POST /v1/verify` and `POST /v1/revoke` (`sentryagent.md` section 7).

use serde::Serialize;
use serde_json::json;

use super::manifest::PublicProfile;
use super::registration::text;
use super::{Refusal, SentryAgent};
use crate::ambiguities::RepeatedRevoke;
use crate::context::Context;
use crate::http::{Answer, Request};

#[derive(Serialize)]
struct Valid<'a> {
    valid: bool,
    did: &'a str,
    public_profile: &'a PublicProfile,
}

impl SentryAgent {
    /// Answers `{"valid":false}` to a bad signature, an expired badge and a revoked badge alike.
    pub(super) fn verify(&self, context: &Context<'_>, request: &Request) -> Result<Answer, Refusal> {
        let members = request.json().map_err(Refusal::invalid)?;
        let did = self.subject(text(&members, "badge")?, context.now);
        let agent = did.as_ref().and_then(|did| Some((did, self.agents.get(did)?)));
        Ok(match agent.filter(|(_, agent)| agent.is_alive(context.now)) {
            Some((did, agent)) => Answer::json(200, &Valid { valid: true, did, public_profile: &agent.public_profile }),
            None => Answer::json(200, &json!({"valid": false})),
        })
    }

    /// Revokes a badge, which must be both the bearer credential and in the body.
    pub(super) fn revoke(&mut self, context: &Context<'_>, request: &Request) -> Result<Answer, Refusal> {
        let members = request.json().map_err(Refusal::invalid)?;
        let badge = text(&members, "badge")?;
        let did = self.subject(badge, context.now).filter(|_| request.bearer() == Some(badge));
        let again = context.config.ambiguities.sentryagent.repeated_revoke;
        let agent = did.and_then(|did| self.agents.get_mut(&did)).ok_or_else(Refusal::unauthorized)?;
        if !agent.is_alive(context.now) && (!agent.revoked || again == RepeatedRevoke::Refused) {
            return Err(Refusal::unauthorized());
        }
        agent.revoked = true;
        Ok(Answer::json(200, &json!({"revoked": true})))
    }
}
