//! The contract between a ceremony and whoever drives it.

use alloc::vec::Vec;
use http::Response;

use crate::error::{Delivery, Misuse, TransportFailure, TransportKind, Trouble};
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::Failure;
use crate::snapshot::{ResumeError, Snapshot};
use crate::types::timestamp::Timestamp;

/// A ceremony as a state machine that emits HTTP requests and consumes responses.
///
/// Sealed: [`claim::Enrolment`](crate::claim::Enrolment), [`claim::Claim`](crate::claim::Claim),
/// [`badge::BadgeRegistration`](crate::badge::BadgeRegistration), [`badge::BadgeRotation`](crate::badge::BadgeRotation). Each is a
/// plain value: it moves between threads and tasks.
pub trait Ceremony: Sized + Clone + PartialEq + Send + Sync + 'static + sealed::Sealed {
    /// What is shown to the human without waiting for an answer.
    type Notice: Clone + PartialEq + core::fmt::Debug + Send + Sync + 'static;
    /// What the human is asked.
    type Prompt: Clone + PartialEq + core::fmt::Debug + Send + Sync + 'static;
    /// The human's answer.
    type Answer: Clone + PartialEq + core::fmt::Debug + Send + Sync + 'static;
    /// What the ceremony is for.
    type Outcome: Clone + PartialEq + core::fmt::Debug + Send + Sync + 'static;

    /// Which ceremony this is.
    const KIND: CeremonyKind;

    /// What is to be done at `now`. Changes nothing: the same state and the same time give the same step.
    fn poll(&self, now: Timestamp) -> Step<Self::Notice, Self::Prompt, Self::Outcome>;

    /// The request that is due. The only way to get it, and it marks it as in flight: save a snapshot, then send it, once.
    ///
    /// # Errors
    /// [`Misuse::NothingToSend`] unless [`poll`](Self::poll) says [`Step::Send`] at this time.
    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse>;

    /// Takes in what happened. A finished ceremony absorbs everything.
    ///
    /// # Errors
    /// [`Misuse`] when the input does not belong to the state, which then stays as it is.
    fn handle(&mut self, now: Timestamp, input: Input<Self::Answer>) -> Result<(), Misuse>;

    /// All that is needed to go on later, in another process.
    fn snapshot(&self) -> Snapshot;

    /// The ceremony as it was saved, to look at and not to go on with: it may come from a newer version of enlist, which saved
    /// more than this version reads ([`Snapshot::is_newer`]).
    ///
    /// # Errors
    /// [`ResumeError`] for a snapshot of another ceremony, or one that breaks an invariant.
    fn peek(snapshot: &Snapshot) -> Result<Self, ResumeError>;

    /// The ceremony as it was saved, to go on with. An exchange in flight stays in flight; a pending notice or question is
    /// repeated.
    ///
    /// # Errors
    /// [`ResumeError`] for a snapshot of another ceremony, of a newer version, or one that breaks an invariant.
    fn resume(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        snapshot.refuse_newer()?;
        Self::peek(snapshot)
    }
}

/// Which ceremony a value, a snapshot or a stored flow belongs to.
///
/// This enum is exhaustive on purpose: a new ceremony must fail to compile in every program that has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CeremonyKind {
    /// [`claim::Enrolment`](crate::claim::Enrolment): the anonymous registration.
    Enrolment,
    /// [`claim::Claim`](crate::claim::Claim): the owner's claim.
    Claim,
    /// [`badge::BadgeRegistration`](crate::badge::BadgeRegistration): manifest, code by SMS, Agent Badge.
    BadgeRegistration,
    /// [`badge::BadgeRotation`](crate::badge::BadgeRotation): one badge for another.
    BadgeRotation,
}

impl CeremonyKind {
    /// Every ceremony.
    pub const ALL: [Self; 4] = [Self::Enrolment, Self::Claim, Self::BadgeRegistration, Self::BadgeRotation];
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<N, P, O> {
    /// A request is due: [`begin`](Ceremony::begin), save, transmit once.
    Send,
    /// The answer to this exchange is owed, also after a dropped future or a restart: feed it, a journaled one, or [`Input::lost`].
    InFlight(ExchangeId),
    /// Show it, do not wait for an answer, feed [`Input::Notified`].
    Notify(N),
    /// A human must answer; feed [`Input::Answer`].
    Ask(P),
    /// Nothing to do before `until`. Sleep, feed [`Input::Woke`], poll again; waking early does no harm.
    Wait {
        /// When to look again.
        until: Timestamp,
        /// Why.
        why: WaitReason,
    },
    /// The end.
    Done(Result<O, Failure>),
}

/// Why a ceremony waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// The human has not done their part yet.
    Pending,
    /// The same, and the service asked for longer intervals.
    SlowedDown,
    /// A passing trouble.
    Trouble(Trouble),
}

/// What came of an exchange: the service's whole answer, whatever its status, or the reason why there is none.
pub type ExchangeResult = Result<Response<Vec<u8>>, TransportFailure>;

/// What happened.
#[derive(Clone)]
pub enum Input<A> {
    /// The service's answer, whatever its status.
    Response {
        /// Of which exchange.
        id: ExchangeId,
        /// Status, headers, whole body.
        response: Response<Vec<u8>>,
    },
    /// No whole answer came.
    Failed {
        /// Of which exchange.
        id: ExchangeId,
        /// Why.
        failure: TransportFailure,
    },
    /// The human's answer to [`Step::Ask`].
    Answer(A),
    /// [`Step::Notify`] has been shown.
    Notified,
    /// The driver waited as [`Step::Wait`] said and looks again. It tells a clock that was put back from a long wait.
    Woke,
}

impl<A> Input<A> {
    /// An exchange's result, as a transport gives it.
    #[must_use]
    pub fn answered(id: ExchangeId, result: ExchangeResult) -> Self {
        match result {
            Ok(response) => Self::Response { id, response },
            Err(failure) => Self::Failed { id, failure },
        }
    }

    /// The exchange was begun, and nobody knows its end: no journal holds its answer.
    #[must_use]
    pub fn lost(id: ExchangeId) -> Self {
        Self::Failed { id, failure: TransportFailure::new(TransportKind::Forgotten, Delivery::Unknown) }
    }

    /// The exchange was begun, and the driver decided not to send it. Costs no try.
    #[must_use]
    pub fn not_sent(id: ExchangeId) -> Self {
        Self::Failed { id, failure: TransportFailure::new(TransportKind::NotTried, Delivery::NotSent) }
    }
}

/// The kind of input only: a response may hold a credential.
impl<A: core::fmt::Debug> core::fmt::Debug for Input<A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Response { id, response } => {
                write!(f, "Response(exchange {id}, status {}, {} bytes)", response.status().as_u16(), response.body().len())
            }
            Self::Failed { id, failure } => write!(f, "Failed(exchange {id}, {failure:?})"),
            Self::Answer(answer) => write!(f, "Answer({answer:?})"),
            Self::Notified => f.write_str("Notified"),
            Self::Woke => f.write_str("Woke"),
        }
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}
}
