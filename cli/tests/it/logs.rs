//! `-v`, `-vv`, `-q`, `--log-file`, `ENLIST_LOG`: what is said, and that no secret is.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use crate::world::{OWNER, World, ending, settled};

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn register(world: &World, flags: &[&str]) -> Output {
    let output = world.command(&[&["register", "opentrain"], flags].concat()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn nothing_is_said_unless_it_is_asked_for() {
    assert_eq!(stderr(&register(&World::new(), &[])), "");
    let once = stderr(&register(&World::new(), &["-v"]));
    assert!(once.contains(" INFO ") && !once.contains("DEBUG"), "{once}");
    let twice = stderr(&register(&World::new(), &["-vv"]));
    let line = twice.lines().find(|line| line.contains("enlist::exchange")).unwrap();
    for part in ["DEBUG", "method=\"POST\"", "path=\"/api/agent/identity\"", "status=200", "ms=", "by_proxy=false"] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[test]
fn the_variable_is_as_good_as_a_flag() {
    let with = |value: &str| {
        let world = World::new();
        let mut command = world.command(&["register", "opentrain"]);
        let output = command.env("ENLIST_LOG", value.replace("DESK", world.desk.path().to_str().unwrap())).output().unwrap();
        let file = fs::read_to_string(world.desk.path().join("log")).unwrap_or_default();
        (output.status.code(), stderr(&output), file)
    };
    assert!(with("debug").1.contains("path=\"/api/agent/identity\""));
    assert!(!with("info").1.contains("DEBUG"));
    assert_eq!(with("off"), (Some(0), String::new(), String::new()));
    let (_, stderr, file) = with("DESK/log");
    assert!(stderr.is_empty() && file.contains("path=\"/api/agent/identity\""), "{stderr} {file}");
    let (exit, stderr, _) = with("trace");
    assert!(exit == Some(64) && stderr.contains("ENLIST_LOG"), "{stderr}");
}

/// Whatever the umask.
#[test]
fn a_log_file_is_its_owners_alone() {
    let world = World::new();
    let path = world.desk.path().join("log");
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" register opentrain --log-file \"$1\""]).arg(env!("CARGO_BIN_EXE_enlist")).arg(&path);
    assert!(world.at_home(command).output().unwrap().status.success());
    assert_eq!(mode(&path), 0o600);
    let first = fs::read_to_string(&path).unwrap();
    assert!(first.contains("status=200"), "{first}");
    // It goes on at its end.
    let again = world.command(&["claim", "--email", OWNER, "--no-wait", "--log-file", path.to_str().unwrap()]).output().unwrap();
    assert!(again.status.success() && stderr(&again).is_empty(), "{}", stderr(&again));
    let both = fs::read_to_string(&path).unwrap();
    assert!(both.starts_with(&first) && both.contains("path=\"/api/agent/identity/claim\""), "{both}");
}

#[test]
fn a_log_file_that_others_could_read_is_refused_and_left_as_it_is() {
    let world = World::new();
    let (open, link, folder) = (world.desk.path().join("open"), world.desk.path().join("link"), world.desk.path().join("no/log"));
    fs::write(&open, "mine").unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&open, &link).unwrap();
    for path in [&open, &link, &folder] {
        let document = settled_last(&world, &["register", "opentrain", "--log-file", path.to_str().unwrap()]);
        assert_eq!(ending(&document), (64, "usage"), "{}", path.display());
    }
    assert_eq!((fs::read_to_string(&open).unwrap().as_str(), mode(&open)), ("mine", 0o644));
    assert_eq!(world.sandbox.counts().requests, 0);
}

fn settled_last(world: &World, arguments: &[&str]) -> serde_json::Value {
    let mut output = world.command(arguments).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    output.stdout = format!("{}\n", stdout.lines().last().unwrap()).into_bytes();
    settled(output)
}

#[test]
fn quiet_leaves_out_what_nobody_needs() {
    let world = World::registered(crate::world::quick());
    let claim = |flags: &[&str]| {
        let arguments = ["claim", "--email", OWNER, "--max-wait", "2s", "--output", "json"];
        let output = world.command(&[&arguments, flags].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(8));
        stderr(&output)
    };
    assert!(claim(&[]).contains("waiting for the owner"));
    let quiet = claim(&["-q"]);
    assert!(!quiet.contains("waiting for the owner"), "{quiet}");
    // The link and the code are what a person must act on.
    assert!(quiet.contains("/claim?token="), "{quiet}");
    let output = world.command(&["claim", "--email", "x", "-q", "--output", "text"]).output().unwrap();
    assert!(stderr(&output).contains("--email"));
}
