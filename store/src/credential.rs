//! The credential that a ceremony brought: one file for a profile and a service.

use std::borrow::Cow;
use std::path::Path;

use enlist_core::badge::Identity;
use enlist_core::claim::{ClaimedToken, Enrolment, Label, Registration};
use enlist_core::secret::{Badge, PersonalToken};
use enlist_core::{Ceremony, CeremonyKind, Snapshot, Step, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::head::{Body, Format, Opened, Unusable, position};
use crate::{StoreError, files};

const FORMAT: Format = Format { name: "enlist-credential", version: 1, minor: 0 };

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
        /// The scopes of the token, in the service's words.
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
        /// The profile that the manifest made public, as JSON; null if it is not known.
        public_profile: Value,
    },
}

/// The credential as its file holds it, in one of these forms.
const ENROLMENT: &str = CeremonyKind::Enrolment.as_str();
const TOKEN: &str = "token";
const BADGE: &str = "badge";
/// The file names the keyring's item that holds the credential.
const KEYRING: &str = "keyring";

#[derive(Deserialize)]
struct Form<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct EnrolmentBody<'a> {
    kind: String,
    #[serde(borrow)]
    enrolment: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
struct TokenBody {
    kind: String,
    base_url: String,
    access_token: Zeroizing<String>,
    scopes: Vec<String>,
    adopted: bool,
}

#[derive(Serialize, Deserialize)]
struct BadgeBody {
    kind: String,
    base_url: String,
    badge: Zeroizing<String>,
    did: Option<String>,
    public_profile: Value,
}

#[derive(Serialize, Deserialize)]
struct KeyringBody {
    kind: String,
    item: String,
}

impl Body for EnrolmentBody<'_> {
    const MEMBERS: &'static [&'static str] = &["kind", "enrolment"];
}

impl Body for TokenBody {
    const MEMBERS: &'static [&'static str] = &["kind", "base_url", "access_token", "scopes", "adopted"];
}

impl Body for BadgeBody {
    const MEMBERS: &'static [&'static str] = &["kind", "base_url", "badge", "did", "public_profile"];
}

impl Body for KeyringBody {
    const MEMBERS: &'static [&'static str] = &["kind", "item"];
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
        let written = match self {
            Self::Unclaimed(enrolment) => {
                let json = enrolment.snapshot().to_json();
                let enrolment = serde_json::from_str(json.expose());
                enrolment.and_then(|enrolment| FORMAT.write(&EnrolmentBody { kind: ENROLMENT.to_owned(), enrolment }))
            }
            Self::Token { base_url, token, scopes, adopted } => FORMAT.write(&TokenBody {
                kind: TOKEN.to_owned(),
                base_url: base_url.clone(),
                access_token: Zeroizing::new(token.expose().to_owned()),
                scopes: scopes.clone(),
                adopted: *adopted,
            }),
            Self::Badge { base_url, badge, did, public_profile } => FORMAT.write(&BadgeBody {
                kind: BADGE.to_owned(),
                base_url: base_url.clone(),
                badge: Zeroizing::new(badge.expose().to_owned()),
                did: did.clone(),
                public_profile: public_profile.clone(),
            }),
        };
        written.map_err(|error| StoreError::corrupt(path, position(&error)))
    }
}

/// The content of a credential's file.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) place: Place,
    /// Whether a newer version of enlist wrote the file.
    pub(crate) is_newer: bool,
}

/// Where a credential is.
#[derive(Debug)]
pub(crate) enum Place {
    /// In the file.
    Here(Credential),
    /// In the keyring's item of this name.
    Keyring(String),
}

impl Held {
    /// Reads the file at `path`; `None` when there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        files::read(path)?.map(|bytes| Self::parse(&bytes, path)).transpose()
    }

    /// Reads the bytes of a file or of a keyring item. An error names `path`.
    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self, StoreError> {
        let opened = FORMAT.open(bytes).map_err(|unusable| unusable.at(path))?;
        Self::read_opened(&opened).map_err(|unusable| opened.unless_newer(unusable).at(path))
    }

    fn read_opened(opened: &Opened<'_>) -> Result<Self, Unusable> {
        let (Form { kind }, mut is_newer) = (opened.glance()?, opened.is_newer);
        let place = match &*kind {
            ENROLMENT => {
                let (credential, is_newer_snapshot) = enrolled(&opened.read()?)?;
                is_newer |= is_newer_snapshot;
                Place::Here(credential)
            }
            TOKEN => {
                let TokenBody { base_url, access_token, scopes, adopted, .. } = opened.read()?;
                let token = PersonalToken::parse(&access_token).map_err(Unusable::damaged)?;
                Place::Here(Credential::Token { base_url, token, scopes, adopted })
            }
            BADGE => {
                let BadgeBody { base_url, badge, did, public_profile, .. } = opened.read()?;
                let badge = Badge::parse(&badge).map_err(Unusable::damaged)?;
                Place::Here(Credential::Badge { base_url, badge, did, public_profile })
            }
            KEYRING => Place::Keyring(opened.read::<KeyringBody>()?.item),
            _ => return Err(Unusable::damaged("its kind of credential was never used")),
        };
        Ok(Self { place, is_newer })
    }

    pub(crate) fn item(self) -> Option<String> {
        match self.place {
            Place::Keyring(item) => Some(item),
            Place::Here(_) => None,
        }
    }
}

/// Writes the file at `path`, which says that the credential is the keyring's `item`.
pub(crate) fn save_item(item: &str, path: &Path) -> Result<(), StoreError> {
    let written = FORMAT.write(&KeyringBody { kind: KEYRING.to_owned(), item: item.to_owned() });
    files::replace(path, &written.map_err(|error| StoreError::corrupt(path, position(&error)))?)
}

/// The unclaimed registration in `body`, and whether a newer version saved it.
fn enrolled(body: &EnrolmentBody<'_>) -> Result<(Credential, bool), Unusable> {
    let snapshot = Snapshot::from_json(body.enrolment.get().as_bytes())?;
    let credential = Credential::Unclaimed(Box::new(Enrolment::peek(&snapshot)?));
    if credential.registration().is_none() {
        return Err(Unusable::damaged("it holds no registration"));
    }
    Ok((credential, snapshot.is_newer()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::written_names;

    /// A member that is written and not listed would be damage in our own file.
    #[test]
    fn every_member_is_listed() {
        let text = String::new;
        let enrolment = RawValue::from_string("{}".to_owned()).unwrap();
        assert_eq!(written_names(&EnrolmentBody { kind: text(), enrolment: &enrolment }), EnrolmentBody::MEMBERS);
        let token = TokenBody { kind: text(), base_url: text(), access_token: Zeroizing::default(), scopes: Vec::new(), adopted: true };
        assert_eq!(written_names(&token), TokenBody::MEMBERS);
        let badge = BadgeBody { kind: text(), base_url: text(), badge: Zeroizing::default(), did: None, public_profile: Value::Null };
        assert_eq!(written_names(&badge), BadgeBody::MEMBERS);
        assert_eq!(written_names(&KeyringBody { kind: text(), item: text() }), KeyringBody::MEMBERS);
    }
}
