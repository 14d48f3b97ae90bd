//! The examples with the durable store are killed in the middle, and run again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use enlist_sandbox::{Config, MessageKind, Sandbox};
use tempfile::TempDir;

/// The binary of an example, which cargo builds beside this test.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples").join(name)
}

fn start(name: &str, folder: &Path, sandbox: &Sandbox) -> Child {
    let mut command = Command::new(example(name));
    command.arg(folder.join("home")).arg(sandbox.url()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Runs the example to its end.
fn run(name: &str, folder: &Path, sandbox: &Sandbox) -> Output {
    start(name, folder, sandbox).wait_with_output().unwrap()
}

fn place(approved_after: Duration) -> (TempDir, Sandbox) {
    let config = Config { speed: 5, auto_approve: Some(approved_after), ..Config::default() };
    (tempfile::tempdir().unwrap(), Sandbox::start(config).unwrap())
}

/// Kills the example some time after it has shown the code, and gives what was shown.
fn kill_after_notice(name: &str, folder: &Path, sandbox: &Sandbox, time: Duration) -> String {
    let mut child = start(name, folder, sandbox);
    let mut shown = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut shown).unwrap();
    sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    shown
}

fn a_killed_claim_continues(name: &str, then: &str) {
    for milliseconds in [0, 400, 1100, 1250, 1400, 1600] {
        let (folder, sandbox) = place(Duration::from_millis(500));
        let shown = kill_after_notice(name, folder.path(), &sandbox, Duration::from_millis(milliseconds));
        assert!(shown.starts_with("open "), "{shown}");
        let output = run(then, folder.path(), &sandbox);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "killed after {milliseconds} ms: {output:?}");
        // The code is the one that the owner may be typing already.
        assert!(said.lines().filter(|line| line.starts_with("open ")).all(|line| shown.starts_with(line)), "{shown}{said}");
        let credential = std::fs::read_to_string(folder.path().join("home/profiles/default/opentrain/credential.json")).unwrap();
        assert!(credential.contains("access_token"), "killed after {milliseconds} ms: the token is not stored");
        assert_eq!(sandbox.counts().tokens_delivered, 1, "killed after {milliseconds} ms");
    }
}

#[test]
fn a_blocking_claim_that_was_killed_continues_with_the_same_code() {
    a_killed_claim_continues("claim_blocking", "claim_blocking");
}

#[test]
fn an_async_claim_that_was_killed_continues_with_the_same_code() {
    a_killed_claim_continues("claim_async", "claim_async");
}

#[test]
fn what_one_program_left_another_one_resumes() {
    a_killed_claim_continues("claim_async", "resume");
}

/// The code is on nobody's standard input, so the registration waits for it; killed at any moment, it orders no second SMS.
#[test]
fn a_badge_registration_that_was_killed_orders_no_second_sms() {
    for milliseconds in [20, 40, 60, 80, 120, 200] {
        let (folder, sandbox) = place(Duration::ZERO);
        let mut child = start("badge", folder.path(), &sandbox);
        sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        for _ in 0..2 {
            let output = run("badge", folder.path(), &sandbox);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains("Paused"), "killed after {milliseconds} ms: {output:?}");
        }
        let sms = sandbox.outbox().into_iter().filter(|message| message.kind == MessageKind::Sms).count();
        assert!(sms <= 1, "killed after {milliseconds} ms: {sms} SMS");
    }
}

#[test]
fn each_example_ends_well_by_itself() {
    for name in ["claim_blocking", "claim_async", "badge", "resume"] {
        let output = Command::new(example(name)).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
    }
}
