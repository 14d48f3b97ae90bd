//! Gives every class of answer to one state, at every time that makes a difference.

use std::collections::BTreeSet;

use enlist_core::testing::{BODIES, Harness, Reply, World};
use enlist_core::{Delivery, Input, Step, Timestamp, TransportKind};
use serde_json::Value;

use crate::common::*;

pub(crate) type Moves = BTreeSet<(&'static str, &'static str)>;

const STATUSES: [u16; 25] =
    [200, 204, 302, 304, 400, 401, 403, 404, 405, 407, 408, 409, 410, 422, 425, 429, 451, 500, 501, 502, 503, 504, 599, 199, 700];
const CODES: [&str; 12] = [
    "authorization_pending",
    "slow_down",
    "expired_token",
    "access_denied",
    "claim_denied",
    "invalid_grant",
    "temporarily_unavailable",
    "invalid_request",
    "email_already_registered",
    "anonymous_not_enabled",
    "wrong_code",
    "",
];
/// Dates around `START`: in the past, soon, later than any wait, and more than a year ahead.
const RETRY_AFTER: [&str; 12] = [
    "0",
    "1",
    "3600",
    "3601",
    "20000",
    "1000000000000",
    "soon",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Fri, 12 Jun 2026 09:01:00 GMT",
    "Friday, 12-Jun-26 15:00:00 GMT",
    "Mon Jul 13 09:00:00 2026",
    "Fri, 31 Dec 9999 23:59:59 GMT",
];
const SECONDS: [&str; 5] = ["0", "1", "5", "3601", "1e12"];
/// Successful answers of the services, and answers that are almost successful.
const DELIVERIES: [&str; 12] = [
    r#"{"access_token":"ot_pat_1","claim_token":"ot_clm_2"}"#,
    r#"{"access_token":"ot_pat_1","claim_token":"ot_clm_2","token_type":"mac"}"#,
    r#"{"access_token":"ot_pat_1","token_type":"Bearer","error":"slow_down"}"#,
    r#"{"access_token":""}"#,
    r#"{"manifest_session_id":"a3f7"}"#,
    r#"{"otp_session_id":"b9d2","expires_at":"2026-06-12T09:15:00.000Z"}"#,
    r#"{"otp_session_id":"b9d2"}"#,
    r#"{"verified":true,"badge":"eyJhbGciOiJFZERTQSJ9.e30.AA"}"#,
    r#"{"valid":true}"#,
    r#"{"valid":false}"#,
    r#"{"new_badge":"eyJhbGciOiJFZERTQSJ9.e30.AA"}"#,
    "{}",
];

/// Damaged JSON with a credential that is whole.
pub(crate) const DAMAGED: [&str; 3] = [
    r#"{"access_token":"ot_pat_9b1c_POSTCLAIMPOSTCLAIM44ef","claim_token":"ot_clm_0000_ANOTHERCLAIMTOKEN","#,
    r#"{"badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.TkVXQkFER0VTSUc","#,
    r#"{"new_badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.TkVXQkFER0VTSUc","#,
];

/// Each class of answer, with numbers at the limits of their ranges.
pub(crate) fn answers() -> Vec<Answered> {
    let mut answers = Vec::new();
    for status in STATUSES {
        answers.extend([html(status), error(status, "wrong_code"), cut(status, r#"{"acc"#)]);
    }
    for status in [200, 400, 401, 403, 429, 503] {
        answers.extend(CODES.map(|code| json(status, &format!(r#"{{"error":"{code}"}}"#))));
    }
    for after in RETRY_AFTER {
        let later = |status, body: &str| with_headers(status, &[("retry-after", after)], body);
        answers.extend([later(429, ""), later(503, ""), later(408, ""), later(429, r#"{"error":"slow_down"}"#), later(500, "")]);
        answers.extend([r#"{"error":"authorization_pending"}"#, r#"{"error":"slow_down"}"#].map(|body| later(400, body)));
    }
    for seconds in SECONDS {
        answers.extend(["authorization_pending", "slow_down"].map(|code| {
            let body = format!(r#"{{"error":"{code}","interval":{seconds}}}"#);
            json(400, &body)
        }));
        let link = "https://app.opentrain.ai/claim?token=ot_cat_3";
        answers.push(json(200, &format!(r#"{{"user_code":"1","verification_uri":"{link}","expires_in":{seconds},"interval":{seconds}}}"#)));
    }
    answers.extend(BODIES.into_iter().chain(DELIVERIES).flat_map(|body| [json(200, body), json(201, body)]));
    answers.push(with_headers(200, &[("content-encoding", "gzip")], DELIVERIES[0]));
    answers.push(json(400, r#"{"error":"invalid_request","error_description":"email_already_registered"}"#));
    answers.extend([json(401, r#"{"error":"invalid_badge"}"#), json(429, r#"{"error":"too_many_attempts"}"#)]);
    answers.push(json(422, r#"{"error":"invalid_otp"}"#));
    answers.extend(DAMAGED.map(|body| cut(200, body)));
    let unsent = [TransportKind::Dns, TransportKind::Connect, TransportKind::Tls, TransportKind::Proxy, TransportKind::NotTried];
    answers.extend(unsent.map(|kind| failed(kind, Delivery::NotSent)));
    let unknown = [TransportKind::Timeout, TransportKind::Closed, TransportKind::BodyTooLarge, TransportKind::Forgotten];
    answers.extend(unknown.map(|kind| failed(kind, Delivery::Unknown)));
    answers
}

/// Gives `world` each of `answers` and all actions of a human, and adds the moves.
pub(crate) fn probe<C: Harness>(world: &World<C>, answers: &[Answered], moves: &mut Moves) {
    let (ceremony, now) = (world.ceremony(), world.now());
    restart(ceremony, moves);
    match ceremony.poll(now) {
        Step::Send => send(ceremony, now, answers, moves),
        Step::Wait { until, .. } => send(ceremony, until, answers, moves),
        Step::Notify(_) => drop(given(ceremony, now, Input::Notified, moves)),
        Step::Ask(prompt) => {
            let replies = [Reply::AsAsked, Reply::WrongCode, Reply::OldCode, Reply::SmsAgain];
            for answer in replies.into_iter().filter_map(|reply| C::answer(reply, &prompt, world.service())) {
                let next = given(ceremony, now, Input::Answer(answer), moves);
                send(&next, now, answers, moves);
            }
        }
        Step::InFlight(_) | Step::Done(_) => {}
    }
}

/// Sends the due request at `due` and at each bound, and answers it then, at each bound, and by a clock that was put back.
fn send<C: Harness>(ceremony: &C, due: Timestamp, answers: &[Answered], moves: &mut Moves) {
    let bounds: Vec<_> = bounds(ceremony).into_iter().filter(|bound| *bound > due).collect();
    for begun in bounds.iter().copied().chain([due]) {
        let mut sent = ceremony.clone();
        let Ok(exchange) = sent.begin(begun) else { continue };
        note(ceremony, &sent, moves);
        let later = bounds.iter().copied().filter(|bound| begun == due || *bound == ms_after(begun, 1));
        for at in later.chain([begun, ms_after(begun, -86_400_000)]) {
            for answer in answers {
                restart(&given(&sent, at, Input::answered(exchange.id, answer.clone()), moves), moves);
            }
        }
    }
}

/// The times just before, at, and just after each time in the state, and those computed from one.
fn bounds<C: Harness>(ceremony: &C) -> BTreeSet<Timestamp> {
    let snapshot: Value = serde_json::from_str(ceremony.snapshot().to_json().expose()).unwrap();
    let mut bounds = BTreeSet::new();
    each_number(&snapshot, &mut |name, ms| {
        let offset = match name {
            "expires_at" => 0,
            "window_ends" => 300_000,
            "unsent_since" => 10_000,
            "sent_at" => 30_000,
            _ => return,
        };
        bounds.extend([-1, 0, 1].map(|beside| Timestamp::from_unix_ms(ms + offset + beside)));
        bounds.insert(Timestamp::from_unix_ms(ms + 1));
    });
    bounds
}

fn each_number(value: &Value, found: &mut impl FnMut(&str, i64)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                member.as_i64().into_iter().for_each(|number| found(name, number));
                each_number(member, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_number(item, found)),
        _ => {}
    }
}

fn given<C: Harness>(ceremony: &C, now: Timestamp, input: Input<C::Answer>, moves: &mut Moves) -> C {
    let mut next = ceremony.clone();
    next.handle(now, input).unwrap();
    note(ceremony, &next, moves);
    next
}

fn restart<C: Harness>(ceremony: &C, moves: &mut Moves) {
    if let Some(Ok(other)) = ceremony.restarted() {
        note(ceremony, &other, moves);
    }
}

fn note<C: Harness>(from: &C, to: &C, moves: &mut Moves) {
    if from.place() != to.place() {
        moves.insert((from.place(), to.place()));
    }
}

fn ms_after(time: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(time.as_unix_ms() + ms)
}

/// The state without the parts that make no difference to the effect of an answer: ids, names, ages. Two states of one shape are probed
/// once.
pub(crate) fn shape<C: Harness>(world: &World<C>) -> String {
    let ceremony = world.ceremony();
    let beyond = ceremony.beyond_its_snapshot();
    let (words, json) = beyond.split_at(beyond.find('{').unwrap_or(beyond.len()));
    let snapshot = format!("{} {json}", ceremony.snapshot().to_json().expose());
    let values = serde_json::Deserializer::from_str(&snapshot).into_iter::<Value>();
    // Whether the next event is in the past or ahead.
    let next = if let Step::Wait { until, .. } = world.step() { until } else { world.now() };
    let shapes: String = values.map(|value| shape_of(&value.unwrap(), next.as_unix_ms())).collect();
    format!("{} {words} {shapes}", ceremony.place())
}

fn shape_of(value: &Value, now: i64) -> String {
    let number = |number: i64| match number {
        ..=9 | 400..600 => number.to_string(),
        1_000_000_000_000.. if number > now => "later".into(),
        1_000_000_000_000.. => "past".into(),
        _ => "many".into(),
    };
    match value {
        Value::Number(n) => n.as_i64().map_or_else(String::new, number),
        Value::String(text) if text.len() > 16 => "text".into(),
        Value::Array(items) if !items.is_empty() => "list".into(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !UNTOLD.contains(&name.as_str()));
            kept.map(|(name, member)| format!("{name}:{} ", shape_of(member, now))).collect()
        }
        other => other.to_string(),
    }
}

const UNTOLD: [&str; 14] = [
    "id",
    "last_id",
    "saved_at",
    "seen",
    "user_code",
    "code",
    "description",
    "body",
    "why",
    "reason",
    "pace",
    "anchor",
    "gap_ms",
    "begun_at",
];
