//! The two well-known documents by which the service describes itself.
//!
//! A document counts only if it names the address from which it was fetched, and every endpoint in it must be on the pinned origin (RFC
//! 9728 section 3.3, RFC 8414 section 3.3).

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
use crate::http::pinned_origins::Endpoint;
use crate::http::request::plain as bare;
use crate::types::origin::Origin;
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;

/// `GET /.well-known/oauth-protected-resource` (RFC 9728). The deadline is 30 s, and the call may be repeated.
#[derive(Clone, Debug)]
pub struct FetchProtectedResource {
    origin: Origin,
}

/// `GET /.well-known/oauth-authorization-server` (RFC 8414). The deadline is 30 s, and the call may be repeated.
#[derive(Clone, Debug)]
pub struct FetchAuthorizationServer {
    origin: Origin,
}

/// The protected resource's description of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProtectedResource {
    /// Whether the resource names its own origin among its authorization servers.
    pub is_own_authorization_server: bool,
    /// Other authorization servers that the resource names. Nothing is ever sent there.
    pub foreign_authorization_servers: Vec<Untrusted>,
    /// The scopes that the resource supports.
    pub scopes: Vec<String>,
    /// The ways in which the resource accepts a bearer token, such as `header`.
    pub bearer_methods: Vec<Untrusted>,
}

/// The authorization server's description of itself.
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
    /// Asks the service at `origin`.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self { origin }
    }
}

impl FetchAuthorizationServer {
    /// Asks the service at `origin`.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self { origin }
    }
}

impl AuthorizationServer {
    /// The URL of the token endpoint.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}", self.token_endpoint.uri())
    }

    /// The URL of the revocation endpoint. [`Revoke::at`](super::Revoke::at) uses it.
    #[must_use]
    pub fn revocation_endpoint(&self) -> Option<String> {
        self.revocation_endpoint.as_ref().map(|endpoint| format!("{}", endpoint.uri()))
    }

    /// The URL of the registration (`agent_auth`). Its members are not published (opentrain.md, U11).
    #[must_use]
    pub fn identity_endpoint(&self) -> Option<String> {
        self.identity_endpoint.as_ref().map(|endpoint| format!("{}", endpoint.uri()))
    }

    /// The URL at which a claim starts (`agent_auth`).
    #[must_use]
    pub fn claim_endpoint(&self) -> Option<String> {
        self.claim_endpoint.as_ref().map(|endpoint| format!("{}", endpoint.uri()))
    }

    /// The grant types that the server supports.
    #[must_use]
    pub fn grant_types(&self) -> &[Untrusted] {
        &self.grant_types
    }

    /// The scopes that the server supports.
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

/// Refuses every success but 200, because only a 200 contains such a document (RFC 9728 section 3.2, RFC 8414 section 3.2).
fn only_200(result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<Response<Vec<u8>>, TransportFailure> {
    match result {
        Ok(mut response) if response.status().is_success() && response.status() != http::StatusCode::OK => {
            response.body_mut().clear();
            Ok(response)
        }
        other => other,
    }
}

/// Checks that the identifier is the one from which the document's URL was built.
fn is_itself(object: &Object<'_>, field: &'static str, origin: &Origin) -> Result<(), Violation> {
    if names(origin, object.required_text(field)?) { Ok(()) } else { Err(Violation::EchoMismatch { field: field.into() }) }
}

/// Compares code point by code point. One slash after a bare host is accepted, because published samples contain it.
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
