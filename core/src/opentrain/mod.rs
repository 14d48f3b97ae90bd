//! OpenTrain's Public API, for an agent that has its token.
//!
//! These are plain API calls: [`WhoAmI`], [`ListTokens`], [`CreateToken`], [`DeleteToken`], [`Revoke`], and the two documents by which
//! the service describes itself, [`FetchProtectedResource`] and [`FetchAuthorizationServer`]. The ceremony that brings the token is
//! in [`claim`](crate::claim).

mod discovery;
mod me;
mod revoke;
mod tokens;

pub use discovery::{AuthorizationServer, FetchAuthorizationServer, FetchProtectedResource, ProtectedResource};
pub use me::{Me, WhoAmI};
pub use revoke::Revoke;
pub use tokens::{CreateToken, CreatedToken, DeleteToken, ListTokens, TokenId, TokenInfo, TokenName};

/// The service's base URL.
pub const BASE_URL: &str = "https://app.opentrain.ai";

pub(crate) const REVOKE_PATH: &str = "/api/agent/oauth/revoke";
pub(crate) const ME_PATH: &str = "/api/public/v1/auth/me";
pub(crate) const TOKENS_PATH: &str = "/api/public/v1/tokens";
pub(crate) const RESOURCE_PATH: &str = "/.well-known/oauth-protected-resource";
pub(crate) const SERVER_PATH: &str = "/.well-known/oauth-authorization-server";
/// All paths above, as they may appear in a log.
pub(crate) const PATHS: &[&str] = &[REVOKE_PATH, ME_PATH, TOKENS_PATH, RESOURCE_PATH, SERVER_PATH];
