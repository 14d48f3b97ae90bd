//! Questions at a terminal. stdin is one; the mode is said, for stdout is none.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, ChildStderr, Stdio};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

use crate::badge::badged;
use crate::world::{HAND_IN, OWNER, World, ending, next, quick, settled, signal};

/// The human's end of a terminal, and the process at its other end.
pub(crate) struct Seat {
    keyboard: File,
    pub(crate) child: Child,
    stderr: ChildStderr,
}

impl Seat {
    pub(crate) fn take(world: &World, arguments: &[&str]) -> Self {
        let human: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&human).unwrap();
        unlockpt(&human).unwrap();
        let name = ptsname(&human, Vec::new()).unwrap().into_string().unwrap();
        // It must not become the terminal of the tests themselves.
        let terminal = OpenOptions::new().read(true).write(true).custom_flags(OFlags::NOCTTY.bits().cast_signed()).open(name).unwrap();
        let mut command = world.command(&[arguments, &["--mode", "human", "--json"]].concat());
        let mut child = command.stdin(terminal).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        Self { keyboard: human.into(), child, stderr }
    }

    /// Reads until `text` was said.
    pub(crate) fn hear(&mut self, text: &str) {
        let mut heard = Vec::new();
        while !heard.ends_with(text.as_bytes()) {
            let mut byte = [0];
            assert_eq!(self.stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&heard));
            heard.push(byte[0]);
        }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    pub(crate) fn leave(mut self) -> Value {
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).unwrap();
        settled(self.child.wait_with_output().unwrap())
    }
}

#[test]
fn profile_and_code_are_asked_for() {
    let world = World::new();
    let mut seat = Seat::take(&world, &["register", "sentryagent", "--manifest", &world.manifest()]);
    seat.hear("[y/N] ");
    seat.type_line("y");
    seat.hear("(empty to stop): ");
    seat.type_line("12345");
    seat.hear("six digits");
    seat.hear("(empty to stop): ");
    let right = world.sms_code();
    seat.type_line(if right == "000000" { "000001" } else { "000000" });
    seat.hear("That code was wrong.");
    seat.hear("(empty to stop): ");
    seat.type_line(&right);
    assert_eq!(ending(&seat.leave()), (0, ""));
    assert_eq!((world.sent(HAND_IN), world.sandbox.counts().sms_sent), (2, 1));
}

#[test]
fn a_no_stops_and_can_be_resumed() {
    let world = World::new();
    let mut seat = Seat::take(&world, &["register", "sentryagent", "--manifest", &world.manifest()]);
    seat.hear("[y/N] ");
    seat.type_line("");
    let declined = seat.leave();
    assert_eq!((ending(&declined), &next(&declined)[0][..], next(&declined).len()), ((2, "denied"), "resume", 2));
    assert!(declined["error"]["hint"].as_str().unwrap().contains("is still pending"), "{declined}");
    let mut seat = Seat::take(&world, &["resume"]);
    seat.hear("[y/N] ");
    seat.type_line("yes");
    seat.hear("(empty to stop): ");
    // A signal ends a question like a wait.
    signal(&seat.child, "INT");
    let stopped = seat.leave();
    assert_eq!((ending(&stopped), &next(&stopped)[0][..]), ((130, ""), "otp"));
    let mut seat = Seat::take(&world, &["otp"]);
    seat.hear("(empty to stop): ");
    seat.type_line("");
    assert_eq!(ending(&seat.leave()), (8, ""));
    let mut seat = Seat::take(&world, &["otp"]);
    seat.hear("(empty to stop): ");
    seat.type_line(&world.sms_code());
    assert_eq!(ending(&seat.leave()), (0, ""));
}

#[test]
fn no_input_and_no_wait_ask_nothing() {
    let world = World::new();
    let seat = Seat::take(&world, &["register", "sentryagent", "--manifest", &world.manifest(), "--no-input"]);
    assert_eq!(ending(&seat.leave()), (8, ""));
    let seat = Seat::take(&world, &["resume", "--yes", "--no-wait"]);
    assert_eq!(ending(&seat.leave()), (0, ""));
}

/// What is asked before something is lost, in a world that has it all, and the arguments that bring the question.
fn questions(world: &World) -> [Vec<String>; 6] {
    for profile in ["default", "second"] {
        assert_eq!(ending(&world.json(&["register", "opentrain", "--profile", profile])), (0, ""));
    }
    let started = world.json(&["claim", "--email", OWNER, "--no-wait", "--profile", "second"]);
    let flow = started["data"]["flow"].as_str().unwrap();
    let abandon = format!("abandon {flow} --profile second");
    let lines = ["forget opentrain", "revoke opentrain", "badge revoke", "badge rotate", "profile remove default", &abandon];
    lines.map(|line| line.split(' ').map(str::to_owned).collect())
}

fn asked(world: &World, words: &[String]) -> Seat {
    let mut seat = Seat::take(world, &words.iter().map(String::as_str).collect::<Vec<_>>());
    seat.hear("[y/N] ");
    seat
}

/// All that is kept, and how much was sent.
fn held(world: &World) -> (Value, Value, u64) {
    let of = |command: &[&str]| world.json(command)["data"].clone();
    (of(&["profile", "list"]), of(&["pending", "--profile", "second"]), world.sandbox.counts().requests)
}

#[test]
fn a_no_is_told_as_one_and_changes_nothing() {
    let world = badged(quick());
    let questions = questions(&world);
    let before = held(&world);
    for words in &questions {
        for no in ["n", ""] {
            let mut seat = asked(&world, words);
            seat.type_line(no);
            let declined = seat.leave();
            assert_eq!((ending(&declined), &declined["next"]), ((2, "denied"), &Value::Null), "{words:?}");
        }
    }
    assert_eq!(held(&world), before);
}

#[test]
fn a_signal_at_a_question_is_no_answer() {
    let world = badged(quick());
    let questions = questions(&world);
    let before = held(&world);
    for words in &questions {
        for (name, exit) in [("INT", 130), ("TERM", 143)] {
            let seat = asked(&world, words);
            signal(&seat.child, name);
            let stopped = seat.leave();
            assert_eq!((ending(&stopped), &stopped["status"]), ((exit, ""), &"pending".into()), "{words:?}");
            assert_eq!(next(&stopped)[..words.len()], *words);
        }
    }
    assert_eq!(held(&world), before);
}
