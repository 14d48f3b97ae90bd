//! What a ceremony brought: one file for a profile and a service.

use std::path::Path;

use enlist_core::opentrain::{ClaimedToken, Enrolment, Label, Registration};
use enlist_core::secret::{Badge, PersonalToken};
use enlist_core::sentryagent::Identity;
use enlist_core::{Ceremony, Snapshot, Step, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::flow::position;
use super::{StoreError, files, newer};

const VERSION: u8 = 1;

/// A credential.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Credential {
    /// OpenTrain, before the claim: the pre-claim token and the claim token, as the finished enrolment holds them.
    Unclaimed(Box<Enrolment>),
    /// OpenTrain, claimed, or adopted from a person's hand.
    Token { base_url: String, token: PersonalToken, scopes: Vec<String>, adopted: bool },
    /// SentryAgent.
    Badge { base_url: String, badge: Badge, did: Option<String>, public_profile: Value },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialFile<'a> {
    v: u8,
    #[serde(borrow)]
    credential: Stored<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Stored<'a> {
    Unclaimed {
        #[serde(borrow)]
        enrolment: &'a RawValue,
    },
    Token {
        base_url: String,
        access_token: Zeroizing<String>,
        scopes: Vec<String>,
        adopted: bool,
    },
    Badge {
        base_url: String,
        badge: Zeroizing<String>,
        did: Option<String>,
        public_profile: Value,
    },
    /// It is elsewhere.
    Keyring {
        item: String,
    },
}

impl Credential {
    pub(crate) fn claimed(base_url: &str, token: &ClaimedToken) -> Self {
        Self::Token { base_url: base_url.to_owned(), token: token.access_token().clone(), scopes: token.scopes().to_vec(), adopted: false }
    }

    pub(crate) fn badge(base_url: &str, identity: &Identity, public_profile: Value) -> Self {
        Self::Badge {
            base_url: base_url.to_owned(),
            badge: identity.badge().clone(),
            did: identity.did().map(ToString::to_string),
            public_profile,
        }
    }

    /// With what it does not tell itself: a rotated badge keeps its profile.
    pub(crate) fn after(self, former: Option<&Self>) -> Self {
        match (self, former) {
            (Self::Badge { base_url, badge, did, public_profile: Value::Null }, Some(Self::Badge { public_profile, .. })) => {
                Self::Badge { base_url, badge, did, public_profile: public_profile.clone() }
            }
            (new, _) => new,
        }
    }

    /// How the agent named itself when it registered.
    pub(crate) fn agent_name(&self) -> Option<&str> {
        match self {
            Self::Unclaimed(enrolment) => enrolment.agent_name().map(Label::as_str),
            _ => None,
        }
    }

    /// The registration that a claim starts from; only before the claim.
    pub(crate) fn registration(&self) -> Option<Registration> {
        let Self::Unclaimed(enrolment) = self else { return None };
        match enrolment.poll(Timestamp::from_unix_ms(0)) {
            Step::Done(Ok(registration)) => Some(registration),
            _ => None,
        }
    }

    /// The bearer secret itself. Who calls this answers for where it goes.
    pub(crate) fn expose(&self) -> Option<Zeroizing<String>> {
        let secret = |text: &str| Some(Zeroizing::new(text.to_owned()));
        match self {
            Self::Token { token, .. } => secret(token.expose()),
            Self::Badge { badge, .. } => secret(badge.expose()),
            Self::Unclaimed(_) => self.registration().and_then(|registration| secret(registration.access_token().expose())),
        }
    }

    /// Where it came from.
    pub(crate) fn base_url(&self) -> String {
        match self {
            Self::Unclaimed(enrolment) => enrolment.snapshot().origin().to_owned(),
            Self::Token { base_url, .. } | Self::Badge { base_url, .. } => base_url.clone(),
        }
    }

    /// Writes it, durably, over whatever was there.
    pub(crate) fn save(&self, path: &Path) -> Result<(), StoreError> {
        files::replace(path, &self.to_bytes(path)?)
    }

    /// As its file holds it; `path` is what an error names.
    pub(super) fn to_bytes(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let json;
        let credential = match self {
            Self::Unclaimed(enrolment) => {
                json = enrolment.snapshot().to_json();
                let enrolment = serde_json::from_str(json.expose()).map_err(|error| StoreError::corrupt(path, position(&error)))?;
                Stored::Unclaimed { enrolment }
            }
            Self::Token { base_url, token, scopes, adopted } => Stored::Token {
                base_url: base_url.clone(),
                access_token: Zeroizing::new(token.expose().to_owned()),
                scopes: scopes.clone(),
                adopted: *adopted,
            },
            Self::Badge { base_url, badge, did, public_profile } => Stored::Badge {
                base_url: base_url.clone(),
                badge: Zeroizing::new(badge.expose().to_owned()),
                did: did.clone(),
                public_profile: public_profile.clone(),
            },
        };
        credential.into_bytes(path)
    }
}

/// What a credential's file holds.
pub(super) enum Held {
    Here(Credential),
    /// The credential is the keyring's item of this name.
    InKeyring(String),
}

impl Held {
    /// `None` when there is no file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        files::read(path)?.map(|bytes| Self::parse(&bytes, path)).transpose()
    }

    /// From a file's bytes, or a keyring's; `path` is what an error names.
    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Self, StoreError> {
        if newer::is_newer(bytes, VERSION) {
            return Err(StoreError::Newer { path: path.to_owned() });
        }
        let file: CredentialFile<'_> = serde_json::from_slice(bytes).map_err(|error| StoreError::corrupt(path, position(&error)))?;
        if file.v != VERSION {
            return Err(StoreError::corrupt(path, "it is no credential that this version of enlist knows"));
        }
        match file.credential {
            Stored::Keyring { item } => Ok(Self::InKeyring(item)),
            stored => stored.thaw(path).map(Self::Here),
        }
    }

    pub(super) fn save(&self, path: &Path) -> Result<(), StoreError> {
        match self {
            Self::Here(credential) => credential.save(path),
            Self::InKeyring(item) => files::replace(path, &Stored::Keyring { item: item.clone() }.into_bytes(path)?),
        }
    }

    pub(super) fn item(self) -> Option<String> {
        if let Self::InKeyring(item) = self { Some(item) } else { None }
    }
}

impl Stored<'_> {
    fn into_bytes(self, path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let file = CredentialFile { v: VERSION, credential: self };
        serde_json::to_vec(&file).map(Zeroizing::new).map_err(|error| StoreError::corrupt(path, position(&error)))
    }

    fn thaw(self, path: &Path) -> Result<Credential, StoreError> {
        let corrupt = |error: &dyn std::fmt::Display| StoreError::corrupt(path, error);
        Ok(match self {
            Self::Unclaimed { enrolment } => {
                let snapshot = Snapshot::from_json(enrolment.get().as_bytes()).map_err(|error| corrupt(&error))?;
                let credential = Credential::Unclaimed(Box::new(Enrolment::resume(&snapshot).map_err(|error| corrupt(&error))?));
                if credential.registration().is_none() {
                    return Err(corrupt(&"it holds no registration"));
                }
                credential
            }
            Self::Token { base_url, access_token, scopes, adopted } => {
                let token = PersonalToken::parse(&access_token).map_err(|error| corrupt(&error))?;
                Credential::Token { base_url, token, scopes, adopted }
            }
            Self::Badge { base_url, badge, did, public_profile } => {
                let badge = Badge::parse(&badge).map_err(|error| corrupt(&error))?;
                Credential::Badge { base_url, badge, did, public_profile }
            }
            Self::Keyring { .. } => return Err(corrupt(&"it holds no credential")),
        })
    }
}
