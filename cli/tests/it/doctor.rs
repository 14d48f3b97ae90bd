//! `enlist doctor`: what it sees, and what its report keeps to itself.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};

use enlist_sandbox::{Action, Canned};
use serde_json::Value;

use crate::forwarder::Forwarder;
use crate::tls_server::Server;
use crate::world::{OWNER, World, ending, private_files, quick, settled};

const TOKEN: &str = "ot_pat_8f2a_CANARYCANARYCANARY91cd";

fn doctor(world: &World, flags: &[&str], variables: &[(&str, &str)]) -> Value {
    let mut command = world.command(&[&["doctor"], flags].concat());
    settled(command.envs(variables.iter().copied()).output().unwrap())
}

fn check<'a>(document: &'a Value, name: &str) -> &'a Value {
    let checks = document["data"]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {document}"))
}

#[track_caller]
fn assert_check(document: &Value, name: &str, state: &str, detail: &str) {
    let check = check(document, name);
    assert_eq!(check["state"], state, "{check}");
    assert!(check["detail"].as_str().unwrap().contains(detail), "{check}");
    // What fails has the hint of the command that would fail with it, if it has one.
    assert!(state == "fail" || check["hint"].is_null() == (state == "ok"), "{check}");
}

#[test]
fn all_is_well() {
    let world = World::registered(quick());
    let document = doctor(&world, &[], &[]);
    assert_eq!((ending(&document), &document["status"]), ((0, ""), &"ready".into()));
    let names: Vec<_> = document["data"]["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["proxy", "certificates", "store", "variables", "pending", "opentrain", "sentryagent", "clock"]);
    assert!(names.iter().all(|name| check(&document, name)["state"] == "ok"), "{document}");
    // Only questions that change nothing.
    let requests = world.sandbox.requests();
    let asked: Vec<_> = requests.iter().skip(1).map(|request| format!("{} {}", request.method, request.path)).collect();
    assert_eq!(asked, ["GET /.well-known/oauth-protected-resource", "GET /v1/health"]);
    let output = world.command(&["doctor", "--output", "text"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("ok    proxy         opentrain directly (no proxy is set); sentryagent directly"), "{text}");
}

#[test]
fn it_changes_nothing() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait", "--json"]);
    let look = || private_files(world.home.path()).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect::<Vec<_>>();
    let before = look();
    assert_eq!(ending(&doctor(&world, &[], &[])), (0, ""));
    assert_eq!(look(), before);
    let empty = tempfile::tempdir().unwrap();
    let home = empty.path().join("not/yet");
    let document = doctor(&world, &[], &[("ENLIST_HOME", home.to_str().unwrap())]);
    assert_check(&document, "store", "ok", "empty, and can be written");
    assert!(!empty.path().join("not").exists());
}

#[test]
fn offline_sends_nothing() {
    let world = World::new();
    let document = doctor(&world, &["--offline"], &[]);
    assert_eq!(ending(&document), (0, ""));
    assert_eq!(world.sandbox.counts().requests, 0);
    assert_eq!(document["data"]["checks"].as_array().unwrap().len(), 5);
}

#[test]
fn proxies_are_told_without_their_logins() {
    let world = World::new();
    let elsewhere = [("ENLIST_OPENTRAIN_URL", "https://app.opentrain.ai"), ("ENLIST_SENTRYAGENT_URL", "https://identity.sentryagent.ai")];
    let with = |variables: &[(&str, &str)]| doctor(&world, &["--offline"], &[&elsewhere, variables].concat());
    let document = with(&[("HTTPS_PROXY", "http://joe:CANARY@proxy.example:3128"), ("NO_PROXY", "sentryagent.ai")]);
    assert_check(
        &document,
        "proxy",
        "ok",
        "opentrain through http://proxy.example:3128, with a login (HTTPS_PROXY); sentryagent directly (NO_PROXY)",
    );
    assert!(!document.to_string().contains("CANARY") && !document.to_string().contains("joe"), "{document}");
    assert_check(&with(&[("HTTP_PROXY", "http://proxy.example:3128")]), "proxy", "warn", "HTTP_PROXY is set but not used");
    let document = with(&[("ALL_PROXY", "ftp://joe:CANARY@x")]);
    assert_check(&document, "proxy", "fail", "ALL_PROXY");
    assert_eq!(ending(&document), (64, "usage"));
    assert!(!document.to_string().contains("CANARY"));
    let document = with(&[("SSL_CERT_FILE", "/does/not/exist")]);
    assert_check(&document, "certificates", "warn", "SSL_CERT_FILE: /does/not/exist");
    assert_ne!(ending(&document).1, "usage", "{document}");
}

#[test]
fn what_is_out_of_reach_is_named_and_gives_the_exit_code() {
    let world = World::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = format!("http://127.0.0.1:{port}");
    let document = doctor(&world, &[], &[("ENLIST_OPENTRAIN_URL", &refused)]);
    assert_eq!(ending(&document), (6, "network"));
    assert_check(&document, "opentrain", "fail", "no connection");
    assert_check(&document, "sentryagent", "ok", "answers");

    let server = Server::new(include_bytes!("../../../net/tests/tls/valid.der"));
    let untrusted = format!("https://localhost:{}", server.port);
    let document = doctor(&world, &[], &[("ENLIST_SENTRYAGENT_URL", &untrusted)]);
    assert_eq!(ending(&document), (6, "tls"));
    assert!(check(&document, "sentryagent")["hint"].as_str().unwrap().contains("--ca-file"));

    let proxy = Forwarder::with_login();
    let document = doctor(&world, &["--proxy", &proxy.url()], &[]);
    assert_eq!(ending(&document), (6, "proxy"));
    assert_check(&document, "sentryagent", "fail", "407");
}

#[test]
fn a_service_that_is_down_or_another_one_is_a_doubt() {
    let world = World::new();
    world.script("/v1/health", Action::Respond(Canned { status: 503, ..Canned::default() }));
    let document = doctor(&world, &[], &[]);
    assert_eq!(ending(&document), (0, ""));
    assert_check(&document, "sentryagent", "warn", "answers with 503");
    let portal = answering("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>".to_owned());
    let document = doctor(&world, &[], &[("ENLIST_OPENTRAIN_URL", &portal)]);
    assert_check(&document, "opentrain", "warn", "not as the service does");
}

/// Answers everything so.
fn answering(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn a_clock_that_is_wrong_is_seen() {
    let world = World::new();
    for (date, state, detail) in [
        ("Thu, 01 Jan 2026 00:00:00 GMT".to_owned(), "warn", "ahead of opentrain's"),
        ("Fri, 01 Jan 2100 00:00:00 GMT".to_owned(), "warn", "behind opentrain's"),
        ("nonsense".to_owned(), "ok", "within 30 s"),
        (http_date(SystemTime::now() - Duration::from_secs(10)), "ok", "within 30 s"),
    ] {
        let url = answering(format!("HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: 2\r\n\r\n{{}}"));
        assert_check(&doctor(&world, &[], &[("ENLIST_OPENTRAIN_URL", &url)]), "clock", state, detail);
    }
    let silent = answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned());
    let document = doctor(&world, &[], &[("ENLIST_OPENTRAIN_URL", &silent), ("ENLIST_SENTRYAGENT_URL", &silent)]);
    assert_check(&document, "clock", "ok", "not compared");
}

fn http_date(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let output = Command::new("date").args(["-u", "-d", &format!("@{seconds}"), "+%a, %d %b %Y %H:%M:%S GMT"]).env("LC_ALL", "C").output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn a_store_that_others_can_read_or_that_cannot_be_written_is_seen() {
    let world = World::registered(quick());
    let file = private_files(world.home.path()).into_iter().find(|path| path.ends_with("credential.json")).unwrap();
    let chmod = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (path, mode) in [(file.as_path(), 0o644), (file.parent().unwrap(), 0o755)] {
        let before = fs::metadata(path).unwrap().mode() & 0o777;
        chmod(path, mode);
        let document = doctor(&world, &["--offline"], &[]);
        assert_eq!(ending(&document), (9, "store_corrupt"));
        assert_check(&document, "store", "fail", path.to_str().unwrap());
        chmod(path, before);
    }
    let link = world.home.path().join("link");
    symlink("/etc/passwd", &link).unwrap();
    assert_check(&doctor(&world, &["--offline"], &[]), "store", "fail", "link");
    fs::remove_file(&link).unwrap();
    for home in [world.manifest(), world.manifest() + "/below"] {
        assert_eq!(ending(&doctor(&world, &["--offline"], &[("ENLIST_HOME", &home)])), (9, "store_unwritable"), "{home}");
    }
    let document = doctor(&world, &["--offline"], &[("ENLIST_HOME", ""), ("HOME", "")]);
    assert_eq!(ending(&document), (9, "store_unwritable"));
}

#[test]
fn a_variable_that_stands_before_the_stored_token_is_seen() {
    let world = World::new();
    assert_check(&doctor(&world, &["--offline"], &[("OT_API_TOKEN", TOKEN)]), "variables", "ok", "has no token of OpenTrain");
    let world = World::registered(quick());
    for name in ["OT_API_TOKEN", "OPENTRAIN_API_TOKEN", "OPENTRAIN_PERSONAL_API_TOKEN"] {
        let document = doctor(&world, &["--offline"], &[(name, TOKEN)]);
        assert_check(&document, "variables", "warn", name);
        assert!(!document.to_string().contains("CANARY"));
    }
    let own = world.token("opentrain");
    assert_check(&doctor(&world, &["--offline"], &[("OT_API_TOKEN", &own)]), "variables", "ok", "is set to the stored token");
}

#[test]
fn what_is_pending_is_told() {
    let world = World::registered(quick());
    let flow = world.json(&["claim", "--email", OWNER, "--no-wait", "--json"])["data"]["flow"].as_str().unwrap().to_owned();
    assert_check(&doctor(&world, &["--offline"], &[]), "pending", "warn", &flow);
}

/// A home of a person with a name, a claim under way, a proxy with a login, and a failure of each kind that quotes something.
#[test]
fn the_report_keeps_secrets_addresses_and_names_to_itself() {
    let world = World::registered(quick());
    let person = world.desk.path().join("jane.canary");
    fs::create_dir(&person).unwrap();
    let started = world.json(&["claim", "--email", OWNER, "--no-wait", "--json", "--profile", "default"]);
    let token = world.token("opentrain");
    let server = Server::new(include_bytes!("../../../net/tests/tls/other_name.der"));
    let untrusted = format!("https://localhost:{}", server.port);
    let ca = person.join("ca.pem");
    fs::write(&ca, include_bytes!("../../../net/tests/tls/ca.pem")).unwrap();
    let file = person.join("report.json");
    let variables = [
        ("HTTPS_PROXY", "http://joe:CANARY@proxy.canary.example:3128"),
        ("NO_PROXY", "localhost,canary.internal"),
        ("OT_API_TOKEN", TOKEN),
        ("ENLIST_SENTRYAGENT_URL", &*untrusted),
        ("ENLIST_CA_FILE", ca.to_str().unwrap()),
    ];
    let mut command = world.command(&["doctor", "--json", "--bundle", file.to_str().unwrap()]);
    let document = settled(command.envs(variables).env("HOME", &person).output().unwrap());
    assert_eq!(ending(&document), (6, "tls"));
    assert_eq!(document["data"]["bundle_file"], file.to_str().unwrap());
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let report = fs::read_to_string(&file).unwrap();

    // The document says more than the report, and no secret either.
    let secrets = ["CANARY", "joe", &token, &token[token.len() - 4..], OWNER, "owner@", started["data"]["user_code"].as_str().unwrap()];
    let private =
        ["canary", "elsewhere.example", person.to_str().unwrap(), world.home.path().to_str().unwrap(), "127.0.0.1", "3128", "clm_"];
    for secret in secrets {
        assert!(!document.to_string().contains(secret), "{secret}: {document}");
        assert!(!report.contains(secret), "{secret}: {report}");
    }
    for word in private {
        assert!(!report.contains(word), "{word}: {report}");
    }
    let report: Value = serde_json::from_str(&report).unwrap();
    for name in ["HTTPS_PROXY", "NO_PROXY", "OT_API_TOKEN", "ENLIST_CA_FILE", "ENLIST_HOME", "HOME"] {
        assert!(report["variables_set"].as_array().unwrap().contains(&name.into()), "{name}: {report}");
    }
    let states: Vec<_> = report["checks"].as_array().unwrap().iter().map(|check| check["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ok", "ok", "ok", "warn", "warn", "ok", "fail", "ok"]);
    // A report is never written over another file.
    let again = world.command(&["doctor", "--json", "--offline", "--bundle", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(ending(&settled(again)), (64, "usage"));
}

#[test]
fn the_report_can_be_all_of_stdout() {
    let world = World::new();
    let output = world.command(&["doctor", "--bundle", "-", "--output", "text"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["enlist"], &report["offline"]), (&env!("CARGO_PKG_VERSION").into(), &false.into()));
    assert_eq!(doctor(&world, &["--bundle", "-"], &[])["data"]["bundle"]["checks"].as_array().unwrap().len(), 8);
}

/// Each identity keeps to the address where it began, and each profile has flows of its own.
#[test]
fn it_looks_at_what_is_stored_in_every_profile() {
    let (world, elsewhere) = (World::new(), World::new());
    let url = elsewhere.sandbox.url();
    world.json(&["register", "opentrain", "--base-url", url]);
    let begun = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "-p", "work", "--no-wait"]);
    let document = doctor(&world, &[], &[]);
    assert_check(&document, "opentrain", "ok", url);
    let flow = begun["data"]["flow"].as_str().unwrap();
    assert_check(&document, "pending", "warn", &format!("{flow} (sentryagent)  (profile work)"));
}
