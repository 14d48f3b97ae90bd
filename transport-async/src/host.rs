//! The program around a driver: its clock and its human.

use std::future::Future;
use std::ops::ControlFlow;

use enlist_core::{Ceremony, Timestamp, WaitReason};

/// The program around a ceremony, as [`drive`](crate::drive()) calls it: a clock, and a way to reach the human. An
/// [`AsyncStore`](enlist_core::AsyncStore) keeps what must be durable.
///
/// An implementation may write each method as an `async fn`; its future must be [`Send`].
pub trait Host<C: Ceremony> {
    /// Why the host could not continue.
    type Error: Send;

    /// Reads the wall clock.
    fn now(&mut self) -> Timestamp;

    /// Waits until `until` or shorter, and returns at once when the clock is put back. `Break` pauses the drive ([`Paused`]).
    ///
    /// # Errors
    /// Any error ends the drive.
    ///
    /// [`Paused`]: crate::Ending::Paused
    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> impl Future<Output = Result<ControlFlow<()>, Self::Error>> + Send;

    /// Shows a notice to the human without waiting for an answer.
    ///
    /// # Errors
    /// Any error ends the drive. The next drive shows the notice again.
    fn show(&mut self, notice: &C::Notice) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Asks the human. `Break` pauses the drive when nobody answers now ([`Paused`](crate::Ending::Paused)).
    ///
    /// # Errors
    /// Any error ends the drive. The next drive asks the question again.
    fn ask(&mut self, prompt: &C::Prompt) -> impl Future<Output = Result<ControlFlow<(), C::Answer>, Self::Error>> + Send;
}
