//! What a driver needs besides the ceremony and the client, and how a drive ends. The loops are in the transports.
//!
//! A [`Store`] keeps a ceremony durably: before a request is sent, and after its answer was taken in. Each method gets the ceremony
//! itself and not a snapshot, so that a store that keeps nothing never makes one.

use core::convert::Infallible;
use core::future::{Future, ready};

use crate::ceremony::{Ceremony, ExchangeResult};
use crate::error::Misuse;
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::Failure;

/// Keeps one ceremony durably. One value belongs to one ceremony.
///
/// No method has a default: a store that silently kept nothing would lose credentials that are delivered once.
pub trait Store {
    /// Why the store could not do what it was asked.
    type Error;

    /// Called before the network. Saves the ceremony's [snapshot](Ceremony::snapshot) durably, and reserves room for the answer when
    /// the exchange [`delivers`](Exchange::delivers), so that a full disk is noticed while nothing is at stake.
    ///
    /// # Errors
    /// Nothing is sent then.
    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), Self::Error>;

    /// Called before the answer is parsed. Writes down, durably, the 2xx of a delivering exchange, whole or cut off, with its status
    /// and content type. Other answers may be left out.
    ///
    /// # Errors
    /// The answer is taken in and saved all the same; the drive ends after that.
    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), Self::Error>;

    /// The answer that was written down for exactly this exchange: complete as `Ok`, cut off as a failure with its
    /// [`partial`](crate::TransportFailure::partial) bytes. `None` says that nothing was written down, so the answer is lost.
    ///
    /// # Errors
    /// A record that cannot be read is an error and never `None`.
    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, Self::Error>;

    /// Called after an answer was taken in, and once more at the end. Saves the snapshot durably. The answer's record is not needed
    /// any more, unless the snapshot lists it as [unreadable](crate::Snapshot::unreadable). A ceremony that has not changed
    /// since the last save need not be written again.
    ///
    /// # Errors
    /// The drive ends; the ceremony itself holds what was to be saved.
    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), Self::Error>;
}

/// A borrowed store, so that [`Inline`] can have one without owning it.
impl<S: Store> Store for &mut S {
    type Error = S::Error;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), S::Error> {
        S::prepare(self, ceremony, exchange)
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), S::Error> {
        S::journal(self, exchange, answer)
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, S::Error> {
        S::journaled(self, id)
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), S::Error> {
        S::save(self, ceremony)
    }
}

/// The async twin of [`Store`]: the same methods with the same duties. An implementation may write each one as an `async fn`; its
/// future must be [`Send`].
pub trait AsyncStore {
    /// Why the store could not do what it was asked.
    type Error: Send;

    /// See [`Store::prepare`].
    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// See [`Store::journal`].
    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// See [`Store::journaled`].
    fn journaled(&mut self, id: ExchangeId) -> impl Future<Output = Result<Option<ExchangeResult>, Self::Error>> + Send;

    /// See [`Store::save`].
    fn save<C: Ceremony>(&mut self, ceremony: &C) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Makes a [`Store`] an [`AsyncStore`] by calling it in place. Each call blocks the thread for as long as the store takes, which
/// for a durable file store is the time of an fsync: milliseconds on most disks. Where that is too long, write an
/// [`AsyncStore`] that hands the work to another thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inline<S>(pub S);

impl<S: Store<Error: Send> + Send> AsyncStore for Inline<S> {
    type Error = S::Error;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> impl Future<Output = Result<(), S::Error>> + Send {
        ready(self.0.prepare(ceremony, exchange))
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> impl Future<Output = Result<(), S::Error>> + Send {
        ready(self.0.journal(exchange, answer))
    }

    fn journaled(&mut self, id: ExchangeId) -> impl Future<Output = Result<Option<ExchangeResult>, S::Error>> + Send {
        ready(self.0.journaled(id))
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> impl Future<Output = Result<(), S::Error>> + Send {
        ready(self.0.save(ceremony))
    }
}

/// Keeps nothing, for tests and trials: when the process ends, the ceremony is gone, and with it a credential that is delivered
/// once. It never asks for a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoStore;

impl Store for NoStore {
    type Error = Infallible;

    fn prepare<C: Ceremony>(&mut self, _ceremony: &C, _exchange: &Exchange) -> Result<(), Infallible> {
        Ok(())
    }

    fn journal(&mut self, _exchange: &Exchange, _answer: &ExchangeResult) -> Result<(), Infallible> {
        Ok(())
    }

    fn journaled(&mut self, _id: ExchangeId) -> Result<Option<ExchangeResult>, Infallible> {
        Ok(None)
    }

    fn save<C: Ceremony>(&mut self, _ceremony: &C) -> Result<(), Infallible> {
        Ok(())
    }
}

impl AsyncStore for NoStore {
    type Error = Infallible;

    fn prepare<C: Ceremony>(&mut self, _ceremony: &C, _exchange: &Exchange) -> impl Future<Output = Result<(), Infallible>> + Send {
        ready(Ok(()))
    }

    fn journal(&mut self, _exchange: &Exchange, _answer: &ExchangeResult) -> impl Future<Output = Result<(), Infallible>> + Send {
        ready(Ok(()))
    }

    fn journaled(&mut self, _id: ExchangeId) -> impl Future<Output = Result<Option<ExchangeResult>, Infallible>> + Send {
        ready(Ok(None))
    }

    fn save<C: Ceremony>(&mut self, _ceremony: &C) -> impl Future<Output = Result<(), Infallible>> + Send {
        ready(Ok(()))
    }
}

/// How a drive ended.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Ending<O> {
    /// The ceremony is over. Its result was saved before this was returned.
    Finished(Result<O, Failure>),
    /// The host left at a wait or a question. Drive the same ceremony again, or one resumed from its snapshot.
    Paused,
}

/// Why a drive broke off. The ceremony is as it was at that moment, and can be driven again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriveError<H, S> {
    /// The host could not go on.
    #[error("{0}")]
    Host(H),
    /// The store could not keep something.
    #[error("{0}")]
    Store(S),
    /// The host gave an answer that does not belong to the ceremony's question.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

/// How a drive of a ceremony with the outcome `O` ended, or why it broke off.
pub type DriveResult<O, H, S> = Result<Ending<O>, DriveError<H, S>>;

/// Why `drive_to_end` of a transport brought no outcome.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error<H, S> {
    /// The host left at a wait or a question. Drive the same ceremony again.
    #[error("the ceremony was paused at a wait or a question; drive it again to continue")]
    Paused,
    /// The ceremony is over without a credential.
    #[error(transparent)]
    Failed(Failure),
    /// The host could not go on.
    #[error("{0}")]
    Host(H),
    /// The store could not keep something.
    #[error("{0}")]
    Store(S),
    /// The host gave an answer that does not belong to the ceremony's question.
    #[error(transparent)]
    Misuse(Misuse),
}

impl<H, S> Error<H, S> {
    /// The outcome of a drive, or the reason why there is none.
    ///
    /// # Errors
    /// Every ending but a successful one.
    pub fn outcome<O>(driven: Result<Ending<O>, DriveError<H, S>>) -> Result<O, Self> {
        match driven {
            Ok(Ending::Finished(result)) => result.map_err(Self::Failed),
            Ok(Ending::Paused) => Err(Self::Paused),
            Err(DriveError::Host(error)) => Err(Self::Host(error)),
            Err(DriveError::Store(error)) => Err(Self::Store(error)),
            Err(DriveError::Misuse(misuse)) => Err(Self::Misuse(misuse)),
        }
    }
}
