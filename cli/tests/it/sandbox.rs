//! `enlist sandbox`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{command, document, human, told};
use crate::world::World;

/// A running sandbox and its first line; killed when the test ends.
struct Running {
    child: Child,
    urls: Value,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, urls: serde_json::from_str(&line).unwrap() }
    }

    fn get(&self, path: &str) -> String {
        let address = self.urls["opentrain"].as_str().unwrap().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stderr(mut self) -> String {
        self.child.kill().unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        stderr
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A faults file of this test's own.
fn faults_file(name: &str, content: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, content).unwrap();
    file
}

#[test]
fn the_first_line_says_where_it_is() {
    let sandbox = Running::start(command(&["sandbox", "--auto-approve", "--speed", "5"]));
    let urls = &sandbox.urls;
    assert_eq!((&urls["v"], &urls["type"]), (&1.into(), &"sandbox".into()));
    let base = urls["opentrain"].as_str().unwrap();
    assert!(base.starts_with("http://127.0.0.1:"));
    assert_eq!(urls["sentryagent"], base);
    assert_eq!(urls["human"], format!("{base}/human"));
    assert_eq!(urls["control"], format!("{base}/control"));
    assert!(sandbox.get("/control/state").starts_with("HTTP/1.1 200 "));
    assert_eq!(sandbox.stderr(), "", "an agent needs no explanation");
}

#[test]
fn people_are_told_what_to_do_with_it() {
    let mut sandbox = Running::start(human(&["sandbox", "--auto-approve=0.5"]));
    let base = sandbox.urls["opentrain"].as_str().unwrap().to_owned();
    let stderr = BufReader::new(sandbox.child.stderr.take().unwrap());
    // The sandbox keeps running, so the number of lines is fixed.
    let told: String = stderr.lines().take(8).map(|line| line.unwrap() + "\n").collect();
    let parts =
        [format!("{base}/human"), format!("ENLIST_OPENTRAIN_URL={base}"), format!("ENLIST_SENTRYAGENT_URL={base}"), "500ms".to_owned()];
    for part in parts {
        assert!(told.contains(&part), "{part}: {told}");
    }
}

#[test]
fn a_faults_file_is_played() {
    let file = faults_file("good.json", r#"[{"path": "/v1/jwks", "action": {"respond": {"status": 418}}}]"#);
    let sandbox = Running::start(command(&["sandbox", "--faults", file.to_str().unwrap()]));
    assert!(sandbox.get("/v1/jwks").starts_with("HTTP/1.1 418 "));
}

#[cfg(unix)]
#[test]
fn signals_end_it_at_once() {
    use std::os::unix::process::ExitStatusExt;
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let mut sandbox = Running::start(command(&["sandbox"]));
        // A client that keeps its connection must not keep the sandbox.
        let address = sandbox.urls["opentrain"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        let _connection = TcpStream::connect(address).unwrap();
        let begun = Instant::now();
        let kill = Command::new("kill").args(["-s", name, &sandbox.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(sandbox.child.wait().unwrap().signal(), Some(number));
        assert!(begun.elapsed() < Duration::from_secs(10), "{name}");
    }
}

#[test]
fn what_it_cannot_start_with_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let (object, path, action) = (
        faults_file("object.json", "{}"),
        faults_file("path.json", r#"[{"path": "/a", "action": "drop_after"}, {"path": "v1", "action": "drop_after"}]"#),
        faults_file("action.json", r#"[{"path": "/v1/jwks", "action": "explode"}]"#),
    );
    let cases: [(&[&str], &str); 9] = [
        (&["--addr", "0.0.0.0:0"], "--addr: the sandbox listens on loopback addresses only, not on 0.0.0.0:0"),
        (&["--addr", "localhost"], "'localhost' for '--addr <IP:PORT>'"),
        (&["--addr", &taken], &taken),
        (&["--speed", "0"], "'0' for '--speed <N>'"),
        (&["--auto-approve=soon"], "not a number of seconds"),
        (&["--faults", "/does/not/exist"], "--faults /does/not/exist: "),
        (&["--faults", object.to_str().unwrap()], "must be a JSON array"),
        (&["--faults", path.to_str().unwrap()], "fault 1 (v1): `path` must start with `/`"),
        (&["--faults", action.to_str().unwrap()], "fault 0 (/v1/jwks): unknown variant `explode`"),
    ];
    for (arguments, part) in cases {
        let arguments: Vec<&str> = ["sandbox"].iter().chain(arguments).copied().collect();
        let (exit, stdout, stderr) = told(human(&arguments));
        assert_eq!((exit, stdout.as_str()), (64, ""), "{arguments:?}");
        assert!(stderr.contains(part), "{part}: {stderr}");
        let (exit, stdout, _) = told(human(&[&arguments[..], &["--output", "json"]].concat()));
        let document = document(&stdout, exit);
        assert_eq!((exit, &document["command"], &document["status"]), (64, &"sandbox".into(), &"failed".into()));
        assert_eq!(document["error"]["code"], "usage");
        assert!(document["error"]["message"].as_str().unwrap().contains(part), "{part}: {stdout}");
    }
}

/// The person who tries it reads the mail and the SMS where the sandbox runs.
#[test]
fn messages_are_printed_as_they_are_sent() {
    let mut command = human(&["sandbox"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let url = serde_json::from_str::<Value>(&first).unwrap()["sentryagent"].as_str().unwrap().to_owned();
    let world = World::new();
    let begun = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait", "--base-url", &url]);
    assert_eq!(begun["data"]["awaiting"], "otp", "{begun}");
    let said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap).find(|line| line.starts_with("SMS to "));
    let said = said.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.contains("+14155550199: Your SentryAgent verification code is "), "{said}");
}
