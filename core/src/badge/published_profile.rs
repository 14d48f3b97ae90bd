//! A profile as a service shows it: another's words, not what a manifest of ours said.

use alloc::vec::Vec;

use crate::http::json::{Json, Object};
use crate::types::secret::Email;
use crate::types::untrusted::Untrusted;

/// An agent's public profile as the service, or a badge, shows it. Every member is optional: none is relied on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedProfile {
    /// The agent's name.
    pub agent_name: Option<Untrusted>,
    /// The agent's version.
    pub agent_version: Option<Untrusted>,
    /// Who develops it.
    pub developer_name: Option<Untrusted>,
    /// Whom to write to.
    pub contact_email: Option<Email>,
    /// What the agent is for.
    pub primary_goal: Option<Untrusted>,
    /// The tools it uses.
    pub tools: Vec<Untrusted>,
    /// The tier of trust that it asked for.
    pub trust_tier: Option<Untrusted>,
    /// Where its data stays.
    pub data_residency: Option<Untrusted>,
}

impl PublishedProfile {
    pub(crate) fn read(profile: &Object<'_>) -> Self {
        let text = |field: &str| profile.text(field).map(Untrusted::new);
        let tools = match profile.get("tools") {
            Some(Json::List(tools)) => tools.iter().filter_map(Json::as_text).map(Untrusted::new).collect(),
            _ => Vec::new(),
        };
        Self {
            agent_name: text("agent_name"),
            agent_version: text("agent_version"),
            developer_name: text("developer_name"),
            contact_email: profile.text("contact_email").and_then(|email| Email::parse(email).ok()),
            primary_goal: text("primary_goal"),
            tools,
            trust_tier: text("trust_tier"),
            data_residency: text("data_residency"),
        }
    }
}
