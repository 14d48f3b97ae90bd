//! The claim: an agent registers anonymously, and its owner claims it with a link and a code.
//!
//! [`Enrolment`] registers the agent and yields a [`Registration`]. A [`Claim`] made from it shows the owner what to do
//! ([`EnterCode`]), polls, and yields the [`ClaimedToken`], which the service delivers once. Both speak a [`Dialect`]: the paths,
//! the member names and the error words of one kind of service.

pub(crate) mod dialect;
mod enrolment;
mod machine;
mod polling;
mod stored;
mod types;

pub use dialect::Dialect;
pub(crate) use enrolment::State as EnrolmentState;
pub use enrolment::{Enrolment, EnrolmentAnswer, EnrolmentPrompt, Label};
pub use machine::Claim;
pub(crate) use machine::{AttemptHistory, Candidate, ClaimContext, Starting, State as ClaimState};
pub(crate) use polling::{Goal, Polling, Turn};
pub use types::{ClaimedToken, EnterCode, Registration, salvage};
