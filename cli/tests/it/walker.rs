//! An agent that does what `next` says, and nothing else.
//!
//! Without anybody's word it runs the command lines that have no gate, and those that wait for a time. With an owner who agrees, it also runs
//! the others and fills in the values.

use enlist_sandbox::{Action, Canned, Config, MessageKind, Scripted};
use serde_json::{Value, json};

use crate::world::{OWNER, World, ending, next, output_with, quick, settled};

/// The most steps of a walk.
const STEPS: usize = 20;

/// The state in which a walk begins.
type State = (&'static str, fn(&World) -> Value);

fn run(world: &World, arguments: &[&str], stdin: &str) -> Value {
    let mut command = world.command(arguments);
    command.env("ENLIST_OUTPUT", "json");
    settled(output_with(command, stdin))
}

/// Runs `next`. The time that it names is taken as come.
fn follow(world: &World, document: &Value, stdin: &str) -> Value {
    let words = next(document);
    run(world, &words.iter().map(String::as_str).collect::<Vec<_>>(), stdin)
}

fn registered(world: &World) -> Value {
    run(world, &["register", "opentrain"], "")
}

fn claim_started(world: &World) -> Value {
    registered(world);
    run(world, &["claim", "--email", OWNER, "--no-wait"], "")
}

fn sms_sent(world: &World) -> Value {
    run(world, &["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"], "")
}

fn badge(world: &World) -> Value {
    sms_sent(world);
    run(world, &["otp", "--otp-file", "-"], &world.sms_code())
}

/// From now on, each request is carried out and its answer replaced by a bare 503.
fn break_the_service(world: &World) {
    let every = Scripted { times: u32::MAX, ..Scripted::new("*", Action::ReplaceAfter(Canned::status(503))) };
    world.sandbox.script([every]);
}

/// Against a service that answers a bare 503 to everything, an agent that asks nobody causes at most two registrations, one SMS and no
/// rotation, from whatever state it begins.
#[test]
fn an_agent_that_asks_nobody_does_nothing_twice() {
    let states: [State; 5] = [
        ("nothing", |_| json!({ "next": null })),
        ("registered", registered),
        ("claim started", claim_started),
        ("SMS sent", sms_sent),
        ("badge", badge),
    ];
    for (state, prepare) in states {
        let world = World::with(Config { interval: std::time::Duration::from_millis(200), ..quick() });
        let prepared = prepare(&world);
        break_the_service(&world);
        let manifest = world.manifest();
        let firsts: [&[&str]; 7] = [
            &["register", "opentrain"],
            &["claim", "--email", OWNER, "--max-wait", "0"],
            &["register", "sentryagent", "--manifest", &manifest, "--yes", "--no-wait"],
            &["badge", "rotate"],
            &["resume", "--max-wait", "0"],
            &["status", "--check"],
            &["revoke", "opentrain"],
        ];
        let before = world.sandbox.counts();
        walk(&world, prepared);
        for first in firsts {
            let found = run(&world, first, "");
            walk(&world, found);
        }
        let after = world.sandbox.counts();
        assert!(after.requests > before.requests, "{state}: nothing was sent, so nothing is shown");
        let (registrations, texts) = (after.accounts - before.accounts, after.sms_sent - before.sms_sent);
        assert!(registrations <= 2 && texts <= 1 && after.rotations == 0, "{state}: {after:?}");
    }
}

/// Obeys the gates null and time.
fn walk(world: &World, from: Value) {
    let mut document = from;
    for _ in 0..STEPS {
        if document["next"].is_null() || !matches!(document["next"]["gate"].as_str(), None | Some("time")) {
            return;
        }
        let words = next(&document);
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !matches!(*word, "60s" | "3m")).collect();
        let without_wait: Vec<&str> =
            words.iter().flat_map(|word| if *word == "--max-wait" { vec!["--max-wait", "0"] } else { vec![*word] }).collect();
        document = run(world, &without_wait, "");
    }
}

/// With an owner who agrees to everything and answers what `say_to_user` asks, `next` and `fill` alone lead through both ceremonies.
#[test]
fn an_agent_with_an_owner_completes_both_ceremonies_by_next_alone() {
    let world = World::new();
    let mut document = registered(&world);
    let mut asked = false;
    for _ in 0..STEPS {
        if document["data"]["user_code"].is_string() && !asked {
            assert!(document["data"]["say_to_user"].as_str().unwrap().contains(document["data"]["user_code"].as_str().unwrap()));
            world.type_code(&document["data"]);
            asked = true;
        }
        let Some(answer) = owner_answers(&world, &mut document) else { break };
        document = follow(&world, &document, &answer);
    }
    assert_eq!((ending(&document), document["status"].as_str()), ((0, ""), Some("ready")), "{document}");
    assert_eq!(run(&world, &["status"], "")["data"]["identities"][0]["state"], "claimed");

    let mut document = run(&world, &["register", "sentryagent", "--manifest", &world.manifest()], "");
    for _ in 0..STEPS {
        let Some(answer) = owner_answers(&world, &mut document) else { break };
        document = follow(&world, &document, &answer);
    }
    assert!(document["data"]["did"].is_string(), "{document}");
    assert_eq!((world.sandbox.counts().accounts, world.sandbox.counts().sms_sent), (1, 1));
}

/// Fills in what `next` asks for, and gives what goes to stdin. `None` when there is no next step.
fn owner_answers(world: &World, document: &mut Value) -> Option<String> {
    let fill = document["next"].as_object()?.get("fill").cloned().unwrap_or_default();
    let mut stdin = String::new();
    for (placeholder, meaning) in fill.as_object().into_iter().flatten() {
        let value = match meaning.as_str().unwrap() {
            "the owner's e-mail address" => OWNER.to_owned(),
            "the 6-digit code from the SMS" => code(world),
            other => panic!("the owner does not know {other}"),
        };
        if placeholder == "stdin" {
            stdin = value;
        } else {
            let argv = document["next"]["argv"].as_array_mut().unwrap();
            argv.iter_mut().filter(|word| **word == json!(placeholder)).for_each(|word| *word = json!(value));
        }
    }
    Some(stdin)
}

fn code(world: &World) -> String {
    let mut sms = world.sandbox.outbox().into_iter().filter(|message| message.kind == MessageKind::Sms);
    sms.next_back().unwrap().code.unwrap()
}
