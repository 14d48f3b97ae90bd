//! Runs the binary.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::children;
use crate::schema::conforms;

/// The keys of every document, in the contract's order.
pub(crate) const KEYS: [&str; 12] =
    ["v", "type", "command", "status", "exit", "service", "profile", "mode", "data", "error", "next", "warnings"];

/// The command without the variables that the surroundings of the tests may have set.
pub(crate) fn command(arguments: &[&str]) -> Command {
    children::prepare();
    let mut command = Command::new(env!("CARGO_BIN_EXE_enlist"));
    // Times for people are in the zone that the test sets.
    command.args(arguments).stdin(Stdio::null()).env("TZ", "UTC");
    for name in SURROUNDINGS {
        command.env_remove(name);
    }
    command
}

pub(crate) const SURROUNDINGS: [&str; 35] = [
    "AI_AGENT",
    "AGENT",
    "CLAUDECODE",
    "CODEX_SANDBOX",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "OPENCODE",
    "CLINE_ACTIVE",
    "AUGMENT_AGENT",
    "CI",
    "ENLIST_MODE",
    "ENLIST_OUTPUT",
    "ENLIST_PROFILE",
    "ENLIST_HOME",
    "ENLIST_STORE",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "OT_API_TOKEN",
    "OPENTRAIN_API_TOKEN",
    "OPENTRAIN_PERSONAL_API_TOKEN",
    "ENLIST_OPENTRAIN_URL",
    "ENLIST_SENTRYAGENT_URL",
    "OT_API_BASE_URL",
    "OPENTRAIN_API_BASE_URL",
    "ENLIST_CA_FILE",
    "SSL_CERT_FILE",
    "ENLIST_LOG",
    "https_proxy",
    "HTTPS_PROXY",
    "http_proxy",
    "HTTP_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// As somebody at a terminal gets it.
pub(crate) fn human(arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command.env("ENLIST_MODE", "human");
    command
}

/// Exit code, stdout, stderr.
pub(crate) fn told(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// The document on stdout, alone or behind events, checked for what every document has.
pub(crate) fn document(stdout: &str, exit: i32) -> Value {
    let document = lines(stdout).pop().unwrap();
    let last = stdout.lines().next_back().unwrap();
    let mut position = 0;
    for key in KEYS {
        // The data may have a member of the same name before it.
        let here = last.rfind(&format!("\"{key}\":")).filter(|_| key == "next").or_else(|| last.find(&format!("\"{key}\":")));
        let here = here.unwrap_or_else(|| panic!("{key}: {last}"));
        assert!(here >= position, "{key} is out of order: {last}");
        position = here;
    }
    assert_eq!((&document["v"], &document["type"], &document["exit"]), (&1.into(), &"result".into(), &exit.into()));
    document
}

/// Every line is JSON, as the schema has it; where there are events, the last is the result, and they are numbered.
pub(crate) fn lines(stdout: &str) -> Vec<Value> {
    assert!(stdout.ends_with('\n'), "{stdout}");
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    lines.iter().for_each(conforms);
    if lines.len() > 1 || lines[0].get("seq").is_some() {
        let numbers: Vec<_> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=u64::try_from(lines.len()).unwrap()).collect::<Vec<_>>());
        let results = lines.iter().filter(|line| line["type"] == "result").count();
        assert_eq!((results, &lines[lines.len() - 1]["type"]), (1, &"result".into()));
    }
    lines
}
