//! `/control`: the methods of [`Sandbox`](crate::Sandbox), over HTTP with JSON.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::faults::parse_faults;
use crate::http::{Answer, Request};
use crate::opentrain::{Attempt, NoOpenAttempt, Which};
use crate::world::World;

/// Counters of what has happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// The time of the sandbox clock, in unix milliseconds.
    pub now: u64,
    /// OpenTrain accounts that were registered.
    pub accounts: u64,
    /// OpenTrain claim attempts that were started.
    pub attempts: u64,
    /// OpenTrain accounts that a human claimed.
    pub claimed: u64,
    /// OpenTrain post-claim tokens that were delivered to a poll.
    pub tokens_delivered: u64,
    /// OpenTrain polls that came before the interval had passed.
    pub polls_too_early: u64,
    /// Mails sent.
    pub emails_sent: u64,
    /// SMS sent.
    pub sms_sent: u64,
    /// SentryAgent badges issued.
    pub badges_issued: u64,
    /// SentryAgent badges that came from a rotation; they count as issued too.
    pub rotations: u64,
    /// Requests to the services, including dropped ones.
    pub requests: u64,
}

impl Counts {
    pub(crate) fn of(world: &World) -> Self {
        let opentrain = &world.opentrain;
        Self {
            now: world.clock.now(),
            accounts: opentrain.accounts,
            attempts: opentrain.attempts_started,
            claimed: opentrain.claimed,
            tokens_delivered: opentrain.tokens_delivered,
            polls_too_early: opentrain.polls_too_early,
            emails_sent: world.outbox.emails_sent(),
            sms_sent: world.outbox.sms_sent(),
            badges_issued: world.sentryagent.badges_issued,
            rotations: world.sentryagent.rotations,
            requests: world.log.seen(),
        }
    }
}

/// The answer of the control API, or `None` for any other path.
pub(crate) fn answer(world: &mut World, request: &Request) -> Option<Answer> {
    let call = request.path.strip_prefix("/control/")?;
    let answer = match (request.method.as_str(), call) {
        ("GET", "state") => Answer::json(200, &Counts::of(world)),
        ("GET", "outbox") => Answer::json(200, &world.outbox.messages()),
        ("GET", "requests") => Answer::json(200, &world.log.entries()),
        ("GET", "script") => Answer::json(200, &world.script.entries()),
        ("POST", "script") => append_script(world, request),
        ("DELETE", "script") => clear_script(world),
        ("POST", "approve") => decide(world, request, World::approve),
        ("POST", "deny") => decide(world, request, World::deny),
        ("POST", "advance") => advance(world, request),
        _ => Answer::not_found(),
    };
    Some(answer)
}

fn append_script(world: &mut World, request: &Request) -> Answer {
    let text = String::from_utf8_lossy(&request.body);
    match parse_faults(&text) {
        Ok(entries) if world.script.has_room(entries.len()) => {
            world.script.extend(entries);
            script_length(world)
        }
        Ok(_) => refuse("the script is full"),
        Err(error) => refuse(&error.to_string()),
    }
}

fn clear_script(world: &mut World) -> Answer {
    world.script.clear();
    script_length(world)
}

fn script_length(world: &World) -> Answer {
    Answer::json(200, &json!({"entries": world.script.entries().len()}))
}

type Decision = fn(&mut World, &Which) -> Result<Attempt, NoOpenAttempt>;

fn decide(world: &mut World, request: &Request, decision: Decision) -> Answer {
    let which = if request.body.is_empty() { Ok(Which::default()) } else { body(request) };
    match which {
        Ok(which) => match decision(world, &which) {
            Ok(attempt) => Answer::json(200, &attempt),
            Err(error) => Answer::json(404, &json!({"error": "no_open_attempt", "message": error.to_string()})),
        },
        Err(refusal) => refusal,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    ms: u64,
}

fn advance(world: &mut World, request: &Request) -> Answer {
    match body::<Advance>(request) {
        Ok(Advance { ms }) => {
            world.clock.advance(Duration::from_millis(ms));
            Answer::json(200, &json!({"now": world.clock.now()}))
        }
        Err(refusal) => refusal,
    }
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Answer> {
    let members = request.lenient_json().map_err(refuse)?;
    serde_json::from_value(Value::Object(members)).map_err(|error| refuse(&error.to_string()))
}

fn refuse(message: &str) -> Answer {
    Answer::json(400, &json!({"error": "invalid_request", "message": message}))
}
