//! Many processes at once.

use std::process::Stdio;

use serde_json::Value;

use crate::world::{OWNER, World, ending, next, quick, settled};

#[test]
fn fifty_registrations_at_once_make_one_account() {
    let world = World::new();
    let children: Vec<_> = (0..50).map(|_| world.start(&["register", "opentrain"])).collect();
    let mut exits: Vec<_> = children.into_iter().map(|child| ending(&settled(child.wait_with_output().unwrap())).0).collect();
    exits.sort_unstable();
    assert_eq!(exits[0], 0);
    assert!(exits[1..].iter().all(|exit| matches!(exit, 9 | 10)), "{exits:?}");
    let counts = world.sandbox.counts();
    assert_eq!((counts.accounts, counts.requests), (1, 1));
}

#[test]
fn the_second_learns_who_is_at_work_and_looking_is_free() {
    let world = World::registered(quick());
    let child = world.command(&["claim", "--email", OWNER]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    world.await_sent(crate::world::START, 1);
    let locked = world.json(&["claim", "--email", OWNER]);
    assert_eq!(ending(&locked), (9, "locked"));
    let message = locked["error"]["message"].as_str().unwrap();
    assert!(message.contains(&child.id().to_string()), "{message}");
    for arguments in [&["status"][..], &["pending"]] {
        assert_eq!(ending(&world.json(arguments)), (0, ""));
    }
    world.token("opentrain");
    // Another service and another profile are not locked.
    assert_eq!(ending(&world.json(&["register", "opentrain", "-p", "other"])), (0, ""));
    crate::world::signal(&child, "KILL");
    child.wait_with_output().unwrap();
    let resumed = world.json(&["resume", "--max-wait", "0"]);
    assert_eq!((ending(&resumed), next(&resumed)[0].as_str()), ((8, ""), "resume"));
}

#[test]
fn several_flows_must_be_told_apart() {
    let world = World::registered(quick());
    let claim = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let badge = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    let several = world.json(&["resume"]);
    assert_eq!(ending(&several), (64, "usage"));
    for started in [&claim, &badge] {
        let flow = started["data"]["flow"].as_str().unwrap();
        assert!(several["error"]["message"].as_str().unwrap().contains(flow));
        let resumed = world.json(&["resume", flow, "--max-wait", "0"]);
        assert_eq!((ending(&resumed), &resumed["service"]), ((8, ""), &started["service"]));
    }
    assert_eq!(world.json(&["pending"])["data"]["pending"].as_array().unwrap().len(), 2);
}

/// An agent runs a command line without a gate by itself, so each entry names what a person must decide first.
#[test]
fn each_pending_flow_names_its_next_step_and_the_gate_before_it() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.json(&["register", "sentryagent", "--manifest", &world.manifest()]);
    let gates = || {
        let pending = world.json(&["status"])["data"]["pending"].clone();
        let step = |entry: &Value| (entry["next"]["argv"][1].as_str().unwrap().to_owned(), entry["next"]["gate"].clone());
        pending.as_array().unwrap().iter().map(step).collect::<Vec<_>>()
    };
    assert_eq!(gates(), [("resume".to_owned(), Value::Null), ("resume".to_owned(), "owner".into())]);
    let profile = world.json(&["pending"])["data"]["pending"][1]["flow"].as_str().unwrap().to_owned();
    world.json(&["resume", &profile, "--yes", "--no-wait"]);
    assert_eq!(gates()[1], ("otp".to_owned(), "value".into()));
}
