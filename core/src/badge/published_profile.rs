//! A profile as a service shows it. Unlike a manifest, it comes from outside.

use alloc::vec::Vec;

use crate::http::json::{Json, Object};
use crate::types::secret::Email;
use crate::types::untrusted::Untrusted;

/// An agent's public profile, as the service or a badge shows it. Every member is optional, and nothing relies on one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedProfile {
    /// The agent's name.
    pub agent_name: Option<Untrusted>,
    /// The agent's version.
    pub agent_version: Option<Untrusted>,
    /// The developer of the agent.
    pub developer_name: Option<Untrusted>,
    /// The address for questions.
    pub contact_email: Option<Email>,
    /// The purpose of the agent.
    pub primary_goal: Option<Untrusted>,
    /// The tools that the agent uses.
    pub tools: Vec<Untrusted>,
    /// The tier of trust that the agent asked for.
    pub trust_tier: Option<Untrusted>,
    /// The region where the agent's data stays.
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
