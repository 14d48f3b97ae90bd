//! Revoking a token (RFC 7009).

use alloc::vec::Vec;

use http::Response;

use super::{AuthorizationServer, REVOKE_PATH};
use crate::api_call::{self, ApiCall, sealed};
use crate::error::{TransportFailure, Violation};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http::request::post_form;
use crate::http::response::wipe;
use crate::types::origin::{Endpoint, Origin};
use crate::types::secret::PersonalToken;
use crate::types::timestamp::Timestamp;

/// `POST /api/agent/oauth/revoke`: the token stops at once, for good. 30 s.
///
/// Its answer is 200 for a token that is not known, too, so that a repeat does no harm. Only a 200 means done: after anything
/// else, 202 included, the token must be taken to live, and is to be kept (RFC 7009 section 2.2).
#[derive(Clone, Debug)]
pub struct Revoke {
    endpoint: Endpoint,
    token: PersonalToken,
}

impl Revoke {
    /// At the documented path.
    #[must_use]
    pub fn new(origin: &Origin, token: PersonalToken) -> Self {
        Self { endpoint: origin.endpoint(REVOKE_PATH), token }
    }

    /// Where the service's own metadata says: the pages name two paths (opentrain.md, C1). `None` when it names none.
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

    /// The body of a success is not looked at (RFC 7009 section 2.2).
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
            // Another success is no answer to the question.
            Some(status @ 201..=299) => {
                wipe(result);
                Err(Failure::Protocol(Violation::UnexpectedStatus { status }))
            }
            _ => api_call::settle(now, result, "", |_| Ok(()), |error| Err(Failure::Rejected(error))),
        }
    }
}
