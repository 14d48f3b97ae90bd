//! A command with a credential in its environment, and the forms in which a credential is printed.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use serde_json::Value;

use crate::run::told;
use crate::world::{World, ending, quick, settled, signal};

const TOKEN: &str = "ot_pat_8f2a_EXECEXECEXEC91cd";

fn with_token() -> World {
    let world = World::new();
    assert_eq!(ending(&world.json_in(&["adopt", "opentrain", "--token-file", "-"], TOKEN)), (0, ""));
    world
}

fn out(world: &World, arguments: &[&str]) -> (i32, String, String) {
    told(world.command(arguments))
}

#[test]
fn the_command_gets_it_and_nothing_else_is_said() {
    let world = with_token();
    let (exit, stdout, stderr) =
        out(&world, &["exec", "opentrain", "--", "sh", "-c", "echo \"$OPENTRAIN_API_TOKEN\" \"$@\"", "sh", "--json", "b c"]);
    assert_eq!((exit, stdout.as_str(), stderr.as_str()), (0, format!("{TOKEN} --json b c\n").as_str(), ""));
    let (_, stdout, _) = out(&world, &["exec", "opentrain", "--as", "MINE", "--", "sh", "-c", "echo \"$MINE$OPENTRAIN_API_TOKEN\""]);
    assert_eq!(stdout, format!("{TOKEN}\n"));
}

#[test]
fn the_badge_has_a_name_of_its_own() {
    let world = World::new();
    world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""));
    let (_, stdout, _) = out(&world, &["exec", "sentryagent", "--", "sh", "-c", "echo \"$SENTRYAGENT_BADGE\""]);
    assert_eq!(stdout.trim_end(), world.token("sentryagent"));
}

#[test]
fn exit_code_and_signals_are_the_commands_own() {
    let world = with_token();
    assert_eq!(out(&world, &["exec", "opentrain", "--", "sh", "-c", "exit 37"]).0, 37);
    let killed = world.command(&["exec", "opentrain", "--", "sh", "-c", "kill -9 $$"]).output().unwrap();
    assert_eq!(killed.status.signal(), Some(9));
    // The same process: what is sent to it reaches the command, with the signals' plain meaning.
    let mut command = world.command(&["exec", "opentrain", "--", "sh", "-c", "echo $$; exec sleep 60"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    assert_eq!(line.trim(), child.id().to_string());
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn without_a_credential_nothing_is_run() {
    let world = World::new();
    let ran = world.desk.path().join("ran");
    let (exit, stdout, stderr) = out(&world, &["exec", "opentrain", "--output", "text", "--", "touch", ran.to_str().unwrap()]);
    assert_eq!((exit, stdout.as_str(), ran.exists()), (4, "", false));
    assert!(stderr.contains("no registration at opentrain") && stderr.contains("enlist register opentrain"), "{stderr}");
    let document = world.json(&["exec", "opentrain", "--json", "--", "touch", ran.to_str().unwrap()]);
    assert_eq!((ending(&document), document["command"].as_str(), ran.exists()), ((4, "not_registered"), Some("exec"), false));
}

#[test]
fn what_cannot_be_run_is_a_wrong_command_line() {
    let world = with_token();
    let (exit, stdout, stderr) = out(&world, &["exec", "opentrain", "--output", "text", "--", "/does/not/exist"]);
    assert_eq!((exit, stdout.as_str()), (64, ""));
    assert!(stderr.contains("/does/not/exist cannot be run"), "{stderr}");
    for arguments in
        [&["exec", "opentrain", "--json"][..], &["exec", "opentrain", "--json", "true"], &["exec", "opentrain", "--json", "--"]]
    {
        assert_eq!(ending(&world.json(arguments)), (64, "usage"), "{arguments:?}");
    }
    for variable in ["", "1A", "A=B", "A B"] {
        let document = world.json(&["exec", "opentrain", "--json", "--as", variable, "--", "true"]);
        assert_eq!(ending(&document), (64, "usage"), "{variable}");
    }
}

/// While the command runs, its process shows the credential in no argument.
#[test]
fn no_argument_holds_the_credential() {
    let world = with_token();
    let mut child = world
        .command(&["exec", "opentrain", "--", "sh", "-c", "echo; read x"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let arguments = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    let arguments = String::from_utf8(arguments).unwrap();
    assert!(arguments.contains("read x") && !arguments.contains(TOKEN), "{arguments}");
}

#[test]
fn a_credential_is_printed_in_the_form_that_was_asked_for() {
    let world = with_token();
    for (format, expected) in [
        ("raw", format!("{TOKEN}\n")),
        ("header", format!("Authorization: Bearer {TOKEN}\n")),
        ("env", format!("OPENTRAIN_API_TOKEN={TOKEN}\n")),
    ] {
        let (exit, stdout, stderr) = out(&world, &["token", "opentrain", "--format", format]);
        assert_eq!((exit, stdout, stderr.as_str()), (0, expected, ""));
    }
    assert_eq!(out(&world, &["token", "opentrain"]).1, format!("{TOKEN}\n"));
    let (_, stdout, _) = out(&world, &["token", "opentrain", "--format", "json"]);
    let data: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(data, serde_json::json!({"service": "opentrain", "kind": "token", "state": "adopted", "token": TOKEN}));
    // The document wraps the same.
    assert_eq!(world.json(&["token", "opentrain", "--format", "header", "--json"])["data"], data);
}

/// What a service may call a token is more than what a shell takes for a word.
#[test]
fn the_variable_can_be_read_by_a_shell() {
    let world = World::new();
    let strange = "ot_pat_$(touch${IFS}pwned);'`x`\"&#*";
    assert_eq!(ending(&world.json_in(&["adopt", "opentrain", "--token-file", "-"], strange)), (0, ""));
    let line = out(&world, &["token", "opentrain", "--format", "env"]).1;
    let shell = std::process::Command::new("sh").args(["-c", &format!("{line}printf %s \"$OPENTRAIN_API_TOKEN\"")]).output().unwrap();
    assert_eq!(String::from_utf8(shell.stdout).unwrap(), strange);
}

#[test]
fn variables_that_hold_another_token_are_named_without_their_values() {
    let world = World::registered(quick());
    let stored = world.token("opentrain");
    let with = |arguments: &[&str], name: &str, value: &str| {
        let mut command = world.command(arguments);
        command.env(name, value);
        command
    };
    for name in ["OT_API_TOKEN", "OPENTRAIN_API_TOKEN", "OPENTRAIN_PERSONAL_API_TOKEN"] {
        for arguments in [&["status"][..], &["token", "opentrain", "--json"], &["profile", "export", "opentrain", "--yes"]] {
            let document = settled(with(arguments, name, "ot_pat_OTHEROTHER").output().unwrap());
            let warnings = document["warnings"].to_string();
            assert!(warnings.contains(name) && !warnings.contains("OTHEROTHER"), "{arguments:?} {warnings}");
            let document = settled(with(arguments, name, &stored).output().unwrap());
            assert_eq!(document["warnings"], serde_json::json!([]), "{arguments:?} {name}");
        }
        let (_, stdout, stderr) =
            told(with(&["exec", "opentrain", "--", "sh", "-c", "echo $OPENTRAIN_API_TOKEN"], name, "ot_pat_OTHEROTHER"));
        assert_eq!(stdout.trim_end(), stored);
        // What exec sets itself shadows nothing.
        assert_eq!(stderr.contains(name), name != "OPENTRAIN_API_TOKEN", "{stderr}");
        assert!(!stderr.contains("OTHEROTHER"));
    }
}
