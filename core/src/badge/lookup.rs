//! API calls that need no badge: an agent's manifest, the service's keys, its DID document, its health.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use http::{Method, Response};

use super::calls::QUICK;
use super::{Did, PublishedProfile, wire};
use crate::api_call::{self, ApiCall, sealed};
use crate::error::{TransportFailure, Violation};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http::json::{Json, Object};
use crate::http::request::plain as bare;
use crate::types::origin::Origin;
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;

/// `GET /v1/manifest/{did}` reads what the service publishes about an agent. The deadline is the documented 10 s, and the call may be
/// repeated.
///
/// The outcome is `None` for a 404: the agent was never registered, or its badge was revoked. `Rejected` with 400 means that the service
/// does not accept the DID.
#[derive(Clone, Debug)]
pub struct LookUp {
    origin: Origin,
    did: Did,
    encoded: bool,
}

/// The information that the service publishes about an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// The DID that was asked for.
    pub did: Did,
    /// The agent's public profile.
    pub profile: PublishedProfile,
    /// When the badge was issued.
    pub issued_at: Option<Timestamp>,
}

/// `GET /v1/jwks` reads the keys that badges are signed with. The deadline is the documented 10 s, and the call may be repeated.
///
/// The outcome is the document itself, so that it can be stored. `verify::Jwks` (feature `verify`) reads it.
#[derive(Clone, Debug)]
pub struct FetchJwks {
    origin: Origin,
}

/// `GET /v1/did` reads the service's own DID document, as JSON. Its shape is not published (sentryagent.md, U12). The deadline is 30 s, and
/// the call may be repeated.
#[derive(Clone, Debug)]
pub struct FetchDid {
    origin: Origin,
}

/// The service's own DID document. `Debug` shows only its id, because the rest is text of the service.
#[derive(Clone, PartialEq, Eq)]
pub struct DidDocument {
    json: String,
    id: Untrusted,
}

/// `GET /v1/health` asks how the service is. The deadline is 30 s, and the call may be repeated.
#[derive(Clone, Debug)]
pub struct Health {
    origin: Origin,
}

/// The service's report on its own health.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthReport {
    /// The reported status. The only documented value is `ok`.
    pub status: Untrusted,
    /// The service's version.
    pub version: Option<Untrusted>,
}

impl core::fmt::Debug for DidDocument {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "DidDocument({}, {} bytes)", self.id, self.json.len())
    }
}

impl HealthReport {
    /// Whether the status is `ok`.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status.raw() == "ok"
    }
}

impl DidDocument {
    /// The document as the service sent it.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.json
    }

    /// The document's `id`.
    #[must_use]
    pub fn id(&self) -> &Untrusted {
        &self.id
    }
}

impl LookUp {
    /// Asks about `did`. The path contains its colons unescaped, as in the example of the documents.
    #[must_use]
    pub fn new(origin: &Origin, did: Did) -> Self {
        Self { origin: origin.clone(), did, encoded: false }
    }

    /// Writes `%3A` for each colon, as the text of the documents says (sentryagent.md, C2). Use it if the unescaped form is not found.
    #[must_use]
    pub fn encoded(self) -> Self {
        Self { encoded: true, ..self }
    }
}

impl FetchJwks {
    /// Asks the service at `origin`.
    #[must_use]
    pub fn new(origin: &Origin) -> Self {
        Self { origin: origin.clone() }
    }
}

impl FetchDid {
    /// Asks the service at `origin`.
    #[must_use]
    pub fn new(origin: &Origin) -> Self {
        Self { origin: origin.clone() }
    }
}

impl Health {
    /// Asks the service at `origin`.
    #[must_use]
    pub fn new(origin: &Origin) -> Self {
        Self { origin: origin.clone() }
    }
}

impl sealed::Sealed for LookUp {}
impl sealed::Sealed for FetchJwks {}
impl sealed::Sealed for FetchDid {}
impl sealed::Sealed for Health {}

impl ApiCall for LookUp {
    type Outcome = Option<Published>;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        // A percent sign in the DID would otherwise be read as an escape of the path.
        let did = self.did.as_str().replace('%', "%25");
        let did = if self.encoded { did.replace(':', "%3A") } else { did };
        api_call::exchange(bare(&self.origin.endpoint(&format!("{}{did}", wire::MANIFEST_LOOKUP_PATH)), Method::GET), QUICK)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<Option<Published>, Failure> {
        let read = |object: &Object<'_>| {
            if object.required_text("did")? != self.did.as_str() {
                return Err(Violation::EchoMismatch { field: "did".into() });
            }
            let profile = object.object("public_profile").ok_or_else(|| Violation::MissingField { field: "public_profile".into() })?;
            let issued_at = object.text("issued_at").and_then(Timestamp::parse_rfc3339);
            Ok(Some(Published { did: self.did.clone(), profile: PublishedProfile::read(profile), issued_at }))
        };
        api_call::settle(now, result, "did", read, |error| if error.status == 404 { Ok(None) } else { Err(Failure::Rejected(error)) })
    }
}

impl ApiCall for FetchJwks {
    type Outcome = String;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(bare(&self.origin.endpoint(wire::JWKS_PATH), Method::GET), QUICK)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<String, Failure> {
        let json = text_of(&result);
        let read = |object: &Object<'_>| match object.get("keys") {
            Some(Json::List(_)) => Ok(json),
            None => Err(Violation::MissingField { field: "keys".into() }),
            Some(_) => Err(Violation::BadField { field: "keys".into() }),
        };
        api_call::settle(now, result, "keys", read, |error| Err(Failure::Rejected(error)))
    }
}

impl ApiCall for FetchDid {
    type Outcome = DidDocument;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(bare(&self.origin.endpoint(wire::DID_PATH), Method::GET), Exchange::TIMEOUT)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<DidDocument, Failure> {
        let json = text_of(&result);
        let read = |object: &Object<'_>| Ok(DidDocument { json, id: Untrusted::new(object.required_text("id")?) });
        api_call::settle(now, result, "id", read, |error| Err(Failure::Rejected(error)))
    }
}

impl ApiCall for Health {
    type Outcome = HealthReport;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(bare(&self.origin.endpoint(wire::HEALTH_PATH), Method::GET), Exchange::TIMEOUT)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<HealthReport, Failure> {
        let read = |object: &Object<'_>| {
            let status = Untrusted::new(object.required_text("status")?);
            Ok(HealthReport { status, version: object.text("version").map(Untrusted::new) })
        };
        api_call::settle(now, result, "status", read, |error| Err(Failure::Rejected(error)))
    }
}

/// The body as text. A body that is JSON is also UTF-8.
fn text_of(result: &Result<Response<Vec<u8>>, TransportFailure>) -> String {
    result.as_ref().ok().and_then(|response| core::str::from_utf8(response.body()).ok()).unwrap_or_default().to_owned()
}
