//! Hands the answer of an exchange to its ceremony, even if the drive is dropped or panics in between.

use core::{fmt, mem};

use crate::ceremony::{Ceremony, ExchangeResult, Input};
use crate::error::{Delivery, Misuse, TransportFailure, TransportKind};
use crate::exchange::ExchangeId;
use crate::types::timestamp::Timestamp;

const NOT_SENT: ExchangeResult = Err(TransportFailure::new(TransportKind::NotTried, Delivery::NotSent));

/// An answer on its way to its ceremony, while a [`Store`](crate::Store) works.
///
/// A driver makes a value before each call of its store, and calls [`release`](Self::release) or [`hand_in`](Self::hand_in) after it. When
/// the value is dropped before that, because the future of a drive was dropped or a store panicked, the ceremony still gets the answer.
/// Without this, an answer that had arrived would count as lost.
pub struct Settle<'a, C: Ceremony> {
    ceremony: &'a mut C,
    id: ExchangeId,
    now: Timestamp,
    answer: ExchangeResult,
    /// Whether the ceremony is still to get the answer.
    is_due: bool,
}

impl<'a, C: Ceremony> Settle<'a, C> {
    /// The answer to an exchange, which arrived at `now`.
    pub const fn answered(ceremony: &'a mut C, id: ExchangeId, now: Timestamp, answer: ExchangeResult) -> Self {
        Self { ceremony, id, now, answer, is_due: true }
    }

    /// The report that an exchange, which was begun at `now`, was not sent. Call [`release`](Self::release) before it is sent.
    pub const fn not_sent(ceremony: &'a mut C, id: ExchangeId, now: Timestamp) -> Self {
        Self::answered(ceremony, id, now, NOT_SENT)
    }

    /// The ceremony, for the store.
    #[must_use]
    pub const fn ceremony(&self) -> &C {
        self.ceremony
    }

    /// The answer, for the store.
    pub const fn answer(&self) -> &ExchangeResult {
        &self.answer
    }

    /// Hands the answer to the ceremony at `now`.
    ///
    /// # Errors
    /// [`Misuse`] if the ceremony awaits no answer to this exchange.
    pub fn hand_in(mut self, now: Timestamp) -> Result<(), Misuse> {
        self.now = now;
        self.settle()
    }

    /// Hands in nothing: the exchange stays in flight.
    pub fn release(mut self) {
        self.is_due = false;
    }

    fn settle(&mut self) -> Result<(), Misuse> {
        if !mem::take(&mut self.is_due) {
            return Ok(());
        }
        let answer = mem::replace(&mut self.answer, NOT_SENT);
        self.ceremony.handle(self.now, Input::answered(self.id, answer))
    }
}

impl<C: Ceremony> Drop for Settle<'_, C> {
    fn drop(&mut self) {
        // Nobody is left to whom a misuse could be reported, and a misuse changes nothing.
        let _ = self.settle();
    }
}

/// The output names only the exchange, because the answer may contain a credential.
impl<C: Ceremony> fmt::Debug for Settle<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settle(exchange {})", self.id)
    }
}
