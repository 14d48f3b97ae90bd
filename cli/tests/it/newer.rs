//! Files that a newer version of enlist wrote: this version reads what it can, and changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::world::{OWNER, REGISTER, START, World, ending, private_files, quick};

fn in_store(world: &World, service: &str, name: &str) -> PathBuf {
    world.home.path().join("profiles/default").join(service).join(name)
}

/// Makes the file one of a greater minor, with a member that this version does not know.
fn make_newer(path: &Path) -> Vec<u8> {
    let mut file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    file["minor"] = json!(file["minor"].as_u64().unwrap_or_default() + 1);
    file["added_later"] = json!({ "by": "a newer version" });
    let bytes = serde_json::to_vec(&file).unwrap();
    fs::write(path, &bytes).unwrap();
    bytes
}

/// Every file that is not a lock, with its content.
fn files(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = private_files(world.home.path()).into_iter().filter(|path| !path.ends_with("lock")).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn assert_refused(document: &Value, path: &Path) {
    assert_eq!(ending(document), (9, "store_newer"), "{document}");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains(path.to_str().unwrap()) && message.contains("newer version"), "{message}");
}

#[test]
fn a_credential_of_a_newer_minor_can_be_used_and_nothing_else() {
    let world = World::registered(quick());
    let (path, token) = (in_store(&world, "opentrain", "credential.json"), world.token("opentrain"));
    make_newer(&path);
    let before = files(&world);
    assert_eq!(world.token("opentrain"), token);
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], json!("unclaimed"));
    let exec = world.command(&["exec", "opentrain", "--", "sh", "-c", "test -n \"$OPENTRAIN_API_TOKEN\""]).status().unwrap();
    assert!(exec.success());
    for arguments in [
        &["claim", "--email", OWNER][..],
        &["forget", "opentrain", "--yes"],
        &["revoke", "opentrain", "--yes"],
        &["profile", "remove", "default", "--yes"],
    ] {
        assert_refused(&world.json(arguments), &path);
    }
    assert_refused(&world.json_in(&["adopt", "opentrain", "--token-file", "-"], "ot_pat_8f2a_ADOPTED91cd"), &path);
    assert_eq!((files(&world), world.sent(START)), (before, 0));
}

#[test]
fn a_choice_of_a_newer_minor_is_followed_and_not_changed() {
    let world = World::registered(quick());
    assert_eq!(ending(&world.json(&["profile", "use", "default"])), (0, ""));
    let path = world.home.path().join("profiles/.used");
    make_newer(&path);
    let before = files(&world);
    assert_eq!(ending(&world.json(&["status"])), (0, ""));
    for arguments in
        [&["profile", "use", "other"][..], &["profile", "rename", "default", "other"], &["profile", "remove", "default", "--yes"]]
    {
        assert_refused(&world.json(arguments), &path);
    }
    assert_eq!(files(&world), before);
}

/// The layout of before the first release is not converted.
#[test]
fn a_store_of_an_unreleased_version_is_refused_by_name_and_left() {
    let world = World::registered(quick());
    let path = in_store(&world, "opentrain", "credential.json");
    let old = r#"{"v":1,"credential":{"token":{"base_url":"https://app.opentrain.ai","access_token":"t","scopes":[],"adopted":true}}}"#;
    fs::write(&path, old).unwrap();
    for arguments in [&["token", "opentrain", "--json"][..], &["status"], &["claim", "--email", OWNER], &["register", "opentrain"]] {
        let document = world.json(arguments);
        assert_eq!(ending(&document), (9, "store_corrupt"), "{arguments:?} {document}");
        let (message, hint) = (document["error"]["message"].as_str().unwrap(), document["error"]["hint"].as_str().unwrap());
        assert!(message.contains(path.to_str().unwrap()) && message.contains("unreleased version of enlist"), "{message}");
        assert!(hint.contains("move it away") && hint.contains("ENLIST_HOME"), "{hint}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), old);
    // Once it is away, the profile is empty.
    fs::remove_file(&path).unwrap();
    assert_eq!(ending(&world.json(&["register", "opentrain"])), (0, ""));
}

#[test]
fn a_flow_of_a_newer_minor_can_be_looked_at_and_nothing_else() {
    let world = World::registered(quick());
    let started = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let name = started["data"]["flow"].as_str().unwrap().to_owned();
    let path = in_store(&world, "opentrain", "flows").join(format!("{name}.json"));
    make_newer(&path);
    let before = files(&world);
    let (registered, begun) = (world.sent(REGISTER), world.sent(START));
    assert_eq!(world.json(&["pending"])["data"]["pending"][0]["flow"], json!(name));
    let status = world.json(&["status"]);
    assert_eq!((ending(&status), &status["data"]["pending"][0]["awaiting"]), ((0, ""), &json!("owner")), "{status}");
    assert!(world.token("opentrain").starts_with("ot_pat_"));
    for arguments in [
        &["claim", "--email", OWNER][..],
        &["resume"],
        &["resume", &name],
        &["register", "opentrain"],
        &["abandon", &name, "--yes"],
        &["forget", "opentrain", "--yes"],
        &["revoke", "opentrain", "--yes"],
        &["profile", "rename", "default", "other"],
        &["profile", "remove", "default", "--yes"],
    ] {
        assert_refused(&world.json(arguments), &path);
    }
    assert_eq!((files(&world), world.sent(REGISTER), world.sent(START)), (before, registered, begun));
}

/// The snapshots that core promises to read, by name.
fn golden() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/golden");
    let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut golden: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| (path.display().to_string(), serde_json::from_slice(&fs::read(path).unwrap()).unwrap()))
        .collect();
    golden.sort_by(|(one, _), (other, _)| one.cmp(other));
    golden
}

/// Puts `snapshot` into the store as a flow: its name, and its file.
fn put(world: &World, snapshot: &Value) -> (&'static str, PathBuf, Vec<u8>) {
    let (name, service) = match snapshot["ceremony"].as_str().unwrap() {
        "enrolment" => ("enr_00c0ffee", "opentrain"),
        "claim" => ("clm_00c0ffee", "opentrain"),
        "badge_registration" => ("reg_00c0ffee", "sentryagent"),
        "badge_rotation" => ("rot_00c0ffee", "sentryagent"),
        other => panic!("{other}"),
    };
    let flow = json!({ "format": "enlist-flow", "version": 1, "minor": 0, "flow": name, "origin_argv": ["claim"], "snapshot": snapshot });
    let (path, bytes) = (in_store(world, service, "flows").join(format!("{name}.json")), serde_json::to_vec(&flow).unwrap());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for folder in [path.parent().unwrap(), path.parent().unwrap().parent().unwrap()] {
        fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    }
    fs::write(&path, &bytes).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    (name, path, bytes)
}

/// Looks at the flow with every command that looks, and tries to change it with every command that changes something.
fn look_and_change(world: &World, (name, path, bytes): (&str, PathBuf, Vec<u8>), is_readable: bool, what: &str) {
    let before = files(world);
    for arguments in [&["pending"][..], &["status"]] {
        let document = world.json(arguments);
        let listed = document["data"]["pending"].as_array().unwrap().iter().any(|flow| flow["flow"] == *name);
        match ending(&document) {
            (0, "") => assert!(is_readable, "{what} {document}"),
            (9, "store_newer") => assert!(!is_readable && !listed, "{what} {document}"),
            _ => panic!("{what} {document}"),
        }
    }
    let service = if path.to_string_lossy().contains("opentrain") { "opentrain" } else { "sentryagent" };
    let token = world.json(&["token", service, "--json"]);
    assert!(matches!(ending(&token), (0, "") | (9, "store_newer") | (4, "not_registered")), "{what} {token}");
    let manifest = world.manifest();
    let changing: &[&[&str]] = match service {
        "opentrain" => &[&["claim", "--email", OWNER], &["register", "opentrain"], &["resume", name], &["abandon", name, "--yes"]],
        _ => &[&["register", "sentryagent", "--manifest", &manifest], &["resume", name], &["abandon", name, "--yes"]],
    };
    for arguments in changing {
        let document = world.json(arguments);
        assert_eq!(ending(&document), (9, "store_newer"), "{what} {arguments:?} {document}");
        assert!(document["error"]["message"].as_str().unwrap().contains(path.to_str().unwrap()), "{document}");
    }
    assert_eq!(files(world), before, "{what}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "{what}");
    fs::remove_file(path).unwrap();
}

/// Each state that a ceremony can be saved in, as a version that knows one more member would save it.
#[test]
fn no_snapshot_of_a_newer_minor_is_changed() {
    let world = World::registered(quick());
    let golden = golden();
    assert!(golden.len() > 60, "{}", golden.len());
    let before = world.sandbox.counts().requests;
    for (what, mut snapshot) in golden {
        let minor = snapshot["minor"].as_u64().unwrap() + 1;
        (snapshot["minor"], snapshot["added_later"]) = (json!(minor), json!([1]));
        snapshot["state"]["added_later"] = json!({ "by": "a newer version" });
        look_and_change(&world, put(&world, &snapshot), true, &what);
    }
    assert_eq!(world.sandbox.counts().requests, before);
}

/// What cannot be read of a newer snapshot is not damaged.
#[test]
fn a_snapshot_of_a_newer_version_that_cannot_be_read_is_not_moved() {
    let world = World::registered(quick());
    for name in ["claim.waiting", "enrolment.asking", "registration.asking_otp", "rotation.probing"] {
        let (what, snapshot) = golden().into_iter().find(|(path, _)| path.ends_with(&format!("/{name}.json"))).unwrap();
        let (mut unreadable, mut version) = (snapshot.clone(), snapshot);
        (unreadable["minor"], unreadable["state"]) = (json!(unreadable["minor"].as_u64().unwrap() + 1), json!({ "added_later": {} }));
        look_and_change(&world, put(&world, &unreadable), false, &what);
        (version["version"], version["minor"]) = (json!(2), json!(0));
        look_and_change(&world, put(&world, &version), false, &what);
    }
}
