//! The loop between a ceremony, a client, a host and a store.

use std::future::Future;

use enlist_core::{
    AsyncStore, Ceremony, DriveError, DriveResult, Ending, Error, Exchange, ExchangeId, ExchangeResult, Input, Settle, Step, Timestamp,
};

use crate::host::Host;

/// Sends exchanges: [`Client`](crate::Client), or a client of your own.
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
    fn execute(&self, exchange: &Exchange) -> impl Future<Output = ExchangeResult> + Send;
}

/// Drives a ceremony until it ends or the host pauses it.
///
/// The store prepares (saves) each exchange before it is sent, journals its answer before the answer is parsed, and saves the ceremony
/// afterwards. The host is asked whether to pause only between exchanges.
///
/// The future is [`Send`] when the host, the client and the store are. It is small: everything but the waits is in a box of its own, which
/// is freed while the ceremony waits. Dropping the future never harms the ceremony. If it is dropped while the store works, the ceremony
/// gets the answer that has arrived, or learns that nothing was sent. If it is dropped while an answer is awaited, the answer is lost: the
/// next drive settles the exchange as such. So prefer a host that pauses.
///
/// # Errors
/// [`DriveError`]. After a failed [`journal`](AsyncStore::journal) or [`save`](AsyncStore::save), the ceremony still holds what the store
/// could not keep.
pub async fn drive<C: Ceremony, E: Execute, H: Host<C>, S: AsyncStore>(
    ceremony: &mut C,
    client: &E,
    host: &mut H,
    store: &mut S,
) -> DriveResult<C::Outcome, H::Error, S::Error> {
    loop {
        let now = host.now();
        let (until, why) = match ceremony.poll(now) {
            Step::Wait { until, why } => (until, why),
            step => match Box::pin(act(ceremony, client, host, store, now, step)).await? {
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

/// Drives a ceremony to its outcome.
///
/// # Errors
/// [`Error`], if the drive ends without an outcome.
pub async fn drive_to_end<C: Ceremony, E: Execute, H: Host<C>, S: AsyncStore>(
    ceremony: &mut C,
    client: &E,
    host: &mut H,
    store: &mut S,
) -> Result<C::Outcome, Error<H::Error, S::Error>> {
    Error::outcome(drive(ceremony, client, host, store).await)
}

type Driven<T, H, S> = Result<T, DriveError<H, S>>;
type Acted<C, H, S> = Driven<Option<Ending<<C as Ceremony>::Outcome>>, H, S>;

/// Carries out a step that is not a wait. Returns the ending if the step is one.
async fn act<C: Ceremony, E: Execute, H: Host<C>, S: AsyncStore>(
    ceremony: &mut C,
    client: &E,
    host: &mut H,
    store: &mut S,
    now: Timestamp,
    step: Step<C::Notice, C::Prompt, C::Outcome>,
) -> Acted<C, H::Error, S::Error> {
    match step {
        Step::Send => {
            let exchange = ceremony.begin(now)?;
            send(ceremony, &exchange, now, client, host, store).await?;
        }
        Step::InFlight(id) => settle(ceremony, id, host, store).await?,
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
            // This is usually a second save. It is needed when the first one failed in an earlier drive.
            store.save(ceremony).await.map_err(DriveError::Store)?;
            return Ok(Some(Ending::Finished(result)));
        }
        // The loop itself waits.
        Step::Wait { .. } => {}
    }
    Ok(None)
}

async fn send<C: Ceremony, E: Execute, H: Host<C>, S: AsyncStore>(
    ceremony: &mut C,
    exchange: &Exchange,
    begun: Timestamp,
    client: &E,
    host: &mut H,
    store: &mut S,
) -> Driven<(), H::Error, S::Error> {
    let unsent = Settle::not_sent(ceremony, exchange.id, begun);
    if let Err(error) = store.prepare(unsent.ceremony(), exchange).await {
        unsent.hand_in(host.now())?;
        return Err(DriveError::Store(error));
    }
    unsent.release();
    let answer = client.execute(exchange).await;
    let answer = Settle::answered(ceremony, exchange.id, host.now(), answer);
    let journaled = store.journal(exchange, answer.answer()).await;
    answer.hand_in(host.now())?;
    store.save(ceremony).await.map_err(DriveError::Store)?;
    // A failed journal is reported, but nothing is lost: the answer was taken in and saved.
    journaled.map_err(DriveError::Store)
}

/// Settles an exchange whose drive was dropped or whose process ended before the answer was taken in.
async fn settle<C: Ceremony, H: Host<C>, S: AsyncStore>(
    ceremony: &mut C,
    id: ExchangeId,
    host: &mut H,
    store: &mut S,
) -> Driven<(), H::Error, S::Error> {
    let answer = store.journaled(id).await.map_err(DriveError::Store)?;
    ceremony.handle(host.now(), answer.map_or_else(|| Input::lost(id), |answer| Input::answered(id, answer)))?;
    store.save(ceremony).await.map_err(DriveError::Store)
}
