//! A run of all commands, and no secret in what it wrote outside the store.

use std::fs;
use std::io::Write;
use std::process::{Child, Output, Stdio};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::transcripts::commands;
use crate::world::{OWNER, World, private_files, settled};

const PHONE: &str = "+14155550199";
/// Never used: what a test talks to is on this machine.
const PROXY: &str = "http://joe:CANARYPASSWORDCANARY@proxy.example:3128";
const PASSWORD: &str = "CANARYPASSWORDCANARY";
const SHADOWING: &str = "ot_pat_8f2a_SHADOWSHADOWSHADOWSHADOW91cd";
const ADOPTED: &str = "ot_pat_8f2a_ADOPTEDADOPTEDADOPTED91cd";

/// Everything that was said, and what `/proc` showed; and the command lines that were run.
#[derive(Default)]
struct Heard(Vec<u8>, Vec<String>);

impl Heard {
    fn run(&mut self, world: &World, arguments: &[&str], stdin: &str) -> serde_json::Value {
        settled(self.listen(world, arguments, stdin))
    }

    fn listen(&mut self, world: &World, arguments: &[&str], stdin: &str) -> Output {
        let mut command = world.command(arguments);
        // As much as can be said.
        command.env("ENLIST_LOG", "debug").env("HTTPS_PROXY", PROXY).env("OT_API_TOKEN", SHADOWING);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.0.extend(command_line(&child));
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        self.hear(&output);
        self.1.push(arguments.join(" "));
        output
    }

    fn hear(&mut self, output: &Output) {
        self.0.extend_from_slice(&output.stdout);
        self.0.extend_from_slice(&output.stderr);
    }

    fn holds(&self, form: &str) -> bool {
        self.0.windows(form.len()).any(|window| window.eq_ignore_ascii_case(form.as_bytes()))
    }
}

/// What others see of a process: it runs for as long as its stdin is open, or has gone already.
fn command_line(child: &Child) -> Vec<u8> {
    let read = || fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
    // Its memory is being replaced when it has just been started.
    let glances = (0..50).map(|_| {
        thread::sleep(Duration::from_micros(200));
        read()
    });
    glances.into_iter().find(|line| !line.is_empty()).unwrap_or_default()
}

/// As it is, and as it might be written: base64 at each of the three offsets, hex, percent.
fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let mut forms = vec![secret.to_owned(), bytes.iter().map(|byte| format!("{byte:02x}")).collect()];
    forms.push(bytes.iter().map(|byte| format!("%{byte:02x}")).collect());
    forms.push(
        bytes
            .iter()
            .map(|byte| if byte.is_ascii_alphanumeric() { char::from(*byte).to_string() } else { format!("%{byte:02x}") })
            .collect(),
    );
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
        for offset in 0..3 {
            let encoded = engine.encode([&b"xx"[..offset], bytes].concat());
            // Without what depends on its neighbours.
            forms.push(encoded[offset * 2..encoded.len() - 4].to_owned());
        }
    }
    forms
}

#[test]
fn the_canary_sings() {
    let secret = "ot_pat_8f2a_CANARYCANARYCANARY";
    for text in
        [secret.to_owned(), STANDARD.encode(format!("Bearer {secret} ")), STANDARD.encode(format!("a{secret}")), URL_SAFE.encode(secret)]
    {
        let heard = Heard(text.into_bytes(), Vec::new());
        assert!(forms(secret).iter().any(|form| heard.holds(form)));
    }
    assert!(!forms(secret).iter().any(|form| Heard(b"ot_pat_\xe2\x80\xa6NARY".to_vec(), Vec::new()).holds(form)));
}

#[test]
fn no_secret_leaves_the_store() {
    let (world, mut heard) = (World::new(), Heard::default());
    heard.run(&world, &["register", "opentrain", "--agent-name", "bot", "--organization", "Acme"], "");
    let pre_claim = world.token("opentrain");
    let started = heard.run(&world, &["claim", "--email", OWNER, "--no-wait"], "");
    let claim_token = claim_token(&world);
    heard.run(&world, &["pending"], "");
    heard.run(&world, &["status"], "");
    world.type_code(&started["data"]);
    heard.run(&world, &["resume", "--max-wait", "10s"], "");
    let token = world.token("opentrain");

    let manifest = fs::read_to_string(world.manifest()).unwrap();
    heard.run(&world, &["manifest", "check", "-"], &manifest);
    heard.run(&world, &["register", "sentryagent", "--manifest", &world.manifest(), "--yes"], "");
    let otp = world.sms_code();
    heard.run(&world, &["otp", "--otp-file", "-"], if otp == "000000" { "000001" } else { "000000" });
    heard.run(&world, &["otp", "--otp-file", "-"], &otp);
    let badge = world.token("sentryagent");
    heard.run(&world, &["badge", "show"], "");
    heard.run(&world, &["badge", "verify"], "");
    heard.run(&world, &["badge", "verify", "-", "--offline"], &badge);
    heard.run(&world, &["badge", "sign", "--json"], "a message");
    heard.run(&world, &["status", "--check"], "");
    world.script(
        "/v1/rotate",
        enlist_sandbox::Action::Respond(enlist_sandbox::Canned::json(401, format!(r#"{{"error":"{badge} is bad"}}"#))),
    );
    heard.run(&world, &["badge", "rotate", "--yes"], "");
    heard.run(&world, &["badge", "rotate", "--yes"], "");
    let rotated = world.token("sentryagent");
    let did = heard.run(&world, &["badge", "show"], "")["data"]["did"].as_str().unwrap().to_owned();
    heard.run(&world, &["badge", "lookup", &did], "");
    heard.run(&world, &["badge", "revoke", "--yes"], "");
    heard.run(&world, &["adopt", "opentrain", "--token-file", "-", "-p", "other"], ADOPTED);
    heard.run(&world, &["adopt", "opentrain", "--token-file", "-", "-p", "third"], &claim_token);
    heard.run(&world, &["manifest", "init", "-"], "");
    heard.run(&world, &["register", "opentrain", "-p", "fourth"], "");
    let given_up = world.command(&["token", "opentrain", "-p", "fourth"]).output().unwrap().stdout;
    let given_up = String::from_utf8(given_up).unwrap().trim().to_owned();
    let started = heard.run(&world, &["claim", "--email", "fourth@example.com", "--no-wait", "-p", "fourth"], "");
    heard.run(&world, &["abandon", started["data"]["flow"].as_str().unwrap(), "--yes", "-p", "fourth"], "");
    heard.run(&world, &["profile", "list"], "");
    heard.run(&world, &["profile", "use", "default"], "");
    heard.run(&world, &["profile", "rename", "other", "renamed"], "");
    heard.run(&world, &["profile", "rename", "renamed", "other"], "");
    heard.run(&world, &["profile", "export", "opentrain", "-p", "other"], "");
    heard.run(&world, &["profile", "export", "opentrain"], "");
    heard.run(&world, &["profile", "import", "opentrain", "-p", "imported"], "");
    heard.hear(&world.command(&["profile", "remove", "imported", "--output", "text"]).output().unwrap());
    heard.run(&world, &["profile", "remove", "imported", "--yes"], "");
    // The tool's file is meant to hold it.
    fs::remove_dir_all(world.desk.path().join(".config")).unwrap();
    let shadowed = world.command(&["status"]).env("OT_API_TOKEN", ADOPTED).output().unwrap();
    heard.hear(&shadowed);
    heard.hear(&world.command(&["exec", "opentrain", "-p", "other", "--", "true"]).output().unwrap());
    heard.run(&world, &["exec", "opentrain", "-p", "other", "--json", "--", "/does/not/exist"], "");
    heard.run(&world, &["status", "-p", "other"], "");
    heard.run(&world, &["register", "opentrain", "-p", "fifth"], "");
    let revoked = world.command(&["token", "opentrain", "-p", "fifth"]).output().unwrap().stdout;
    let revoked = String::from_utf8(revoked).unwrap().trim().to_owned();
    heard.run(&world, &["revoke", "opentrain", "--yes", "-p", "fifth"], "");
    heard.run(&world, &["forget", "opentrain", "--yes", "-p", "fourth"], "");
    let addr = "0.0.0.0:0";
    for plain in [&["try"][..], &["sandbox", "--addr", addr], &["schema"], &["man"], &["completion", "bash"], &["help", "agents"]] {
        heard.listen(&world, plain, "");
    }
    heard.run(&world, &["doctor", "--bundle", world.desk.path().join("report.json").to_str().unwrap()], "");
    heard.run(&world, &["doctor", "-p", "other", "--bundle", "-"], "");
    let logged = world.desk.path().join("log");
    heard.run(&world, &["status", "--check", "--log-file", logged.to_str().unwrap()], "");
    heard.run(&world, &["doctor", "--log-file", logged.to_str().unwrap(), "-vv"], "");
    heard.run(&world, &["status"], "");
    for text in [&["status", "--output", "text"][..], &["pending", "--output", "text"], &["claim", "--email", OWNER, "--output", "text"]] {
        heard.hear(&world.command(text).output().unwrap());
    }
    for entry in fs::read_dir(world.desk.path()).unwrap() {
        let path = entry.unwrap().path();
        if path != std::path::Path::new(&world.manifest()) {
            heard.0.extend(fs::read(path).unwrap());
        }
    }

    assert!(heard.holds("--otp-file\0-"), "argv was heard");
    // `token` is there to print one.
    for command in commands(&[]).into_iter().filter(|command| command != "token") {
        assert!(heard.1.iter().any(|line| line.starts_with(&command)), "{command} was not run");
    }
    assert!(heard.holds("path=\"/v1/auth/confirm\" status=200"), "the log was heard");
    assert!(fs::read_to_string(&logged).unwrap().contains("path=\"/v1/health\" status=200"));
    assert!(heard.holds("\"variables_set\""), "the report was heard");
    // The badge's claims are public; its signature is what makes it a secret.
    let signature = badge.rsplit('.').next().unwrap();
    let rotated_signature = rotated.rsplit('.').next().unwrap();
    assert!(rotated_signature != signature);
    assert!(given_up.starts_with("ot_pat_"), "{given_up}");
    for secret in [
        pre_claim.as_str(),
        &given_up,
        &revoked,
        &claim_token,
        &token,
        &badge,
        signature,
        &rotated,
        rotated_signature,
        PHONE,
        ADOPTED,
        PASSWORD,
        SHADOWING,
    ] {
        for form in forms(secret) {
            assert!(!heard.holds(&form), "{form}");
        }
    }
    // Six digits may stand in a time by chance; this is where they would stand.
    for place in [format!("\"{otp}\""), format!(" {otp} "), format!(":{otp}")] {
        assert!(!heard.holds(&place));
    }
    assert!(
        private_files(world.home.path())
            .iter()
            .all(|path| !fs::read(path).unwrap().windows(pre_claim.len()).any(|window| window == pre_claim.as_bytes()))
    );
}

/// As the service knows it.
fn claim_token(world: &World) -> String {
    let requests = world.sandbox.requests();
    let start = requests.iter().find(|request| request.path == crate::world::START).unwrap();
    let at = start.body.find("ot_clm_").unwrap();
    start.body[at..].chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect()
}
