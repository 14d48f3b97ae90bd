//! Lists, creates and deletes the tokens of an account.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use http::{Method, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::TOKENS_PATH;
use crate::api_call::{self, ApiCall, sealed};
use crate::error::{TransportFailure, Violation};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http::json::{Json, Object};
use crate::http::oauth;
use crate::http::pinned_origins::Endpoint;
use crate::http::request::{authorized, plain as bare, post_json};
use crate::retry;
use crate::types::origin::Origin;
use crate::types::secret::{BadInput, PersonalToken};
use crate::types::timestamp::Timestamp;
use crate::types::untrusted::Untrusted;

/// The characters that stay unescaped in a path segment (RFC 3986 section 2.3).
const ESCAPED_IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `GET /api/public/v1/tokens` lists the tokens of the account, without their secrets. The deadline is 30 s, and the call may be repeated.
#[derive(Clone, Debug)]
pub struct ListTokens {
    endpoint: Endpoint,
    token: PersonalToken,
}

/// `POST /api/public/v1/tokens` creates another token for the account. The deadline is 30 s.
///
/// The answer contains a secret that is delivered once ([`Exchange::delivers`]). If the answer is lost, the request is **never repeated**:
/// `GaveUp` with `may_be_delivered` says that a token may exist which nobody has. [`ListTokens`] shows it, and [`DeleteToken`] deletes it.
#[derive(Clone, Debug)]
pub struct CreateToken {
    endpoint: Endpoint,
    token: PersonalToken,
    name: Option<TokenName>,
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
}

/// `DELETE /api/public/v1/tokens/{tokenId}` ends a token at once and for good. It may be the token that authorizes the call. The deadline
/// is 30 s, and the call may be repeated. For a token of another account, the outcome is `Rejected` with 404.
#[derive(Clone, Debug)]
pub struct DeleteToken {
    endpoint: Endpoint,
    token: PersonalToken,
}

/// The name of a token: not empty, at most 120 characters (opentrain.md section 10), and without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenName(String);

/// The service's description of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The token's id. [`DeleteToken`] takes it.
    pub id: TokenId,
    /// The token's name.
    pub name: Option<Untrusted>,
    /// The token's masked form.
    pub preview: Option<Untrusted>,
    /// The token's scopes.
    pub scopes: Vec<String>,
    /// The token's status: `active`, `revoked` or `expired`.
    pub status: Option<Untrusted>,
    /// The time when the token was created.
    pub created_at: Option<Timestamp>,
    /// The time when the token was last used.
    pub last_used_at: Option<Timestamp>,
    /// The time when the token expires.
    pub expires_at: Option<Timestamp>,
    /// The time when the token was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A token's id: visible ASCII, at most 256 characters. It is public.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenId(String);

/// A token that was created. Store it before anything else, because it was delivered once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreatedToken {
    /// The token.
    pub token: PersonalToken,
    /// The service's description of the token, if the answer contains it.
    pub info: Option<TokenInfo>,
}

impl TokenName {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`BadInput`], which names the rule.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let text = text.trim();
        let is_fine = (1..=120).contains(&text.chars().count()) && !text.contains(char::is_control);
        let rule = "1 to 120 characters, none of them a control character";
        is_fine.then(|| Self(text.to_owned())).ok_or(BadInput { what: "token name", rule })
    }
}

impl TokenId {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`BadInput`], which names the rule.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        // An id of dots alone would lead to another path.
        let is_fine = oauth::is_id(text) && !text.bytes().all(|byte| byte == b'.');
        is_fine.then(|| Self(text.to_owned())).ok_or(BadInput { what: "token id", rule: "1 to 256 visible ASCII characters" })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ListTokens {
    /// Lists the tokens of the account that `token` belongs to.
    #[must_use]
    pub fn new(origin: &Origin, token: PersonalToken) -> Self {
        Self { endpoint: origin.endpoint(TOKENS_PATH), token }
    }
}

impl CreateToken {
    /// Creates a token for the account that `token` belongs to, with the scopes of `token` and without an expiry.
    #[must_use]
    pub fn new(origin: &Origin, token: PersonalToken) -> Self {
        Self { endpoint: origin.endpoint(TOKENS_PATH), token, name: None, scopes: Vec::new(), expires_at: None }
    }

    /// Gives the new token a name.
    #[must_use]
    pub fn named(self, name: TokenName) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Limits the new token to these scopes, which must be among those of the calling token.
    #[must_use]
    pub fn scoped(self, scopes: Vec<String>) -> Self {
        Self { scopes, ..self }
    }

    /// Lets the new token expire at this time.
    #[must_use]
    pub fn until(self, expires_at: Timestamp) -> Self {
        Self { expires_at: Some(expires_at), ..self }
    }

    fn body(&self) -> Value {
        let name = self.name.as_ref().map(|name| ("name".to_owned(), name.0.clone().into()));
        let scopes = (!self.scopes.is_empty()).then(|| ("scopes".to_owned(), self.scopes.clone().into()));
        let end = self.expires_at.map(|at| ("expiresAt".to_owned(), at.to_rfc3339().into()));
        Value::Object([name, scopes, end].into_iter().flatten().collect::<Map<_, _>>())
    }
}

impl DeleteToken {
    /// Deletes the token `id` of the account that `token` belongs to.
    #[must_use]
    pub fn new(origin: &Origin, token: PersonalToken, id: &TokenId) -> Self {
        let id = utf8_percent_encode(&id.0, ESCAPED_IN_PATHS);
        Self { endpoint: origin.endpoint(&format!("{}/{id}", TOKENS_PATH)), token }
    }
}

impl sealed::Sealed for ListTokens {}
impl sealed::Sealed for CreateToken {}
impl sealed::Sealed for DeleteToken {}

impl ApiCall for ListTokens {
    type Outcome = Vec<TokenInfo>;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(authorized(bare(&self.endpoint, Method::GET), &self.token), Exchange::TIMEOUT)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<Vec<TokenInfo>, Failure> {
        let read = |object: &Object<'_>| match object.get("tokens") {
            Some(Json::List(tokens)) => tokens.iter().map(|token| info(token.as_object())).collect(),
            _ => Err(Violation::MissingField { field: "tokens".into() }),
        };
        api_call::settle(now, result, "tokens", read, |error| Err(Failure::Rejected(error)))
    }
}

impl ApiCall for CreateToken {
    type Outcome = CreatedToken;
    const SENT_AT_MOST: u8 = 1;

    fn exchange(&self) -> Exchange {
        let request = authorized(post_json(&self.endpoint, &self.body()), &self.token);
        Exchange { delivers: true, ..api_call::exchange(request, Exchange::TIMEOUT) }
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<CreatedToken, Failure> {
        let read = |object: &Object<'_>| {
            oauth::check_token_type(object, "tokenType")?;
            let info = object.object("metadata").and_then(|metadata| info(Some(metadata)).ok());
            Ok(CreatedToken { token: object.required_secret("token")?, info })
        };
        api_call::settle(now, result, "token", read, |error| Err(Failure::Rejected(error))).map_err(|failure| lost_token(failure, now))
    }
}

/// After a request that may have been carried out, a token may exist that nobody has.
fn lost_token(failure: Failure, now: Timestamp) -> Failure {
    match failure {
        Failure::GaveUp { trouble, retry_at, .. } => {
            let may_be_delivered = trouble.may_have_been_carried_out();
            Failure::GaveUp { trouble, retry_at, may_be_delivered }
        }
        Failure::Protocol(violation @ (Violation::MissingField { .. } | Violation::BadField { .. })) => {
            retry::give_up(violation.into(), true, now)
        }
        other => other,
    }
}

impl ApiCall for DeleteToken {
    type Outcome = TokenInfo;
    const SENT_AT_MOST: u8 = 3;

    fn exchange(&self) -> Exchange {
        api_call::exchange(authorized(bare(&self.endpoint, Method::DELETE), &self.token), Exchange::TIMEOUT)
    }

    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<TokenInfo, Failure> {
        api_call::settle(now, result, "", |object| info(object.object("token")), |error| Err(Failure::Rejected(error)))
    }
}

fn info(token: Option<&Object<'_>>) -> Result<TokenInfo, Violation> {
    let token = token.ok_or_else(|| Violation::MissingField { field: "token".into() })?;
    let text = |field: &str| token.text(field).map(Untrusted::new);
    let time = |field: &str| token.text(field).and_then(Timestamp::parse_rfc3339);
    Ok(TokenInfo {
        id: TokenId::parse(token.required_text("id")?).map_err(|_| Violation::BadField { field: "id".into() })?,
        name: text("name"),
        preview: text("preview"),
        scopes: oauth::scopes(token),
        status: text("status"),
        created_at: time("createdAt"),
        last_used_at: time("lastUsedAt"),
        expires_at: time("expiresAt"),
        revoked_at: time("revokedAt"),
    })
}
