//! The dialects of the claim: how each kind of service words the same ceremony.
//!
//! The machines do not know the wording of any service. They ask a [`Dialect`] for requests and for the meaning of answers. A new dialect
//! is one file in this folder and one line in the table below.

mod answers;
mod opentrain;
#[cfg(test)]
mod toy;

use http::Request;

use super::enrolment::Label;
use super::machine::ClaimContext;
use super::polling::Polled;
use super::types::{EnterCode, Registration};
use crate::error::{ServerError, Violation};
use crate::exchange::Body;
use crate::failure::{Failure, Service};
use crate::http::damaged::Damaged;
use crate::http::json::Object;
use crate::http::pinned_origins::PinnedOrigins;
use crate::http::request::{post_form, post_json};
use crate::http::response::ResponseClass;
use crate::types::origin::Origin;
use crate::types::secret::Email;
use crate::types::timestamp::Timestamp;

/// The longest accepted life of an attempt, in seconds: a day.
pub(crate) const LONGEST_LIFE: u32 = 86_400;

macro_rules! dialects {
    ($($(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])? $name:ident => $file:ident,)*) => {
        /// The way in which a service words the claim. A closed set: each member is a file of this crate.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Dialect { $($(#[doc = $doc])* $(#[cfg($cfg)])? $name,)* }

        impl Dialect {
            /// Every dialect.
            pub const ALL: &'static [Self] = &[$($(#[cfg($cfg)])? Self::$name,)*];

            const fn words(self) -> &'static Words {
                match self { $($(#[cfg($cfg)])? Self::$name => &$file::WORDS,)* }
            }
        }
    };
}

dialects! {
    /// OpenTrain's own: `app.opentrain.ai`
    OpenTrain => opentrain,
    /// A dialect for this crate's own tests
    #[cfg(test)]
    Toy => toy,
}

/// The definition of a dialect: its paths, its member names, its constants, and the requests that differ in more than names.
struct Words {
    /// The dialect's stable name, as snapshots and scripts know it.
    name: &'static str,
    /// The service whose credential the claim brings.
    service: Service,
    /// The path that an agent registers at.
    register_path: &'static str,
    /// The path that a claim starts at, unless the registration names another endpoint.
    claim_path: &'static str,
    /// The path that is polled, unless the registration names another endpoint.
    token_path: &'static str,
    /// The `grant_type` of a poll.
    grant_type: &'static str,
    /// The registration's body.
    registration: fn(Option<&Label>, Option<&Label>) -> serde_json::Value,
    /// The claim start's body.
    start: fn(&ClaimContext, &Email) -> serde_json::Value,
    /// The member that holds the delivered token, and the one that holds the code for the owner.
    access_token: &'static str,
    user_code: &'static str,
    /// The default life of an attempt, in seconds, if the service does not say it.
    attempt_life: u32,
    /// The status that the service documents for the codes that end the polling. At another status such a code ends nothing, because
    /// gateways write some of these codes too.
    poll_error_status: u16,
    /// The error codes of a poll, each with its meaning. The service writes no other code.
    poll_errors: &'static [(&'static str, PollError)],
}

/// The meaning of an error code in the answer to a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PollError {
    Pending,
    SlowDown,
    Expired,
    Denied,
    /// The claim token is unknown, or was good for a token that has been delivered.
    Consumed,
    /// The request itself is invalid.
    Refused,
}

impl Dialect {
    /// The dialect's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.words().name
    }

    /// The dialect of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.as_str() == name)
    }

    /// The service whose credential a claim in this dialect brings.
    pub(crate) const fn service(self) -> Service {
        self.words().service
    }

    /// The member whose presence makes an answer a delivery, whatever else is in it.
    pub(crate) const fn delivery_member(self) -> &'static str {
        self.words().access_token
    }

    /// The member whose presence makes an answer a successful start.
    pub(crate) const fn start_member(self) -> &'static str {
        self.words().user_code
    }

    /// The anonymous registration's request.
    pub(crate) fn register(self, origin: &Origin, agent_name: Option<&Label>, organization_name: Option<&Label>) -> Request<Body> {
        let words = self.words();
        post_json(&origin.endpoint(words.register_path), &(words.registration)(agent_name, organization_name))
    }

    /// The registration in the answer to [`register`](Self::register).
    ///
    /// # Errors
    /// [`Violation`] when a required member is missing or breaks its rule, or an endpoint is on an origin that is not pinned.
    pub(crate) fn registration(self, object: &Object<'_>, origins: &PinnedOrigins) -> Result<Registration, Violation> {
        answers::registration(self, object, origins)
    }

    /// The two secrets in a damaged answer to [`register`](Self::register).
    pub(crate) fn damaged_registration(self, damaged: Damaged<'_>, origins: &PinnedOrigins) -> Option<Registration> {
        answers::damaged_registration(self, damaged, origins)
    }

    /// The meaning of a refused registration.
    pub(crate) fn registration_refused(self, error: ServerError) -> Failure {
        answers::registration_refused(error)
    }

    /// The claim start's request.
    pub(crate) fn start(self, context: &ClaimContext, owner: &Email) -> Request<Body> {
        post_json(&context.claim_endpoint, &(self.words().start)(context, owner))
    }

    /// What the owner must do, from the answer to [`start`](Self::start).
    ///
    /// # Errors
    /// [`Violation`] when a required member is missing or breaks its rule, or the link is on an origin that is not pinned.
    pub(crate) fn started(
        self,
        object: &Object<'_>,
        context: &ClaimContext,
        owner: &Email,
        now: Timestamp,
    ) -> Result<EnterCode, Violation> {
        answers::started(self.words(), object, &context.origins, owner, now)
    }

    /// The meaning of a refused start.
    pub(crate) fn start_refused(self, error: ServerError, window_is_over: bool) -> Failure {
        answers::start_refused(error, window_is_over)
    }

    /// A poll's request.
    pub(crate) fn poll(self, context: &ClaimContext) -> Request<Body> {
        post_form(&context.token_endpoint, &[("grant_type", self.words().grant_type), ("claim_token", context.claim_token.expose())])
    }

    /// The meaning of the answer to [`poll`](Self::poll).
    pub(crate) fn polled(self, answer: ResponseClass<'_>) -> Polled {
        answers::polled(self.words(), answer)
    }
}

/// The paths of all dialects that may stand in a log.
pub(crate) fn loggable_paths() -> impl Iterator<Item = &'static str> {
    Dialect::ALL.iter().map(|dialect| dialect.words()).flat_map(|words| [words.register_path, words.claim_path, words.token_path])
}
