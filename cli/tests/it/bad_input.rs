//! What must not be taken: exit 64 naming the thing, and nothing is sent.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use enlist_sandbox::{Action, Canned};

use crate::run::told;
use crate::world::{MANIFEST, OWNER, TEXT, World, ending, next, output_with, private_files, settled};

/// Arguments, stdin, and what the message must name.
type Case<'a> = (&'a [&'a str], &'a str, &'a str);

fn refuse(world: &World, cases: &[Case<'_>]) {
    let before = world.sandbox.counts().requests;
    for (arguments, stdin, named) in cases {
        let document = world.json_in(arguments, stdin);
        assert_eq!(ending(&document), (64, "usage"), "{arguments:?} {document}");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains(named), "{arguments:?}: {named}: {message}");
    }
    assert_eq!(world.sandbox.counts().requests, before);
}

#[test]
fn nothing_of_it_is_sent() {
    let world = World::new();
    refuse(
        &world,
        &[
            (&["register"], "", "command"),
            (&["register", "nowhere"], "", "nowhere"),
            (&["register", "opentrain", "--agent-name", " "], "", "--agent-name"),
            (&["register", "opentrain", "--agent-name", "a\u{1b}[31m"], "", "--agent-name"),
            (&["register", "opentrain", "--organization", "a\nb"], "", "--organization"),
            (&["register", "opentrain", "--claim", "owner"], "", "--claim"),
            (&["register", "opentrain", "--base-url", "http://example.com"], "", "--base-url"),
            (&["register", "opentrain", "--base-url", "https://example.com/path"], "", "--base-url"),
            (&["register", "opentrain", "--profile", "../x"], "", "--profile"),
            (&["register", "opentrain", "--profile", ".x"], "", "--profile"),
            (&["register", "opentrain", "--timeout", "0"], "", "--timeout"),
            (&["register", "opentrain", "--max-wait", "1d"], "", "--max-wait"),
            (&["register", "opentrain", "--max-wait", "1s", "--no-wait"], "", "--no-wait"),
            (&["register", "opentrain", "--mode", "robot"], "", "--mode"),
            (&["register", "sentryagent"], "", "--manifest"),
            (&["register", "sentryagent", "--manifest", "/does/not/exist"], "", "/does/not/exist"),
            (&["register", "sentryagent", "--manifest", "-"], "{", "JSON"),
            (&["claim"], "", "--email"),
            (&["claim", "--email", ""], "", "--email"),
            (&["claim", "--email", "a@b@c.com"], "", "--email"),
            (&["claim", "--email", "Name <x@example.com>"], "", "--email"),
            (&["resume"], "", "nothing is pending"),
            (&["resume", "clm_00000000"], "", "clm_00000000"),
            (&["resume", "../../etc/passwd"], "", "../../etc/passwd"),
            (&["abandon", "reg_0000000g", "--yes"], "", "reg_0000000g"),
            (&["abandon"], "", "<FLOW>"),
            (&["otp", "--otp-file", "-"], "123456", "nothing is pending"),
            (&["token", "nowhere", "--json"], "", "nowhere"),
            (&["adopt", "opentrain"], "", "--token-file"),
            (&["adopt", "opentrain", "--token-file", "-"], "", "--token-file"),
            (&["adopt", "opentrain", "--token-file", "-"], "ot_pat_1 x", "--token-file"),
            (&["adopt", "opentrain", "--token-file", "-"], "ot_clm_2_CANARY", "claim token"),
            (&["manifest", "check", "/does/not/exist"], "", "/does/not/exist"),
        ],
    );
    assert_eq!(private_files(world.home.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn every_wrong_field_of_a_manifest_is_named() {
    let world = World::new();
    for (from, to, field) in [
        ("+14155550199", "4155550199", "mobile_phone"),
        ("community", "gold", "trust_tier"),
        ("My AI Agent", "", "agent_name"),
        ("dev@acme.com", "dev", "contact_email"),
        ("true", "false", "compliance_attestation"),
    ] {
        let manifest = MANIFEST.replacen(from, to, 1);
        refuse(&world, &[(&["register", "sentryagent", "--manifest", "-", "--yes"], &manifest, field)]);
        refuse(&world, &[(&["manifest", "check", "-"], &manifest, field)]);
    }
    assert_eq!(ending(&world.json_in(&["manifest", "check", "-"], MANIFEST)), (0, ""));
}

#[test]
fn a_template_is_valid_json_and_wrong_in_every_field() {
    let world = World::new();
    let file = world.desk.path().join("new.json");
    let path = file.to_str().unwrap();
    assert_eq!(ending(&world.json(&["manifest", "init", path])), (0, ""));
    let template = fs::read_to_string(&file).unwrap();
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&template).unwrap();
    let check = world.json(&["manifest", "check", path]);
    assert_eq!((ending(&check), check["data"]["fields"].as_array().unwrap().len()), ((64, "usage"), 10));
    assert_eq!(fields.len(), 10);
    // A file is never overwritten.
    assert_eq!(ending(&world.json(&["manifest", "init", path])), (64, "usage"));
    assert_eq!(fs::read_to_string(&file).unwrap(), template);
    let output = world.command(&["manifest", "init", "-", "--output", "text"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), template);
    assert!(fields.keys().all(|field| String::from_utf8_lossy(&output.stderr).contains(field.as_str())));
}

#[test]
fn a_code_must_be_one() {
    let world = World::new();
    world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    for otp in ["", " ", "12345", "1234567", "12345a", "１２３４５６", "-12345", "\u{0}"] {
        refuse(&world, &[(&["otp", "--otp-file", "-"], otp, "six digits")]);
    }
    refuse(&world, &[(&["otp", "--otp-file", "/does/not/exist"], "", "/does/not/exist"), (&["otp", "123456"], "", "flow")]);
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""));
}

#[test]
fn variables_are_looked_at_as_closely() {
    let world = World::new();
    for (name, value) in
        [("ENLIST_PROFILE", "a/b"), ("ENLIST_OPENTRAIN_URL", "http://example.com"), ("ENLIST_MODE", "robot"), ("ENLIST_OUTPUT", "xml")]
    {
        let mut command = world.command(&["register", "opentrain"]);
        let document = settled(output_with(
            {
                command.env(name, value);
                command
            },
            "",
        ));
        assert_eq!(ending(&document), (64, "usage"), "{name}");
        assert!(document["error"]["message"].as_str().unwrap().contains(name), "{document}");
    }
    for name in ["OT_API_BASE_URL", "OPENTRAIN_API_BASE_URL"] {
        let mut command = world.command(&["register", "opentrain"]);
        command.env_remove("ENLIST_OPENTRAIN_URL").env(name, "http://example.com");
        assert_eq!(ending(&settled(command.output().unwrap())), (64, "usage"), "{name}");
        // Ours is stronger.
        let mut command = world.command(&["claim", "--email", OWNER]);
        command.env(name, "http://example.com");
        assert_eq!(ending(&settled(command.output().unwrap())), (4, "not_registered"));
    }
    assert_eq!(world.sandbox.counts().requests, 0);
}

#[test]
fn an_identity_stands_in_the_way_and_is_not_touched() {
    let world = World::registered(crate::world::quick());
    let snapshot = || private_files(world.home.path()).into_iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
    let (before, requests) = (snapshot(), world.sandbox.counts().requests);
    for arguments in
        [&["register", "opentrain"][..], &["register", "opentrain", "--claim", OWNER], &["register", "opentrain", "--agent-name", "x"]]
    {
        assert_eq!(ending(&world.json(arguments)), (10, "conflict"));
    }
    assert_eq!(ending(&world.json_in(&["adopt", "opentrain", "--token-file", "-"], "ot_pat_1_x")), (10, "conflict"));
    assert_eq!(world.sandbox.counts().requests, requests);
    // The lock names its last holder.
    let differing = before.iter().zip(snapshot()).filter(|(before, after)| *before != after).count();
    assert!(differing <= 1);
}

#[test]
fn what_was_begun_stays_where_it_was_begun() {
    let world = World::registered(crate::world::quick());
    let elsewhere = ["--base-url", "https://app.opentrain.ai"];
    refuse(&world, &[(&["claim", "--email", OWNER, elsewhere[0], elsewhere[1]], "", "--base-url")]);
    refuse(&world, &[(&["status", "--check", elsewhere[0], elsewhere[1]], "", "--base-url")]);
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    refuse(&world, &[(&["resume", elsewhere[0], elsewhere[1]], "", "--base-url")]);
    assert_eq!(world.sandbox.counts().attempts, 1, "what was refused changed nothing");
}

/// What was typed where the name of a file belongs, and others could read it.
#[test]
fn a_secret_in_place_of_a_file_is_not_repeated() {
    let world = World::new();
    let badge = "eyJhbGciOiJFZERTQSJ9.e30.CANARYCANARY";
    let manifest = r#"{"mobile_phone":"+14155550199"}"#;
    let shifted = format!("x{badge}");
    let typed: [(&[&str], &str); 10] = [
        (&["adopt", "opentrain", "--token-file", "ot_pat_8f2a_CANARY"], "CANARY"),
        (&["otp", "--otp-file", "123456"], "123456"),
        (&["otp", "123456"], "123456"),
        (&["resume", "123456"], "123456"),
        (&["status", "123456"], "123456"),
        (&["register", "sentryagent", "--manifest", manifest], "4155550199"),
        (&["manifest", "check", manifest], "4155550199"),
        (&["badge", "show", badge], "CANARY"),
        (&["badge", "verify", &shifted], "CANARY"),
        (&["badge", "sign", badge], "CANARY"),
    ];
    for (arguments, secret) in typed {
        let (exit, stdout, stderr) = told(world.command(&[arguments, &["--json"]].concat()));
        assert_eq!(exit, 64, "{arguments:?} {stderr}");
        assert!(!stdout.contains(secret) && !stderr.contains(secret), "{stdout} {stderr}");
    }
    // Whose file is really named so says where it is.
    fs::write(world.desk.path().join("123456"), "x").unwrap();
    let mut command = world.command(&["otp", "--otp-file", "./123456"]);
    command.current_dir(world.desk.path());
    assert!(told(command).2.contains("six digits"));
}

#[test]
fn what_a_terminal_would_act_on_is_made_visible_in_a_files_name() {
    let world = World::new();
    let name = "\u{1b}[31mx";
    let typed: [&[&str]; 6] = [
        &["register", "sentryagent", "--manifest", name],
        &["manifest", "check", name],
        &["adopt", "opentrain", "--token-file", name],
        &["status", "--ca-file", name],
        &["status", "--log-file", "no/\u{1b}[31mx"],
        &["sandbox", "--faults", name],
    ];
    for arguments in typed {
        let (exit, _, stderr) = told(world.command(arguments));
        assert!(exit == 64 && stderr.contains("<U+001B>[31mx") && !stderr.contains('\u{1b}'), "{arguments:?} {stderr}");
    }
}

#[test]
fn a_manifest_whose_name_is_no_utf8_is_wanted_on_stdin_when_it_goes_on() {
    let world = World::new();
    let path = world.desk.path().join(OsStr::from_bytes(b"\xff.json"));
    fs::write(&path, MANIFEST).unwrap();
    world.script(TEXT, Action::Respond(Canned::status(429).header("retry-after", "1")));
    let mut command = world.command(&["register", "sentryagent", "--yes", "--no-wait", "--manifest"]);
    command.arg(&path);
    let limited = settled(command.output().unwrap());
    assert_eq!(ending(&limited), (7, "rate_limited"), "{limited}");
    let way_on = next(&limited);
    assert_eq!(way_on[..4], ["register", "sentryagent", "--manifest", "-"]);
    assert!(limited["next"]["when"].as_str().unwrap().ends_with("pass the manifest on stdin"), "{limited}");
    let way_on: Vec<_> = way_on.iter().map(String::as_str).chain(["--yes", "--no-wait"]).collect();
    assert_eq!(ending(&world.json_in(&way_on, MANIFEST)), (0, ""));
}
