//! The manifest by which an agent describes itself to SentryAgent, and the profile that becomes public. All fields are described here, and
//! every field is checked before anything is sent.

use core::fmt;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Serialize, Serializer};

use crate::http::json::{Json, Object};
use crate::types::secret::{Email, Kind, Phone, Secret};
use crate::types::untrusted::Untrusted;

/// A manifest that keeps every documented rule (sentryagent.md section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub(crate) mobile_phone: Phone,
    pub(crate) profile: PublicProfile,
}

/// The part of the manifest that becomes public: it is embedded in the badge and served to anyone who looks the agent up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicProfile {
    /// The agent's name.
    pub agent_name: String,
    /// The agent's version.
    pub agent_version: String,
    /// The developer of the agent.
    pub developer_name: String,
    /// The address for questions. It becomes public.
    pub contact_email: Email,
    /// The purpose of the agent, in one sentence.
    pub primary_goal: String,
    /// The tools that the agent uses.
    pub tools: Vec<String>,
    /// The tier of trust that the agent asks for.
    pub trust_tier: TrustTier,
    /// The region where the agent's data stays: an AWS region or a datacenter.
    pub data_residency: String,
}

impl PublicProfile {
    /// The fields by their names in JSON.
    pub(crate) fn members(&self) -> [(&'static str, Member<'_>); 8] {
        [
            ("agent_name", Member::Text(&self.agent_name)),
            ("agent_version", Member::Text(&self.agent_version)),
            ("developer_name", Member::Text(&self.developer_name)),
            ("contact_email", Member::Text(self.contact_email.expose())),
            ("primary_goal", Member::Text(&self.primary_goal)),
            ("tools", Member::Texts(&self.tools)),
            ("trust_tier", Member::Text(self.trust_tier.as_str())),
            ("data_residency", Member::Text(&self.data_residency)),
        ]
    }
}

/// The value of a field of a profile. It is written to JSON as it is.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(crate) enum Member<'a> {
    Text(&'a str),
    Texts(&'a [String]),
}

impl Member<'_> {
    /// Whether `said` repeats this value.
    pub(crate) fn is_repeated_by(self, said: &Json<'_>) -> bool {
        match (self, said) {
            (Self::Text(sent), said) => said.as_text() == Some(sent),
            (Self::Texts(sent), Json::List(said)) => said.iter().map(Json::as_text).eq(sent.iter().map(|text| Some(text.as_str()))),
            (Self::Texts(_), _) => false,
        }
    }
}

/// Writes the profile as it is published: a JSON object with all of its fields. The e-mail address is public and is written, too.
impl Serialize for PublicProfile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.members())
    }
}

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

/// A tier of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustTier {
    /// `community`
    Community,
    /// `enterprise`
    Enterprise,
}

impl TrustTier {
    /// The name in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Community => "community",
            Self::Enterprise => "enterprise",
        }
    }
}

/// A manifest that was refused before anything was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The text is not a JSON object, or an object in which a member occurs twice.
    #[error("the manifest is not a JSON object, or a member occurs twice")]
    NotJson,
    /// All fields that break their rules, not only the first.
    #[error("{}", Listed(.0))]
    Fields(Vec<FieldError>),
}

/// A field of the manifest, and the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` must be {rule}")]
pub struct FieldError {
    /// The member's name.
    pub field: Untrusted,
    /// The rule, as the rest of a sentence that begins with "must be".
    pub rule: &'static str,
}

struct Listed<'a>(&'a [FieldError]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// The names of all members, in the order of the documents.
const FIELDS: [&str; 10] = [
    "mobile_phone",
    "trust_tier",
    "agent_name",
    "agent_version",
    "developer_name",
    "contact_email",
    "primary_goal",
    "tools",
    "compliance_attestation",
    "data_residency",
];

const TEXT_RULE: &str = "a text that is not empty and has no control characters";

impl Manifest {
    /// Reads a manifest, which must have the ten documented members and no others.
    ///
    /// # Errors
    /// [`ManifestError`], with every field that breaks its rule.
    pub fn from_json(json: &[u8]) -> Result<Self, ManifestError> {
        let object = Object::parse(json).ok_or(ManifestError::NotJson)?;
        let mut check = Check { object: &object, errors: Vec::new() };
        let manifest = check.manifest();
        check.refuse_unknown();
        match manifest {
            Some(manifest) if check.errors.is_empty() => Ok(manifest),
            _ => Err(ManifestError::Fields(check.errors)),
        }
    }

    /// The part of the manifest that becomes public.
    #[must_use]
    pub fn public_profile(&self) -> &PublicProfile {
        &self.profile
    }

    /// The phone number that gets the one-time code.
    #[must_use]
    pub fn mobile_phone(&self) -> &Phone {
        &self.mobile_phone
    }
}

/// A manifest that is being checked. It collects every error.
struct Check<'a> {
    object: &'a Object<'a>,
    errors: Vec<FieldError>,
}

impl Check<'_> {
    fn manifest(&mut self) -> Option<Manifest> {
        // Each field is checked before the first `?`, so that all errors are reported at once.
        let mobile_phone = self.secret("mobile_phone");
        let trust_tier = self.trust_tier();
        let agent_name = self.text("agent_name");
        let agent_version = self.text("agent_version");
        let developer_name = self.text("developer_name");
        let contact_email = self.secret("contact_email");
        let primary_goal = self.text("primary_goal");
        let tools = self.tools();
        let attested = self.attested();
        let data_residency = self.text("data_residency");
        attested?;
        let profile = PublicProfile {
            agent_name: agent_name?,
            agent_version: agent_version?,
            developer_name: developer_name?,
            contact_email: contact_email?,
            primary_goal: primary_goal?,
            tools: tools?,
            trust_tier: trust_tier?,
            data_residency: data_residency?,
        };
        Some(Manifest { mobile_phone: mobile_phone?, profile })
    }

    fn text(&mut self, field: &'static str) -> Option<String> {
        let text = self.object.text(field).filter(|text| is_plain(text)).map(ToOwned::to_owned);
        self.or_error(text, field, TEXT_RULE)
    }

    fn secret<K: Kind>(&mut self, field: &'static str) -> Option<Secret<K>> {
        let secret = self.object.text(field).and_then(|text| Secret::parse(text).ok());
        self.or_error(secret, field, K::RULE)
    }

    fn trust_tier(&mut self) -> Option<TrustTier> {
        let tier = match self.object.text("trust_tier") {
            Some("community") => Some(TrustTier::Community),
            Some("enterprise") => Some(TrustTier::Enterprise),
            _ => None,
        };
        self.or_error(tier, "trust_tier", "`community` or `enterprise`")
    }

    fn tools(&mut self) -> Option<Vec<String>> {
        let tools = match self.object.get("tools") {
            Some(Json::List(items)) => {
                items.iter().map(|item| item.as_text().filter(|text| is_plain(text)).map(ToOwned::to_owned)).collect()
            }
            _ => None,
        };
        self.or_error(tools, "tools", "a list of texts, which may be empty")
    }

    fn attested(&mut self) -> Option<()> {
        let attested = self.object.is_true("compliance_attestation").then_some(());
        self.or_error(attested, "compliance_attestation", "true: the developer attests compliance")
    }

    fn or_error<T>(&mut self, value: Option<T>, field: &str, rule: &'static str) -> Option<T> {
        if value.is_none() {
            self.errors.push(FieldError { field: Untrusted::new(field), rule });
        }
        value
    }

    /// Refuses unknown members. Such a member is usually a misspelt name of a known one.
    fn refuse_unknown(&mut self) {
        let unknown = self.object.names().filter(|name| !FIELDS.contains(name));
        self.errors.extend(
            unknown.map(|name| FieldError { field: Untrusted::new(name), rule: "left out, because the manifest has no such member" }),
        );
    }
}

/// Whether a text may be shown: it is not empty and has no control characters.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    const GOOD: &str = r#"{"mobile_phone":"+15005550006","trust_tier":"community","agent_name":"My AI Agent","agent_version":"1.0.0",
        "developer_name":"Acme Corp","contact_email":"dev@acme.com","primary_goal":"Customer support automation",
        "tools":["web-search","email"],"compliance_attestation":true,"data_residency":"us-east-1"}"#;

    fn error_of(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        Manifest::from_json(GOOD.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn the_documented_example_is_good() {
        let manifest = Manifest::from_json(GOOD.as_bytes()).unwrap();
        assert_eq!(manifest.public_profile().tools, ["web-search", "email"]);
        assert_eq!(manifest.mobile_phone().hint(), "+…0006");
    }

    #[test]
    fn a_bad_field_is_named_with_its_rule() {
        for (from, to, field) in [
            ("+15005550006", "5005550006", "mobile_phone"),
            (r#""mobile_phone":"+15005550006","#, "", "mobile_phone"),
            ("community", "Community", "trust_tier"),
            ("My AI Agent", "", "agent_name"),
            ("My AI Agent", "  ", "agent_name"),
            ("My AI Agent", r"a\u001b[31m", "agent_name"),
            (r#""1.0.0""#, "1", "agent_version"),
            ("Acme Corp", r"\n", "developer_name"),
            ("dev@acme.com", "dev", "contact_email"),
            ("Customer support automation", "", "primary_goal"),
            (r#"["web-search","email"]"#, r#""web-search""#, "tools"),
            (r#"["web-search","email"]"#, "[1]", "tools"),
            ("true", "false", "compliance_attestation"),
            ("true", r#""true""#, "compliance_attestation"),
            ("us-east-1", "", "data_residency"),
        ] {
            let error = error_of(from, to);
            assert!(error.starts_with(&format!("`{field}` must be ")) && !error.contains(';'), "{from} -> {to}: {error}");
        }
        assert!(Manifest::from_json(GOOD.replace(r#"["web-search","email"]"#, "[]").as_bytes()).is_ok());
    }

    #[test]
    fn all_errors_come_at_once() {
        let Err(ManifestError::Fields(errors)) = Manifest::from_json(b"{\"agent_nam\":\"x\"}") else { panic!() };
        let fields: Vec<_> = errors.iter().map(|error| error.field.to_string()).collect();
        assert_eq!(fields[..10], FIELDS);
        assert_eq!(fields[10], "agent_nam");
    }

    #[test]
    fn no_json_is_said_to_be_none() {
        for bad in ["", "[]", "{", "null", r#"{"tools":[],"tools":[]}"#] {
            assert_eq!(Manifest::from_json(bad.as_bytes()), Err(ManifestError::NotJson), "{bad}");
        }
    }
}
