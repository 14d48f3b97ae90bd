//! A sandbox in this process, a home of its own, and the binary between them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use enlist_sandbox::{Action, Config, MessageKind, Sandbox, Scripted};
use serde_json::Value;
use tempfile::TempDir;

use crate::run::{SURROUNDINGS, command, document, lines};

pub(crate) const REGISTER: &str = "/api/agent/identity";
pub(crate) const START: &str = "/api/agent/identity/claim";
pub(crate) const POLL: &str = "/api/agent/oauth/token";
pub(crate) const SUBMIT: &str = "/v1/auth/verify-phone";
pub(crate) const TEXT: &str = "/v1/auth/confirm-manifest";
pub(crate) const HAND_IN: &str = "/v1/auth/confirm";
pub(crate) const OWNER: &str = "owner@example.com";

pub(crate) const MANIFEST: &str = r#"{
    "mobile_phone": "+14155550199", "trust_tier": "community", "agent_name": "My AI Agent", "agent_version": "1.0.0",
    "developer_name": "Acme Corp", "contact_email": "dev@acme.com", "primary_goal": "Customer support automation",
    "tools": ["web-search", "email"], "compliance_attestation": true, "data_residency": "us-east-1"
}"#;

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: TempDir,
    /// What is no home: manifests and such.
    pub(crate) desk: TempDir,
}

/// As documented, but for an interval of 1 s: the shortest that the services could announce.
pub(crate) fn quick() -> Config {
    Config { interval: Duration::from_secs(1), ..Config::default() }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(quick())
    }

    pub(crate) fn with(config: Config) -> Self {
        let (home, desk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(desk.path().join("manifest.json"), MANIFEST).unwrap();
        Self { sandbox: Sandbox::start(config).unwrap(), home, desk }
    }

    /// With an unclaimed registration at OpenTrain.
    pub(crate) fn registered(config: Config) -> Self {
        let world = Self::with(config);
        assert_eq!(world.json(&["register", "opentrain", "--agent-name", "bot"])["status"], "ready");
        world
    }

    pub(crate) fn manifest(&self) -> String {
        self.desk.path().join("manifest.json").to_str().unwrap().to_owned()
    }

    pub(crate) fn at_home(&self, mut command: Command) -> Command {
        for name in SURROUNDINGS {
            command.env_remove(name);
        }
        command.env("ENLIST_HOME", self.home.path()).env("HOME", self.desk.path());
        command.env("ENLIST_OPENTRAIN_URL", self.sandbox.url()).env("ENLIST_SENTRYAGENT_URL", self.sandbox.url());
        command
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.at_home(command(arguments))
    }

    /// Runs the command as an agent does, and gives its document.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        settled(self.command(arguments).output().unwrap())
    }

    /// The same, with the events before the document.
    pub(crate) fn events(&self, arguments: &[&str], stdin: &str) -> Vec<Value> {
        let output = output_with(self.command(arguments), stdin);
        lines(&String::from_utf8(output.stdout).unwrap())
    }

    pub(crate) fn json_in(&self, arguments: &[&str], stdin: &str) -> Value {
        settled(output_with(self.command(arguments), stdin))
    }

    /// Runs it and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn script(&self, path: &str, action: Action) {
        self.sandbox.script([Scripted::new(path, action)]);
    }

    /// How many requests there were to `path`.
    pub(crate) fn sent(&self, path: &str) -> usize {
        self.sandbox.requests().iter().filter(|request| request.path == path).count()
    }

    /// Until there were `count` requests to `path`.
    pub(crate) fn await_sent(&self, path: &str, count: usize) {
        self.await_by(path, count, Duration::from_millis(2));
    }

    /// Until there was one, looked for that often.
    pub(crate) fn await_closely(&self, path: &str, glance: Duration) {
        self.await_by(path, 1, glance);
    }

    fn await_by(&self, path: &str, count: usize, glance: Duration) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.sent(path) < count {
            assert!(Instant::now() < end, "{path} was not sent {count} times");
            thread::sleep(glance);
        }
    }

    /// The code of the last SMS.
    pub(crate) fn sms_code(&self) -> String {
        let mut sms = self.sandbox.outbox().into_iter().filter(|message| message.kind == MessageKind::Sms);
        sms.next_back().unwrap().code.unwrap()
    }

    /// What the owner does with the link and the code.
    pub(crate) fn type_code(&self, data: &Value) {
        let link = data["verification_uri"].as_str().unwrap();
        let token = link.split_once("token=").unwrap().1;
        let form = format!("token={token}&email={OWNER}&code={}", data["user_code"].as_str().unwrap());
        let mut stream = TcpStream::connect(self.sandbox.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = format!("POST /claim HTTP/1.1\r\nhost: {}\r\nconnection: close", self.sandbox.addr());
        write!(stream, "{head}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}", form.len())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    /// No two polls are closer than the interval.
    pub(crate) fn assert_pace(&self, interval: Duration) {
        let requests = self.sandbox.requests();
        let times: Vec<_> = requests.iter().filter(|request| matches!(request.path.as_str(), POLL | START)).collect();
        for pair in times.windows(2).filter(|pair| pair[1].path == POLL) {
            let gap = pair[1].at - pair[0].at;
            assert!(u128::from(gap) >= interval.as_millis(), "{gap} ms between {} and {}", pair[0].seq, pair[1].seq);
        }
    }

    /// The token as `enlist token` prints it.
    pub(crate) fn token(&self, service: &str) -> String {
        let output = self.command(&["token", service]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}

/// The one document of a run that came to its end.
pub(crate) fn settled(output: Output) -> Value {
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let exit = output.status.code().unwrap_or_else(|| panic!("killed: {stdout} {stderr}"));
    assert!(!stdout.is_empty(), "exit {exit}: {stderr}");
    document(&stdout, exit)
}

pub(crate) fn output_with(mut command: Command, stdin: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may have refused before it read anything.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

/// Exit code and error code.
pub(crate) fn ending(document: &Value) -> (i64, &str) {
    (document["exit"].as_i64().unwrap(), document["error"]["code"].as_str().unwrap_or(""))
}

/// `next`, as the words after the program's name.
pub(crate) fn next(document: &Value) -> Vec<String> {
    let words = document["next"]["argv"].as_array().unwrap_or_else(|| panic!("no next: {document}"));
    assert_eq!(words[0], "enlist");
    words[1..].iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// All files below `folder`; the modes of all folders and files are checked on the way.
pub(crate) fn private_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::symlink_metadata(&path).unwrap().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_dir() { files.extend(private_files(&path)) } else { files.push(path) }
    }
    files
}

/// The files below `folder` in which `text` stands.
pub(crate) fn holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes());
    private_files(folder).into_iter().filter(holds).collect()
}
