//! `next` works as it is copied, in a shell that knows nothing of the services' addresses.

use std::fs;
use std::io::pipe;
use std::process::Command;

use enlist_sandbox::{Action, Canned, Which};
use serde_json::{Value, json};

use crate::run::command;
use crate::world::{MANIFEST, OWNER, POLL, REGISTER, START, SUBMIT, TEXT, World, ending, next, output_with, quick, settled};

/// Where nothing listens.
const NOBODY: &str = "http://127.0.0.1:9";
const CA: &str = include_str!("../../../net/tests/tls/ca.pem");

/// Nobody said where the services are, and no request gets to the real ones.
fn bare(world: &World, arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command.env("ENLIST_HOME", world.home.path()).env("HOME", world.desk.path()).env("HTTPS_PROXY", NOBODY);
    command
}

fn said(world: &World, arguments: &[&str]) -> Value {
    settled(bare(world, arguments).output().unwrap())
}

/// Runs `next` as it stands.
fn copied(world: &World, document: &Value, stdin: &str) -> Value {
    let words = next(document);
    settled(output_with(bare(world, &words.iter().map(String::as_str).collect::<Vec<_>>()), stdin))
}

fn pending(world: &World) -> usize {
    world.json(&["pending"])["data"]["pending"].as_array().unwrap().len()
}

#[test]
fn what_was_begun_at_an_address_is_gone_on_with_there() {
    let world = World::new();
    let none = said(&world, &["claim", "--email", OWNER, "--base-url", world.sandbox.url()]);
    assert_eq!(ending(&none), (4, "not_registered"));
    assert_eq!(ending(&copied(&world, &none, "")), (0, ""));
    let started = said(&world, &["claim", "--email", OWNER, "--no-wait"]);
    assert_eq!(ending(&started), (0, ""));
    world.sandbox.approve(&Which::newest()).unwrap();
    world.script(POLL, Action::DropAfter);
    let lost = copied(&world, &started, "");
    assert_eq!(ending(&lost), (4, "credential_lost"));
    // Made by hand in place of the one that was lost: at the registration's address, whatever is the default.
    assert_eq!(ending(&copied(&world, &lost, "ot_pat_1_BYHAND")), (0, ""));
    let before = world.sandbox.counts().requests;
    assert_eq!(ending(&said(&world, &["status", "--check"])), (5, "rejected"));
    assert_eq!(world.sandbox.counts().requests, before + 1);
}

#[test]
fn the_same_way_is_taken_again_but_for_a_password() {
    let world = World::new();
    let ca_file = world.desk.path().join("ca.pem");
    fs::write(&ca_file, CA).unwrap();
    let flags = |proxy| ["claim", "--email", OWNER, "--ca-file", "ca.pem", "--proxy", proxy, "--store", "file", "-p", "work"];
    let run = |proxy| settled(bare(&world, &flags(proxy)).current_dir(world.desk.path()).output().unwrap());
    let (begin, end) = (["register", "opentrain", "--ca-file", ca_file.to_str().unwrap()], ["--store", "file", "--profile", "work"]);
    assert_eq!(next(&run(NOBODY)), [&begin[..], &["--proxy", NOBODY], &end].concat());
    assert_eq!(next(&run("http://me:canary@127.0.0.1:9")), [&begin[..], &end].concat());
}

#[test]
fn a_value_that_looks_like_a_flag_is_no_flag() {
    let world = World::new();
    world.script(REGISTER, Action::Respond(Canned::status(429)));
    let limited = said(&world, &["register", "opentrain", "--agent-name=-bot", "--base-url", world.sandbox.url()]);
    assert_eq!(ending(&limited), (7, "rate_limited"));
    assert_eq!(ending(&copied(&world, &limited, "")), (0, ""));
}

#[test]
fn a_registration_outlives_a_network_that_is_away() {
    let world = World::new();
    let asked = world.json(&["register", "sentryagent", "--manifest", &world.manifest()]);
    assert_eq!(ending(&asked), (8, ""));
    for _ in 0..2 {
        let down = world.json(&["resume", "--yes", "--proxy", NOBODY]);
        assert_eq!((ending(&down), pending(&world), world.sent(TEXT)), ((6, "proxy"), 1, 0), "{down}");
        let flow = down["data"]["flow"].as_str().unwrap();
        assert_eq!(next(&down), ["resume", flow, "--yes", "--proxy", NOBODY]);
    }
    let texted = world.json(&["resume", "--yes"]);
    assert_eq!((ending(&texted), &texted["data"]["awaiting"], world.sent(TEXT)), ((8, ""), &json!("otp"), 1));
    // The code too is good until it arrives.
    let flow = texted["data"]["flow"].as_str().unwrap();
    let kept = world.json_in(&["otp", flow, "--otp-file", "-", "--proxy", NOBODY], &world.sms_code());
    assert_eq!(ending(&kept), (8, ""));
    assert!(kept["warnings"][0].as_str().unwrap().starts_with("the service still waits for the code: "), "{kept}");
    assert!(kept["next"]["when"].as_str().unwrap().contains("the same code"), "{kept}");
    assert_eq!(ending(&world.json_in(&["otp", flow, "--otp-file", "-"], &world.sms_code())), (0, ""));
}

#[test]
fn nothing_of_a_first_request_that_was_not_sent_stays() {
    let world = World::new();
    let down = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--proxy", NOBODY]);
    assert_eq!((ending(&down), pending(&world)), ((6, "proxy"), 0));
}

#[test]
fn a_registration_whose_answer_was_lost_still_goes_straight_on_to_the_claim() {
    let world = World::new();
    world.script(REGISTER, Action::DropAfter);
    let lost = world.json(&["register", "opentrain", "--claim", OWNER, "--no-wait"]);
    assert_eq!(ending(&lost), (4, "answer_lost"));
    let flow = lost["data"]["flow"].as_str().unwrap();
    let started = world.json(&["resume", flow, "--again", "--no-wait"]);
    assert_eq!((ending(&started), &started["status"], world.sent(START)), ((0, ""), &json!("pending"), 1), "{started}");
    assert!(started["data"]["user_code"].is_string() && started["data"]["registration_id"].is_string());
}

#[test]
fn when_nobody_reads_on_the_exit_code_is_what_it_would_be() {
    let world = World::new();
    let unread = |arguments: &[&str]| {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = world.command(arguments).stdout(writer).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        output.status.code().unwrap()
    };
    assert_eq!((unread(&["register", "opentrain"]), world.sandbox.counts().accounts), (0, 1));
    assert_eq!(world.json(&["status"])["data"]["identities"].as_array().unwrap().len(), 1);
    for format in ["ndjson", "text"] {
        assert_eq!((unread(&["claim", "--email", OWNER, "--output", format]), pending(&world)), (8, 1), "{format}");
    }
    assert_eq!((unread(&["claim", "--email", OWNER, "--no-wait"]), world.sent(START)), (0, 1));
    assert_eq!((unread(&["register", "sentryagent", "--manifest", &world.manifest()]), pending(&world)), (8, 2));
    assert_eq!(unread(&["schema"]), 0);
}

#[test]
fn in_a_pipeline_nobody_waits_for_the_owner() {
    let world = World::registered(quick());
    let run = |more: &[&str]| world.json(&[&["claim", "--email", OWNER, "--mode", "ci", "--json"], more].concat());
    let stopped = run(&[]);
    assert_eq!((ending(&stopped), world.sent(POLL)), ((4, "human_needed"), 0), "{stopped}");
    assert!(stopped["data"]["user_code"].is_string());
    assert_eq!(ending(&run(&["--no-wait"])), (0, ""));
    assert_eq!(ending(&run(&["--max-wait", "0"])), (8, ""));
    assert_eq!(ending(&world.json(&["resume", "--mode", "ci", "--json"])), (4, "human_needed"));
    world.sandbox.approve(&Which::newest()).unwrap();
    assert_eq!(ending(&copied(&world, &stopped, "")), (0, ""));
}

#[test]
fn the_same_owner_is_not_written_to_twice() {
    let world = World::registered(quick());
    for owner in ["owner@example.com", "owner@EXAMPLE.com", "Owner@example.com"] {
        assert_eq!(ending(&world.json(&["claim", "--email", owner, "--no-wait"])), (0, ""));
    }
    assert_eq!(world.sent(START), 1);
}

#[test]
fn what_came_on_stdin_is_asked_for_again() {
    let world = World::new();
    world.script(SUBMIT, Action::Respond(Canned::status(429)));
    let limited = world.json_in(&["register", "sentryagent", "--manifest", "-"], MANIFEST);
    assert_eq!(ending(&limited), (7, "rate_limited"));
    assert!(limited["next"]["when"].as_str().unwrap().ends_with("; pass the manifest on stdin"), "{limited}");
    assert_eq!(next(&limited)[..4], ["register", "sentryagent", "--manifest", "-"]);
}

#[test]
fn hints_are_about_the_case_at_hand() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::registered(quick());
    let hint = |document: &Value| document["error"]["hint"].as_str().unwrap().to_owned();
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let live = world.json(&["forget", "opentrain", "--yes"]);
    assert_eq!(ending(&live), (10, "conflict"));
    assert!(hint(&live).contains("enlist abandon"), "{live}");
    let file = world.home.path().join("profiles/default/opentrain/credential.json");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = world.json(&["status"]);
    assert_eq!(ending(&exposed), (9, "store_corrupt"));
    assert!(hint(&exposed).contains("make it private again") && !hint(&exposed).contains("move"), "{exposed}");
    let homeless = settled(world.command(&["profile", "import", "opentrain"]).env_remove("HOME").output().unwrap());
    assert_eq!(ending(&homeless), (64, "usage"));
    assert!(homeless["error"]["message"].as_str().unwrap().contains("XDG_CONFIG_HOME"), "{homeless}");
}
