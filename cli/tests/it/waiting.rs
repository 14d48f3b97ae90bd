//! Signals, slices, and the pace across processes.

use std::thread;
use std::time::{Duration, Instant};

use enlist_sandbox::{Action, Canned, Which};
use serde_json::json;

use crate::world::{OWNER, POLL, START, World, ending, next, quick, settled, signal};

#[test]
fn a_signal_ends_a_wait_and_nothing_is_lost() {
    for (name, exit) in [("INT", 130), ("TERM", 143)] {
        let world = World::registered(quick());
        let child = world.start(&["claim", "--email", OWNER, "--max-wait", "60s"]);
        world.await_sent(START, 1);
        thread::sleep(Duration::from_millis(200));
        signal(&child, name);
        let begun = Instant::now();
        let stopped = settled(child.wait_with_output().unwrap());
        assert!(begun.elapsed() < Duration::from_secs(20), "of a minute's slice");
        assert_eq!((ending(&stopped), &stopped["status"]), ((exit, ""), &json!("pending")));
        let code = world.sandbox.attempts()[0].user_code.clone();
        assert_eq!(stopped["data"]["user_code"], code.as_str());
        world.sandbox.approve(&Which::newest()).unwrap();
        let way_on = next(&stopped);
        assert_eq!(ending(&world.json(&way_on.iter().map(String::as_str).collect::<Vec<_>>())), (0, ""));
        assert_eq!(world.sent(START), 1);
    }
}

#[test]
fn an_exchange_in_flight_is_awaited_and_stored() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.sandbox.approve(&Which::newest()).unwrap();
    world.script(POLL, Action::Delay { ms: 1000 });
    let child = world.start(&["resume"]);
    world.await_sent(POLL, 1);
    signal(&child, "INT");
    assert_eq!(ending(&settled(child.wait_with_output().unwrap())), (0, ""));
    assert!(world.token("opentrain").starts_with("ot_pat_"));
}

#[test]
fn the_pace_is_kept_across_processes_and_slow_downs() {
    let world = World::registered(quick());
    let started = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    for _ in 0..4 {
        // Each leaves where the next poll lies beyond its slice.
        let slice = world.json(&["resume", "--max-wait", "1s"]);
        assert_eq!((ending(&slice), &slice["data"]["user_code"]), ((8, ""), &started["data"]["user_code"]));
    }
    thread::sleep(Duration::from_millis(1300));
    world.script(POLL, Action::Respond(Canned::json(400, r#"{"error":"slow_down"}"#)));
    let slowed = world.json(&["resume", "--max-wait", "2s"]);
    assert_eq!(ending(&slowed), (8, ""));
    let polls = world.sent(POLL);
    assert!(polls >= 1);
    // 5 s more from now on, in a process of its own too: nothing within the next 4.
    assert_eq!(ending(&world.json(&["resume", "--max-wait", "4s"])), (8, ""));
    assert_eq!(world.sent(POLL), polls);
    world.assert_pace(Duration::from_secs(1));
}

#[test]
fn text_is_for_people_and_secrets_are_not_in_it() {
    let world = World::registered(quick());
    let output = world.command(&["claim", "--email", OWNER, "--no-wait", "--output", "text"]).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(stdout.contains("Enter code") && !stdout.contains("\"v\""), "{stdout}");
    assert!(stderr.contains("  next: enlist resume clm_"), "{stderr}");
    let output = world.command(&["status", "--output", "text"]).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.starts_with("opentrain  pre_claim_token, unclaimed  ot_pat_…") && stdout.lines().count() == 2, "{stdout}");
}

#[test]
fn a_token_is_printed_in_the_form_that_is_asked_for() {
    let world = World::registered(quick());
    let print = |arguments: &[&str]| {
        let output = world.command(&[&["token", "opentrain"], arguments].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    let token = world.token("opentrain");
    assert_eq!(print(&[]), format!("{token}\n"));
    assert_eq!(print(&["--format", "header"]), format!("Authorization: Bearer {token}\n"));
    assert_eq!(print(&["--format", "env"]), format!("OPENTRAIN_API_TOKEN={token}\n"));
    let object: serde_json::Value = serde_json::from_str(&print(&["--format", "json"])).unwrap();
    assert_eq!((&object["token"], &object["kind"]), (&json!(token), &json!("pre_claim_token")));
    let document = world.json(&["token", "opentrain", "--json"]);
    assert_eq!((ending(&document), &document["data"]["token"]), ((0, ""), &json!(token)));
    // Without one, stdout stays empty: it may be on its way into a variable.
    let output = world.command(&["token", "sentryagent"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(4), &b""[..]));
}
