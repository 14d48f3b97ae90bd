//! Each call that touches a file of the store fails, once or from then on, while a command obtains a credential.
//!
//! A library in C is preloaded into the command. Every call of the five commands is reached, with one error each and about 60 calls in all;
//! `ENLIST_DISK_FAULTS=all` tries every call with every error, once and from then on.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use enlist_sandbox::Which;
use rustix::io::Errno;
use serde_json::Value;
use tempfile::TempDir;

use crate::world::{OWNER, World, ending, output_with, settled};

const ERRORS: [Errno; 6] = [Errno::IO, Errno::NOSPC, Errno::ROFS, Errno::MFILE, Errno::INTR, Errno::DQUOT];

/// The codes that tell the loss of a credential, or of the answer that may have held it.
const LOSSES: [&str; 4] = ["answer_lost", "credential_lost", "credential_unreadable", "credential_not_stored"];

/// The codes that name what happened: the store could not be used.
const STORE: [&str; 2] = ["store_unwritable", "store_unreadable"];

#[derive(Clone, Copy, Debug)]
enum Victim {
    Register,
    Claim,
    Badge,
    Otp,
    Rotate,
}

const VICTIMS: [Victim; 5] = [Victim::Register, Victim::Claim, Victim::Badge, Victim::Otp, Victim::Rotate];

#[derive(Clone, Copy, Debug)]
struct Fault {
    victim: Victim,
    /// The number of the call, from 1.
    at: usize,
    error: Errno,
    /// All later calls fail, too.
    onward: bool,
}

#[test]
fn whichever_call_fails_no_credential_is_lost_without_a_word() {
    let faults = faults();
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(Vec::new());
    let work = || {
        while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(what) = try_fault(*fault) {
                broken.lock().unwrap().push(format!("{fault:?}: {what}"));
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    let broken = broken.into_inner().unwrap();
    println!("{} faults, {} broken", faults.len(), broken.len());
    assert!(broken.is_empty(), "{} of {} faults:\n{}", broken.len(), faults.len(), broken.join("\n"));
}

fn faults() -> Vec<Fault> {
    let all = std::env::var("ENLIST_DISK_FAULTS").is_ok_and(|which| which == "all");
    let mut faults = Vec::new();
    for victim in VICTIMS {
        let calls = count(victim);
        assert!(calls > 10, "{victim:?} touches the store {calls} times only: is the library loaded?");
        let every = if all { 1 } else { calls.div_ceil(12) };
        for at in (1..=calls).step_by(every) {
            let errors: Vec<_> = if all { ERRORS.to_vec() } else { vec![ERRORS[(at / every) % ERRORS.len()]] };
            for error in errors {
                let modes: &[bool] = match error {
                    // A call that is interrupted for ever is repeated for ever, and rightly so.
                    Errno::INTR => &[false],
                    _ if all => &[false, true],
                    _ => &[true],
                };
                faults.extend(modes.iter().map(|onward| Fault { victim, at, error, onward: *onward }));
            }
        }
    }
    faults
}

/// How often the victim touches the store when nothing fails.
fn count(victim: Victim) -> usize {
    let world = prepared(victim);
    let path = world.desk.path().join("count");
    let mut command = command(&world, victim);
    command.env("FAULT_COUNT", &path);
    assert!(output_with(command, &input(&world, victim)).status.code().is_some_and(|code| matches!(code, 0 | 8)));
    fs::read_to_string(path).unwrap().parse().unwrap()
}

fn try_fault(fault: Fault) -> Result<(), String> {
    let world = prepared(fault.victim);
    let mut command = command(&world, fault.victim);
    command.env("FAULT_AT", fault.at.to_string()).env("FAULT_ERRNO", fault.error.raw_os_error().to_string());
    if fault.onward {
        command.env("FAULT_ONWARD", "1");
    }
    let document = settled(output_with(command, &input(&world, fault.victim)));
    let code = ending(&document).1.to_owned();
    if !code.is_empty() && !STORE.contains(&code.as_str()) && !LOSSES.contains(&code.as_str()) {
        return Err(format!("it is called {code}: {}", document["error"]["message"]));
    }
    let told = is_loss(&document);
    let counts = world.sandbox.counts();
    if counts.accounts > 1 || counts.sms_sent > 1 || counts.badges_issued > 2 || counts.rotations > 1 {
        return Err(format!("something was sent twice: {counts:?}"));
    }
    if told || is_kept(&world, fault.victim) { Ok(()) } else { Err(format!("a credential is lost without a word: {document}")) }
}

fn is_loss(document: &Value) -> bool {
    LOSSES.contains(&ending(document).1)
}

/// The state before the victim, in which one command brings the credential.
fn prepared(victim: Victim) -> World {
    let world = World::new();
    let ready = |arguments: &[&str]| assert!(matches!(ending(&world.json(arguments)), (0, "")), "{arguments:?}");
    let manifest = world.manifest();
    match victim {
        Victim::Register | Victim::Badge => {}
        Victim::Claim => {
            ready(&["register", "opentrain"]);
            ready(&["claim", "--email", OWNER, "--no-wait"]);
            world.sandbox.approve(&Which::newest()).unwrap();
        }
        Victim::Otp => ready(&["register", "sentryagent", "--manifest", &manifest, "--yes", "--no-wait"]),
        Victim::Rotate => {
            ready(&["register", "sentryagent", "--manifest", &manifest, "--yes", "--no-wait"]);
            assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""));
        }
    }
    world
}

fn command(world: &World, victim: Victim) -> Command {
    let manifest = world.manifest();
    let badge = ["register", "sentryagent", "--manifest", &manifest, "--yes", "--no-wait", "--json"];
    let mut command = world.command(match victim {
        Victim::Register => &["register", "opentrain", "--json"][..],
        Victim::Claim => &["resume", "--json"],
        Victim::Badge => &badge,
        Victim::Otp => &["otp", "--otp-file", "-", "--json"],
        Victim::Rotate => &["badge", "rotate", "--yes", "--json"],
    });
    let second = world.desk.path().join("run");
    fs::create_dir_all(&second).unwrap();
    fs::set_permissions(&second, fs::Permissions::from_mode(0o700)).unwrap();
    command.env("LD_PRELOAD", library()).env("FAULT_BELOW", world.home.path()).env("XDG_RUNTIME_DIR", second);
    command.stderr(Stdio::piped());
    command
}

fn input(world: &World, victim: Victim) -> String {
    if let Victim::Otp = victim { world.sms_code() } else { String::new() }
}

/// Whether the disk, which works again, has what the service gave, or a command reports it as lost.
fn is_kept(world: &World, victim: Victim) -> bool {
    let counts = world.sandbox.counts();
    let run = |arguments: &[&str], stdin: &str| {
        let mut command = world.command(arguments);
        command.env("XDG_RUNTIME_DIR", world.desk.path().join("run"));
        settled(output_with(command, stdin))
    };
    let pending = run(&["pending", "--json"], "");
    if is_loss(&pending) {
        return true;
    }
    let is_pending = pending["data"]["pending"].as_array().is_some_and(|flows| !flows.is_empty());
    let resumed = if !is_pending {
        pending
    } else if let Victim::Otp = victim {
        run(&["otp", "--otp-file", "-", "--json"], &world.sms_code())
    } else {
        run(&["resume", "--yes", "--json"], "")
    };
    let has = |service: &str| ending(&run(&["token", service, "--json"], "")).0 == 0;
    let is_claimed = || run(&["status", "--json"], "")["data"]["identities"][0]["state"] == "claimed";
    let is_good = || run(&["status", "--check", "--json"], "")["data"]["identities"][0]["checked"] == "valid";
    is_loss(&resumed)
        || match victim {
            Victim::Register => counts.accounts == 0 || has("opentrain"),
            Victim::Claim => is_claimed(),
            Victim::Badge => counts.sms_sent == 0 || resumed["data"]["awaiting"] == "otp",
            Victim::Otp => counts.badges_issued == 0 || has("sentryagent"),
            Victim::Rotate => is_good(),
        }
}

/// The library, compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let build = || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk_faults.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/disk_faults.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).arg(&path).arg(source);
        let output = compiler.output().expect("a C compiler, which the tests need");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (folder, path)
    };
    &LIBRARY.get_or_init(build).1
}
