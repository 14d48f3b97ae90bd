//! Every command line that the command prints acts on the profile, the address, the store and the certificates that it was given.

use std::collections::BTreeSet;
use std::fs;
use std::sync::OnceLock;

use enlist_sandbox::Which;
use regex::Regex;
use serde_json::Value;

use crate::run::{lines, told};
use crate::world::{OWNER, World, output_with};

const PROFILE: &str = "second";
const CA: &str = include_str!("../../../net/tests/tls/ca.pem");

/// A world whose commands get everything by flags, while the variables point to another sandbox.
struct Foreign {
    world: World,
    decoy: World,
    flags: Vec<String>,
    /// Every command line that was printed, once for each time.
    printed: Vec<String>,
}

impl Foreign {
    fn new() -> Self {
        let (world, decoy) = (World::new(), World::new());
        let ca = world.desk.path().join("an authority.pem");
        fs::write(&ca, CA).unwrap();
        let flags = ["--profile", PROFILE, "--base-url", world.sandbox.url(), "--ca-file", ca.to_str().unwrap(), "--store", "file"];
        let flags = flags.map(str::to_owned).to_vec();
        Self { world, decoy, flags, printed: Vec::new() }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.world.command(arguments);
        command.env("ENLIST_OPENTRAIN_URL", self.decoy.sandbox.url()).env("ENLIST_SENTRYAGENT_URL", self.decoy.sandbox.url());
        command
    }

    /// Runs a command with the flags in each format, and notes the command lines that it prints.
    fn run(&mut self, words: &str, stdin: &str) -> i32 {
        let mut exit = 0;
        for format in ["json", "ndjson", "text"] {
            exit = self.once(words, stdin, format);
        }
        exit
    }

    fn once(&mut self, words: &str, stdin: &str, format: &str) -> i32 {
        let arguments: Vec<&str> = words.split(' ').chain(self.flags.iter().map(String::as_str)).chain(["--output", format]).collect();
        let output = output_with(self.command(&arguments), stdin);
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        if format == "text" {
            stdout.lines().for_each(|line| self.note(line));
        } else {
            lines(&stdout).iter().for_each(|document| self.note_all(document));
        }
        stderr.lines().for_each(|line| self.note(line));
        output.status.code().unwrap()
    }

    fn note_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.note(text),
            Value::Array(words) if words.first().is_some_and(|word| word == "enlist") => {
                self.printed.push(shlex::try_join(words.iter().map(|word| word.as_str().unwrap())).unwrap());
            }
            Value::Array(values) => values.iter().for_each(|value| self.note_all(value)),
            Value::Object(members) => members.values().for_each(|value| self.note_all(value)),
            _ => {}
        }
    }

    /// Notes each command line in a text: up to a backtick, or to the reason in brackets, or to the end.
    fn note(&mut self, text: &str) {
        static LINE: OnceLock<Regex> = OnceLock::new();
        let names = "abandon|adopt|badge|claim|doctor|exec|forget|otp|pending|profile|register|resume|revoke|status|token";
        let line = LINE.get_or_init(|| Regex::new(&format!(r"enlist (?:{names})\b[^`]*?(?:   \(|`|\)?$)")).unwrap());
        let found = line.find_iter(text).map(|found| found.as_str().trim_end_matches(['`', '(', ')', ' ']).to_owned());
        self.printed.extend(found);
    }

    fn first_flow(&self) -> String {
        let (_, stdout, _) = told(self.command(&["pending", "--json", "--profile", PROFILE]));
        let document: Value = serde_json::from_str(&stdout).unwrap();
        document["data"]["pending"][0]["flow"].as_str().unwrap().to_owned()
    }
}

#[test]
fn every_printed_command_line_acts_on_the_identity_that_was_meant() {
    let mut foreign = Foreign::new();
    let manifest = foreign.world.manifest();
    // A person agrees to nothing, so that every question is a printed command line.
    for before in ["claim --email a@example.com", "token opentrain", "forget opentrain", "resume", "badge show", "otp --otp-file -"] {
        foreign.run(before, "123456");
    }
    assert_eq!(foreign.once("register opentrain --agent-name bot", "", "text"), 0);
    for registered in
        ["register opentrain", "status", "profile list", "forget opentrain", "revoke opentrain", "adopt opentrain --token-file -"]
    {
        foreign.run(registered, "ot_pat_0123456789abcdefghij");
    }
    for pending in [
        format!("claim --email {OWNER} --no-wait"),
        "pending".to_owned(),
        "doctor --offline".to_owned(),
        "register opentrain".to_owned(),
        "resume nonsense".to_owned(),
        "resume clm_00c0ffee".to_owned(),
        "forget opentrain".to_owned(),
        "profile remove second".to_owned(),
        "profile remove third".to_owned(),
    ] {
        foreign.run(&pending, "");
    }
    let flow = foreign.first_flow();
    foreign.run(&format!("abandon {flow}"), "");
    foreign.world.sandbox.approve(&Which::newest()).unwrap();
    assert_eq!(foreign.once("resume --max-wait 20s", "", "text"), 0);
    let claim = format!("claim --email {OWNER}");
    for claimed in [&claim, "forget opentrain", "revoke opentrain", "register opentrain", "adopt opentrain --token-file -"] {
        foreign.run(claimed, "ot_pat_0123456789abcdefghij");
    }
    for idle in ["resume", "resume nonsense", "abandon clm_00c0ffee", "otp reg_00c0ffee --otp-file -", "badge verify", "badge rotate"] {
        foreign.run(idle, "123456");
    }
    let register = format!("register sentryagent --manifest {manifest} --no-wait");
    for format in ["ndjson", "json", "text"] {
        foreign.once(&register, "", format);
    }
    for asked in [
        "resume",
        "resume --yes --no-wait",
        "status",
        "forget sentryagent",
        "revoke sentryagent",
        &register,
        "badge show",
        "profile remove second",
        "doctor --offline",
        "resume reg_00c0ffee",
    ] {
        foreign.run(asked, "000000");
    }
    foreign.once("otp --otp-file -", "000000", "json");
    foreign.once("otp --otp-file -", "000000", "text");
    let code = foreign.world.sms_code();
    assert_eq!(foreign.once("otp --otp-file -", &code, "text"), 0);
    for issued in [
        "badge show",
        "badge rotate",
        "badge revoke",
        "revoke sentryagent",
        "forget sentryagent",
        "profile remove second",
        "otp --otp-file -",
        "resume",
    ] {
        foreign.run(issued, "");
    }

    let Foreign { world, decoy, flags, printed } = &foreign;
    assert!(printed.len() >= 200, "{}", printed.len());
    for line in printed {
        let words = shlex::split(line).unwrap_or_else(|| panic!("{line}"));
        for pair in flags.chunks(2) {
            let has = words.windows(2).any(|window| window == pair);
            assert!(has, "{pair:?} is missing: {line}");
        }
    }
    for line in printed.iter().collect::<BTreeSet<_>>() {
        let words = shlex::split(line).unwrap();
        let filled = words[1..].iter().map(|word| match word.as_str() {
            "FLOW" => flow.clone(),
            "NAME" => PROFILE.to_owned(),
            "SERVICE" => "opentrain".to_owned(),
            _ => word.clone(),
        });
        let filled: Vec<String> = filled.chain(["--json".to_owned(), "--no-input".to_owned()]).collect();
        let mut command = foreign.command(&filled.iter().map(String::as_str).collect::<Vec<_>>());
        // No request leaves for anywhere but the address on the command line, and nothing is lost before the end.
        command.env("ENLIST_MODE", "agent");
        let (exit, stdout, stderr) = told(command);
        let document: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{line}: {error} {stdout}{stderr}"));
        assert_eq!(document["profile"], PROFILE, "{line}");
        let is_misread = document["error"]["message"].as_str().is_some_and(|message| message.contains("argument"));
        assert!(!is_misread, "{line}: {exit} {stderr}");
    }
    assert_eq!(decoy.sandbox.counts().requests, 0, "another address was asked");
    assert!(!world.home.path().join("profiles/default").exists(), "another profile was changed");
}
