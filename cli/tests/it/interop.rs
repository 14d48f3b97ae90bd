//! OpenTrain's own tool: its file is taken over and written, never damaged.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use serde_json::Value;

use crate::world::{OWNER, World, ending, next, quick, settled};

const TOKEN: &str = "ot_pat_8f2a_THEIRTHEIRTHEIR91cd";

fn path(world: &World) -> PathBuf {
    world.desk.path().join(".config/opentrain/cli.json")
}

fn write(world: &World, json: &str) -> PathBuf {
    let path = path(world);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, json).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

fn read(world: &World) -> Value {
    serde_json::from_slice(&fs::read(path(world)).unwrap()).unwrap()
}

fn import(world: &World) -> Value {
    world.json(&["profile", "import", "opentrain"])
}

#[test]
fn a_token_is_taken_over_and_the_file_left_alone() {
    let world = World::new();
    let json = format!(r#"{{"apiToken":"{TOKEN}","baseUrl":"{}","theme":"dark"}}"#, world.sandbox.url());
    let path = write(&world, &json);
    let document = import(&world);
    assert_eq!((ending(&document), document["service"].as_str()), ((0, ""), Some("opentrain")), "{document}");
    assert_eq!(world.token("opentrain"), TOKEN);
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], "adopted");
    assert_eq!(fs::read_to_string(&path).unwrap(), json);
    // What is there is not overwritten.
    assert_eq!(ending(&import(&world)), (10, "conflict"));
    let mut elsewhere = world.command(&["profile", "import", "opentrain", "-p", "second"]);
    elsewhere.env("XDG_CONFIG_HOME", world.desk.path().join(".config"));
    assert_eq!(ending(&settled(elsewhere.output().unwrap())), (0, ""));
}

/// What the tool registered, enlist claims.
#[test]
fn an_unclaimed_registration_is_taken_over_and_claimed() {
    let world = World::registered(quick());
    assert_eq!(ending(&world.json(&["profile", "export", "opentrain"])), (0, ""));
    let exported = read(&world);
    assert!(exported["claimToken"].as_str().unwrap().starts_with("ot_clm_"));
    let taken = world.json(&["profile", "import", "opentrain", "-p", "second"]);
    assert_eq!(ending(&taken), (0, ""), "{taken}");
    let started = world.json(&["claim", "--email", OWNER, "--no-wait", "-p", "second"]);
    assert_eq!(ending(&started), (0, ""), "{started}");
    world.type_code(&started["data"]);
    assert_eq!(ending(&world.json(&["resume", "-p", "second", "--max-wait", "20s"])), (0, ""));
    // The claimed token takes the place of both.
    let document = world.json(&["profile", "export", "opentrain", "-p", "second"]);
    assert_eq!((ending(&document), next(&document)[2].as_str()), ((4, "human_needed"), "opentrain"));
    assert_eq!(read(&world), exported);
    assert_eq!(ending(&world.json(&["profile", "export", "opentrain", "-p", "second", "--yes"])), (0, ""));
    assert_eq!((read(&world)["claimToken"].as_str(), read(&world)["apiToken"] != exported["apiToken"]), (None, true));
}

#[test]
fn what_cannot_be_read_is_named_and_left() {
    let world = World::new();
    assert_eq!(ending(&import(&world)), (64, "usage"));
    for (json, named) in [
        ("", "line 1"),
        ("{\"apiToken\": \"ot_pat_CANARY", "line 1"),
        ("[]", "no JSON object"),
        ("{\"apiToken\":7}", "`apiToken`"),
        ("{\"apiToken\":\"ot pat CANARY\"}", "`apiToken`"),
        ("{\"apiToken\":\"ot_pat_CANARY\",\"baseUrl\":\"http://example.com\"}", "`baseUrl`"),
        ("{\"apiToken\":\"ot_pat_CANARY\",\"claimToken\":\"a b\"}", "`claimToken`"),
    ] {
        let path = write(&world, json);
        let document = import(&world);
        let message = document["error"]["message"].as_str().unwrap();
        assert_eq!(ending(&document), (9, "store_corrupt"), "{json} {document}");
        assert!(message.contains(path.to_str().unwrap()) && message.contains(named) && !message.contains("CANARY"), "{message}");
        assert_eq!(fs::read_to_string(&path).unwrap(), json);
    }
    write(&world, r#"{"theme":"dark"}"#);
    assert_eq!(ending(&import(&world)), (64, "usage"));
    // Nothing came of all that.
    assert_eq!(world.json(&["status"])["data"]["identities"], serde_json::json!([]));
    assert_eq!(world.sandbox.counts().requests, 0);
}

#[test]
fn a_file_that_cannot_be_read_is_not_overwritten_by_an_export_either() {
    let world = World::registered(quick());
    let path = write(&world, "{\"theme\": ");
    assert_eq!(ending(&world.json(&["profile", "export", "opentrain", "--yes"])), (9, "store_corrupt"));
    assert_eq!(fs::read_to_string(path).unwrap(), "{\"theme\": ");
}

#[test]
fn an_export_keeps_what_is_not_ours() {
    let world = World::registered(quick());
    let token = world.token("opentrain");
    let path = write(&world, r#"{"theme": {"dark": 1.0e400}, "apiToken": null}"#);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(ending(&world.json(&["profile", "export", "opentrain"])), (0, ""));
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains(r#""theme": {"dark": 1.0e400}"#) && written.contains(&token), "{written}");
    assert!(written.contains(&format!("\"baseUrl\": \"{}\"", world.sandbox.url())), "{written}");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let beside: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1);
}

#[test]
fn an_export_makes_the_file_and_writes_through_a_link() {
    let world = World::registered(quick());
    assert_eq!(ending(&world.json(&["profile", "export", "opentrain"])), (0, ""));
    let made = path(&world);
    assert_eq!((fs::metadata(&made).unwrap().mode() & 0o777, fs::metadata(made.parent().unwrap()).unwrap().mode() & 0o777), (0o600, 0o700));
    let dotfiles = world.desk.path().join("dotfiles.json");
    fs::rename(&made, &dotfiles).unwrap();
    symlink(&dotfiles, &made).unwrap();
    let before = fs::metadata(&dotfiles).unwrap().ino();
    assert_eq!(ending(&world.json(&["profile", "export", "opentrain"])), (0, ""));
    assert!(fs::symlink_metadata(&made).unwrap().is_symlink() && fs::metadata(&dotfiles).unwrap().ino() != before);
}

#[test]
fn another_token_there_is_not_replaced_without_a_word() {
    let world = World::registered(quick());
    for json in [r#"{"apiToken":"ot_pat_another"}"#, r#"{"claimToken":"ot_clm_another"}"#] {
        let path = write(&world, json);
        let document = world.json(&["profile", "export", "opentrain"]);
        assert_eq!(ending(&document), (4, "human_needed"));
        assert_eq!(next(&document), ["profile", "export", "opentrain", "--yes"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), json);
    }
    assert_eq!(ending(&world.json(&["profile", "export", "opentrain", "-p", "empty"])), (4, "not_registered"));
}

#[test]
fn a_file_that_others_can_read_is_remarked_on() {
    let world = World::new();
    let path = write(&world, &format!(r#"{{"apiToken":"{TOKEN}"}}"#));
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let document = import(&world);
    assert_eq!(ending(&document), (0, ""));
    assert!(document["warnings"][0].as_str().unwrap().contains("chmod 600"), "{document}");
}
