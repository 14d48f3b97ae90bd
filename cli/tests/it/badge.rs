//! Show, sign, look up, and `status --check`.

use enlist_sandbox::ambiguities::{DidInPath, SentryAgentAmbiguities};
use enlist_sandbox::{Action, Ambiguities, Canned, Config};
use serde_json::json;

use crate::world::{World, ending, output_with, quick};

pub(crate) const SIGN: &str = "/v1/sign";

/// With a badge.
pub(crate) fn badged(config: Config) -> World {
    let world = World::with(config);
    world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""));
    world
}

pub(crate) fn playing(sentryagent: SentryAgentAmbiguities) -> World {
    badged(Config { ambiguities: Ambiguities { sentryagent, ..Ambiguities::default() }, ..quick() })
}

/// The DID of the profile's badge.
pub(crate) fn did(world: &World) -> String {
    let status = world.json(&["status"]);
    status["data"]["identities"][0]["did"].as_str().unwrap().to_owned()
}

#[test]
fn show_reads_the_claims_and_never_prints_the_badge() {
    let world = badged(quick());
    let badge = world.token("sentryagent");
    let shown = world.json(&["badge", "show"]);
    assert_eq!((ending(&shown), &shown["command"]), ((0, ""), &json!("badge show")));
    let data = &shown["data"];
    assert_eq!((&data["did"], &data["own"], &data["verified"]), (&json!(did(&world)), &json!(true), &json!(false)));
    assert_eq!(data["untrusted_profile"]["agent_name"], "My AI Agent");
    assert!(data["expires_at"].as_str().unwrap() > data["issued_at"].as_str().unwrap());
    let text = world.command(&["badge", "show", "--output", "text"]).output().unwrap();
    let text = String::from_utf8([text.stdout, text.stderr].concat()).unwrap();
    let signature = badge.rsplit('.').next().unwrap();
    assert!(text.contains("My AI Agent") && !text.contains(signature) && !shown.to_string().contains(signature), "{text}");
    assert_eq!(ending(&world.json_in(&["badge", "show", "-"], "x")), (64, "usage"));
    assert_eq!(ending(&World::new().json(&["badge", "show"])), (4, "not_registered"));
    // What was typed where others can read it is not repeated.
    let typed = world.json(&["badge", "show", &badge]);
    assert_eq!(ending(&typed), (64, "usage"));
    assert!(!typed.to_string().contains(signature));
}

#[test]
fn sign_prints_the_signature_and_nothing_else() {
    let world = badged(quick());
    let message = world.desk.path().join("message");
    std::fs::write(&message, "from a file").unwrap();
    for output in [
        output_with(world.command(&["badge", "sign"]), "from stdin"),
        output_with(world.command(&["badge", "sign", "-"]), "from stdin"),
        world.command(&["badge", "sign", message.to_str().unwrap()]).output().unwrap(),
    ] {
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(stdout.starts_with("eyJhbGciOiJFZERTQSIsImtpZCI6") && stdout.matches('.').count() == 2, "{stdout}");
        assert_eq!((stdout.matches('\n').count(), stdout.ends_with('\n')), (1, true));
    }
    let signed = world.json_in(&["badge", "sign", "--json"], "hello");
    assert_eq!((&signed["data"]["did"], signed["data"]["signed_at"].is_string()), (&json!(did(&world)), true));
}

#[test]
fn a_message_as_large_as_is_taken_is_signed_and_a_larger_one_is_not_sent() {
    let world = badged(quick());
    assert_eq!(ending(&world.json_in(&["badge", "sign", "--json"], &"x".repeat(60_000))), (0, ""));
    let sent = world.sent(SIGN);
    assert_eq!(ending(&world.json_in(&["badge", "sign", "--json"], &"x".repeat(70_000))), (64, "usage"));
    assert_eq!(world.sent(SIGN), sent);
    // The service's own limit is told as its refusal.
    assert_eq!(ending(&world.json_in(&["badge", "sign", "--json"], &"x".repeat(65_500))), (5, "rejected"));
}

#[test]
fn what_reads_as_claims_is_signed_only_on_a_word() {
    let world = badged(quick());
    let claims = r#"{"sub":"did:sentryagent:somebody-else"}"#;
    let utf_16: String = claims.chars().flat_map(|char| [char, '\0']).collect();
    for claims in [claims, &format!("\u{feff}{claims}"), r#"{"sub":"x","y":NaN}"#, &utf_16] {
        assert_eq!(ending(&world.json_in(&["badge", "sign", "--json"], claims)), (64, "usage"), "{claims:?}");
    }
    let file = world.desk.path().join("utf-16");
    std::fs::write(&file, b"\xff\xfe{\0\"\0").unwrap();
    let refused = world.json(&["badge", "sign", "--json", file.to_str().unwrap()]);
    assert!(refused["error"]["message"].as_str().unwrap().contains("UTF-16"), "{refused}");
    assert_eq!(world.sent(SIGN), 0);
    assert_eq!(ending(&world.json_in(&["badge", "sign", "--json", "--even-claims"], claims)), (0, ""));
}

#[test]
fn a_lost_signature_is_asked_for_again() {
    let world = badged(quick());
    world.script(SIGN, Action::DropAfter);
    assert_eq!((ending(&world.json_in(&["badge", "sign", "--json"], "x")), world.sent(SIGN)), ((0, ""), 2));
    world.script(SIGN, Action::Respond(Canned::json(401, r#"{"error":"unauthorized"}"#)));
    let refused = world.json_in(&["badge", "sign", "--json"], "x");
    assert_eq!((ending(&refused), &refused["error"]["http"]), ((5, "rejected"), &json!(401)));
}

#[test]
fn look_up_finds_the_agent_however_its_did_must_be_spelt() {
    for did_in_path in [DidInPath::Either, DidInPath::RawOnly, DidInPath::EncodedOnly] {
        let world = playing(SentryAgentAmbiguities { did_in_path, ..SentryAgentAmbiguities::default() });
        let did = did(&world);
        let found = world.json(&["badge", "lookup", &did]);
        assert_eq!((ending(&found), &found["data"]["did"]), ((0, ""), &json!(did)), "{did_in_path:?}");
        assert_eq!(found["data"]["untrusted_profile"]["tools"], json!(["web-search", "email"]));
    }
    let world = World::new();
    let missing = world.json(&["badge", "lookup", "did:sentryagent:nobody"]);
    assert_eq!((ending(&missing), &missing["data"]["found"]), ((5, "rejected"), &json!(false)));
    assert_eq!(ending(&world.json(&["badge", "lookup", "did:web:example.com"])), (64, "usage"));
}

#[test]
fn status_asks_the_services_when_it_is_told_to() {
    let world = badged(quick());
    world.json(&["register", "opentrain"]);
    let checked = |world: &World| {
        let status = world.json(&["status", "--check"]);
        let identities = status["data"]["identities"].as_array().unwrap();
        let checked = identities.iter().map(|identity| identity["checked"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let is_refused = checked.iter().any(|checked| checked == "not_valid");
        assert_eq!(ending(&status), if is_refused { (5, "rejected") } else { (0, "") });
        checked
    };
    let before = world.sandbox.counts().requests;
    assert_eq!(world.json(&["status"])["data"]["identities"][0].get("checked"), None);
    assert_eq!(world.sandbox.counts().requests, before);
    assert_eq!(checked(&world), ["valid", "valid"]);
    world.script("/api/public/v1/auth/me", Action::Respond(Canned::json(401, r#"{"error":"no","code":"UNAUTHORIZED","requestId":"1"}"#)));
    world.script("/v1/verify", Action::Respond(Canned::json(200, r#"{"valid":false}"#)));
    assert_eq!(checked(&world), ["not_valid", "not_valid"]);
    world.script("/api/public/v1/auth/me", Action::Respond(Canned::status(403)));
    assert_eq!(checked(&world), ["unknown", "valid"]);
    // Nothing was dropped because of it.
    assert_eq!(world.json(&["status"])["data"]["identities"].as_array().unwrap().len(), 2);
}
