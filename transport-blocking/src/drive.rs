//! The loop between a ceremony, a client and a host.

use enlist_core::{Ceremony, DriveError, Ending, Exchange, Input, Step, TransportFailure};
use http::Response;

use crate::host::Host;

/// Drives a ceremony to its end, or until the host leaves.
///
/// Each exchange is prepared (saved) before it is sent, journaled before its answer is parsed, and saved after.
///
/// `execute` is the client: `|exchange| client.execute(exchange)` for a [`Client`](crate::Client). Another one has five duties:
///
/// * It follows no redirect, and repeats nothing by itself.
/// * It gives back every status as an answer, a 4xx too.
/// * It keeps the [`timeout`](Exchange::timeout), from connecting to the last byte, and reads no more than
///   [`max_body`](Exchange::max_body) bytes.
/// * It passes on all headers, both ways, and decompresses nothing.
/// * It reports [`NotSent`](enlist_core::Delivery::NotSent) only when the service cannot have seen the request; when in doubt,
///   [`Unknown`](enlist_core::Delivery::Unknown).
///
/// # Errors
/// [`DriveError`]. After a failed [`journal`](Host::journal) or [`save`](Host::save), the ceremony holds what was to be kept.
pub fn drive<C: Ceremony, H: Host<C>>(
    ceremony: &mut C,
    mut execute: impl FnMut(&Exchange) -> Result<Response<Vec<u8>>, TransportFailure>,
    host: &mut H,
) -> Result<Ending<C::Outcome>, DriveError<H::Error>> {
    loop {
        let now = host.now();
        match ceremony.poll(now) {
            Step::Send => {
                let exchange = ceremony.begin(now)?;
                if let Err(error) = host.prepare(&ceremony.snapshot(), &exchange) {
                    ceremony.handle(host.now(), Input::not_sent(exchange.id))?;
                    return Err(DriveError::Host(error));
                }
                let answer = execute(&exchange);
                let journaled = host.journal(&exchange, &answer);
                ceremony.handle(host.now(), Input::answered(exchange.id, answer))?;
                host.save(&ceremony.snapshot()).map_err(DriveError::Host)?;
                // A journal that failed is reported, but has cost nothing: the answer is taken in and saved.
                journaled.map_err(DriveError::Host)?;
            }
            Step::InFlight(id) => {
                let answer = host.journaled(id).map_err(DriveError::Host)?;
                ceremony.handle(host.now(), answer.unwrap_or_else(|| Input::lost(id)))?;
                host.save(&ceremony.snapshot()).map_err(DriveError::Host)?;
            }
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
                // Most often a second time. But the first may have failed in the drive before this one.
                host.save(&ceremony.snapshot()).map_err(DriveError::Host)?;
                return Ok(Ending::Finished(result));
            }
        }
    }
}
