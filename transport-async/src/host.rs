//! What a driver needs from the program around it: the clock, the human, the store.

use std::future::Future;
use std::ops::ControlFlow;

use enlist_core::{Ceremony, Exchange, ExchangeId, Input, Snapshot, Timestamp, TransportFailure, WaitReason};
use http::Response;

/// The program around a ceremony, as [`drive`](crate::drive()) calls it.
///
/// The methods that keep something have no default: one that silently kept nothing would lose credentials that are delivered
/// once. An implementation may write each method as an `async fn`; its future must be [`Send`].
pub trait Host<C: Ceremony> {
    /// Why the host could not go on.
    type Error: Send;

    /// The wall clock.
    fn now(&mut self) -> Timestamp;

    /// Waits until `until`, or shorter; returns at once when the clock is put back. `Break` leaves instead: [`Paused`].
    ///
    /// # Errors
    /// Whatever ends the drive.
    ///
    /// [`Paused`]: crate::Ending::Paused
    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> impl Future<Output = Result<ControlFlow<()>, Self::Error>> + Send;

    /// Shows the human something, without waiting for an answer.
    ///
    /// # Errors
    /// Whatever ends the drive; it will be shown again.
    fn show(&mut self, notice: &C::Notice) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Asks the human. `Break` when nobody answers now: [`Paused`](crate::Ending::Paused).
    ///
    /// # Errors
    /// Whatever ends the drive; it will be asked again.
    fn ask(&mut self, prompt: &C::Prompt) -> impl Future<Output = Result<ControlFlow<(), C::Answer>, Self::Error>> + Send;

    /// Before the network: saves the snapshot, durably, and reserves a journal when the exchange
    /// [`delivers`](Exchange::delivers), so that a full disk shows while nothing is at stake.
    ///
    /// # Errors
    /// Nothing is sent then.
    fn prepare(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Before the answer is parsed: writes down, durably, a delivering exchange's 2xx, whole or cut off, with status and
    /// content type. Other answers may be left out.
    ///
    /// # Errors
    /// The answer is taken in and saved all the same, then the drive ends.
    fn journal(
        &mut self,
        exchange: &Exchange,
        answer: &Result<Response<Vec<u8>>, TransportFailure>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The journaled answer to the exchange, if one was written down: whole as [`Input::Response`], cut as [`Input::Failed`].
    ///
    /// # Errors
    /// Whatever ends the drive. A journal that cannot be read is an error, not `None`: `None` says that the answer is lost.
    fn journaled(&mut self, id: ExchangeId) -> impl Future<Output = Result<Option<Input<C::Answer>>, Self::Error>> + Send;

    /// After an answer was taken in, and once more at the end: saves the snapshot, durably. The answer's journal has served
    /// then, unless the snapshot [keeps](Snapshot::kept) it. A snapshot equal to the last one need not be written again.
    ///
    /// # Errors
    /// Whatever ends the drive; the ceremony itself has what was to be saved.
    fn save(&mut self, snapshot: &Snapshot) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
