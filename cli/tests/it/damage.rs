//! Files that are damaged: nothing is thrown away, and nothing else is made unusable by them.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::world::{OWNER, POLL, START, World, ending, private_files, quick};

fn in_store(world: &World, service: &str, name: &str) -> PathBuf {
    world.home.path().join("profiles/default").join(service).join(name)
}

/// A claim under way whose flow's file is cut to nothing: its name, and the file.
fn with_damaged_claim(world: &World) -> (String, PathBuf) {
    let started = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let name = started["data"]["flow"].as_str().unwrap().to_owned();
    let path = in_store(world, "opentrain", "flows").join(format!("{name}.json"));
    fs::write(&path, "").unwrap();
    (name, path)
}

fn warnings(document: &Value) -> String {
    document["warnings"].as_array().unwrap().iter().map(|warning| warning.as_str().unwrap().to_owned() + "\n").collect()
}

fn kept(world: &World) -> Vec<PathBuf> {
    let mut kept = private_files(&in_store(world, "opentrain", ""));
    kept.retain(|path| path.parent().unwrap().ends_with("quarantine"));
    kept.sort();
    kept
}

fn with_badge(world: &World) {
    world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""));
}

#[test]
fn who_only_looks_warns_of_a_damaged_flow_and_leaves_it() {
    let world = World::registered(quick());
    with_badge(&world);
    let (name, path) = with_damaged_claim(&world);
    let looked = |arguments: &[&str]| {
        let document = world.json(arguments);
        assert_eq!(ending(&document), (0, ""), "{arguments:?} {document}");
        assert!(warnings(&document).contains(path.to_str().unwrap()), "{document}");
        document["data"].clone()
    };
    assert!(looked(&["token", "opentrain", "--json"])["token"].as_str().unwrap().starts_with("ot_pat_"));
    let status = looked(&["status"]);
    assert_eq!((status["identities"].as_array().unwrap().len(), &status["pending"]), (2, &json!([])));
    assert_eq!(looked(&["pending"])["pending"], json!([]));
    looked(&["profile", "list"]);
    let exec = world.command(&["exec", "opentrain", "--", "sh", "-c", "test -n \"$OPENTRAIN_API_TOKEN\""]).output().unwrap();
    assert!(exec.status.success() && String::from_utf8(exec.stderr).unwrap().contains(&name));
    let doctor = world.json(&["doctor", "--offline"]);
    let pending = doctor["data"]["checks"].as_array().unwrap().iter().find(|check| check["name"] == "pending").unwrap();
    assert_eq!(pending["state"], "warn", "{doctor}");
    assert!(path.exists() && kept(&world).is_empty());
}

#[test]
fn who_changes_something_moves_a_damaged_flow_aside_and_goes_on() {
    let world = World::registered(quick());
    let (name, path) = with_damaged_claim(&world);
    let document = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    assert_eq!((ending(&document), world.sent(START)), ((0, ""), 2), "{document}");
    let [aside] = &kept(&world)[..] else { panic!("{:?}", kept(&world)) };
    assert!(aside.ends_with(format!("{name}.flow")) && !path.exists());
    let warned = warnings(&document);
    assert!(warned.contains(aside.to_str().unwrap()) && warned.contains("may be lost"), "{warned}");
    world.type_code(&document["data"]);
    let claimed = world.json(&["resume", "--max-wait", "20s"]);
    assert_eq!((ending(&claimed), &claimed["warnings"]), ((0, ""), &json!([])));
    // Somebody may still want it.
    assert_eq!(ending(&world.json(&["forget", "opentrain", "--yes"])), (0, ""));
    assert_eq!(ending(&world.json(&["profile", "remove", "default"])), (4, "human_needed"));
}

#[test]
fn an_answer_that_came_for_a_damaged_flow_is_kept_with_it() {
    let world = World::registered(quick());
    let (name, _) = with_damaged_claim(&world);
    let journal = in_store(&world, "opentrain", "journal").join(format!("{name}.journal"));
    let mut record = [b"enlistJ2".as_slice(), name.as_bytes()].concat();
    record.resize(8 + 32, 0);
    record.extend_from_slice(&2u64.to_be_bytes());
    record.extend_from_slice(b"sixteen bytes.. and a token");
    fs::write(&journal, record).unwrap();
    fs::set_permissions(&journal, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let document = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let names: Vec<_> = kept(&world).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, [format!("{name}-2.answer"), format!("{name}.flow")]);
    assert!(warnings(&document).contains("perhaps a credential"), "{document}");
}

#[test]
fn a_damaged_flow_that_is_named_is_told_of_or_given_up() {
    let world = World::registered(quick());
    let (name, path) = with_damaged_claim(&world);
    let nothing = world.json(&["resume"]);
    assert_eq!(ending(&nothing), (9, "store_corrupt"));
    assert!(nothing["error"]["message"].as_str().unwrap().contains(path.to_str().unwrap()), "{nothing}");
    assert_eq!(ending(&world.json(&["abandon", &name])), (4, "human_needed"));
    assert!(path.exists());
    let resumed = world.json(&["resume", &name]);
    assert_eq!((ending(&resumed), world.sent(POLL)), ((9, "store_corrupt"), 0));
    let [aside] = &kept(&world)[..] else { panic!("{:?}", kept(&world)) };
    assert!(resumed["error"]["message"].as_str().unwrap().contains(aside.to_str().unwrap()), "{resumed}");
    fs::rename(aside, &path).unwrap();
    assert_eq!(ending(&world.json(&["abandon", &name, "--yes"])), (0, ""));
    assert_eq!((kept(&world).len(), path.exists()), (1, false));
}

/// Another enlist can go on with it.
#[test]
fn a_flow_of_a_newer_version_is_refused_and_left() {
    let world = World::registered(quick());
    with_badge(&world);
    let (_, path) = with_damaged_claim(&world);
    let newer = r#"{"format":"enlist-flow","version":2,"minor":0,"flow":{}}"#;
    fs::write(&path, newer).unwrap();
    for arguments in [&["token", "opentrain", "--json"][..], &["claim", "--email", OWNER], &["resume"], &["status"], &["pending"]] {
        let document = world.json(arguments);
        assert_eq!(ending(&document), (9, "store_newer"), "{arguments:?} {document}");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains(path.to_str().unwrap()) && message.contains("newer version"), "{document}");
    }
    assert_eq!((fs::read_to_string(&path).unwrap(), kept(&world).len()), (newer.to_owned(), 0));
    assert_eq!(world.json(&["status"])["data"]["identities"].as_array().unwrap().len(), 2);
}

#[test]
fn a_damaged_credential_hides_no_other() {
    let world = World::registered(quick());
    with_badge(&world);
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let path = in_store(&world, "opentrain", "credential.json");
    fs::write(&path, "{").unwrap();
    let document = world.json(&["status"]);
    assert_eq!(ending(&document), (9, "store_corrupt"));
    let data = &document["data"];
    let services = |of: &Value| of.as_array().unwrap().iter().map(|one| one["service"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!((services(&data["identities"]), services(&data["pending"])), (vec!["sentryagent".into()], vec!["opentrain".into()]));
    assert_eq!((services(&data["unreadable"]), &data["unreadable"][0]["profile"]), (vec!["opentrain".into()], &json!("default")));
    let text = world.command(&["status", "--output", "text"]).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("sentryagent  badge, issued") && text.contains("opentrain  unreadable: "), "{text}");
    // Nothing else needs it.
    assert_eq!(ending(&world.json(&["pending"])), (0, ""));
    assert_eq!(fs::read(&path).unwrap(), b"{");
}

/// Which badge is the good one is what the flow would have told.
#[test]
fn a_badge_with_a_damaged_rotation_is_doubtful() {
    let world = World::new();
    with_badge(&world);
    let flow = in_store(&world, "sentryagent", "flows/rot_00c0ffee.json");
    fs::write(&flow, "").unwrap();
    fs::set_permissions(&flow, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let document = world.json(&["status"]);
    assert_eq!((ending(&document), &document["data"]["identities"][0]["state"]), ((0, ""), &json!("doubtful")), "{document}");
}
