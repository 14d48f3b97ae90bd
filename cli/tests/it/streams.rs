//! Readers that have gone, and streams that were never there: no panic, and what had happened is on disk.

use std::io::pipe;
use std::process::{Command, Output, Stdio};

use crate::files::in_shell;
use crate::world::{OWNER, World, ending, quick, settled};

fn ended_well(output: &Output, what: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code != 101) && !stderr.contains("panicked"), "{what}: {:?} {stderr}", output.status);
}

/// Runs it with a stdout that nobody reads any more.
fn unread(mut command: Command) -> Output {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()
}

#[test]
fn nobody_reads_and_nothing_is_lost() {
    for format in ["text", "json", "ndjson"] {
        let world = World::new();
        let run = |arguments: &[&str]| ended_well(&unread(world.command(&[arguments, &["--output", format]].concat())), format);
        // It may stop before its request, and never between the request and the disk.
        run(&["register", "opentrain"]);
        let is_kept = world.json(&["status"])["data"]["identities"].as_array().unwrap().len();
        assert_eq!(world.sandbox.counts().accounts, u64::try_from(is_kept).unwrap(), "{format}");
        if is_kept == 0 {
            world.json(&["register", "opentrain"]);
        }
        run(&["claim", "--email", OWNER, "--max-wait", "2s"]);
        let again = world.json(&["claim", "--email", OWNER, "--no-wait"]);
        assert_eq!((ending(&again).0, world.sandbox.counts().attempts), (0, 1), "{format}: {again}");
        world.type_code(&again["data"]);
        run(&["resume"]);
        assert_eq!(ending(&world.json(&["claim", "--email", OWNER, "--max-wait", "20s"])).0 % 10, 0, "{format}");
        assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], "claimed", "{format}");
        for arguments in [&["status"][..], &["pending"], &["profile", "list"], &["token", "opentrain"], &["help", "agents"], &["man"]] {
            run(arguments);
        }
    }
}

#[test]
fn streams_that_are_closed_are_no_reason_to_fail() {
    for closed in ["exec <&-", "exec >&-", "exec 2>&-", "exec <&- >&- 2>&-"] {
        let world = World::registered(quick());
        let run = |arguments: &[&str]| in_shell(&world, closed, arguments).output().unwrap();
        let started = run(&["claim", "--email", OWNER, "--no-wait"]);
        ended_well(&started, closed);
        let pending = world.json(&["pending"]);
        assert_eq!(pending["data"]["pending"].as_array().unwrap().len(), 1, "{closed}: {pending}");
        // No code comes from nowhere, and the session is not spent on it.
        world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
        let output = run(&["otp", "--otp-file", "-"]);
        ended_well(&output, closed);
        assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""), "{closed}");
        ended_well(&run(&["profile", "remove", "default"]), closed);
        let whole = settled(world.command(&["status"]).output().unwrap());
        assert_eq!(whole["data"]["identities"].as_array().unwrap().len(), 2, "{closed}: {whole}");
    }
}
