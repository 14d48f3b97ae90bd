//! The outcomes and notices of the two ceremonies of the claim.

use alloc::string::String;
use alloc::vec::Vec;

use super::dialect::Dialect;
use crate::http::pinned_origins::{Endpoint, PinnedOrigins};
use crate::types::origin::Origin;
use crate::types::secret::{ClaimLink, ClaimToken, Email, PersonalToken, UserCode};
use crate::types::timestamp::Timestamp;

/// The outcome of an anonymous registration, which is delivered once: the pre-claim token, and the data for a [`Claim`](super::Claim).
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    pub(crate) dialect: Dialect,
    pub(crate) origins: PinnedOrigins,
    pub(crate) registration_id: Option<String>,
    pub(crate) access_token: PersonalToken,
    pub(crate) scopes: Vec<String>,
    pub(crate) claim_token: ClaimToken,
    pub(crate) claim_token_expires_at: Option<Timestamp>,
    pub(crate) claim_endpoint: Endpoint,
    pub(crate) token_endpoint: Endpoint,
}

impl Registration {
    /// The dialect that the service uses.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The service's origin, pinned when the registration was begun.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.origins.service()
    }

    /// The service's id of the registration, if it sent one.
    #[must_use]
    pub fn registration_id(&self) -> Option<&str> {
        self.registration_id.as_deref()
    }

    /// The pre-claim token. The service revokes it when the claim succeeds.
    #[must_use]
    pub fn access_token(&self) -> &PersonalToken {
        &self.access_token
    }

    /// The scopes of the pre-claim token.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The claim token.
    #[must_use]
    pub fn claim_token(&self) -> &ClaimToken {
        &self.claim_token
    }

    /// The end of the claim window, about 24 h after the registration; `None` if the service did not say.
    #[must_use]
    pub fn claim_token_expires_at(&self) -> Option<Timestamp> {
        self.claim_token_expires_at
    }
}

/// The instructions for the owner: open the link and type the code.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EnterCode {
    /// The code. Show it even when the link is shown.
    pub user_code: UserCode,
    /// The link, on a pinned origin.
    pub verification_uri: ClaimLink,
    /// The owner whom the service expects to type the code.
    pub owner: Email,
    /// The end of the attempt, by this machine's clock.
    pub expires_at: Timestamp,
    /// The service's first poll interval, in seconds.
    pub interval: u32,
    /// Whether the service says that it sent the link by e-mail. Show the link anyway.
    pub email_sent: bool,
}

/// The outcome of a claim, which is delivered once.
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

    /// The scopes of the token. The list is empty if the service did not say.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

/// Searches the kept bytes of a damaged delivery for a token. Nothing else searches such bytes. Call this function if a person asks for it,
/// and verify the result.
///
/// ```
/// let cut_off = br#"{"access_token":"ot_pat_8f2a_c0ffee","token_ty"#;
/// let token = enlist_core::claim::salvage(cut_off).ok_or("no token")?;
/// assert_eq!(token.expose(), "ot_pat_8f2a_c0ffee");
/// // A token that may itself be cut off does not count.
/// assert!(enlist_core::claim::salvage(br#"{"access_token":"ot_pat_8f2a_c0f"#).is_none());
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
