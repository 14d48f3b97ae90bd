//! Proxies, certificates, and the names of what can go wrong on the way.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use serde_json::Value;

use crate::forwarder::Forwarder;
use crate::tls_server::Server;
use crate::world::{OWNER, World, ending, private_files, quick, settled};

const CA: &[u8] = include_bytes!("../../../net/tests/tls/ca.pem");
const VALID: &[u8] = include_bytes!("../../../net/tests/tls/valid.der");
/// A question that may be repeated, so that a failure is the network's and nobody's doubt.
const ASK: [&str; 4] = ["badge", "lookup", "did:sentryagent:abc123", "--json"];

fn ask(world: &World, url: &str, variables: &[(&str, &str)], flags: &[&str]) -> Value {
    let mut command = world.command(&[&ASK, flags].concat());
    command.env("ENLIST_SENTRYAGENT_URL", url).envs(variables.iter().copied());
    settled(command.output().unwrap())
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What failed, by error code and by the words of message and hint.
fn assert_class(document: &Value, code: &str, words: &[&str], hint: &str) {
    assert_eq!(ending(document), (6, code), "{document}");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(words.iter().all(|word| message.contains(word)), "{message}");
    assert!(document["error"]["hint"].as_str().unwrap().contains(hint), "{document}");
    assert_eq!(document["error"]["retryable"], true);
}

#[test]
fn a_refused_connection_is_named() {
    let document = ask(&World::new(), &format!("http://127.0.0.1:{}", closed_port()), &[], &[]);
    assert_class(&document, "network", &["no connection", "refused"], "firewall");
}

#[test]
fn a_name_that_nobody_knows_is_named() {
    assert_class(
        &ask(&World::new(), "https://service.invalid", &[], &[]),
        "network",
        &["https://service.invalid cannot be reached: ", "name could not be resolved"],
        "no network",
    );
}

#[test]
fn a_certificate_that_is_not_trusted_is_named_with_the_way_out() {
    let server = Server::new(VALID);
    let document = ask(&World::new(), &format!("https://localhost:{}", server.port), &[], &[]);
    assert_class(&document, "tls", &["certificate", "UnknownIssuer"], "--ca-file FILE");
    assert_eq!(server.received(), "");
}

#[test]
fn a_clock_that_is_wrong_is_thought_of() {
    let (world, server) = (World::new(), Server::new(include_bytes!("../../../net/tests/tls/expired.der")));
    let ca = ca_file(&world);
    let document = ask(&world, &format!("https://localhost:{}", server.port), &[], &["--ca-file", &ca]);
    assert_class(&document, "tls", &["expired"], "clock");
}

#[test]
fn a_proxy_that_wants_a_login_is_named() {
    let (world, proxy) = (World::new(), Forwarder::with_login());
    for (variables, flags) in [(&[][..], &["--proxy", &*proxy.url()][..]), (&[("HTTPS_PROXY", &*proxy.url())], &[])] {
        let document = ask(&world, "https://service.invalid", variables, flags);
        assert_class(&document, "proxy", &["proxy", "407"], "NAME:PASSWORD@HOST:PORT");
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let url = format!("http://127.0.0.1:{}", closed_port());
    let document = ask(&World::new(), "https://service.invalid", &[("ALL_PROXY", &url)], &[]);
    assert_class(&document, "proxy", &["proxy", "could not be reached", "refused"], "NO_PROXY");
}

#[test]
fn a_timeout_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().for_each(|stream| drop(thread::spawn(|| stream.unwrap().read_to_end(&mut Vec::new())))));
    assert_class(&ask(&World::new(), &url, &[], &["--timeout", "1s"]), "timeout", &["no answer within the time"], "slow");
}

#[test]
fn a_whole_claim_goes_through_a_proxy_with_a_login_that_is_never_shown() {
    let (world, proxy) = (World::with(quick()), Forwarder::with_login());
    let by_proxy = |arguments: &[&str]| {
        let output = world.command(&[arguments, &["--proxy", &proxy.url_with_login(), "-vv"]].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!said.contains("joe") && !said.contains("s p@") && !said.contains("s%20p") && !said.contains("am9l"), "{said}");
        settled(output)
    };
    assert_eq!(ending(&by_proxy(&["register", "opentrain", "--json"])), (0, ""));
    let started = by_proxy(&["claim", "--email", OWNER, "--no-wait", "--json"]);
    world.type_code(&started["data"]);
    assert_eq!(ending(&by_proxy(&["resume", "--max-wait", "10s", "--json"])), (0, ""));
    let heads = proxy.heads();
    let target = format!("CONNECT {} ", world.sandbox.addr());
    assert!(heads.len() >= 3 && heads.iter().all(|head| head.starts_with(&target)), "{heads:?}");
    for file in private_files(world.home.path()) {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains("joe:"), "{}", file.display());
    }
}

/// The last line: there may be events before it.
fn settled_last(mut output: std::process::Output) -> Value {
    let stdout = String::from_utf8(output.stdout).unwrap();
    output.stdout = format!("{}\n", stdout.lines().last().unwrap()).into_bytes();
    settled(output)
}

#[test]
fn this_machine_and_the_exceptions_are_reached_without_the_environments_proxy() {
    let (world, proxy) = (World::new(), Forwarder::new());
    let nobody = format!("http://127.0.0.1:{}", closed_port());
    let all = [("ALL_PROXY", &*nobody), ("HTTPS_PROXY", &*nobody), ("http_proxy", &*nobody)];
    let not_there = (5, "rejected");
    assert_eq!(ending(&ask(&world, world.sandbox.url(), &all, &[])), not_there);
    // The second time with the colons encoded.
    for (list, times) in [("127.0.0.1", 0), ("other.example", 2)] {
        assert_eq!(ending(&ask(&world, world.sandbox.url(), &[("NO_PROXY", list)], &["--proxy", &proxy.url()])), not_there);
        assert_eq!(proxy.heads().len(), times, "{list}");
    }
}

fn ca_file(world: &World) -> String {
    let path = world.desk.path().join("ca.pem");
    fs::write(&path, CA).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_company_certificate_is_trusted_by_flag_and_by_variable() {
    let (world, server) = (World::new(), Server::new(VALID));
    let (ca, url) = (ca_file(&world), format!("https://localhost:{}", server.port));
    for (variables, flags) in [
        (&[][..], &["--ca-file", &*ca][..]),
        (&[("ENLIST_CA_FILE", &*ca)], &[]),
        (&[("SSL_CERT_FILE", &*ca)], &[]),
        (&[("ENLIST_CA_FILE", &*ca), ("SSL_CERT_FILE", "/does/not/exist")], &[]),
    ] {
        let document = ask(&world, &url, variables, flags);
        // It answers {}: no manifest, but an answer.
        assert_eq!(ending(&document), (5, "protocol_violation"), "{document}");
    }
    assert!(server.received().contains("GET /v1/manifest/"));
}

/// Certificates only add to the built-in ones, so what cannot be read of them stops nothing. Only a named file must be there.
#[test]
fn certificates_that_cannot_be_read_are_a_warning() {
    let (world, server) = (World::new(), Server::new(VALID));
    let url = format!("https://localhost:{}", server.port);
    let file = |name: &str, text: String| {
        let path = world.home.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ca = String::from_utf8(CA.to_vec()).unwrap();
    let damaged = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    let (none, mixed) = (file("none.pem", "x".to_owned()), file("mixed.pem", format!("\u{feff}{damaged}{ca}")));
    let trusted = file("trusted.pem", ca.replace("CERTIFICATE", "TRUSTED CERTIFICATE"));
    for (variables, flags, warning, is_trusted) in [
        (&[][..], &["--ca-file", &*mixed][..], Some("1 of the 2 certificates"), true),
        (&[("ENLIST_CA_FILE", &*mixed)], &[], Some("1 of the 2 certificates"), true),
        (&[("SSL_CERT_FILE", &*trusted)], &[], None, true),
        (&[], &["--ca-file", &*none], Some("no certificate"), false),
        (&[("SSL_CERT_FILE", &*none)], &[], Some("no certificate"), false),
        (&[("ENLIST_CA_FILE", "/does/not/exist")], &[], Some("/does/not/exist"), false),
    ] {
        let document = ask(&world, &url, variables, flags);
        let expected = if is_trusted { (5, "protocol_violation") } else { (6, "tls") };
        assert_eq!(ending(&document), expected, "{variables:?} {flags:?} {document}");
        let warnings = document["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), usize::from(warning.is_some()), "{variables:?} {flags:?} {document}");
        assert!(warning.is_none_or(|words| warnings[0].as_str().unwrap().contains(words)), "{document}");
    }
}

#[test]
fn a_company_that_opens_the_connection_is_met_through_its_proxy() {
    let (world, server) = (World::new(), Server::new(VALID));
    let (ca, proxy) = (ca_file(&world), Forwarder::to(server.port));
    let variables = [("HTTPS_PROXY", &*proxy.url()), ("ENLIST_CA_FILE", &*ca)];
    assert_eq!(ending(&ask(&world, "https://localhost", &variables[1..], &["--proxy", &proxy.url()])), (5, "protocol_violation"));
    // Its certificate is for localhost, not for the service.
    let document = ask(&world, "https://identity.sentryagent.ai", &variables, &[]);
    assert_class(&document, "tls", &["certificate"], "another server");
    assert!(proxy.heads().concat().contains("CONNECT identity.sentryagent.ai:443 "));
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_sent() {
    let world = World::new();
    let flags = |flags: &[&str]| world.command(&[&["register", "opentrain"], flags].concat());
    let variable = |name: &str, value: &str| {
        let mut command = world.command(&["register", "opentrain"]);
        command.env(name, value);
        command
    };
    let cases: [(Command, &str); 6] = [
        (flags(&["--proxy", "ftp://joe:CANARY@proxy.example"]), "--proxy"),
        (flags(&["--proxy", ""]), "--proxy"),
        (flags(&["--ca-file", "/does/not/exist"]), "--ca-file: /does/not/exist"),
        (variable("HTTPS_PROXY", "ftp://joe:CANARY@proxy.example"), "HTTPS_PROXY"),
        (variable("ALL_PROXY", "http://joe:CANARY@"), "ALL_PROXY"),
        (flags(&["-v", "-q"]), "--quiet"),
    ];
    for (mut command, named) in cases {
        let document = settled_last(command.output().unwrap());
        assert_eq!(ending(&document), (64, "usage"), "{document}");
        assert!(document["error"]["message"].as_str().unwrap().contains(named), "{named}: {document}");
        assert!(!document.to_string().contains("CANARY"), "{document}");
    }
    assert_eq!(world.sandbox.counts().requests, 0);
    let flows = private_files(world.home.path()).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    assert_eq!(flows.count(), 0, "nothing is left of a start that was refused");
}

#[test]
fn what_needs_no_network_does_not_mind_a_variable() {
    let world = World::registered(quick());
    for arguments in [&["token", "opentrain"][..], &["status"], &["pending"]] {
        let mut command = world.command(arguments);
        command.env("HTTPS_PROXY", "ftp://x").env("SSL_CERT_FILE", "/does/not/exist");
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    }
}
