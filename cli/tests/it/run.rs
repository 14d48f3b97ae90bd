//! Runs the binary.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The keys of every document, in the contract's order.
pub(crate) const KEYS: [&str; 12] =
    ["v", "type", "command", "status", "exit", "service", "profile", "mode", "data", "error", "next", "warnings"];

/// Without what the surroundings of the tests might say.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enlist"));
    command.args(arguments).stdin(Stdio::null());
    for name in SURROUNDINGS {
        command.env_remove(name);
    }
    command
}

const SURROUNDINGS: [&str; 15] = [
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

/// The one document on stdout, checked for what every document has.
pub(crate) fn document(stdout: &str, exit: i32) -> Value {
    assert_eq!(stdout.matches('\n').count(), 1, "{stdout}");
    let document: Value = serde_json::from_str(stdout).unwrap();
    let mut position = 0;
    for key in KEYS {
        assert!(document.get(key).is_some(), "{key}: {stdout}");
        let here = stdout.find(&format!("\"{key}\":")).unwrap();
        assert!(here >= position, "{key} is out of order: {stdout}");
        position = here;
    }
    assert_eq!(document.as_object().unwrap().len(), KEYS.len());
    assert_eq!((&document["v"], &document["type"], &document["exit"]), (&1.into(), &"result".into(), &exit.into()));
    document
}
