//! The processes that the tests start: they get default signals, and none of them outlives its test for long.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// The longest that a process of a test may run. A test that still waits for it then fails instead of hanging.
const LONGEST: Duration = Duration::from_secs(180);

/// Prepares this process for starting others. A shell starts its background jobs with SIGINT and SIGQUIT ignored, and every process
/// inherits what is ignored, but not what is handled.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
            // The test itself ends with the signal, as it would without a handler.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::new(AtomicBool::new(true))).unwrap();
        }
        thread::spawn(|| {
            let mut watch = Watch::below(std::process::id(), LONGEST);
            loop {
                watch.look();
                thread::sleep(Duration::from_secs(1));
            }
        });
    });
}

/// Ends what runs below a process for too long.
struct Watch {
    root: u32,
    longest: Duration,
    first_seen: HashMap<Process, Instant>,
}

impl Watch {
    fn below(root: u32, longest: Duration) -> Self {
        Self { root, longest, first_seen: HashMap::new() }
    }

    fn look(&mut self) {
        let running = below(self.root, &processes());
        self.first_seen.retain(|process, _| running.contains(process));
        for process in running {
            if self.first_seen.entry(process).or_insert_with(Instant::now).elapsed() >= self.longest {
                eprintln!("process {} of a test is ended: it has run for {} s", process.id, self.longest.as_secs());
                let _ = kill("KILL", process.id);
            }
        }
    }
}

fn kill(signal: &str, id: u32) -> bool {
    Command::new("kill").args(["-s", signal, &id.to_string()]).status().is_ok_and(|status| status.success())
}

/// A process. Its start tells it from a later one with the same number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Process {
    id: u32,
    parent: u32,
    started: u64,
}

/// All processes, where the kernel lists them in `/proc`.
fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| process(id, &fs::read_to_string(format!("/proc/{id}/stat")).ok()?)).collect()
}

/// Reads `/proc/<id>/stat`; the name in it may hold anything, and ends with the last parenthesis.
fn process(id: u32, stat: &str) -> Option<Process> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Process { id, parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? })
}

fn below(id: u32, all: &[Process]) -> Vec<Process> {
    let children = all.iter().filter(|process| process.parent == id);
    children.flat_map(|child| std::iter::once(*child).chain(below(child.id, all))).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_runs_too_long_is_ended() {
    prepare();
    let mut shell = Command::new("sh").args(["-c", "sleep 1000 & wait $!; exit 7"]).spawn().unwrap();
    let mut watch = Watch::below(shell.id(), Duration::from_millis(50));
    let end = Instant::now() + Duration::from_secs(30);
    let status = loop {
        assert!(Instant::now() < end, "it still runs");
        watch.look();
        thread::sleep(Duration::from_millis(20));
        if let Some(status) = shell.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Some(7));
}

/// A script that runs the tests in the background has SIGINT ignored. Ignored signals are inherited, and the binary would never end.
#[test]
fn signals_that_this_process_ignores_are_not_ignored_by_its_children() {
    prepare();
    let tests = std::env::current_exe().unwrap();
    let script = "trap '' INT QUIT; exec \"$0\" --exact sandbox::signals_end_it_at_once";
    let output = Command::new("sh").args(["-c", script]).arg(tests).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
}
