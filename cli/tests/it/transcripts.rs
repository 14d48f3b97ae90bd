//! Transcripts: what the command says, word for word, in every format. `SNAPSHOTS=overwrite` writes them anew; read the change.
//!
//! Each runs in a world of its own, whose owner approves at once and whose SMS is in `sms.txt`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use enlist_sandbox::{Config, MessageKind, Sandbox};
use regex::Regex;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data, Redactions};

use crate::run::SURROUNDINGS;
use crate::world::{World, quick};

/// What is another at every run.
const REDACTED: [(&str, &str); 10] = [
    ("[LEFT]", r"(?<redacted>\d+:\d\d) left"),
    ("[TIME]", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    ("[FLOW]", r"(?:clm|reg|enr|rot)_(?<redacted>[0-9a-z]{3,})"),
    ("[LINK_TOKEN]", r"ot_cat_(?<redacted>[0-9A-Za-z_]+)"),
    ("[HINT]", r"…(?<redacted>[0-9A-Za-z_-]{4})"),
    ("[CODE]", r"(?:code\D{1,4}|Code\D{1,4})(?<redacted>\d{6})"),
    ("[DID]", r"did:sentryagent:(?<redacted>[0-9A-Za-z_-]{10,})"),
    ("[REGISTRATION]", r#""registration_id":"(?<redacted>[^"]+)""#),
    ("[TOKEN]", r"ot_pat_(?<redacted>[0-9A-Za-z_]{10,})"),
    ("[SIGNED]", r"eyJ(?<redacted>[0-9A-Za-z._-]{20,})"),
];

/// Runs every command of `file` again, without a terminal, and compares.
fn play(file: &Path) {
    play_before(file, "");
}

/// The same, said to be in front of somebody.
fn play_before(file: &Path, mode: &str) {
    let world = World::with(Config { auto_approve: Some(Duration::ZERO), ..quick() });
    let is_over = AtomicBool::new(false);
    let heard = thread::scope(|scope| {
        scope.spawn(|| deliver_sms(&world.sandbox, &world.desk.path().join("sms.txt"), &is_over));
        let heard = again(&world, mode, &fs::read_to_string(file).unwrap());
        is_over.store(true, Ordering::Relaxed);
        heard
    });
    Assert::new()
        .normalize_paths(false)
        .action_env("SNAPSHOTS")
        .redact_with(redactions(&world))
        .eq(heard, Data::read_from(file, Some(DataFormat::Text)));
}

/// `text` with what its commands say now. Commands stand behind `$ ` in blocks that are marked as `console`, and what they said
/// below; in front of that `? ` and the exit code, if it was not 0.
fn again(world: &World, mode: &str, text: &str) -> String {
    let (mut lines, mut is_console) = (Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            is_console = !is_console && line == "```console";
            lines.push(line.to_owned());
        } else if let (true, Some(command)) = (is_console, line.strip_prefix("$ ")) {
            lines.push(line.to_owned());
            lines.extend(run(world, mode, command));
        } else if !is_console {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

fn run(world: &World, mode: &str, line: &str) -> Vec<String> {
    let mut command = Command::new("sh");
    for name in SURROUNDINGS {
        command.env_remove(name);
    }
    let mut command = world.at_home(command);
    let folder = Path::new(env!("CARGO_BIN_EXE_enlist")).parent().unwrap();
    command.env("PATH", format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
    command.env("ENLIST_MODE", mode);
    let output = command.args(["-c", &format!("exec 2>&1; {line}")]).current_dir(world.desk.path()).stdin(Stdio::null()).output().unwrap();
    let exit = output.status.code().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (exit != 0).then(|| format!("? {exit}")).into_iter().chain(said.lines().map(str::to_owned)).collect()
}

fn redactions(world: &World) -> Redactions {
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let mut redactions = Redactions::new();
    redactions.insert("[URL]", world.sandbox.url().to_owned()).unwrap();
    redactions.insert("[HOME]", path(world.home.path())).unwrap();
    redactions.insert("[DESK]", path(world.desk.path())).unwrap();
    for (name, pattern) in REDACTED {
        redactions.insert(name, Regex::new(pattern).unwrap()).unwrap();
    }
    redactions
}

/// The developer's phone.
fn deliver_sms(sandbox: &Sandbox, file: &Path, is_over: &AtomicBool) {
    let mut known = None;
    while !is_over.load(Ordering::Relaxed) {
        let sms = sandbox.outbox().into_iter().rfind(|message| message.kind == MessageKind::Sms);
        let code = sms.and_then(|sms| sms.code);
        if code != known {
            fs::write(file, code.as_deref().unwrap_or_default()).unwrap();
            known = code;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

#[test]
fn every_transcript() {
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5);
    thread::scope(|scope| files.iter().for_each(|file| drop(scope.spawn(|| play(file)))));
}

/// The examples for people, as they stand in the pages.
#[test]
fn the_pages_tell_what_happens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    play_before(&root.join("README.md"), "human");
    play(&root.join("docs/COMMAND.md"));
}
