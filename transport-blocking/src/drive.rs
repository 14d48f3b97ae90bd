//! The loop between a ceremony, a client, a host and a store.

use enlist_core::{
    Ceremony, DriveError, DriveResult, Ending, Error, Exchange, ExchangeId, ExchangeResult, Input, Settle, Step, Store, Timestamp,
};

use crate::host::Host;

/// Sends exchanges: [`Client`](crate::Client), a client of your own, or a closure.
///
/// A client has these duties:
///
/// * It follows no redirect and repeats nothing by itself.
/// * It returns every status as an answer, a 4xx too.
/// * It keeps the [`timeout`](Exchange::timeout), from connecting to the last byte, and reads no more than
///   [`max_body`](Exchange::max_body) bytes.
/// * It passes on all headers, both ways, and decompresses nothing.
/// * It reports [`NotSent`](enlist_core::Delivery::NotSent) only when the service cannot have seen the request. If it cannot tell, it
///   reports [`Unknown`](enlist_core::Delivery::Unknown).
///
/// The crate `enlist-conformance` has a test case for each duty.
pub trait Execute {
    /// Sends the exchange once and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`TransportFailure`](enlist_core::TransportFailure) if no whole answer arrived.
    fn execute(&self, exchange: &Exchange) -> ExchangeResult;
}

impl<F: Fn(&Exchange) -> ExchangeResult> Execute for F {
    fn execute(&self, exchange: &Exchange) -> ExchangeResult {
        self(exchange)
    }
}

/// Drives a ceremony until it ends or the host pauses it.
///
/// The store prepares (saves) each exchange before it is sent, journals its answer before the answer is parsed, and saves the ceremony
/// afterwards. The host is asked whether to pause only between exchanges.
///
/// # Errors
/// [`DriveError`]. After a failed [`journal`](Store::journal) or [`save`](Store::save), the ceremony still holds what the store could not
/// keep.
pub fn drive<C: Ceremony, E: Execute + ?Sized, H: Host<C>, S: Store>(
    ceremony: &mut C,
    client: &E,
    host: &mut H,
    store: &mut S,
) -> DriveResult<C::Outcome, H::Error, S::Error> {
    loop {
        let now = host.now();
        match ceremony.poll(now) {
            Step::Send => {
                let exchange = ceremony.begin(now)?;
                send(ceremony, &exchange, now, client, host, store)?;
            }
            Step::InFlight(id) => settle(ceremony, id, host, store)?,
            Step::Notify(notice) => {
                host.show(&notice).map_err(DriveError::Host)?;
                ceremony.handle(host.now(), Input::Notified)?;
            }
            Step::Ask(prompt) => {
                let Some(answer) = host.ask(&prompt).map_err(DriveError::Host)?.continue_value() else { return Ok(Ending::Paused) };
                ceremony.handle(host.now(), Input::Answer(answer))?;
            }
            Step::Wait { until, why } => {
                if host.wait(until, &why).map_err(DriveError::Host)?.is_break() {
                    return Ok(Ending::Paused);
                }
                ceremony.handle(host.now(), Input::Woke)?;
            }
            Step::Done(result) => {
                // This is usually a second save. It is needed when the first one failed in an earlier drive.
                store.save(ceremony).map_err(DriveError::Store)?;
                return Ok(Ending::Finished(result));
            }
        }
    }
}

/// Drives a ceremony to its outcome.
///
/// # Errors
/// [`Error`], if the drive ends without an outcome.
pub fn drive_to_end<C: Ceremony, E: Execute + ?Sized, H: Host<C>, S: Store>(
    ceremony: &mut C,
    client: &E,
    host: &mut H,
    store: &mut S,
) -> Result<C::Outcome, Error<H::Error, S::Error>> {
    Error::outcome(drive(ceremony, client, host, store))
}

type Driven<H, S> = Result<(), DriveError<H, S>>;

fn send<C: Ceremony, E: Execute + ?Sized, H: Host<C>, S: Store>(
    ceremony: &mut C,
    exchange: &Exchange,
    begun: Timestamp,
    client: &E,
    host: &mut H,
    store: &mut S,
) -> Driven<H::Error, S::Error> {
    let unsent = Settle::not_sent(ceremony, exchange.id, begun);
    if let Err(error) = store.prepare(unsent.ceremony(), exchange) {
        unsent.hand_in(host.now())?;
        return Err(DriveError::Store(error));
    }
    unsent.release();
    let answer = client.execute(exchange);
    let answer = Settle::answered(ceremony, exchange.id, host.now(), answer);
    let journaled = store.journal(exchange, answer.answer());
    answer.hand_in(host.now())?;
    store.save(ceremony).map_err(DriveError::Store)?;
    // A failed journal is reported, but nothing is lost: the answer was taken in and saved.
    journaled.map_err(DriveError::Store)
}

/// Settles an exchange whose process ended before the answer was taken in.
fn settle<C: Ceremony, H: Host<C>, S: Store>(ceremony: &mut C, id: ExchangeId, host: &mut H, store: &mut S) -> Driven<H::Error, S::Error> {
    let answer = store.journaled(id).map_err(DriveError::Store)?;
    ceremony.handle(host.now(), answer.map_or_else(|| Input::lost(id), |answer| Input::answered(id, answer)))?;
    store.save(ceremony).map_err(DriveError::Store)
}
