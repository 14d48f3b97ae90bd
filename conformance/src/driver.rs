//! The driver that the cases run on, and the reference: a loop for those who bring only a client, and a client that knows the script.

use std::sync::Arc;

use enlist_core::{Ceremony, DriveError, Ending, Exchange, ExchangeId, ExchangeResult, Input, Step, Store};

use crate::mocks::{Driven, MockError, MockHost, MockStore};
use crate::scripted_server::{ScriptedServer, Seen};

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
        drive(self, ceremony, host, store)
    }

    /// Whether the client speaks https. If it does not, the cases in which a TLS handshake fails are skipped.
    fn speaks_https(&self) -> bool {
        true
    }
}

/// The loop of the first page of `enlist_core`, with a store.
pub(crate) fn drive<C: Ceremony, D: Driver + ?Sized>(
    driver: &mut D,
    ceremony: &mut C,
    host: &mut MockHost<C>,
    store: &mut MockStore,
) -> Driven<C::Outcome> {
    loop {
        let now = host.now();
        match ceremony.poll(now) {
            Step::Send => {
                let exchange = ceremony.begin(now)?;
                send(driver, ceremony, &exchange, host, store)?;
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
                store.save(ceremony).map_err(DriveError::Store)?;
                return Ok(Ending::Finished(result));
            }
        }
    }
}

type Done = Result<(), DriveError<MockError, MockError>>;

fn send<C: Ceremony, D: Driver + ?Sized>(
    driver: &mut D,
    ceremony: &mut C,
    exchange: &Exchange,
    host: &mut MockHost<C>,
    store: &mut MockStore,
) -> Done {
    if let Err(error) = store.prepare(ceremony, exchange) {
        ceremony.handle(host.now(), Input::not_sent(exchange.id))?;
        return Err(DriveError::Store(error));
    }
    let answer = driver.execute(&host.network().adjust(exchange));
    let journaled = store.journal(exchange, &answer);
    ceremony.handle(host.now(), Input::answered(exchange.id, answer))?;
    store.save(ceremony).map_err(DriveError::Store)?;
    // A journal that failed is reported, but nothing is lost: the answer was taken in and saved.
    journaled.map_err(DriveError::Store)
}

/// Takes in the answer that is owed since before a restart.
fn settle<C: Ceremony>(ceremony: &mut C, id: ExchangeId, host: &mut MockHost<C>, store: &mut MockStore) -> Done {
    let answer = store.journaled(id).map_err(DriveError::Store)?;
    ceremony.handle(host.now(), answer.map_or_else(|| Input::lost(id), |answer| Input::answered(id, answer)))?;
    store.save(ceremony).map_err(DriveError::Store)
}

/// Gives what a client must report of each reply, without any socket.
pub(crate) struct ReferenceClient(pub(crate) Arc<ScriptedServer>);

impl Driver for ReferenceClient {
    fn execute(&mut self, exchange: &Exchange) -> ExchangeResult {
        let mut script = self.0.script();
        let reply = script.take_detour().unwrap_or_else(|| script.take(seen(exchange)));
        reply.expected(exchange.max_body)
    }
}

/// The request as the server would see it.
fn seen(exchange: &Exchange) -> Seen {
    let request = &exchange.request;
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    let mut headers: Vec<_> = request.headers().iter().map(text).collect();
    headers.extend([format!("host: {authority}"), format!("content-length: {}", request.body().as_bytes().len())]);
    headers.sort_unstable();
    Seen {
        line: format!("{} {target} HTTP/1.1", request.method()),
        path: request.uri().path().to_owned(),
        headers,
        body: String::from_utf8_lossy(request.body().as_bytes()).into_owned(),
        is_lost: false,
    }
}
