//! An agent's public profile: the eight fields of a manifest that become public.

use enlist_core::Untrusted;
use enlist_core::badge::{PublicProfile, PublishedProfile};
use serde::{Deserialize, Serialize};

use super::escaped;

/// What a manifest makes public. In a field named `untrusted_*`, a badge or a service says it about an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "PublicProfile"))]
pub(crate) struct Profile {
    agent_name: Option<String>,
    agent_version: Option<String>,
    developer_name: Option<String>,
    contact_email: Option<String>,
    primary_goal: Option<String>,
    tools: Vec<String>,
    trust_tier: Option<String>,
    data_residency: Option<String>,
}

impl From<&PublicProfile> for Profile {
    fn from(profile: &PublicProfile) -> Self {
        Self {
            agent_name: Some(profile.agent_name.clone()),
            agent_version: Some(profile.agent_version.clone()),
            developer_name: Some(profile.developer_name.clone()),
            contact_email: Some(profile.contact_email.expose().to_owned()),
            primary_goal: Some(profile.primary_goal.clone()),
            tools: profile.tools.clone(),
            trust_tier: Some(profile.trust_tier.as_str().to_owned()),
            data_residency: Some(profile.data_residency.clone()),
        }
    }
}

impl From<&PublishedProfile> for Profile {
    fn from(profile: &PublishedProfile) -> Self {
        let text = |text: &Option<Untrusted>| text.as_ref().map(ToString::to_string);
        Self {
            agent_name: text(&profile.agent_name),
            agent_version: text(&profile.agent_version),
            developer_name: text(&profile.developer_name),
            contact_email: profile.contact_email.as_ref().map(|email| email.expose().to_owned()),
            primary_goal: text(&profile.primary_goal),
            tools: profile.tools.iter().map(ToString::to_string).collect(),
            trust_tier: text(&profile.trust_tier),
            data_residency: text(&profile.data_residency),
        }
    }
}

impl Profile {
    /// The lines that show our own profile to the person who confirms it.
    pub(crate) fn lines(&self) -> [String; 5] {
        let text = |text: &Option<String>| text.as_deref().map(escaped).unwrap_or_default();
        [
            format!("{} {} by {}", text(&self.agent_name), text(&self.agent_version), text(&self.developer_name)),
            self.contact_email.clone().unwrap_or_default(),
            text(&self.primary_goal),
            format!("tools: {}", self.tools.iter().map(|tool| escaped(tool)).collect::<Vec<_>>().join(", ")),
            format!("{}, data in {}", text(&self.trust_tier), text(&self.data_residency)),
        ]
    }

    /// The lines of a profile from a badge or a service. Its texts are already escaped.
    pub(crate) fn published_lines(&self) -> Vec<String> {
        let lines = [
            ("agent", &self.agent_name),
            ("version", &self.agent_version),
            ("developer", &self.developer_name),
            ("goal", &self.primary_goal),
            ("tier", &self.trust_tier),
            ("data in", &self.data_residency),
        ];
        lines.into_iter().filter_map(|(name, text)| text.as_ref().map(|text| format!("  {name:<10} {text}"))).collect()
    }
}

/// A field of the manifest, for the template and its explanation.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// The explanation for the person who fills in the template.
    pub(crate) meaning: &'static str,
    /// The template's value, as JSON. It is invalid, so that no field can be forgotten.
    pub(crate) empty: &'static str,
    /// A valid value, as JSON: the example of SentryAgent's documents.
    pub(crate) example: &'static str,
}

/// All fields of a manifest, in the documents' order.
pub(crate) const FIELDS: [Field; 10] = [
    Field {
        name: "mobile_phone",
        meaning: "where the one-time code goes by SMS, like +15005550006; not public",
        empty: r#""""#,
        example: r#""+15005550006""#,
    },
    Field { name: "trust_tier", meaning: "community or enterprise", empty: r#""""#, example: r#""community""# },
    Field { name: "agent_name", meaning: "the agent's name; public", empty: r#""""#, example: r#""My AI Agent""# },
    Field { name: "agent_version", meaning: "its version, like 1.0.0; public", empty: r#""""#, example: r#""1.0.0""# },
    Field { name: "developer_name", meaning: "who develops it; public", empty: r#""""#, example: r#""Acme Corp""# },
    Field { name: "contact_email", meaning: "whom to write to; public", empty: r#""""#, example: r#""dev@acme.com""# },
    Field {
        name: "primary_goal",
        meaning: "what it is for, in a sentence; public",
        empty: r#""""#,
        example: r#""Customer support automation""#,
    },
    Field {
        name: "tools",
        meaning: "the tools it uses, a list that may be empty, like [\"web-search\"]; public",
        empty: r#"[""]"#,
        example: r#"["web-search", "email"]"#,
    },
    Field { name: "compliance_attestation", meaning: "true: the developer attests compliance", empty: "false", example: "true" },
    Field { name: "data_residency", meaning: "where its data stays, like us-east-1; public", empty: r#""""#, example: r#""us-east-1""# },
];

/// Writes a manifest with these values, one member a line.
pub(crate) fn manifest(value: impl Fn(&Field) -> &'static str) -> String {
    let members: Vec<_> = FIELDS.iter().map(|field| format!("  \"{}\": {}", field.name, value(field))).collect();
    format!("{{\n{}\n}}\n", members.join(",\n"))
}

#[cfg(test)]
mod tests {
    use enlist_core::badge::{Manifest, ManifestError};

    use super::*;

    #[test]
    fn the_template_breaks_every_rule_and_the_example_none() {
        let example = Manifest::from_json(manifest(|field| field.example).as_bytes()).unwrap();
        assert_eq!(Profile::from(example.public_profile()).lines()[0], "My AI Agent 1.0.0 by Acme Corp");
        let Err(ManifestError::Fields(wrong)) = Manifest::from_json(manifest(|field| field.empty).as_bytes()) else { panic!() };
        assert_eq!(wrong.len(), FIELDS.len());
    }
}
