//! Drivers of the suite's own: the plain loop for those who bring a client only, and the client that knows the script.

use std::sync::Arc;

use enlist_core::{Ceremony, DriveError, Ending, Exchange, Input, Step};

use super::Driver;
use super::reply::Answered;
use super::site::{Seen, Site};
use super::stage::{Driven, Stage};

/// The loop of `enlist_core`'s first page, with a store.
pub(super) fn drive<C: Ceremony, D: Driver + ?Sized>(driver: &mut D, ceremony: &mut C, stage: &mut Stage<C>) -> Driven<C::Outcome> {
    loop {
        let now = stage.now();
        match ceremony.poll(now) {
            Step::Send => {
                let exchange = ceremony.begin(now)?;
                if let Err(error) = stage.prepare(&ceremony.snapshot(), &exchange) {
                    ceremony.handle(stage.now(), Input::not_sent(exchange.id))?;
                    return Err(DriveError::Host(error));
                }
                let answer = driver.execute(&stage.direct(&exchange));
                let journaled = stage.journal(&exchange, &answer);
                ceremony.handle(stage.now(), Input::answered(exchange.id, answer))?;
                stage.save(&ceremony.snapshot()).map_err(DriveError::Host)?;
                journaled.map_err(DriveError::Host)?;
            }
            Step::InFlight(id) => {
                let answer = stage.journaled(id).map_err(DriveError::Host)?;
                ceremony.handle(stage.now(), answer.unwrap_or_else(|| Input::lost(id)))?;
                stage.save(&ceremony.snapshot()).map_err(DriveError::Host)?;
            }
            Step::Notify(notice) => {
                stage.show(&notice).map_err(DriveError::Host)?;
                ceremony.handle(stage.now(), Input::Notified)?;
            }
            Step::Ask(prompt) => {
                let Some(answer) = stage.ask(&prompt).map_err(DriveError::Host)?.continue_value() else { return Ok(Ending::Paused) };
                ceremony.handle(stage.now(), Input::Answer(answer))?;
            }
            Step::Wait { until, why } => {
                if stage.wait(until, &why).map_err(DriveError::Host)?.is_break() {
                    return Ok(Ending::Paused);
                }
                ceremony.handle(stage.now(), Input::Woke)?;
            }
            Step::Done(result) => {
                stage.save(&ceremony.snapshot()).map_err(DriveError::Host)?;
                return Ok(Ending::Finished(result));
            }
        }
    }
}

/// Reports what a client that does its duty would, without any socket.
pub(super) struct Faithful(pub(super) Arc<Site>);

impl Driver for Faithful {
    fn execute(&mut self, exchange: &Exchange) -> Answered {
        let mut script = self.0.script();
        let reply = script.take_detour().unwrap_or_else(|| script.take(seen(exchange)));
        reply.faithful(exchange.max_body)
    }
}

/// The request as it would come.
fn seen(exchange: &Exchange) -> Seen {
    let request = &exchange.request;
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    let mut headers: Vec<_> = request.headers().iter().map(text).collect();
    headers.extend([format!("host: {authority}"), format!("content-length: {}", request.body().len())]);
    headers.sort_unstable();
    Seen {
        line: format!("{} {target} HTTP/1.1", request.method()),
        path: request.uri().path().to_owned(),
        headers,
        body: String::from_utf8_lossy(request.body()).into_owned(),
        is_lost: false,
    }
}
