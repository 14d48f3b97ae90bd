//! The contract between a ceremony and its driver.

use alloc::vec::Vec;
use http::Response;

use crate::error::{Delivery, Misuse, TransportFailure, TransportKind};
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::Failure;
use crate::pace::WaitReason;
use crate::snapshot::{CeremonyKind, ResumeError, Snapshot};
use crate::types::timestamp::Timestamp;

/// A ceremony as a state machine that emits HTTP requests and consumes responses.
///
/// The trait is sealed. The ceremonies are [`claim::Enrolment`](crate::claim::Enrolment), [`claim::Claim`](crate::claim::Claim),
/// [`badge::BadgeRegistration`](crate::badge::BadgeRegistration) and [`badge::BadgeRotation`](crate::badge::BadgeRotation). Each is a plain
/// value, which may move between threads and tasks.
pub trait Ceremony: Sized + Clone + PartialEq + Send + Sync + 'static + sealed::Sealed {
    /// A message that is shown to the human without waiting for an answer.
    type Notice: Clone + PartialEq + core::fmt::Debug + Send + Sync + 'static;
    /// A question to the human.
    type Prompt: Clone + PartialEq + core::fmt::Debug + Send + Sync + 'static;
    /// The human's answer to a question.
    type Answer: Clone + PartialEq + core::fmt::Debug + Send + Sync + 'static;
    /// The result of a successful ceremony.
    type Outcome: Clone + PartialEq + core::fmt::Debug + Send + Sync + 'static;

    /// The kind of this ceremony.
    const KIND: CeremonyKind;

    /// Says what to do at `now`. It changes nothing: the same state and the same time give the same step.
    fn poll(&self, now: Timestamp) -> Step<Self::Notice, Self::Prompt, Self::Outcome>;

    /// Takes the request that is due and marks it as in flight. There is no other way to get it. Save a snapshot afterwards, and then send
    /// the request once.
    ///
    /// # Errors
    /// [`Misuse::NothingToSend`] unless [`poll`](Self::poll) says [`Step::Send`] at this time.
    fn begin(&mut self, now: Timestamp) -> Result<Exchange, Misuse>;

    /// Takes in what happened. A finished ceremony ignores every input.
    ///
    /// # Errors
    /// [`Misuse`] if the input does not fit the state, which then stays unchanged.
    fn handle(&mut self, now: Timestamp, input: Input<Self::Answer>) -> Result<(), Misuse>;

    /// Everything that another process needs to continue.
    fn snapshot(&self) -> Snapshot;

    /// Restores a saved ceremony for reading only. The snapshot may come from a newer version of enlist, which saved more than this version
    /// reads ([`Snapshot::is_newer`]).
    ///
    /// # Errors
    /// [`ResumeError`] for a snapshot of another ceremony, or for one that breaks an invariant.
    fn peek(snapshot: &Snapshot) -> Result<Self, ResumeError>;

    /// Restores a saved ceremony in order to continue it. An exchange in flight stays in flight, and a pending notice or question is
    /// repeated.
    ///
    /// # Errors
    /// [`ResumeError`] for a snapshot of another ceremony or of a newer version, or for one that breaks an invariant.
    fn resume(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        snapshot.refuse_newer()?;
        Self::peek(snapshot)
    }
}

/// The next step of a ceremony.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<N, P, O> {
    /// A request is due. Call [`begin`](Ceremony::begin), save a snapshot, and send the request once.
    Send,
    /// The answer to this exchange is missing, perhaps because a future was dropped or a process ended. Feed the answer, the journaled
    /// answer, or [`Input::lost`].
    InFlight(ExchangeId),
    /// Show this notice, do not wait for an answer, and feed [`Input::Notified`].
    Notify(N),
    /// A human must answer. Feed [`Input::Answer`].
    Ask(P),
    /// Nothing is to be done before `until`. Sleep, feed [`Input::Woke`], and poll again. Waking early does no harm.
    Wait {
        /// The end of the wait.
        until: Timestamp,
        /// The reason for the wait.
        why: WaitReason,
    },
    /// The ceremony is over.
    Done(Result<O, Failure>),
}

/// The result of an exchange: the service's whole answer, whatever its status, or the reason why there is none.
pub type ExchangeResult = Result<Response<Vec<u8>>, TransportFailure>;

/// An event that the driver reports to a ceremony.
#[derive(Clone)]
pub enum Input<A> {
    /// The service's answer, whatever its status.
    Response {
        /// The exchange that was answered.
        id: ExchangeId,
        /// The answer, with its whole body.
        response: Response<Vec<u8>>,
    },
    /// No whole answer came.
    Failed {
        /// The exchange that failed.
        id: ExchangeId,
        /// The reason.
        failure: TransportFailure,
    },
    /// The human's answer to [`Step::Ask`].
    Answer(A),
    /// [`Step::Notify`] has been shown.
    Notified,
    /// The driver waited as [`Step::Wait`] said. This input tells a clock that was put back from a long wait.
    Woke,
}

impl<A> Input<A> {
    /// Makes the input from the result that a transport returns.
    #[must_use]
    pub fn answered(id: ExchangeId, result: ExchangeResult) -> Self {
        match result {
            Ok(response) => Self::Response { id, response },
            Err(failure) => Self::Failed { id, failure },
        }
    }

    /// Reports that the exchange was begun and that nobody knows its end, because no journal contains its answer.
    #[must_use]
    pub fn lost(id: ExchangeId) -> Self {
        Self::Failed { id, failure: TransportFailure::new(TransportKind::Forgotten, Delivery::Unknown) }
    }

    /// Reports that the exchange was begun and that the driver decided not to send it. It does not count as a try.
    #[must_use]
    pub fn not_sent(id: ExchangeId) -> Self {
        Self::Failed { id, failure: TransportFailure::new(TransportKind::NotTried, Delivery::NotSent) }
    }
}

/// The output names only the kind of input, because a response may contain a credential.
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
