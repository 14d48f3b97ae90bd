//! OpenTrain: an anonymous registration, then a claim by the owner.
//!
//! [`Enrolment`] registers the agent and yields a [`Registration`]; a [`Claim`] made from it yields the [`ClaimedToken`]. What
//! comes after are plain calls: [`WhoAmI`], [`ListTokens`], [`CreateToken`], [`DeleteToken`], [`Revoke`], and the two documents by
//! which the service describes itself, [`FetchProtectedResource`] and [`FetchAuthorizationServer`].
//!
//! `wire` knows the service's words and is the only file here that does.

mod claim;
mod discovery;
mod enrolment;
mod me;
mod polling;
mod revoke;
mod tokens;
pub(crate) mod wire;

pub use claim::{Claim, EnterCode};
pub(crate) use claim::{Memory, Starting, State as ClaimState, Terms};
pub use discovery::{AuthorizationServer, FetchAuthorizationServer, FetchProtectedResource, ProtectedResource};
pub(crate) use enrolment::State as EnrolmentState;
pub use enrolment::{Answer, Enrolment, Label, Prompt};
pub use me::{Me, WhoAmI};
pub(crate) use polling::{Goal, Polling, Turn};
pub use revoke::Revoke;
pub use tokens::{CreateToken, CreatedToken, DeleteToken, ListTokens, TokenId, TokenInfo, TokenName};

use alloc::string::String;
use alloc::vec::Vec;

use crate::origin::{Endpoint, Origin};
use crate::secret::{ClaimToken, PersonalToken};
use crate::time::Timestamp;

/// The service's base URL.
pub const BASE_URL: &str = "https://app.opentrain.ai";

/// What the anonymous registration delivered, once: the pre-claim token, and what a [`Claim`] needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    pub(crate) origin: Origin,
    pub(crate) registration_id: Option<String>,
    pub(crate) access_token: PersonalToken,
    pub(crate) scopes: Vec<String>,
    pub(crate) claim_token: ClaimToken,
    pub(crate) claim_token_expires_at: Option<Timestamp>,
    pub(crate) claim_endpoint: Endpoint,
    pub(crate) token_endpoint: Endpoint,
}

impl Registration {
    /// The pinned origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The service's id of the registration, when it sent one.
    #[must_use]
    pub fn registration_id(&self) -> Option<&str> {
        self.registration_id.as_deref()
    }

    /// The pre-claim token. The service revokes it when the claim succeeds.
    #[must_use]
    pub fn access_token(&self) -> &PersonalToken {
        &self.access_token
    }

    /// What the pre-claim token allows.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The claim token.
    #[must_use]
    pub fn claim_token(&self) -> &ClaimToken {
        &self.claim_token
    }

    /// When the claim window ends, about 24 h after the registration; `None` when the service did not say.
    #[must_use]
    pub fn claim_token_expires_at(&self) -> Option<Timestamp> {
        self.claim_token_expires_at
    }
}

/// What the claim delivered, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedToken {
    pub(crate) access_token: PersonalToken,
    pub(crate) scopes: Vec<String>,
}

impl ClaimedToken {
    /// The post-claim token.
    #[must_use]
    pub fn access_token(&self) -> &PersonalToken {
        &self.access_token
    }

    /// What it allows; empty when the service did not say.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

/// Looks for a token in the bytes of a damaged delivery that were kept aside. Nothing else mines them: call it on a
/// person's word, and verify what it finds.
///
/// ```
/// let cut_off = br#"{"access_token":"ot_pat_8f2a_c0ffee","token_ty"#;
/// let token = enlist_core::opentrain::salvage(cut_off).ok_or("no token")?;
/// assert_eq!(token.expose(), "ot_pat_8f2a_c0ffee");
/// // A token that may itself be cut off is none.
/// assert!(enlist_core::opentrain::salvage(br#"{"access_token":"ot_pat_8f2a_c0f"#).is_none());
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn salvage(bytes: &[u8]) -> Option<PersonalToken> {
    const PREFIX: &[u8] = b"\"ot_pat_";
    let start = bytes.windows(PREFIX.len()).position(|window| window == PREFIX)?;
    let text = bytes.get(start.checked_add(1)?..)?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    PersonalToken::parse(core::str::from_utf8(text.get(..end)?).ok()?).ok()
}
