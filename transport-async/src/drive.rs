//! The loop between a ceremony, a client and a host.

use std::future::Future;

use enlist_core::{Ceremony, DriveError, Ending, Exchange, ExchangeId, Input, Step, Timestamp, TransportFailure};
use http::Response;

use crate::host::Host;

/// Sends exchanges: [`Client`](crate::Client), or a client of one's own.
///
/// It has five duties:
///
/// * It follows no redirect, and repeats nothing by itself.
/// * It gives back every status as an answer, a 4xx too.
/// * It keeps the [`timeout`](Exchange::timeout), from connecting to the last byte, and reads no more than
///   [`max_body`](Exchange::max_body) bytes.
/// * It passes on all headers, both ways, and decompresses nothing.
/// * It reports [`NotSent`](enlist_core::Delivery::NotSent) only when the service cannot have seen the request; when in doubt,
///   [`Unknown`](enlist_core::Delivery::Unknown).
///
/// The crate `enlist-conformance` has a case for each.
pub trait Execute {
    /// Sends the exchange, once, and reads the whole answer, whatever its status.
    fn execute(&self, exchange: &Exchange) -> impl Future<Output = Result<Response<Vec<u8>>, TransportFailure>> + Send;
}

/// Drives a ceremony to its end, or until the host leaves.
///
/// Each exchange is prepared (saved) before it is sent, journaled before its answer is parsed, and saved after. The host is
/// asked whether to leave between exchanges only.
///
/// The future is [`Send`] when host and client are, and small: all but the waits is in a box of its own, which is gone while the
/// ceremony waits. Dropping it never harms the ceremony: an exchange that was in flight is owed an answer then, and the
/// next drive settles it, by the journal or as lost. It does harm the answer: prefer a host that leaves.
///
/// # Errors
/// [`DriveError`]. After a failed [`journal`](Host::journal) or [`save`](Host::save), the ceremony holds what was to be kept.
pub async fn drive<C: Ceremony, H: Host<C>, E: Execute>(
    ceremony: &mut C,
    client: &E,
    host: &mut H,
) -> Result<Ending<C::Outcome>, DriveError<H::Error>> {
    loop {
        let now = host.now();
        let (until, why) = match ceremony.poll(now) {
            Step::Wait { until, why } => (until, why),
            step => match Box::pin(act(ceremony, client, host, now, step)).await? {
                Some(ending) => return Ok(ending),
                None => continue,
            },
        };
        if host.wait(until, &why).await.map_err(DriveError::Host)?.is_break() {
            return Ok(Ending::Paused);
        }
        ceremony.handle(host.now(), Input::Woke)?;
    }
}

type Driven<T, E> = Result<T, DriveError<E>>;
type Acted<C, E> = Driven<Option<Ending<<C as Ceremony>::Outcome>>, E>;

/// Does what a step asks for, which is no wait; gives the ending, if it is one.
async fn act<C: Ceremony, H: Host<C>, E: Execute>(
    ceremony: &mut C,
    client: &E,
    host: &mut H,
    now: Timestamp,
    step: Step<C::Notice, C::Prompt, C::Outcome>,
) -> Acted<C, H::Error> {
    match step {
        Step::Send => exchange(ceremony, client, host, now).await?,
        Step::InFlight(id) => settle(ceremony, id, host).await?,
        Step::Notify(notice) => {
            host.show(&notice).await.map_err(DriveError::Host)?;
            ceremony.handle(host.now(), Input::Notified)?;
        }
        Step::Ask(prompt) => {
            let answer = host.ask(&prompt).await.map_err(DriveError::Host)?;
            let Some(answer) = answer.continue_value() else { return Ok(Some(Ending::Paused)) };
            ceremony.handle(host.now(), Input::Answer(answer))?;
        }
        Step::Done(result) => {
            // Most often a second time. But the first may have failed in the drive before this one.
            save(ceremony, host).await?;
            return Ok(Some(Ending::Finished(result)));
        }
        // The loop itself waits.
        Step::Wait { .. } => {}
    }
    Ok(None)
}

async fn exchange<C: Ceremony, H: Host<C>, E: Execute>(ceremony: &mut C, client: &E, host: &mut H, now: Timestamp) -> Driven<(), H::Error> {
    let exchange = ceremony.begin(now)?;
    if let Err(error) = host.prepare(&ceremony.snapshot(), &exchange).await {
        ceremony.handle(host.now(), Input::not_sent(exchange.id))?;
        return Err(DriveError::Host(error));
    }
    let answer = client.execute(&exchange).await;
    let journaled = host.journal(&exchange, &answer).await;
    ceremony.handle(host.now(), Input::answered(exchange.id, answer))?;
    save(ceremony, host).await?;
    // A journal that failed is reported, but has cost nothing: the answer is taken in and saved.
    journaled.map_err(DriveError::Host)
}

/// An answer is owed: by a drive that was dropped, or by a process that is gone.
async fn settle<C: Ceremony, H: Host<C>>(ceremony: &mut C, id: ExchangeId, host: &mut H) -> Driven<(), H::Error> {
    let answer = host.journaled(id).await.map_err(DriveError::Host)?;
    ceremony.handle(host.now(), answer.unwrap_or_else(|| Input::lost(id)))?;
    save(ceremony, host).await
}

async fn save<C: Ceremony, H: Host<C>>(ceremony: &C, host: &mut H) -> Driven<(), H::Error> {
    host.save(&ceremony.snapshot()).await.map_err(DriveError::Host)
}
