//! The manifest and its rules (`sentryagent.md` section 2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Refusal;
use crate::address::{is_e164, is_email};

/// The public part of a manifest: everything except `mobile_phone` and `compliance_attestation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PublicProfile {
    agent_name: String,
    agent_version: String,
    developer_name: String,
    contact_email: String,
    primary_goal: String,
    tools: Vec<String>,
    trust_tier: String,
    data_residency: String,
}

/// A manifest that follows every rule of the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) mobile_phone: String,
    pub(super) public_profile: PublicProfile,
}

impl Manifest {
    /// Parses a manifest; a refusal names the member. Unknown members are ignored, and an empty `tools` is accepted (U3).
    pub(super) fn parse(members: &Map<String, Value>) -> Result<Self, Refusal> {
        let public_profile = PublicProfile {
            agent_name: non_empty(members, "agent_name")?,
            agent_version: non_empty(members, "agent_version")?,
            developer_name: non_empty(members, "developer_name")?,
            contact_email: checked(members, "contact_email", is_email, "must be a valid e-mail address")?,
            primary_goal: non_empty(members, "primary_goal")?,
            tools: tools(members)?,
            trust_tier: checked(members, "trust_tier", is_tier, "must be community or enterprise")?,
            data_residency: non_empty(members, "data_residency")?,
        };
        let mobile_phone = checked(members, "mobile_phone", is_e164, "must be in E.164 form")?;
        match members.get("compliance_attestation") {
            Some(Value::Bool(true)) => Ok(Self { mobile_phone, public_profile }),
            _ => Err(invalid("compliance_attestation", "must be true")),
        }
    }
}

fn is_tier(text: &str) -> bool {
    matches!(text, "community" | "enterprise")
}

fn non_empty(members: &Map<String, Value>, name: &str) -> Result<String, Refusal> {
    checked(members, name, |text| !text.is_empty(), "must be a non-empty string")
}

fn checked(members: &Map<String, Value>, name: &str, is_valid: impl Fn(&str) -> bool, rule: &str) -> Result<String, Refusal> {
    let text = members.get(name).and_then(Value::as_str).filter(|text| is_valid(text));
    text.map(str::to_owned).ok_or_else(|| invalid(name, rule))
}

fn tools(members: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let list = members.get("tools").and_then(Value::as_array);
    let strings = list.and_then(|list| list.iter().map(|tool| tool.as_str().map(str::to_owned)).collect());
    strings.ok_or_else(|| invalid("tools", "must be an array of strings"))
}

fn invalid(name: &str, rule: &str) -> Refusal {
    Refusal::new(400, "invalid_manifest", format!("{name} {rule}."))
}
