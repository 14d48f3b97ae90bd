//! Single exchanges: what a client must make of each answer.

use std::time::{Duration, Instant};

use enlist_core::claim::Enrolment;
use enlist_core::{Ceremony, Exchange, Origin, Timestamp};

use crate::Driver;
use crate::mock_host::{described, directed};
use crate::reply::{Answered, Reply};
use crate::scripted_server::{Planned, Script, ScriptedServer};

/// Where the exchanges go. The query is as secret as the rest.
const PATH: &str = "/path?token=canary-query";
const BODY: &str = "claim_token=canary-body";
/// What no failure's words may have in them.
const CANARIES: [&str; 3] = ["canary-query", "canary-header", "canary-body"];
/// How much of an endless answer a client may let come: what the system's buffers take.
const SOON: usize = 20_000_000;

/// The replies in their order, for whatever path.
pub(crate) fn script(replies: &[Reply]) -> Script {
    Script::new(replies.iter().map(|reply| Planned { path: None, times: 1, reply: reply.clone() }), None)
}

/// One exchange for each reply.
pub(crate) fn transcript(driver: &mut impl Driver, server: &ScriptedServer, replies: &[Reply], max_body: usize) -> String {
    let mut lines = Vec::new();
    for reply in replies {
        match exchange(&server.origin(), max_body) {
            Some(exchange) => lines.extend(one(driver, server, reply, &directed(server, &exchange))),
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
    if start.elapsed() > exchange.timeout + Duration::from_secs(3) {
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

/// A POST with canaries in its query, a header and its body.
fn exchange(origin: &str, max_body: usize) -> Option<Exchange> {
    // Only a ceremony can name an exchange.
    let mut ceremony = Enrolment::new(Origin::parse(origin).ok()?, None, None);
    let exchange = ceremony.begin(Timestamp::from_unix_ms(0)).ok()?;
    let request = http::Request::post(format!("{origin}{PATH}"))
        .header("accept", "application/json")
        .header("authorization", "Bearer canary-header")
        .header("user-agent", "enlist/conformance")
        .body(BODY.as_bytes().to_vec())
        .ok()?;
    Some(Exchange { request: request.map(Into::into), timeout: Duration::from_secs(5), max_body, ..exchange })
}

/// Status, the headers that are no matter of transport, and the body when it is short.
fn shown(answer: &Answered) -> String {
    let Ok(response) = answer else { return described(answer) };
    let mut shown = described(answer);
    for (name, value) in response.headers() {
        if !["content-length", "transfer-encoding", "connection", "location"].contains(&name.as_str()) {
            shown += &format!("; {name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
    }
    if (1..50).contains(&response.body().len()) && response.body().is_ascii() {
        shown += &format!("; {}", String::from_utf8_lossy(response.body()));
    }
    shown
}
