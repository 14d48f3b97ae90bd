//! `enlist schema`, and every line that any test here reads, against it.

use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::run::{command, told};
use crate::world::{OWNER, World};

/// As printed: takes what later versions may add.
static PUBLISHED: LazyLock<Value> = LazyLock::new(|| {
    let (exit, stdout, _) = told(command(&["schema"]));
    assert_eq!(exit, 0);
    serde_json::from_str(&stdout).unwrap()
});
static LENIENT: LazyLock<Validator> = LazyLock::new(|| validator(&PUBLISHED));
/// Takes nothing that is not written there: what we print must be.
static STRICT: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema = PUBLISHED.clone();
    close(&mut schema);
    validator(&schema)
});

fn validator(schema: &Value) -> Validator {
    jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(schema).unwrap()
}

/// No key but those that are named, wherever an object is described.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let is_object = members.get("type").is_some_and(|of| *of == json!("object") || *of == json!(["object", "null"]));
            for (name, member) in members.iter_mut() {
                if name != "if" {
                    close(member);
                }
            }
            if is_object && !members.contains_key("additionalProperties") {
                members.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        Value::Array(members) => members.iter_mut().for_each(close),
        _ => {}
    }
}

/// A line of stdout, as it is promised.
pub(crate) fn conforms(line: &Value) {
    // What is wrong with the one description that is meant says more than that none of them fits.
    if let Err(error) = STRICT.validate(line) {
        let errors: Vec<String> = STRICT.iter_errors(line).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        panic!("{error}\n{}\n{line:#}", errors.join("\n"));
    }
    assert!(LENIENT.is_valid(line));
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::meta::is_valid(&PUBLISHED));
    // As data, it comes in a document like any other.
    let (_, stdout, _) = told(command(&["schema", "--json"]));
    let document: Value = serde_json::from_str(&stdout).unwrap();
    conforms(&document);
    assert_eq!(document["data"], *PUBLISHED);
}

#[test]
fn what_is_not_promised_is_noticed() {
    let world = World::new();
    let right = world.json(&["register", "opentrain"]);
    conforms(&right);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut line = right.clone();
        change(&mut line);
        (LENIENT.is_valid(&line), STRICT.is_valid(&line))
    };
    assert_eq!(changed(&|line| line["data"]["surplus"] = json!(1)), (true, false));
    assert_eq!(changed(&|line| line["surplus"] = json!(1)), (true, false));
    assert_eq!(changed(&|line| line["mode"]["surplus"] = json!(1)), (true, false));
    assert_eq!(changed(&|line| line["ts"] = json!("yesterday")), (false, false));
    assert_eq!(changed(&|line| line["exit"] = json!(11)), (false, false));
    assert_eq!(changed(&|line| line["data"]["scopes"] = json!("jobs:read")), (false, false));
    assert_eq!(changed(&|line| drop(line.as_object_mut().unwrap().remove("next"))), (false, false));
    assert_eq!(changed(&|line| line["type"] = json!("resolt")), (false, false));
}

/// The events that a claim is told by, in their order.
#[test]
fn an_agent_hears_what_to_say_before_any_wait() {
    let world = World::registered(crate::world::quick());
    let started = world.events(&["claim", "--email", OWNER, "--max-wait", "3s"], "");
    let kinds: Vec<_> = started.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["flow_started", "action_required", "pending"], "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"result"));
    let (action, result) = (&started[1], &started[started.len() - 1]);
    let code = world.sandbox.attempts()[0].user_code.clone();
    assert_eq!((&action["kind"], &action["code"], &action["for"]), (&json!("enter_code"), &json!(code), &json!(OWNER)));
    let say = action["say_to_user"].as_str().unwrap();
    assert!(say.contains(&code) && say.contains(action["url"].as_str().unwrap()), "{say}");
    assert_eq!((&action["next"], &action["say_to_user"]), (&result["next"], &result["data"]["say_to_user"]));
    assert_eq!((&action["flow"], &result["flow"]), (&result["data"]["flow"], &action["flow"]));

    world.type_code(&result["data"]);
    let finished = world.events(&["resume", "--max-wait", "60s"], "");
    let kinds: Vec<_> = finished.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], &kinds[kinds.len() - 3..]), ("action_required", &["claimed", "stored", "result"][..]), "{kinds:?}");
    assert_eq!(finished[0]["code"], code.as_str());
}

#[test]
fn an_agent_hears_what_a_badge_needs() {
    let world = World::new();
    let kinds = |events: &[Value]| events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let manifest = world.manifest();
    let first = world.events(&["register", "sentryagent", "--manifest", &manifest], "");
    assert_eq!(kinds(&first), ["flow_started", "action_required", "result"]);
    assert_eq!((&first[1]["kind"], &first[1]["public_profile"]["agent_name"]), (&json!("confirm_profile"), &json!("My AI Agent")));
    let second = world.events(&["resume", "--yes"], "");
    assert_eq!(kinds(&second), ["otp_required", "result"]);
    assert_eq!(second[0]["next"], second[1]["next"]);
    let right = world.sms_code();
    let third = world.events(&["otp", "--otp-file", "-"], if right == "000000" { "000001" } else { "000000" });
    assert_eq!(kinds(&third), ["otp_rejected", "otp_required", "result"]);
    let fourth = world.events(&["otp", "--otp-file", "-"], &right);
    assert_eq!(kinds(&fourth), ["badge_issued", "stored", "result"]);
}

#[test]
fn troubles_and_ends_are_events_too() {
    use enlist_sandbox::{Action, Canned, Config};
    let world = World::registered(Config { attempt_lifetime: std::time::Duration::from_secs(4), ..crate::world::quick() });
    world.script(crate::world::POLL, Action::Respond(Canned::json(502, "{}")));
    let events = world.events(&["claim", "--email", OWNER, "--max-wait", "60s"], "");
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"retrying"), "{kinds:?}");
    assert_eq!(kinds[kinds.len() - 2..], ["code_expired", "result"]);
    assert_eq!(events[events.len() - 1]["status"], "expired");
}

/// `enlist claim ... --output ndjson | head -1`
#[test]
fn whoever_reads_one_line_gets_it_at_once_and_nothing_is_lost() {
    use std::io::{BufRead, BufReader};
    let world = World::registered(crate::world::quick());
    let begun = std::time::Instant::now();
    let mut child = world.start(&["claim", "--email", OWNER, "--max-wait", "60s", "--output", "ndjson"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // The owner does not come, and a slice is a minute.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    let first: Value = serde_json::from_str(&line).unwrap();
    conforms(&first);
    assert_eq!(first["type"], "flow_started");
    // Not over, as without a reader who leaves.
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(8), ""));
    // Its flow is there, with or without a code by now, and goes on.
    let pending = world.json(&["pending"]);
    assert_eq!(pending["data"]["pending"][0]["flow"], first["flow"]);
    let started = world.json(&["resume", "--no-wait"]);
    world.type_code(&started["data"]);
    assert_eq!(world.json(&["resume"])["status"], "ready");
    assert_eq!(world.sent(crate::world::START), 1);
}
