//! The two well-known documents: what the service says of itself.
//!
//! Both count only when they name the very address that they were asked of, and every endpoint in them must be on the pinned
//! origin (RFC 9728 section 3.3, RFC 8414 section 3.3).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use http::{Method, Response};

use super::{RESOURCE_PATH, SERVER_PATH};
use crate::api_call::{self, ApiCall, sealed};
use crate::error::{TransportFailure, Violation};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http::json::{Json, Object};
use crate::http::oauth;
use crate::http::request::plain as bare;
use crate::types::origin::{Endpoint, Origin};
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;

/// `GET /.well-known/oauth-protected-resource` (RFC 9728). 30 s; may be repeated.
#[derive(Clone, Debug)]
pub struct FetchProtectedResource {
    origin: Origin,
}

/// `GET /.well-known/oauth-authorization-server` (RFC 8414). 30 s; may be repeated.
#[derive(Clone, Debug)]
pub struct FetchAuthorizationServer {
    origin: Origin,
}

/// What the protected resource says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProtectedResource {
    /// Whether the resource names its own origin among its authorization servers.
    pub is_own_authorization_server: bool,
    /// Other authorization servers that it names. Nothing is ever sent there.
    pub foreign_authorization_servers: Vec<Untrusted>,
    /// The scopes that it knows.
    pub scopes: Vec<String>,
    /// How it takes a bearer: `header`.
    pub bearer_methods: Vec<Untrusted>,
}

/// What the authorization server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationServer {
    token_endpoint: Endpoint,
    pub(crate) revocation_endpoint: Option<Endpoint>,
    identity_endpoint: Option<Endpoint>,
    claim_endpoint: Option<Endpoint>,
    grant_types: Vec<Untrusted>,
    scopes: Vec<String>,
}

impl FetchProtectedResource {
    /// Of the service at `origin`.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self { origin }
    }
}

impl FetchAuthorizationServer {
    /// Of the service at `origin`.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self { origin }
    }
}

impl AuthorizationServer {
    /// The URL of the poll.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}", self.token_endpoint.uri())
    }

    /// The URL of the revocation, as [`Revoke::at`](super::Revoke::at) takes it.
    #[must_use]
    pub fn revocation_endpoint(&self) -> Option<String> {
        self.revocation_endpoint.as_ref().map(|endpoint| format!("{}", endpoint.uri()))
    }

    /// The URL of the registration (`agent_auth`; its members are not published, opentrain.md U11).
    #[must_use]
    pub fn identity_endpoint(&self) -> Option<String> {
        self.identity_endpoint.as_ref().map(|endpoint| format!("{}", endpoint.uri()))
    }

    /// The URL of the claim's start (`agent_auth`).
    #[must_use]
    pub fn claim_endpoint(&self) -> Option<String> {
        self.claim_endpoint.as_ref().map(|endpoint| format!("{}", endpoint.uri()))
    }

    /// The grants that it knows.
    #[must_use]
    pub fn grant_types(&self) -> &[Untrusted] {
        &self.grant_types
    }

    /// The scopes that it knows.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

impl sealed::Sealed for FetchProtectedResource {}
impl sealed::Sealed for FetchAuthorizationServer {}

impl ApiCall for FetchProtectedResource {
    type Outcome = ProtectedResource;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(bare(&self.origin.endpoint(RESOURCE_PATH), Method::GET), Exchange::TIMEOUT)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<ProtectedResource, Failure> {
        let read = |object: &Object<'_>| {
            is_itself(object, "resource", &self.origin)?;
            let servers = texts(object, "authorization_servers");
            Ok(ProtectedResource {
                is_own_authorization_server: servers.iter().any(|server| names(&self.origin, server)),
                foreign_authorization_servers: servers
                    .iter()
                    .filter(|server| !names(&self.origin, server))
                    .map(|server| Untrusted::new(server))
                    .collect(),
                scopes: oauth::supported_scopes(object),
                bearer_methods: texts(object, "bearer_methods_supported").into_iter().map(Untrusted::new).collect(),
            })
        };
        api_call::settle(now, only_200(result), "resource", read, |error| Err(Failure::Rejected(error)))
    }
}

impl ApiCall for FetchAuthorizationServer {
    type Outcome = AuthorizationServer;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(bare(&self.origin.endpoint(SERVER_PATH), Method::GET), Exchange::TIMEOUT)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<AuthorizationServer, Failure> {
        let read = |object: &Object<'_>| {
            is_itself(object, "issuer", &self.origin)?;
            let optional = |object: Option<&Object<'_>>, field: &'static str| {
                object.and_then(|object| object.text(field)).map(|url| self.origin.pinned_endpoint(field, url)).transpose()
            };
            let agent_auth = object.object("agent_auth");
            Ok(AuthorizationServer {
                token_endpoint: self.origin.pinned_endpoint("token_endpoint", object.required_text("token_endpoint")?)?,
                revocation_endpoint: optional(Some(object), "revocation_endpoint")?,
                identity_endpoint: optional(agent_auth, "identity_endpoint")?,
                claim_endpoint: optional(agent_auth, "claim_endpoint")?,
                grant_types: texts(object, "grant_types_supported").into_iter().map(Untrusted::new).collect(),
                scopes: oauth::supported_scopes(object),
            })
        };
        api_call::settle(now, only_200(result), "issuer", read, |error| Err(Failure::Rejected(error)))
    }
}

/// Another success than 200 is no such document (RFC 9728 section 3.2, RFC 8414 section 3.2).
fn only_200(result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<Response<Vec<u8>>, TransportFailure> {
    match result {
        Ok(mut response) if response.status().is_success() && response.status() != http::StatusCode::OK => {
            response.body_mut().clear();
            Ok(response)
        }
        other => other,
    }
}

/// The identifier must be the one that the document's URL was built from.
fn is_itself(object: &Object<'_>, field: &'static str, origin: &Origin) -> Result<(), Violation> {
    if names(origin, object.required_text(field)?) { Ok(()) } else { Err(Violation::EchoMismatch { field: field.into() }) }
}

/// Compared code point by code point; one slash after a bare host is let pass, for published samples have it.
fn names(origin: &Origin, text: &str) -> bool {
    let own = format!("{origin}");
    text == own || text.strip_suffix('/') == Some(own.as_str())
}

fn texts<'a>(object: &'a Object<'_>, field: &str) -> Vec<&'a str> {
    match object.get(field) {
        Some(Json::List(items)) => items.iter().filter_map(Json::as_text).collect(),
        _ => Vec::new(),
    }
}
