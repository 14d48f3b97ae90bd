//! Questions at a terminal. stdin is one; the mode is said, for stdout is none.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, ChildStderr, Stdio};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::world::{HAND_IN, World, ending, next, settled, signal};

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

    pub(crate) fn leave(mut self) -> serde_json::Value {
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
    seat.hear("6 digits");
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
    assert_eq!(ending(&seat.leave()), (4, "human_needed"));
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
    assert_eq!(ending(&seat.leave()), (4, "human_needed"));
    let seat = Seat::take(&world, &["resume", "--yes", "--no-wait"]);
    assert_eq!(ending(&seat.leave()), (0, ""));
}
