//! Runs the cases on an [`AsyncStore`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use enlist_core::{AsyncStore, Ceremony, Exchange, ExchangeId, ExchangeResult, Store};

/// Runs a future to its end in the calling thread, for example on a runtime of the fixture.
pub type BlockOn = Box<dyn Fn(Pin<Box<dyn Future<Output = ()> + Send + '_>>)>;

/// An [`AsyncStore`] as a [`Store`], so that the cases can run on it.
///
/// ```
/// use enlist_conformance::stores::{Blocking, MemoryStore};
/// use enlist_core::Inline;
///
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// let store = Blocking::new(Inline(MemoryStore::default()), Box::new(move |future| runtime.block_on(future)));
/// # let _ = store;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Blocking<S> {
    store: S,
    block_on: BlockOn,
}

impl<S> Blocking<S> {
    /// Runs each call of `store` by `block_on`.
    #[must_use]
    pub fn new(store: S, block_on: BlockOn) -> Self {
        Self { store, block_on }
    }

    /// The store itself.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Gives the store back.
    #[must_use]
    pub fn into_store(self) -> S {
        self.store
    }
}

impl<S: fmt::Debug> fmt::Debug for Blocking<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Why a call of an async store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockingError<E> {
    /// The store failed.
    #[error("{0}")]
    Store(E),
    /// The [`BlockOn`] function returned before the call was over.
    #[error("the future was not run to its end")]
    NotRun,
}

fn run<T: Send, E>(block_on: &BlockOn, future: impl Future<Output = Result<T, E>> + Send) -> Result<T, BlockingError<E>>
where
    E: Send,
{
    let mut result = None;
    block_on(Box::pin(async { result = Some(future.await) }));
    result.map_or(Err(BlockingError::NotRun), |result| result.map_err(BlockingError::Store))
}

impl<S: AsyncStore> Store for Blocking<S> {
    type Error = BlockingError<S::Error>;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), Self::Error> {
        run(&self.block_on, self.store.prepare(ceremony, exchange))
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), Self::Error> {
        run(&self.block_on, self.store.journal(exchange, answer))
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, Self::Error> {
        run(&self.block_on, self.store.journaled(id))
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), Self::Error> {
        run(&self.block_on, self.store.save(ceremony))
    }
}
