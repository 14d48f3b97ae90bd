//! What the cases run on.

use enlist_core::{Ceremony, Exchange, ExchangeResult};

use crate::mock_host::{Driven, MockHost};
use crate::mock_store::MockStore;
use crate::reference;

/// A driver under test, or an HTTP client alone.
pub trait Driver {
    /// Sends the exchange as a client must: once, within its deadline and its body cap. Every status is an answer.
    ///
    /// # Errors
    /// [`TransportFailure`](enlist_core::TransportFailure) when no whole answer came.
    fn execute(&mut self, exchange: &Exchange) -> ExchangeResult;

    /// Drives the ceremony with these mocks. In place of each exchange it sends what
    /// [`MockNetwork::adjust`](crate::MockNetwork::adjust) of [`host.network()`](MockHost::network) makes of it.
    ///
    /// The default is the loop of this crate, which calls [`execute`](Self::execute): enough to test a client.
    ///
    /// # Errors
    /// As the transports' `drive`.
    fn drive<C: Ceremony>(&mut self, ceremony: &mut C, host: &mut MockHost<C>, store: &mut MockStore) -> Driven<C::Outcome> {
        reference::drive(self, ceremony, host, store)
    }

    /// Whether the client speaks https. If it does not, the cases in which a TLS handshake fails are skipped.
    fn speaks_https(&self) -> bool {
        true
    }
}
