//! Ctrl-C and SIGTERM while the command reads, asks, or calls a service: obeyed, told as what they are, and the way on is the
//! same command again.

use std::fs::OpenOptions;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use enlist_sandbox::{Action, Canned};
use rustix::fs::OFlags;
use rustix::io::ioctl_fionread;
use serde_json::Value;

use crate::badge::{SIGN, badged, did};
use crate::terminal::Seat;
use crate::world::{World, ending, next, quick, settled, signal};

const SIGNALS: [(&str, i64); 2] = [("INT", 130), ("TERM", 143)];

/// One that reads from a pipe which stays open.
struct Reading {
    child: Child,
    pipe: (PipeReader, PipeWriter),
}

impl Reading {
    /// It has read something, and waits for more.
    fn start(world: &World, arguments: &[&str]) -> Self {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(b"1").unwrap();
        let mut command = world.command(&[arguments, &["--json"]].concat());
        command.stdin(reader.try_clone().unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let reading = Self { child: command.spawn().unwrap(), pipe: (reader, writer) };
        let end = Instant::now() + Duration::from_secs(30);
        while ioctl_fionread(&reading.pipe.0).unwrap() > 0 {
            assert!(Instant::now() < end, "{arguments:?} reads nothing");
            thread::sleep(Duration::from_millis(2));
        }
        reading
    }

    fn stop(self, name: &str) -> Value {
        signal(&self.child, name);
        settled(self.child.wait_with_output().unwrap())
    }
}

/// Told as no error, with the same command to go on with.
fn is_stopped(stopped: &Value, exit: i64, arguments: &[&str]) {
    assert_eq!((ending(stopped), &stopped["status"]), ((exit, ""), &"pending".into()), "{stopped}");
    assert_eq!(next(stopped)[..arguments.len()], *arguments, "{stopped}");
}

#[test]
fn reading_ends_with_a_signal() {
    let world = World::new();
    let commands: [&[&str]; 7] = [
        &["badge", "sign"],
        &["badge", "show", "-"],
        &["badge", "verify", "-"],
        &["otp", "--otp-file", "-"],
        &["adopt", "opentrain", "--token-file", "-"],
        &["register", "sentryagent", "--manifest", "-"],
        &["manifest", "check", "-"],
    ];
    for arguments in commands {
        for (name, exit) in SIGNALS {
            is_stopped(&Reading::start(&world, arguments).stop(name), exit, arguments);
        }
    }
    assert_eq!(world.sandbox.counts().requests, 0);
}

#[test]
fn reading_from_a_terminal_is_told_first_and_ends_with_a_signal() {
    let world = World::new();
    let commands: [(&[&str], &str); 3] = [
        (&["badge", "sign"], "Type or paste the message, then press Ctrl-D"),
        (&["otp", "--otp-file", "-"], "Type or paste the code from the SMS, then press Ctrl-D"),
        (&["adopt", "opentrain", "--token-file", "-"], "Type or paste the token, then press Ctrl-D"),
    ];
    for (arguments, told) in commands {
        for (name, exit) in SIGNALS {
            let mut seat = Seat::take(&world, arguments);
            seat.hear(told);
            signal(&seat.child, name);
            is_stopped(&seat.leave(), exit, arguments);
        }
    }
}

#[test]
fn a_code_that_was_not_read_to_its_end_leaves_the_flow_as_it_was() {
    let world = World::new();
    world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    let (pending, requests) = (world.json(&["pending"])["data"].clone(), world.sandbox.counts().requests);
    let stopped = Reading::start(&world, &["otp", "--otp-file", "-"]).stop("INT");
    is_stopped(&stopped, 130, &["otp", "--otp-file", "-"]);
    assert_eq!((&world.json(&["pending"])["data"], world.sandbox.counts().requests), (&pending, requests));
    let way_on = next(&stopped);
    let way_on: Vec<_> = way_on.iter().map(String::as_str).collect();
    assert_eq!(ending(&world.json_in(&way_on, &world.sms_code())), (0, ""));
}

#[test]
fn a_named_pipe_is_read_when_somebody_writes_to_it() {
    let world = World::new();
    let fifo = world.desk.path().join("token");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let child = world.start(&["adopt", "opentrain", "--token-file", fifo.to_str().unwrap()]);
    write_when_read(&fifo, "ot_pat_1_x");
    assert_eq!(ending(&settled(child.wait_with_output().unwrap())), (0, ""));
}

/// Writes `text` into the named pipe as soon as somebody has opened its other end.
fn write_when_read(fifo: &Path, text: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let mut writer = loop {
        match options.open(fifo) {
            Ok(writer) => break writer,
            Err(error) => assert!(Instant::now() < end, "nobody reads {}: {error}", fifo.display()),
        }
        thread::sleep(Duration::from_millis(2));
    };
    writer.write_all(text.as_bytes()).unwrap();
}

/// Stops it when it said that.
fn stop_at(mut child: Child, said: &str, name: &str) -> Value {
    let (mut stderr, mut heard) = (child.stderr.take().unwrap(), Vec::new());
    while !heard.ends_with(said.as_bytes()) {
        let mut byte = [0];
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&heard));
        heard.push(byte[0]);
    }
    signal(&child, name);
    stderr.read_to_end(&mut heard).unwrap();
    settled(child.wait_with_output().unwrap())
}

/// Each with a path that it calls.
fn calls(did: &str) -> [(Vec<&str>, String); 5] {
    [
        (vec!["badge", "verify"], "/v1/verify".into()),
        (vec!["badge", "sign", "/dev/null", "--json"], SIGN.into()),
        (vec!["badge", "lookup", did], format!("/v1/manifest/{did}")),
        (vec!["status", "--check"], "/v1/verify".into()),
        (vec!["badge", "revoke", "--yes"], "/v1/revoke".into()),
    ]
}

#[test]
fn repeats_of_a_call_end_with_a_signal() {
    let world = badged(quick());
    let did = did(&world);
    for (arguments, path) in calls(&did) {
        for (name, exit) in SIGNALS {
            world.script(&path, Action::Respond(Canned::status(503).header("retry-after", "20")));
            is_stopped(&stop_at(world.start(&arguments), "trying again in", name), exit, &arguments);
        }
    }
    assert_eq!(ending(&world.json(&["badge", "verify"])), (0, ""), "what was broken off changed nothing");
}

#[test]
fn an_answer_that_drips_is_not_waited_for_where_nothing_depends_on_it() {
    let world = badged(quick());
    let did = did(&world);
    let doctor = (vec!["doctor"], "/v1/health".to_owned());
    for (arguments, path) in calls(&did).into_iter().chain([doctor]).filter(|(arguments, _)| arguments[1..] != ["revoke", "--yes"]) {
        let sent = world.sent(&path);
        world.script(&path, Action::Drip { status: 200, byte_every_ms: 1000 });
        let child = world.start(&arguments);
        world.await_sent(&path, sent + 1);
        signal(&child, "INT");
        is_stopped(&settled(child.wait_with_output().unwrap()), 130, &arguments);
    }
}

#[test]
fn a_revocation_in_flight_is_awaited() {
    let world = badged(quick());
    world.script("/v1/revoke", Action::Delay { ms: 1000 });
    let child = world.start(&["badge", "revoke", "--yes"]);
    world.await_sent("/v1/revoke", 1);
    signal(&child, "INT");
    let revoked = settled(child.wait_with_output().unwrap());
    assert_eq!((ending(&revoked), &revoked["data"]["revoked"]), ((0, ""), &true.into()));
}
