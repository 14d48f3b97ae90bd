//! `badge verify`: online, offline, with keys that are old or unknown.

use std::fs;
use std::path::PathBuf;

use enlist_sandbox::{Action, Canned, Config, Scripted};
use serde_json::{Value, json};

use crate::badge::{badged, did};
use crate::world::{World, ending, private_files, quick};

const VERIFY: &str = "/v1/verify";
const JWKS: &str = "/v1/jwks";

/// The one file of kept keys.
fn keys_file(world: &World) -> PathBuf {
    let folder = world.home.path().join("keys");
    private_files(&folder).pop().unwrap()
}

/// As if the keys had been fetched, and fetched for an unknown key, so long ago.
fn age_keys(world: &World, seconds: i64) {
    let path = keys_file(world);
    let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for name in ["fetched_at", "refetched_at"] {
        if let Some(at) = file[name].as_i64() {
            file[name] = (at - seconds * 1000).into();
        }
    }
    fs::write(&path, file.to_string()).unwrap();
}

fn verify(world: &World, badge: &str, flags: &[&str]) -> Value {
    world.json_in(&[&["badge", "verify", "-"], flags].concat(), badge)
}

#[test]
fn the_own_badge_and_one_that_was_shown() {
    let world = badged(quick());
    let badge = world.token("sentryagent");
    let own = world.json(&["badge", "verify"]);
    assert_eq!((ending(&own), &own["data"]["did"], &own["data"]["service"]), ((0, ""), &json!(did(&world)), &json!("valid")));
    assert_eq!((world.sent(JWKS), world.sent(VERIFY)), (1, 1));
    assert_eq!((&own["data"]["keys"]["cached"], &own["data"]["keys"]["usable"]), (&json!(false), &json!(1)));
    let file = world.desk.path().join("badge");
    fs::write(&file, format!("{badge}\n")).unwrap();
    let shown = world.json(&["badge", "verify", file.to_str().unwrap()]);
    assert_eq!((ending(&shown), &shown["data"]["keys"]["cached"]), ((0, ""), &json!(true)));
    assert_eq!((world.sent(JWKS), world.sent(VERIFY)), (1, 2), "keys that are fresh are not fetched again");
    assert_eq!(shown["data"]["untrusted_profile"]["agent_name"], "My AI Agent");
    assert!(shown["data"]["expires_at"].is_string());
}

#[test]
fn offline_it_works_with_kept_keys_and_says_how_old_they_are() {
    let world = badged(quick());
    let badge = world.token("sentryagent");
    let none = verify(&world, &badge, &["--offline"]);
    assert_eq!((ending(&none), world.sent(JWKS)), ((64, "usage"), 0));
    verify(&world, &badge, &[]);
    age_keys(&world, 3 * 86_400);
    let requests = world.sandbox.counts().requests;
    let url = world.sandbox.url().to_owned();
    // Nobody is there any more.
    let World { sandbox, home, desk } = world;
    drop(sandbox);
    let mut command = crate::run::command(&["badge", "verify", "--offline"]);
    command.env("ENLIST_HOME", home.path()).env("HOME", desk.path()).env("ENLIST_SENTRYAGENT_URL", &url);
    let offline = crate::world::settled(command.output().unwrap());
    assert_eq!((ending(&offline), &offline["data"]["service"]), ((0, ""), &json!("not_asked")));
    let age = offline["data"]["keys"]["age_s"].as_u64().unwrap();
    assert!((3 * 86_400..3 * 86_400 + 60).contains(&age), "{age}");
    assert!(offline["warnings"][0].as_str().unwrap().contains("revoked"));
    let mut command = crate::run::command(&["badge", "verify", "--offline", "--output", "text"]);
    command.env("ENLIST_HOME", home.path()).env("HOME", desk.path()).env("ENLIST_SENTRYAGENT_URL", &url);
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(text.contains("keys fetched 3 days ago"), "{text}");
    assert!(requests > 0);
}

/// The clock was ahead when the keys were fetched, and is right again. A key that was withdrawn must not count for years.
#[test]
fn keys_from_the_future_are_old() {
    let world = badged(quick());
    world.json(&["badge", "verify"]);
    age_keys(&world, -2 * 365 * 86_400);
    let offline = world.json(&["badge", "verify", "--offline"]);
    assert_eq!((ending(&offline), &offline["data"]["keys"]["age_s"]), ((0, ""), &json!(null)));
    assert!(offline["warnings"][0].as_str().unwrap().contains("which is in the future"), "{offline}");
    // While they cannot be fetched anew, that is said too.
    world.sandbox.script([Scripted::new(JWKS, Action::DropBefore).times(3)]);
    let kept = world.json(&["badge", "verify"]);
    assert!(kept["warnings"][0].as_str().unwrap().contains("their age is not known"), "{kept}");
    let sent = world.sent(JWKS);
    let withdrawn = r#"{"keys":[{"kty":"OKP","use":"sig","kid":"key-0","alg":"EdDSA","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    world.sandbox.script([Scripted::new(JWKS, Action::Respond(Canned::json(200, withdrawn)))]);
    let refused = world.json(&["badge", "verify"]);
    assert_eq!((ending(&refused), &refused["data"]["reason"], world.sent(JWKS)), ((5, "badge_invalid"), &json!("unknown_key"), sent + 1));
}

#[test]
fn what_is_not_valid_says_why() {
    let world = badged(quick());
    let badge = world.token("sentryagent");
    let (signed, signature) = badge.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    for (text, reason) in [
        (format!("{header}.{claims}"), "malformed"),
        (format!("{badge}="), "malformed"),
        (format!("eyJhbGciOiJub25lIn0.{claims}."), "algorithm"),
        (format!("{header}.e30.{signature}"), "signature"),
    ] {
        let refused = verify(&world, &text, &[]);
        assert_eq!((ending(&refused), &refused["data"]["reason"]), ((5, "badge_invalid"), &json!(reason)), "{text}");
        assert_eq!(refused["data"]["valid"], false);
    }
    assert_eq!(world.sent(VERIFY), 0, "the service is not asked about what is not signed");
    assert_eq!(ending(&verify(&world, &badge, &["--issuer", "https://other.example"])), (5, "badge_invalid"));
    assert_eq!(ending(&verify(&world, &badge, &["--issuer", world.sandbox.url()])), (0, ""));
    assert_eq!(ending(&verify(&world, &badge, &["--audience", "me"])), (5, "badge_invalid"));
    // Offline the same, and a badge that has run out.
    let short = badged(Config { badge_lifetime: std::time::Duration::from_secs(0), ..quick() });
    age_keys_of_a_badge_that_runs_out(&short);
}

fn age_keys_of_a_badge_that_runs_out(world: &World) {
    // Within the leeway of a minute it still counts, so that only the service says no.
    let verdict = world.json(&["badge", "verify"]);
    assert_eq!((ending(&verdict), &verdict["data"]["service"]), ((5, "badge_invalid"), &json!("not_valid")));
}

#[test]
fn a_revoked_badge_is_valid_offline_and_not_online() {
    let world = badged(quick());
    let badge = world.token("sentryagent");
    assert_eq!(ending(&world.json(&["badge", "revoke", "--yes"])), (0, ""));
    let online = verify(&world, &badge, &[]);
    assert_eq!((ending(&online), &online["data"]["reason"]), ((5, "badge_invalid"), &json!("revoked")));
    assert_eq!(ending(&verify(&world, &badge, &["--offline"])), (0, ""));
}

#[test]
fn without_the_services_word_a_good_signature_is_no_verdict() {
    let world = badged(quick());
    world.sandbox.script([Scripted::new(VERIFY, Action::DropBefore).times(3)]);
    let unknown = world.json(&["badge", "verify"]);
    assert_eq!(
        (ending(&unknown), &unknown["data"]["valid"], &unknown["data"]["service"]),
        ((6, "network"), &json!(null), &json!("unknown"))
    );
}

/// The keys of before the service took another one.
const OLD_KEYS: &str =
    r#"{"keys":[{"kty":"OKP","use":"sig","kid":"key-0","alg":"EdDSA","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

#[test]
fn an_unknown_key_has_the_keys_fetched_once_and_not_again_for_a_minute() {
    let world = badged(quick());
    let badge = world.token("sentryagent");
    let respond = |canned| world.sandbox.script([Scripted::new(JWKS, Action::Respond(canned))]);
    respond(Canned::json(200, OLD_KEYS));
    let first = verify(&world, &badge, &[]);
    assert_eq!((ending(&first), &first["data"]["reason"], world.sent(JWKS)), ((5, "badge_invalid"), &json!("unknown_key"), 1));
    age_keys(&world, 10);
    assert_eq!(ending(&verify(&world, &badge, &["--offline"])), (5, "badge_invalid"));
    assert_eq!(world.sent(JWKS), 1);
    // A refetch that fails counts as well.
    respond(Canned::status(404));
    assert_eq!(ending(&verify(&world, &badge, &[])), (5, "rejected"));
    // Within a minute, nobody's kid makes it ask again; so it cannot tell.
    let early = verify(&world, &badge, &[]);
    assert_eq!((ending(&early), &early["data"]["reason"], world.sent(JWKS)), ((6, "cannot_tell"), &json!("unknown_key"), 2));
    assert_eq!((&early["data"]["valid"], &early["error"]["retryable"]), (&json!(null), &json!(true)));
    let wait = early["error"]["retry_after_s"].as_u64().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    age_keys(&world, 61);
    let good = verify(&world, &badge, &[]);
    assert_eq!((ending(&good), &good["data"]["keys"]["cached"], world.sent(JWKS)), ((0, ""), &json!(false), 3));
}

/// The keys were fetched a moment ago, as usual, and the service has taken another key since.
#[test]
fn a_key_that_was_published_after_the_last_fetch_is_found() {
    let world = badged(quick());
    let badge = world.token("sentryagent");
    verify(&world, &badge, &[]);
    let path = keys_file(&world);
    let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    file["jwks"] = OLD_KEYS.into();
    fs::write(&path, file.to_string()).unwrap();
    let found = verify(&world, &badge, &[]);
    assert_eq!((ending(&found), &found["data"]["keys"]["cached"], world.sent(JWKS)), ((0, ""), &json!(false), 2));
}

/// Badges of another service's key, each with the kept keys of that service.
#[test]
fn offline_a_badge_without_an_end_is_refused_unless_it_is_asked_for() {
    let world = badged(quick());
    world.json(&["badge", "verify"]);
    let path = keys_file(&world);
    let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    file["jwks"] = BRIDGE_KEYS.into();
    fs::write(&path, file.to_string()).unwrap();
    let refused = verify(&world, NO_EXP, &["--offline"]);
    assert_eq!((ending(&refused), &refused["data"]["reason"]), ((5, "badge_invalid"), &json!("no_expiry")), "{refused}");
    assert!(refused["error"]["hint"].as_str().unwrap().contains("--no-expiry"), "{refused}");
    let accepted = verify(&world, NO_EXP, &["--offline", "--no-expiry"]);
    assert_eq!((ending(&accepted), &accepted["data"]["expires_at"]), ((0, ""), &json!(null)), "{accepted}");
    // Online the service decides. This service did not issue the badge.
    let online = verify(&world, NO_EXP, &[]);
    assert_eq!((ending(&online), &online["data"]["service"]), ((5, "badge_invalid"), &json!("not_valid")), "{online}");
    let future = verify(&world, FUTURE, &["--offline"]);
    assert_eq!((ending(&future), &future["data"]["reason"]), ((5, "badge_invalid"), &json!("issued_in_future")), "{future}");
    assert!(future["error"]["hint"].as_str().unwrap().contains("clock"), "{future}");
}

/// From `core/tests/badge_cases.json`: the keys, a badge without `exp`, and one whose `iat` is in 2099.
const BRIDGE_KEYS: &str =
    r#"{"keys":[{"kty":"OKP","use":"sig","kid":"key-1","alg":"EdDSA","crv":"Ed25519","x":"6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw"}]}"#;
const NO_EXP: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIiwiaWF0IjoxNzgxMjU0ODAwfQ.NExdA1VrOvBSQgYHHvvETmWimlPcf6dF2B7MNgS8AEgI6x5k3GA72X6O5AkrtiXL6gE020BEyvqdtLfsCGgRDQ";
const FUTURE: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjQwNzA5MDg4MDB9.IuqXjaKSkKze63DbAHshbwqnAuZzrKTgs32W09F7ExxeP78QQWVfLNXUiexOIVDaWw452U1VugeC4EjOr5jPAg";

#[test]
fn old_keys_are_fetched_anew_and_do_where_that_fails() {
    let world = badged(quick());
    world.json(&["badge", "verify"]);
    age_keys(&world, 3601);
    world.sandbox.script([Scripted::new(JWKS, Action::DropBefore).times(3)]);
    let old = world.json(&["badge", "verify"]);
    assert_eq!((ending(&old), &old["data"]["keys"]["cached"]), ((0, ""), &json!(true)));
    assert!(old["warnings"][0].as_str().unwrap().contains("60 minutes old"), "{old}");
    let new = world.json(&["badge", "verify"]);
    assert_eq!((ending(&new), &new["data"]["keys"]["cached"]), ((0, ""), &json!(false)));
}

#[test]
fn keys_that_others_could_write_to_are_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let world = badged(quick());
    world.json(&["badge", "verify"]);
    fs::set_permissions(keys_file(&world), fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(ending(&world.json(&["badge", "verify"])), (9, "store_corrupt"));
}

#[test]
fn a_cache_that_cannot_be_read_is_replaced() {
    let world = badged(quick());
    world.json(&["badge", "verify"]);
    fs::write(keys_file(&world), "{").unwrap();
    assert_eq!(ending(&world.json(&["badge", "verify", "--offline"])), (64, "usage"));
    assert_eq!((ending(&world.json(&["badge", "verify"])), world.sent(JWKS)), ((0, ""), 2));
}
