//! Command lines that cannot be read, help, and how the format is chosen.

use serde_json::Value;

use crate::run::{command, document, human, told};
use crate::world::{World, ending};

/// The error of a command line that must not be taken.
fn refused(arguments: &[&str]) -> Value {
    let (exit, stdout, _) = told(human(arguments));
    assert_eq!(exit, 64, "{arguments:?}");
    let document = document(&stdout, 64);
    assert_eq!(document["status"], "failed");
    assert_eq!(document["error"]["code"], "usage");
    document
}

#[test]
fn people_get_a_sentence_and_a_way_on() {
    let (exit, stdout, stderr) = told(human(&["sandbx"]));
    assert_eq!((exit, stdout.as_str()), (64, ""));
    assert_eq!(stderr, "enlist: unrecognized subcommand 'sandbx'\n  a similar subcommand exists: 'sandbox'\n");
}

#[test]
fn json_is_answered_in_json_wherever_it_was_asked_for() {
    for arguments in [
        &["sandbx", "--json"][..],
        &["--json", "sandbx"],
        &["sandbx", "--output", "json"],
        &["--output=json", "try", "--nonsense"],
        &["try", "--output", "json", "surplus"],
        &["--json"],
    ] {
        refused(arguments);
    }
    let document = refused(&["--json", "sandbx"]);
    assert_eq!(document["command"], Value::Null);
    assert_eq!(document["error"]["hint"], "a similar subcommand exists: 'sandbox'");
    assert_eq!(refused(&["try", "--nonsense", "--json"])["command"], "try");
}

#[test]
fn an_agent_gets_json_for_a_wrong_line_too() {
    let (exit, stdout, _) = told(command(&["sandbx"]));
    assert_eq!(document(&stdout, exit)["mode"]["because"], "no terminal");
}

/// The rest of the line makes no sense; these do.
#[test]
fn mode_and_profile_of_a_wrong_line_are_as_it_says() {
    for arguments in [&["claim", "--mode", "ci", "-p", "work"][..], &["--profile=work", "claim", "--bad", "--mode=ci"]] {
        let (exit, stdout, _) = told(command(&[arguments, &["--json"]].concat()));
        let document = document(&stdout, exit);
        assert_eq!((&document["mode"]["is"], &document["mode"]["because"]), (&"ci".into(), &"--mode".into()), "{document}");
        assert_eq!((exit, &document["profile"]), (64, &"work".into()), "{document}");
    }
    // People get no JSON.
    assert_eq!(told(command(&["claim", "--mode", "human"])).1, "");
    let mut variable = command(&["claim"]);
    variable.env("ENLIST_PROFILE", "work");
    let (exit, stdout, _) = told(variable);
    assert_eq!(document(&stdout, exit)["profile"], "work");
}

#[test]
fn a_token_that_was_typed_is_not_repeated() {
    let (exit, stdout, stderr) = told(human(&["try", "--json", "ot_pat_8f2a_CANARYCANARY91cd"]));
    assert_eq!(exit, 64);
    assert!(stdout.contains("[redacted]") && !stdout.contains("CANARY") && !stderr.contains("CANARY"), "{stdout}{stderr}");
}

#[test]
fn help_and_version_are_answers() {
    for arguments in [&["--help"][..], &["-h"], &["help", "sandbox"], &["try", "--help"], &["--version"], &["--json", "--help"]] {
        let (exit, stdout, stderr) = told(human(arguments));
        assert_eq!((exit, stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(!stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(told(human(&["--version"])).1, concat!("enlist ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn nothing_at_all_is_answered_with_help_as_an_error() {
    let (exit, stdout, stderr) = told(human(&[]));
    assert_eq!((exit, stdout.as_str()), (64, ""));
    assert!(stderr.contains("Usage: enlist") && stderr.ends_with("enlist: no command was given\n  see `enlist --help`\n"), "{stderr}");
}

/// Told by the error of a sandbox that must not start.
#[test]
fn flag_then_variable_then_mode() {
    let is_json = |flags: &[&str], variable: &str, mode: &str| {
        let arguments = [&["sandbox", "--addr", "0.0.0.0:0"], flags].concat();
        let mut command = command(&arguments);
        command.env("ENLIST_OUTPUT", variable).env("ENLIST_MODE", mode);
        let (exit, stdout, _) = told(command);
        assert_eq!(exit, 64);
        !stdout.is_empty()
    };
    assert!(!is_json(&[], "", "human") && is_json(&[], "", "agent") && !is_json(&[], "", "ci"));
    assert!(is_json(&[], "json", "human") && !is_json(&[], "text", "agent"));
    assert!(is_json(&["--json"], "text", "human") && !is_json(&["--output", "text"], "json", "agent"));
}

#[test]
fn variables_that_cannot_be_read_are_named() {
    for name in ["ENLIST_OUTPUT", "ENLIST_MODE"] {
        let mut command = command(&["sandbox"]);
        command.env(name, "nonsense");
        let (exit, stdout, stderr) = told(command);
        assert_eq!(exit, 64);
        assert!(stderr.contains(name), "{stderr}");
        assert!(document(&stdout, exit)["error"]["message"].as_str().unwrap().starts_with(name));
    }
}

#[test]
fn an_agent_gets_a_document_of_a_failure_also_where_a_success_is_text() {
    let world = World::new();
    for (arguments, expected) in [
        (&["exec", "opentrain", "--", "true"][..], (4, "not_registered")),
        (&["exec", "opentrain"], (64, "usage")),
        (&["help", "bogus"], (64, "usage")),
    ] {
        assert_eq!(ending(&world.json(arguments)), expected, "{arguments:?}");
        let (exit, stdout, _) = told(world.command(&[&["--output", "text"], arguments].concat()));
        assert_eq!((exit, stdout.as_str()), (i32::try_from(expected.0).unwrap(), ""), "whoever asks for text gets it");
    }
    for arguments in [&["token", "opentrain"][..], &["badge", "sign", "/dev/null"]] {
        let (exit, stdout, _) = told(world.command(arguments));
        assert_eq!((exit, stdout.as_str()), (4, ""), "what a shell takes for the thing itself is that, or nothing");
    }
}

/// The mistakes that people make most, and the hint that helps.
#[test]
fn a_usual_mistake_is_answered_with_the_right_command_line() {
    for (arguments, hint) in [
        (&["exec", "opentrain", "env"][..], "enlist exec opentrain -- env"),
        (&["exec", "opentrain", "-p", "work", "sh", "-c", "x y"], "enlist exec opentrain --profile work -- sh -c 'x y'"),
        (&["claim", "a@b.example"], "enlist claim --email a@b.example"),
        (&["otp", "--otp", "1"], "--otp-file FILE"),
        (&["register", "sentryagent"], "`enlist manifest init FILE`"),
        (&["register"], "opentrain or sentryagent"),
        (&["token"], "opentrain or sentryagent"),
        (&["revoke", "--yes"], "opentrain or sentryagent"),
        (&["badge", "verify", "--bogus"], "`enlist badge verify --help`"),
        (&["status", "surplus"], "`enlist status --help`"),
    ] {
        let (exit, stdout, _) = told(command(&[&["--json"], arguments].concat()));
        let document = document(&stdout, exit);
        assert!(exit == 64 && document["error"]["hint"].as_str().unwrap().contains(hint), "{arguments:?} {document}");
    }
}

/// A claim token, a code and a key do not come back in the corrected line.
#[test]
fn a_corrected_command_line_repeats_no_secret() {
    let (exit, stdout, stderr) = told(command(&["exec", "opentrain", "echo", "ot_pat_8f2a_CANARYCANARY91cd", "--json"]));
    assert!(exit == 64 && !stdout.contains("CANARY") && !stderr.contains("CANARY"), "{stdout}{stderr}");
}
