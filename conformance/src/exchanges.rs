//! Single exchanges: what a client must report of each answer.

use std::time::{Duration, Instant};

use enlist_core::claim::Enrolment;
use enlist_core::{Ceremony, Exchange, ExchangeResult, Origin, Timestamp};
use http::{Method, Request};

use crate::Driver;
use crate::mocks::adjusted;
use crate::mocks::described;
use crate::reply::Reply;
use crate::scripted_server::{Planned, Script, ScriptedServer};

/// The target of every exchange. Its query is as secret as the rest.
const PATH: &str = "/path?token=canary-query";
const BODY: &str = "claim_token=canary-body";
/// Secrets that no text of a failure may contain.
const CANARIES: [&str; 3] = ["canary-query", "canary-header", "canary-body"];
/// How many bytes of an endless answer may be sent before the client breaks off: what fits into the system's buffers.
const SOON: usize = 20_000_000;

/// The request of an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RequestShape {
    /// A POST with a canary in its query, one in a header and one in its body.
    Full,
    /// A POST without a body.
    WithoutBody,
    /// A GET, which has no body.
    Get,
}

impl RequestShape {
    fn request(self, url: &str) -> http::Result<Request<Vec<u8>>> {
        let (method, body) = match self {
            Self::Full => (Method::POST, BODY),
            Self::WithoutBody => (Method::POST, ""),
            Self::Get => (Method::GET, ""),
        };
        Request::builder()
            .method(method)
            .uri(url)
            .header("accept", "application/json")
            .header("authorization", "Bearer canary-header")
            .header("user-agent", "enlist/conformance")
            .body(body.as_bytes().to_vec())
    }
}

/// The replies in their order, for every path.
pub(crate) fn script(replies: &[Reply]) -> Script {
    Script::new(replies.iter().map(|reply| Planned { path: None, times: 1, reply: reply.clone() }), None)
}

/// Makes one exchange for each reply.
pub(crate) fn transcript(
    driver: &mut impl Driver,
    server: &ScriptedServer,
    shape: RequestShape,
    replies: &[Reply],
    max_body: usize,
) -> String {
    let mut lines = Vec::new();
    for reply in replies {
        match exchange(&server.origin(), shape, max_body) {
            Some(exchange) => lines.extend(one(driver, server, reply, &adjusted(server, &exchange))),
            None => return "the case cannot begin".to_owned(),
        }
    }
    lines.push(format!("requests: {}", server.script().requests.iter().filter(|seen| !seen.is_lost).count()));
    lines.push(format!("connections elsewhere: {}", server.connections_elsewhere()));
    let requests = &server.script().requests;
    lines.extend(requests.iter().find(|seen| !seen.is_lost).map(|seen| seen.shown(server)).unwrap_or_default());
    lines.join("\n")
}

fn one(driver: &mut impl Driver, server: &ScriptedServer, reply: &Reply, exchange: &Exchange) -> Vec<String> {
    let start = Instant::now();
    let answer = driver.execute(exchange);
    let mut lines = vec![shown(&answer)];
    if start.elapsed() > exchange.timeout + reply.longest_delay() {
        lines.push("  the deadline was not kept".to_owned());
    }
    if let Err(failure) = &answer {
        let words = format!("{failure} {failure:?}");
        if CANARIES.iter().any(|canary| words.contains(canary)) {
            lines.push("  a secret is shown".to_owned());
        }
    }
    if let Reply::Endless { .. } = reply
        && server.flooded() > SOON
    {
        lines.push("  it was not left soon".to_owned());
    }
    lines
}

/// An exchange with canaries, whose deadline is five seconds.
pub(crate) fn exchange(origin: &str, shape: RequestShape, max_body: usize) -> Option<Exchange> {
    // Only a ceremony can make the id of an exchange.
    let mut ceremony = Enrolment::new(Origin::parse(origin).ok()?, None, None);
    let exchange = ceremony.begin(Timestamp::from_unix_ms(0)).ok()?;
    let request = shape.request(&format!("{origin}{PATH}")).ok()?;
    Some(Exchange { request: request.map(Into::into), timeout: Duration::from_secs(5), max_body, ..exchange })
}

/// The status, the headers except those of the framing, and the body if it is short.
fn shown(answer: &ExchangeResult) -> String {
    let Ok(response) = answer else { return described(answer) };
    let mut shown = described(answer);
    let mut last = (String::new(), 0);
    for (name, value) in response.headers() {
        if ["content-length", "transfer-encoding", "connection", "location"].contains(&name.as_str()) {
            continue;
        }
        let header = match value.len() {
            ..100 => format!("; {name}: {}", String::from_utf8_lossy(value.as_bytes())),
            length => format!("; {name}: {length} bytes"),
        };
        // A header that comes again and again is shown once, with its number.
        if header != last.0 {
            shown += &repeated(&last);
            last = (header, 0);
        }
        last.1 += 1;
    }
    shown += &repeated(&last);
    if (1..50).contains(&response.body().len()) && response.body().is_ascii() {
        shown += &format!("; {}", String::from_utf8_lossy(response.body()));
    }
    shown
}

fn repeated((header, times): &(String, usize)) -> String {
    if *times > 1 { format!("{header}, {times} times") } else { header.clone() }
}
