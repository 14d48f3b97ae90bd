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

use crate::run::{SURROUNDINGS, human, told};
use crate::world::World;

/// What is another at every run.
const REDACTED: [(&str, &str); 15] = [
    ("[LEFT]", r"\((?<redacted>\d+ [a-z]+) left\)"),
    ("[LOCAL]", r"(?<redacted>(?:\d{4}-\d\d-\d\d )?\d\d:\d\d) (?:\(|UTC)"),
    ("[TIME]", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    ("[FLOW]", r"(?:clm|reg|enr|rot)_(?<redacted>[0-9a-z]{3,})"),
    ("[LINK_TOKEN]", r"ot_cat_(?<redacted>[0-9A-Za-z_]+)"),
    ("[HINT]", r"…(?<redacted>[0-9A-Za-z_-]{4})"),
    ("[CODE]", r"(?:code\D{1,4}|Code\D{1,4})(?<redacted>\d{6})"),
    ("[DID]", r"did:sentryagent:(?<redacted>[0-9A-Za-z_-]{10,})"),
    ("[REGISTRATION]", r#""registration_id":"(?<redacted>[^"]+)""#),
    ("[MS]", r"in (?<redacted>\d+) ms"),
    ("[MS]", r#""(?:latency_ms|took_ms|ms)":(?<redacted>\d+)"#),
    ("[AGE]", r#""age_s":(?<redacted>\d+)"#),
    ("[SANDBOX]", r"http://127\.0\.0\.1:\d+"),
    ("[TOKEN]", r"ot_pat_(?<redacted>[0-9A-Za-z_]{10,})"),
    ("[SIGNED]", r"eyJ(?<redacted>[0-9A-Za-z._-]{20,})"),
];

/// Runs every command of `file` again, with a variable more, and compares.
fn play(file: &Path, variable: (&str, &str)) {
    // Long enough that the next poll is not due yet when a slow machine comes to it.
    let world = World::with(Config { interval: Duration::from_secs(3), auto_approve: Some(Duration::ZERO), ..Config::default() });
    let is_over = AtomicBool::new(false);
    let heard = thread::scope(|scope| {
        scope.spawn(|| deliver_sms(&world.sandbox, &world.desk.path().join("sms.txt"), &is_over));
        let heard = again(&world, variable, &fs::read_to_string(file).unwrap());
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
fn again(world: &World, variable: (&str, &str), text: &str) -> String {
    let (mut lines, mut is_console) = (Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            is_console = !is_console && line == "```console";
            lines.push(line.to_owned());
        } else if let (true, Some(command)) = (is_console, line.strip_prefix("$ ")) {
            lines.push(line.to_owned());
            lines.extend(run(world, variable, command));
        } else if !is_console {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

fn run(world: &World, (name, value): (&str, &str), line: &str) -> Vec<String> {
    let mut command = Command::new("sh");
    for name in SURROUNDINGS {
        command.env_remove(name);
    }
    let mut command = world.at_home(command);
    let folder = Path::new(env!("CARGO_BIN_EXE_enlist")).parent().unwrap();
    command.env("PATH", format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
    command.env(name, value);
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

/// The same commands in each format; the file's name says in which.
#[test]
fn every_transcript() {
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    thread::scope(|scope| {
        for file in &files {
            let name = file.file_name().unwrap().to_str().unwrap();
            let format = name.split('.').nth(1).unwrap();
            scope.spawn(move || play(file, ("ENLIST_OUTPUT", format)));
        }
    });
}

#[test]
fn no_command_is_left_out() {
    let commands = commands(&[]);
    assert!(commands.len() > 30 && commands.contains(&"badge verify".to_owned()), "{commands:?}");
    for format in ["text", "json", "ndjson"] {
        let transcripts: String = fs::read_dir(folder())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().unwrap().ends_with(&format!(".{format}.md")))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        for command in &commands {
            assert!(transcripts.contains(&format!("enlist {command}")), "{command} in {format}");
        }
    }
}

/// Every help that there is.
#[test]
fn helps() {
    let mut helps = told(human(&["--help"])).1;
    for command in commands(&[]) {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let (exit, stdout, stderr) = told(human(&words));
        assert_eq!((exit, stderr.as_str()), (0, ""), "{command}");
        // What every command understands stands in the first one.
        let own = stdout.split("\nGlobal options:").next().unwrap();
        let examples = stdout.split_once("\nExamples:").unwrap_or_else(|| panic!("no example: {command}")).1;
        helps += &format!("\n$ enlist {command} --help\n{own}\nExamples:{examples}");
    }
    insta::assert_snapshot!(helps);
}

/// The commands that can be run below `above`, by what their helps say.
pub(crate) fn commands(above: &[&str]) -> Vec<String> {
    let help = told(human(&[above, &["--help"]].concat())).1;
    let Some((_, listed)) = help.split_once("\nCommands:\n") else { return vec![above.join(" ")] };
    // A description that is wrapped continues on a line that is indented further.
    let names = listed.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.flat_map(|name| commands(&[above, &[name]].concat())).collect()
}

/// The examples for people, as they stand in the pages.
#[test]
fn the_pages_tell_what_happens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    play(&root.join("README.md"), ("ENLIST_MODE", "human"));
    play(&root.join("docs/COMMAND.md"), ("ENLIST_MODE", ""));
}
