//! Revoking a token (RFC 7009).

use alloc::vec::Vec;

use http::Response;

use super::{AuthorizationServer, REVOKE_PATH};
use crate::api_call::{self, ApiCall, sealed};
use crate::error::{TransportFailure, Violation};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http::pinned_origins::Endpoint;
use crate::http::request::post_form;
use crate::http::response::wipe;
use crate::types::origin::Origin;
use crate::types::secret::PersonalToken;
use crate::types::timestamp::Timestamp;

/// `POST /api/agent/oauth/revoke` ends a token at once and for good. The deadline is 30 s.
///
/// The service also answers 200 for an unknown token, so a repeat does no harm. Only a 200 means that the token was revoked. After any
/// other answer, 202 included, treat the token as valid and keep it (RFC 7009 section 2.2).
#[derive(Clone, Debug)]
pub struct Revoke {
    endpoint: Endpoint,
    token: PersonalToken,
}

impl Revoke {
    /// Revokes at the documented path.
    #[must_use]
    pub fn new(origin: &Origin, token: PersonalToken) -> Self {
        Self { endpoint: origin.endpoint(REVOKE_PATH), token }
    }

    /// Revokes at the path that the service's metadata names, because the pages name two paths (opentrain.md, C1). `None` if the metadata
    /// names none.
    #[must_use]
    pub fn at(metadata: &AuthorizationServer, token: PersonalToken) -> Option<Self> {
        Some(Self { endpoint: metadata.revocation_endpoint.clone()?, token })
    }
}

impl sealed::Sealed for Revoke {}

impl ApiCall for Revoke {
    type Outcome = ();
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(post_form(&self.endpoint, &[("token", self.token.expose())]), Exchange::TIMEOUT)
    }

    /// The body of a success does not matter (RFC 7009 section 2.2).
    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<(), Failure> {
        let status = match &result {
            Ok(response) => Some(response.status().as_u16()),
            Err(failure) => failure.partial.as_ref().map(|partial| partial.status),
        };
        match status {
            Some(200) => {
                wipe(result);
                Ok(())
            }
            // Another success does not answer the question.
            Some(status @ 201..=299) => {
                wipe(result);
                Err(Failure::Protocol(Violation::UnexpectedStatus { status }))
            }
            _ => api_call::settle(now, result, "", |_| Ok(()), |error| Err(Failure::Rejected(error))),
        }
    }
}
