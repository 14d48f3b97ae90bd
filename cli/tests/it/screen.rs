//! The human's screen, in a pseudo-terminal: what a person sees, the keys, and the terminal as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use enlist_sandbox::{Config, Which};
use expectrl::session::OsSession;
use expectrl::{Eof, Expect, Regex, Session};

use crate::world::{MANIFEST, OWNER, START, World, ending, quick};

const CTRL_C: &str = "\x03";

/// A shell at a terminal of its own that runs one command, and says how it ended and whether the terminal is the same.
struct Seat {
    session: OsSession,
    seen: String,
}

impl Seat {
    fn take(world: &World, line: &str, setting: &[(&str, &str)]) -> Self {
        let mut command = world.at_home(Command::new("sh"));
        // The shell outlives the Ctrl-C that is meant for the command.
        let script = format!("trap : INT; before=$(stty -g); {line}; echo \"exit=$?\"; test \"$before\" = \"$(stty -g)\" && echo same");
        command.args(["-c", &script]).env("PATH", path()).env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
        for name in ["CI", "ENLIST_MODE", "ENLIST_OUTPUT", "BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY", "NO_COLOR"]
        {
            command.env_remove(name);
        }
        command.env("ENLIST_MODE", "human").envs(setting.iter().copied());
        let mut session = Session::spawn(command).unwrap();
        session.get_process_mut().set_window_size(100, 50).unwrap();
        session.set_expect_timeout(Some(Duration::from_secs(30)));
        Self { session, seen: String::new() }
    }

    /// Waits for what `pattern` says and gives it.
    fn see(&mut self, pattern: &str) -> String {
        let found = self.session.expect(Regex(pattern)).unwrap_or_else(|error| panic!("{pattern}: {error}\n{}", self.seen));
        let (before, text) = (String::from_utf8_lossy(found.before()).into_owned(), found.get(0).unwrap().to_vec());
        let text = String::from_utf8_lossy(&text).into_owned();
        self.seen.push_str(&before);
        self.seen.push_str(&text);
        text
    }

    fn press(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
    }

    /// The exit code, once the terminal was found as it was; and all that was to be seen.
    fn leave(mut self) -> (u8, String) {
        let exit = self.see(r"exit=\d+");
        self.see("same");
        self.session.expect(Eof).unwrap();
        (exit.strip_prefix("exit=").unwrap().parse().unwrap(), self.seen)
    }
}

/// With the command that is tested in front.
fn path() -> String {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_enlist")).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// A browser that writes down how it was called.
fn stub(world: &World, exit: u8) -> (String, std::path::PathBuf) {
    let (program, called) = (world.desk.path().join("browser"), world.desk.path().join("called"));
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$@\" \"${{OPENTRAIN_API_TOKEN:-no token}}\" > {}.part\nmv {0}.part {0}\nexit {exit}\n",
        called.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (program.to_str().unwrap().to_owned(), called)
}

fn seconds(countdown: &str) -> u32 {
    let (minutes, seconds) = countdown.rsplit(' ').next().unwrap().split_once(':').unwrap();
    minutes.parse::<u32>().unwrap() * 60 + seconds.parse::<u32>().unwrap()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

const CLAIM: &str = "enlist claim --email owner@example.com";

#[test]
fn the_countdown_ticks_enter_opens_the_browser_and_ctrl_c_loses_nothing() {
    let world = World::registered(quick());
    let (browser, called) = stub(&world, 0);
    let mut seat = Seat::take(&world, CLAIM, &[("BROWSER", &browser), ("OPENTRAIN_API_TOKEN", "ot_pat_8f2a_CANARY")]);
    seat.see(r#"Claim this agent \("bot"\) for owner@example.com"#);
    seat.see("Enter: open browser   c: copy code   q: QR   Ctrl-C: stop \\(resume: enlist resume clm_[0-9a-z]+\\)");
    let first = seconds(&seat.see(r"waiting\.\.\. \d+:\d\d"));
    let second = seconds(&seat.see(r"waiting\.\.\. \d+:\d\d"));
    assert!(second < first && first - second <= 2, "{first} {second}");
    seat.press("\r");
    seat.see("opening the browser");
    until("the browser was called", || called.exists());
    let attempt = world.sandbox.attempts()[0].clone();
    let called = fs::read_to_string(&called).unwrap();
    let words: Vec<_> = called.lines().collect();
    assert_eq!((words[0], words[2]), ("1", "no token"));
    assert!(words[1].starts_with(&format!("{}/claim?token=", world.sandbox.url())), "{}", words[1]);
    seat.see(r"waiting\.\.\. ");
    seat.press(CTRL_C);
    seat.see("stopped; nothing is lost");
    seat.see("next: enlist resume clm_");
    let (exit, seen) = seat.leave();
    assert_eq!(exit, 130);
    assert!(seen.contains(&format!("Enter code  \x1b[1m{}\x1b[0m", attempt.user_code)), "{seen}");

    // The same code goes on, and a key that means nothing does nothing.
    let mut seat = Seat::take(&world, "enlist resume", &[("NO_COLOR", "1")]);
    seat.see(&format!("Enter code  {}", attempt.user_code));
    seat.see(r"waiting\.\.\. ");
    seat.press("x\x1b[A");
    world.sandbox.approve(&Which::newest()).unwrap();
    seat.see("Claimed. The token is stored.");
    let (exit, seen) = seat.leave();
    assert_eq!(exit, 0);
    assert!(!seen.contains('\x1b'), "{seen:?}");
    assert_eq!(world.sent(START), 1);
    assert!(world.token("opentrain").starts_with("ot_pat_"));
}

#[test]
fn the_code_is_copied_by_the_terminal_and_the_link_drawn() {
    use base64::Engine;
    let world = World::registered(quick());
    let mut seat = Seat::take(&world, CLAIM, &[("SSH_CONNECTION", "10.0.0.1 2 10.0.0.2 22")]);
    seat.see("c: copy code   q: QR");
    seat.see("The browser is not opened: this is a session over SSH.");
    seat.see(r"waiting\.\.\. ");
    seat.press("c");
    let code = base64::engine::general_purpose::STANDARD.encode(&world.sandbox.attempts()[0].user_code);
    seat.see(&format!("\x1b\\]52;c;{code}\x07"));
    seat.press("q");
    seat.see("▀");
    seat.see(r"waiting\.\.\. ");
    seat.press("\n");
    seat.see("the browser is not opened: this is a session over SSH");
    seat.press(CTRL_C);
    let (exit, seen) = seat.leave();
    assert_eq!(exit, 130);
    assert!(!seen.contains("Enter: open"));
}

#[test]
fn a_terminal_that_is_not_utf8_is_spoken_to_in_ascii() {
    let world = World::registered(quick());
    let mut seat = Seat::take(&world, &format!("{CLAIM} --qr always --no-browser; enlist status"), &[("LC_ALL", "C"), ("TERM", "dumb")]);
    seat.see("The browser is not opened: --no-browser.");
    seat.see("##");
    seat.see(r"waiting\.\.\. ");
    seat.press(CTRL_C);
    let (exit, seen) = seat.leave();
    assert_eq!(exit, 0);
    assert!(seen.contains("ot_pat_...") && seen.is_ascii() && !seen.contains('\x1b'), "{seen}");
}

/// On stderr too, which is the terminal's even where stdout is a file.
#[test]
fn what_is_said_and_asked_is_ascii_there_too() {
    let world = World::registered(quick());
    let manifest = MANIFEST.replace("My AI Agent", "J\u{fc}rgen");
    fs::write(world.manifest(), manifest).unwrap();
    let setting = [("LC_ALL", "C"), ("TERM", "dumb")];
    let line = format!("enlist register sentryagent --manifest {}; enlist profile remove default --json > /dev/null", world.manifest());
    let mut seat = Seat::take(&world, &line, &setting);
    seat.see(r"J\?rgen 1\.0\.0");
    seat.see(r"a code is sent to \+\.\.\.0199\. \[y/N\] ");
    seat.press("n\r");
    seat.see(r"This would delete: .*ot_pat_\.\.\.");
    seat.press("n\r");
    let (exit, seen) = seat.leave();
    assert!(exit == 2 && seen.is_ascii(), "{seen}");
}

#[test]
fn ctrl_c_ends_a_question_and_a_read() {
    let world = World::registered(quick());
    for (line, said) in [("enlist forget opentrain", r"\[y/N\] "), ("enlist badge sign", "Type or paste the message")] {
        let mut seat = Seat::take(&world, line, &[]);
        seat.see(said);
        seat.press(CTRL_C);
        seat.see("stopped; nothing is lost");
        seat.see(&format!("next: {line}"));
        assert_eq!(seat.leave().0, 130, "{line}");
    }
}

#[test]
fn a_browser_that_does_not_open_is_no_end() {
    let world = World::registered(quick());
    let (browser, _) = stub(&world, 3);
    let mut seat = Seat::take(&world, CLAIM, &[("BROWSER", &browser)]);
    seat.see(r"waiting\.\.\. ");
    seat.press("\r");
    seat.see("the browser could not be opened \\(exit status: 3\\); open the link yourself");
    seat.press(CTRL_C);
    assert_eq!(seat.leave().0, 130);

    let mut seat = Seat::take(&world, "enlist resume", &[("BROWSER", "/nonexistent/browser:")]);
    seat.see(r"waiting\.\.\. ");
    seat.press("\r");
    seat.see("the browser could not be opened \\(/nonexistent/browser: No such file");
    world.sandbox.deny(&Which::newest()).unwrap();
    assert_eq!(seat.leave().0, 2);
}

#[test]
fn the_code_from_the_sms_is_not_shown_while_it_is_typed() {
    let world = World::new();
    let mut seat = Seat::take(&world, &format!("enlist register sentryagent --manifest {} --yes", world.manifest()), &[]);
    seat.see("empty to stop\\): ");
    let code = world.sms_code();
    seat.press(&format!("{code}\n"));
    seat.see("Registered as did:sentryagent:");
    let (exit, seen) = seat.leave();
    assert_eq!(exit, 0);
    assert!(!seen.contains(&code), "{seen}");
    // And where nothing is typed after all, the terminal is as it was.
    let mut seat = Seat::take(&world, &format!("enlist register sentryagent --manifest {} --yes -p other", world.manifest()), &[]);
    seat.see("empty to stop\\): ");
    seat.press(CTRL_C);
    assert_eq!(seat.leave().0, 130);
}

#[test]
fn under_nohup_it_outlives_the_terminal() {
    let world = World::registered(quick());
    let mut command = world.at_home(Command::new("nohup"));
    command
        .args([env!("CARGO_BIN_EXE_enlist"), "claim", "--email", OWNER, "--max-wait", "60s", "--output", "ndjson"])
        .stdin(std::process::Stdio::null());
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    world.await_sent(START, 1);
    crate::world::signal(&child, "HUP");
    world.sandbox.approve(&Which::newest()).unwrap();
    let done = crate::world::settled(child.wait_with_output().unwrap());
    assert_eq!((ending(&done), &done["status"]), ((0, ""), &"ready".into()));
}

#[test]
fn however_it_ends_the_terminal_is_as_it_was() {
    // Declined, expired, a broken service, hung up on: each leaves by another path.
    let world = World::registered(Config { attempt_lifetime: Duration::from_secs(3), ..quick() });
    let mut seat = Seat::take(&world, CLAIM, &[]);
    seat.see("waiting");
    assert_eq!(seat.leave().0, 3);
    // The tests themselves may run under nohup, which is inherited.
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let is_nohup = status.lines().any(|line| line.starts_with("SigIgn:") && line.ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']));
    let hang_up = (!is_nohup).then_some(("HUP", 129));
    for (signal, exit) in [("TERM", 143), ("QUIT", 131)].into_iter().chain(hang_up) {
        let world = World::registered(quick());
        let mut seat = Seat::take(&world, CLAIM, &[]);
        seat.see("waiting");
        let group = seat.session.get_process().pid().to_string();
        let found = Command::new("pgrep").args(["-P", &group, "enlist"]).output().unwrap();
        let pid = String::from_utf8(found.stdout).unwrap();
        assert!(Command::new("kill").args(["-s", signal, pid.trim()]).status().unwrap().success());
        let (ended, seen) = seat.leave();
        assert_eq!(ended, exit, "{seen}");
        assert_eq!(ending(&world.json(&["resume", "--no-wait"])), (0, ""), "{OWNER}");
    }
}
