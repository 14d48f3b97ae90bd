//! `POST /v1/rotate` (`sentryagent.md` section 7): it issues a new key, badge and DID.

use serde_json::json;

use super::registration::text;
use super::{Refusal, SentryAgent};
use crate::ambiguities::OldBadge;
use crate::clock::{millis, rfc3339};
use crate::context::Context;
use crate::http::{Answer, Request};

/// The time that an old badge stays valid under [`OldBadge::LivesOn`].
const GRACE: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

impl SentryAgent {
    pub(super) fn rotate(&mut self, context: &Context<'_>, request: &Request) -> Result<Answer, Refusal> {
        let members = request.json().map_err(Refusal::invalid)?;
        let old = self.holder(context, request, text(&members, "badge")?)?;
        let profile = self.agents.get(&old).map(|agent| agent.public_profile.clone()).ok_or_else(Refusal::unauthorized)?;
        let badge = self.issue(context, profile)?;
        let did = self.subject(&badge, context.now).unwrap_or_default();
        let dies_at = match context.config.ambiguities.sentryagent.old_badge {
            OldBadge::DiesAtOnce => context.now,
            OldBadge::LivesOn => context.now.saturating_add(millis(GRACE)),
        };
        if let Some(old) = self.agents.get_mut(&old) {
            old.dies_at = Some(dies_at);
        }
        self.rotations += 1;
        Ok(Answer::json(200, &json!({"new_badge": badge, "new_did": did, "rotated_at": rfc3339(context.now)})))
    }
}
