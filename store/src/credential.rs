//! The credential that a ceremony brought: one file for a profile and a service.

use std::path::Path;

use enlist_core::opentrain::{ClaimedToken, Enrolment, Label, Registration};
use enlist_core::secret::{Badge, PersonalToken};
use enlist_core::sentryagent::Identity;
use enlist_core::{Ceremony, Snapshot, Step, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::flow::position;
use crate::{StoreError, files, version};

const VERSION: u8 = 1;

/// A credential of an agent.
#[derive(Clone, Debug, PartialEq)]
pub enum Credential {
    /// An unclaimed registration: the pre-claim token and the claim token, as the finished enrolment holds them.
    Unclaimed(Box<Enrolment>),
    /// A token that a claim delivered, or that a person created by hand.
    Token {
        /// The origin of the service, as a URL.
        base_url: String,
        /// The token.
        token: PersonalToken,
        /// What the token may do, in the service's words.
        scopes: Vec<String>,
        /// Whether a person created it.
        adopted: bool,
    },
    /// A badge of SentryAgent.
    Badge {
        /// The origin of the service, as a URL.
        base_url: String,
        /// The badge.
        badge: Badge,
        /// The agent's DID, when the service told it.
        did: Option<String>,
        /// What the manifest made public, as JSON; null when it is not known.
        public_profile: Value,
    },
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
    /// The credential is the keyring's item of this name.
    Keyring {
        item: String,
    },
}

impl Credential {
    /// The token that a claim at `base_url` delivered.
    #[must_use]
    pub fn claimed(base_url: &str, token: &ClaimedToken) -> Self {
        Self::Token { base_url: base_url.to_owned(), token: token.access_token().clone(), scopes: token.scopes().to_vec(), adopted: false }
    }

    /// The badge that a registration at `base_url` brought.
    #[must_use]
    pub fn badge(base_url: &str, identity: &Identity, public_profile: Value) -> Self {
        Self::Badge {
            base_url: base_url.to_owned(),
            badge: identity.badge().clone(),
            did: identity.did().map(ToString::to_string),
            public_profile,
        }
    }

    /// This credential in the place of `former`: a rotated badge, which comes without a public profile, keeps that of the old badge.
    #[must_use]
    pub fn after(self, former: Option<&Self>) -> Self {
        match (self, former) {
            (Self::Badge { base_url, badge, did, public_profile: Value::Null }, Some(Self::Badge { public_profile, .. })) => {
                Self::Badge { base_url, badge, did, public_profile: public_profile.clone() }
            }
            (new, _) => new,
        }
    }

    /// The name that the agent gave when it registered.
    #[must_use]
    pub fn agent_name(&self) -> Option<&str> {
        match self {
            Self::Unclaimed(enrolment) => enrolment.agent_name().map(Label::as_str),
            _ => None,
        }
    }

    /// The registration that a claim starts from. There is one only before the claim.
    #[must_use]
    pub fn registration(&self) -> Option<Registration> {
        let Self::Unclaimed(enrolment) = self else { return None };
        match enrolment.poll(Timestamp::from_unix_ms(0)) {
            Step::Done(Ok(registration)) => Some(registration),
            _ => None,
        }
    }

    /// The secret that authorises a request. The caller is responsible for where it goes.
    #[must_use]
    pub fn expose(&self) -> Option<Zeroizing<String>> {
        let secret = |text: &str| Some(Zeroizing::new(text.to_owned()));
        match self {
            Self::Token { token, .. } => secret(token.expose()),
            Self::Badge { badge, .. } => secret(badge.expose()),
            Self::Unclaimed(_) => self.registration().and_then(|registration| secret(registration.access_token().expose())),
        }
    }

    /// The origin of the service that issued it, as a URL.
    #[must_use]
    pub fn base_url(&self) -> String {
        match self {
            Self::Unclaimed(enrolment) => enrolment.snapshot().origin().to_owned(),
            Self::Token { base_url, .. } | Self::Badge { base_url, .. } => base_url.clone(),
        }
    }

    /// Writes it durably in place of the file at `path`.
    pub(crate) fn save(&self, path: &Path) -> Result<(), StoreError> {
        files::replace(path, &self.to_bytes(path)?)
    }

    /// The content of its file. An error names `path`.
    pub(crate) fn to_bytes(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
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

/// The content of a credential's file.
pub(crate) enum Held {
    /// The credential itself.
    Here(Credential),
    /// The credential is the keyring's item of this name.
    InKeyring(String),
}

impl Held {
    /// `None` when there is no file.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        files::read(path)?.map(|bytes| Self::parse(&bytes, path)).transpose()
    }

    /// Reads the bytes of a file or of a keyring item. An error names `path`.
    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self, StoreError> {
        if version::is_newer(bytes, VERSION) {
            return Err(StoreError::Newer { path: path.to_owned() });
        }
        let file: CredentialFile<'_> = serde_json::from_slice(bytes).map_err(|error| StoreError::corrupt(path, position(&error)))?;
        if file.v != VERSION {
            return Err(StoreError::corrupt(path, "it is no credential that this version of enlist knows"));
        }
        match file.credential {
            Stored::Keyring { item } => Ok(Self::InKeyring(item)),
            stored => stored.restore(path).map(Self::Here),
        }
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), StoreError> {
        match self {
            Self::Here(credential) => credential.save(path),
            Self::InKeyring(item) => files::replace(path, &Stored::Keyring { item: item.clone() }.into_bytes(path)?),
        }
    }

    pub(crate) fn item(self) -> Option<String> {
        if let Self::InKeyring(item) = self { Some(item) } else { None }
    }
}

impl Stored<'_> {
    fn into_bytes(self, path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let file = CredentialFile { v: VERSION, credential: self };
        serde_json::to_vec(&file).map(Zeroizing::new).map_err(|error| StoreError::corrupt(path, position(&error)))
    }

    fn restore(self, path: &Path) -> Result<Credential, StoreError> {
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
