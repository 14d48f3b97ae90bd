//! `enlist try`. Each run waits 2.4 real seconds for the owner.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::run::{command, document, human, told};

/// A token or badge that is longer than its hint.
fn has_secret(text: &str) -> bool {
    let is_token = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.');
    ["ot_pat_", "ot_clm_", "eyJ"]
        .iter()
        .any(|prefix| text.match_indices(prefix).any(|(at, _)| text[at + prefix.len()..].starts_with(is_token)))
}

#[test]
fn the_canary_sings() {
    assert!(has_secret("x ot_pat_8f2a_91cd") && has_secret("\"eyJhbGciOiJFZERTQSJ9\""));
    assert!(!has_secret("ot_pat_…91cd, eyJ…c2ln"));
}

#[test]
fn json_is_one_document() {
    let begun = Instant::now();
    let (exit, stdout, stderr) = told(command(&["try", "--output", "json"]));
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert_eq!(exit, 0, "{stderr}");
    let document = document(&stdout, 0);
    assert_eq!((&document["command"], &document["status"]), (&"try".into(), &"ready".into()));
    assert_eq!((&document["service"], &document["profile"]), (&json!(null), &"default".into()));
    assert_eq!(document["mode"], json!({"is": "agent", "because": "no terminal"}));
    assert_eq!((&document["error"], &document["next"], &document["warnings"]), (&json!(null), &json!(null), &json!([])));
    let data = &document["data"];
    assert!(data["claim"]["scopes"].as_array().unwrap().contains(&"jobs:read".into()), "{stdout}");
    assert!(data["claim"]["token_hint"].as_str().unwrap().starts_with("ot_pat_…"), "{stdout}");
    assert!(data["badge"]["did"].as_str().unwrap().starts_with("did:sentryagent:"), "{stdout}");
    assert!(data["badge"]["badge_hint"].as_str().unwrap().starts_with("eyJ…"), "{stdout}");
    // The link and the code, and all other steps, went to stderr.
    assert!(stderr.contains("/claim?token=ot_cat_") && stderr.contains("[played]"), "{stderr}");
    assert!(!has_secret(&stdout) && !has_secret(&stderr));
}

#[test]
fn text_is_a_tour() {
    let mut command = human(&["try"]);
    // No proxy has any business on loopback.
    command.env("HTTP_PROXY", "http://127.0.0.1:9").env("ALL_PROXY", "http://127.0.0.1:9");
    let (exit, stdout, stderr) = told(command);
    assert_eq!((exit, stderr.as_str()), (0, ""));
    assert!(!has_secret(&stdout));
    assert!(stdout.lines().count() <= 40);
    let filters = [
        (r"127\.0\.0\.1:\d+", "[addr]"),
        (r"ot_cat_\w+", "[attempt]"),
        (r"code \d{6}", "code [code]"),
        (r"…[\w-]{4}\b", "…[last]"),
        (r"did:sentryagent:\w+", "[did]"),
        (r"\d\.\d s", "[n] s"),
    ];
    insta::with_settings!({ filters => filters }, { insta::assert_snapshot!(stdout) });
}

#[test]
fn an_agent_gets_json_without_asking() {
    let (exit, stdout, _) = told(command(&["try"]));
    assert_eq!(document(&stdout, exit)["status"], "ready");
}

/// `enlist try | head -1`
#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let mut child = human(&["try"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("This tour shows"));
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

/// A full disk is no reader that left.
#[cfg(target_os = "linux")]
#[test]
fn a_stdout_that_cannot_be_written_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = human(&["try"]);
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(9), "{stderr}");
    assert!(stderr.starts_with("enlist: cannot write to stdout: ") && !stderr.contains("fault of enlist"), "{stderr}");
}
