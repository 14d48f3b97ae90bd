//! Drivers of the suite's own: the plain loop for those who bring a client only, and the client that knows the script.

use std::sync::Arc;

use enlist_core::{Ceremony, DriveError, Ending, Exchange, Input, Step};

use crate::Driver;
use crate::mock_host::{Driven, MockHost};
use crate::reply::Answered;
use crate::scripted_server::{ScriptedServer, Seen};

/// The loop of `enlist_core`'s first page, with a store.
pub(crate) fn drive<C: Ceremony, D: Driver + ?Sized>(driver: &mut D, ceremony: &mut C, host: &mut MockHost<C>) -> Driven<C::Outcome> {
    loop {
        let now = host.now();
        match ceremony.poll(now) {
            Step::Send => {
                let exchange = ceremony.begin(now)?;
                if let Err(error) = host.prepare(&ceremony.snapshot(), &exchange) {
                    ceremony.handle(host.now(), Input::not_sent(exchange.id))?;
                    return Err(DriveError::Store(error));
                }
                let answer = driver.execute(&host.direct(&exchange));
                let journaled = host.journal(&exchange, &answer);
                ceremony.handle(host.now(), Input::answered(exchange.id, answer))?;
                host.save(&ceremony.snapshot()).map_err(DriveError::Store)?;
                journaled.map_err(DriveError::Store)?;
            }
            Step::InFlight(id) => {
                let answer = host.journaled(id).map_err(DriveError::Store)?;
                ceremony.handle(host.now(), answer.map_or_else(|| Input::lost(id), |answer| Input::answered(id, answer)))?;
                host.save(&ceremony.snapshot()).map_err(DriveError::Store)?;
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
                host.save(&ceremony.snapshot()).map_err(DriveError::Store)?;
                return Ok(Ending::Finished(result));
            }
        }
    }
}

/// Reports what a client that does its duty would, without any socket.
pub(crate) struct ReferenceClient(pub(crate) Arc<ScriptedServer>);

impl Driver for ReferenceClient {
    fn execute(&mut self, exchange: &Exchange) -> Answered {
        let mut script = self.0.script();
        let reply = script.take_detour().unwrap_or_else(|| script.take(seen(exchange)));
        reply.expected(exchange.max_body)
    }
}

/// The request as it would come.
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
