//! Asks which account a token belongs to.

use alloc::string::String;
use alloc::vec::Vec;

use http::{Method, Response};

use super::ME_PATH;
use crate::api_call::{self, ApiCall, sealed};
use crate::error::{TransportFailure, Violation};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http::json::Object;
use crate::http::oauth;
use crate::http::pinned_origins::Endpoint;
use crate::http::request::{authorized, plain as get};
use crate::types::origin::Origin;
use crate::types::secret::{Email, PersonalToken};
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;

/// `GET /api/public/v1/auth/me` asks whether a token is valid and whom it belongs to. The deadline is 30 s, and the call may be repeated.
///
/// For a missing, expired or revoked token, the outcome is `Rejected` with 401. If the token's user no longer exists, it is `Rejected` with
/// 404. The pages do not say what the answer is for an account that nobody has claimed yet (opentrain.md, U13), nor whether it shows the
/// claim (C2).
#[derive(Clone, Debug)]
pub struct WhoAmI {
    endpoint: Endpoint,
    token: PersonalToken,
}

/// The account that a token belongs to. Every member is optional and comes from the service; the answer itself proves that the token is
/// valid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Me {
    /// The user's id.
    pub user_id: Option<Untrusted>,
    /// The user's address.
    pub email: Option<Email>,
    /// The user's full name.
    pub full_name: Option<Untrusted>,
    /// The token's id. [`DeleteToken`](super::DeleteToken) takes it.
    pub token_id: Option<Untrusted>,
    /// The token's label.
    pub label: Option<Untrusted>,
    /// The scopes of the token.
    pub scopes: Vec<String>,
    /// The organization that the account belongs to.
    pub organization_id: Option<Untrusted>,
    /// The user's role in the organization, such as `OWNER`.
    pub member_role: Option<Untrusted>,
}

impl WhoAmI {
    /// Asks about `token`.
    #[must_use]
    pub fn new(origin: &Origin, token: PersonalToken) -> Self {
        Self { endpoint: origin.endpoint(ME_PATH), token }
    }
}

impl sealed::Sealed for WhoAmI {}

impl ApiCall for WhoAmI {
    type Outcome = Me;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(authorized(get(&self.endpoint, Method::GET), &self.token), Exchange::TIMEOUT)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<Me, Failure> {
        api_call::settle(now, result, "", read, |error| Err(Failure::Rejected(error)))
    }
}

fn read(object: &Object<'_>) -> Result<Me, Violation> {
    let text = |part: &str, field: &str| object.object(part)?.text(field).map(Untrusted::new);
    // A page that happens to be JSON does not answer the question.
    let token = object.object("token").ok_or_else(|| Violation::MissingField { field: "token".into() })?;
    Ok(Me {
        user_id: text("actor", "userId"),
        email: object.object("actor").and_then(|actor| Email::parse(actor.text("email")?).ok()),
        full_name: text("actor", "fullName"),
        token_id: text("token", "id"),
        label: text("token", "label"),
        scopes: oauth::scopes(token),
        organization_id: text("account", "organizationId"),
        member_role: text("account", "memberRole"),
    })
}
