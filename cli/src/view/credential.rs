//! What the command says about a credential. It never contains the secret: a hint is the prefix and the last four characters.

use serde::Serialize;

use super::profile::Profile;
use super::{Time, escaped, words};
use crate::store::{Credential, ProfileName, Service};

/// A credential that a command obtained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obtained {
    Registration(Registration),
    Token(Token),
    Badge(Badge),
}

/// A registration at OpenTrain that nobody has claimed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Registration {
    /// The service's own name for the registration.
    pub(crate) registration_id: Option<String>,
    /// What the token allows before the claim.
    pub(crate) scopes: Option<Vec<String>>,
    /// Prefix and last four characters of a secret.
    pub(crate) token_hint: Option<String>,
    /// The registration can be claimed until this time.
    pub(crate) claim_expires_at: Option<Time>,
    /// What to ask the owner, because the claim needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) say_to_user: Option<&'static str>,
}

/// A token of OpenTrain that belongs to an owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Token {
    /// What the token allows.
    pub(crate) scopes: Vec<String>,
    /// Prefix and last four characters of a secret.
    pub(crate) token_hint: String,
    /// A person created it by hand.
    #[serde(skip)]
    is_adopted: bool,
}

/// A badge of SentryAgent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Badge {
    /// The agent's DID.
    pub(crate) did: Option<String>,
    /// Prefix and last four characters of a secret.
    pub(crate) badge_hint: String,
    /// What the manifest made public.
    pub(crate) public_profile: Option<Profile>,
}

impl Obtained {
    pub(crate) fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Unclaimed(_) => {
                let found = credential.registration();
                let found = found.as_ref();
                Self::Registration(Registration {
                    registration_id: found.and_then(|found| found.registration_id()).map(escaped),
                    scopes: found.map(|found| scopes(found.scopes())),
                    token_hint: found.map(|found| found.access_token().hint()),
                    claim_expires_at: found.and_then(|found| found.claim_token_expires_at()).map(Time),
                    say_to_user: Some("Which e-mail address shall own this agent? A link to claim it is sent there."),
                })
            }
            Credential::Token { token, scopes: allowed, adopted, .. } => {
                Self::Token(Token { scopes: scopes(allowed), token_hint: token.hint(), is_adopted: *adopted })
            }
            Credential::Badge { badge, did, public_profile, .. } => Self::Badge(Badge {
                did: did.clone(),
                badge_hint: badge.hint(),
                public_profile: serde_json::from_value(public_profile.clone()).unwrap_or_default(),
            }),
        }
    }

    /// The text output of a command that obtained the credential.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (said, service) = match self {
            Self::Registration(registration) => {
                let until = registration.claim_expires_at.map(|end| format!("  claim it before {}", end.deadline()));
                let said = "Registered. The owner can claim the agent now.".to_owned();
                (std::iter::once(said).chain(until).collect(), Service::Opentrain)
            }
            Self::Token(Token { is_adopted: true, .. }) => (vec!["Adopted. The token is stored.".to_owned()], Service::Opentrain),
            Self::Token(_) => (vec!["Claimed. The token is stored.".to_owned()], Service::Opentrain),
            Self::Badge(badge) => {
                let who = badge.did.as_deref().unwrap_or("an agent");
                (vec![format!("Registered as {who}. The badge is stored.")], Service::Sentryagent)
            }
        };
        [said, vec![format!("  to print it: `enlist token {}`", service.name())]].concat()
    }

    /// The text output of a rotation that obtained the badge.
    pub(crate) fn rotated_lines(&self) -> Vec<String> {
        let Self::Badge(badge) = self else { return Vec::new() };
        let who = badge.did.as_deref().unwrap_or("another");
        vec![
            format!("Rotated. The agent is now {who}; the new badge is kept."),
            "  The old badge and its DID are dead: tell whoever knows the agent by them.".to_owned(),
        ]
    }
}

words! {
    /// The kinds of credential.
    Kind {
        PreClaimToken = "pre_claim_token",
        Token = "token",
        Badge = "badge",
    }
}

words! {
    /// The state of a credential.
    State {
        Unclaimed = "unclaimed",
        Adopted = "adopted",
        Claimed = "claimed",
        Issued = "issued",
        /// The owner has claimed the agent, and the token that the claim brought is lost.
        Lost = "lost",
        /// The answer to a rotation was lost, so the badge may no longer be valid.
        Doubtful = "doubtful",
    }
}

words! {
    /// The service's answer about a credential.
    Checked {
        Valid = "valid",
        NotValid = "not_valid",
        /// The service could not be asked.
        Unknown = "unknown",
    }
}

impl Kind {
    pub(crate) fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Unclaimed(_) => Self::PreClaimToken,
            Credential::Token { .. } => Self::Token,
            Credential::Badge { .. } => Self::Badge,
        }
    }
}

impl State {
    pub(crate) fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Unclaimed(_) => Self::Unclaimed,
            Credential::Token { adopted: true, .. } => Self::Adopted,
            Credential::Token { .. } => Self::Claimed,
            Credential::Badge { .. } => Self::Issued,
        }
    }
}

/// A credential in a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Identity {
    pub(crate) service: Service,
    pub(crate) profile: String,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    /// Prefix and last four characters of a secret.
    pub(crate) token_hint: Option<String>,
    /// What a token allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scopes: Option<Vec<String>>,
    /// The address of the service, if it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// A badge's DID; null when the badge could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) did: Option<Option<String>>,
    /// The service's answer, if it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checked: Option<Checked>,
}

impl Identity {
    pub(crate) fn of(credential: &Credential, profile: &ProfileName) -> Self {
        let (token_hint, scopes, did) = match Obtained::of(credential) {
            Obtained::Registration(registration) => (registration.token_hint, registration.scopes, None),
            Obtained::Token(token) => (Some(token.token_hint), Some(token.scopes), None),
            Obtained::Badge(badge) => (Some(badge.badge_hint), None, Some(badge.did)),
        };
        let (kind, state) = (Kind::of(credential), State::of(credential));
        let service = service(credential);
        let address = Some(credential.base_url()).filter(|address| address != service.base_url());
        Self { service, profile: profile.to_string(), kind, state, token_hint, scopes, address, did, checked: None }
    }

    /// One line of `status`, where `current` is the profile that the command is about.
    pub(crate) fn line(&self, current: &ProfileName) -> String {
        let did = self.did.iter().flatten().map(|did| format!("  {did}")).collect::<String>();
        let checked = self.checked.map(|checked| format!("  {}", checked)).unwrap_or_default();
        let profile = in_profile(&self.profile, current);
        let address = self.address.as_ref().map(|address| format!("  at {address}")).unwrap_or_default();
        format!("{}  {}, {}  {}{did}{address}{checked}{profile}", self.service, self.kind, self.state, self.hint())
    }

    /// The credential as part of a line about its profile.
    pub(crate) fn brief(&self) -> String {
        format!("{} {} ({}) {}", self.service, self.kind, self.state, self.hint())
    }

    fn hint(&self) -> &str {
        self.token_hint.as_deref().unwrap_or_default()
    }
}

/// The end of a line about another profile than the current one.
pub(super) fn in_profile(profile: &str, current: &ProfileName) -> String {
    if profile == current.as_str() { String::new() } else { format!("  (profile {profile})") }
}

/// Prefix and last four characters of the secret.
pub(crate) fn hint(credential: &Credential) -> Option<String> {
    match credential {
        Credential::Unclaimed(_) => credential.registration().map(|found| found.access_token().hint()),
        Credential::Token { token, .. } => Some(token.hint()),
        Credential::Badge { badge, .. } => Some(badge.hint()),
    }
}

fn service(credential: &Credential) -> Service {
    match credential {
        Credential::Badge { .. } => Service::Sentryagent,
        Credential::Unclaimed(_) | Credential::Token { .. } => Service::Opentrain,
    }
}

fn scopes(scopes: &[String]) -> Vec<String> {
    scopes.iter().map(|scope| escaped(scope)).collect()
}
