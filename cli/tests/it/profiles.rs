//! Identities side by side.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::world::{OWNER, World, ending, next, private_files, quick, settled, signal};

const TOKEN: &str = "ot_pat_8f2a_PROFILEPROFILE91cd";

fn adopt(world: &World, profile: &str) {
    assert_eq!(ending(&world.json_in(&["adopt", "opentrain", "--token-file", "-", "-p", profile], TOKEN)), (0, ""));
}

fn folder(world: &World, profile: &str) -> PathBuf {
    world.home.path().join("profiles").join(profile)
}

/// Name, whether it is in use, and how much it holds.
fn listed(world: &World) -> Vec<(String, bool, usize, usize)> {
    let document = world.json(&["profile", "list"]);
    assert_eq!(ending(&document), (0, ""));
    let count = |of: &Value| of.as_array().unwrap().len();
    let row =
        |of: &Value| (of["profile"].as_str().unwrap().to_owned(), of["used"] == true, count(&of["identities"]), count(&of["pending"]));
    document["data"]["profiles"].as_array().unwrap().iter().map(row).collect()
}

fn row(name: &str, used: bool, identities: usize, pending: usize) -> (String, bool, usize, usize) {
    (name.to_owned(), used, identities, pending)
}

#[test]
fn the_list_tells_what_each_holds() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    adopt(&world, "work");
    assert_eq!(listed(&world), [row("default", true, 1, 1), row("work", false, 1, 0)]);
    let text = world.command(&["profile", "list", "--output", "text"]).output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("* default  opentrain pre_claim_token (unclaimed) ot_pat_…") && lines[0].contains(", clm_"), "{text}");
    assert_eq!(lines[1], "  work  opentrain token (adopted) ot_pat_…91cd");
    // One that cannot be read hides no other.
    fs::write(folder(&world, "default").join("opentrain/credential.json"), "{").unwrap();
    assert_eq!(listed(&world), [row("default", true, 0, 1), row("work", false, 1, 0)]);
    assert!(world.json(&["profile", "list"])["warnings"][0].as_str().unwrap().starts_with("profile default: "));
}

#[test]
fn the_used_one_is_meant_without_a_word_and_is_the_weakest_word() {
    let world = World::new();
    let meant = |arguments: &[&str], variable: &str| {
        let mut command = world.command(&[&["status"], arguments].concat());
        settled(command.env("ENLIST_PROFILE", variable).output().unwrap())["profile"].as_str().unwrap().to_owned()
    };
    assert_eq!(meant(&[], ""), "default");
    let document = world.json(&["profile", "use", "work"]);
    assert_eq!((&document["data"], document["warnings"].as_array().unwrap().len()), (&json!({"used": "work"}), 1), "{document}");
    assert_eq!((meant(&[], ""), meant(&[], "env"), meant(&["-p", "flag"], "env")), ("work".into(), "env".into(), "flag".into()));
    adopt(&world, "work");
    assert_eq!(world.token("opentrain"), TOKEN);
    assert_eq!(listed(&world), [row("work", true, 1, 0)]);
    private_files(world.home.path());
}

#[test]
fn the_way_on_names_the_profile_that_another_word_would_miss() {
    let world = World::new();
    let way_on = |profile: &[&str]| next(&world.json(&[&["claim", "--email", OWNER], profile].concat()));
    assert_eq!(way_on(&[]), ["register", "opentrain"]);
    world.json(&["profile", "use", "work"]);
    assert_eq!(way_on(&[]), ["register", "opentrain"]);
    assert_eq!(way_on(&["-p", "default"]), ["register", "opentrain", "--profile", "default"]);
    assert_eq!(way_on(&["-p", "other"]), ["register", "opentrain", "--profile", "other"]);
}

#[test]
fn a_damaged_choice_is_told_and_can_be_gone_around() {
    let world = World::new();
    world.json(&["profile", "use", "work"]);
    let used = world.home.path().join("profiles/.used");
    fs::write(&used, "../x").unwrap();
    let document = world.json(&["status"]);
    assert_eq!(ending(&document), (9, "store_corrupt"));
    assert!(document["error"]["message"].as_str().unwrap().contains(used.to_str().unwrap()), "{document}");
    assert_eq!(ending(&world.json(&["status", "-p", "work"])), (0, ""));
    for arguments in [["help", "agents"], ["schema", "--no-input"]] {
        assert_eq!(world.command(&arguments).output().unwrap().status.code(), Some(0), "{arguments:?}");
    }
    let doctor = world.json(&["doctor", "--offline"]);
    let check = doctor["data"]["checks"].as_array().unwrap().iter().find(|check| check["name"] == "store").unwrap();
    assert_eq!((ending(&doctor), &check["state"]), ((9, "store_corrupt"), &json!("fail")), "{doctor}");
    assert!(check["detail"].as_str().unwrap().contains("enlist profile use"), "{check}");
    assert_eq!(ending(&world.json(&["profile", "use", "work"])), (0, ""));
    assert_eq!(ending(&world.json(&["status"])), (0, ""));
}

#[test]
fn a_renamed_profile_goes_on_where_it_was() {
    let world = World::registered(quick());
    let started = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.json(&["profile", "use", "default"]);
    let document = world.json(&["profile", "rename", "default", "work"]);
    assert_eq!((ending(&document), &document["data"]), ((0, ""), &json!({"old": "default", "new": "work"})));
    // It was in use, and still is.
    assert_eq!(listed(&world), [row("work", true, 1, 1)]);
    world.type_code(&started["data"]);
    assert_eq!(ending(&world.json(&["resume", "--max-wait", "20s"])), (0, ""));
    private_files(world.home.path());
}

/// `profile` of each entry.
fn of_profiles(entries: &Value) -> Vec<String> {
    entries.as_array().unwrap().iter().map(|entry| entry["profile"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn without_a_word_every_profile_is_listed() {
    let world = World::registered(quick());
    adopt(&world, "spare");
    world.json(&["register", "opentrain", "-p", "work"]);
    world.json(&["claim", "--email", OWNER, "-p", "work", "--no-wait"]);
    let seen = |command: &[&str], variable: &str| {
        let document = settled(world.command(command).env("ENLIST_PROFILE", variable).output().unwrap());
        assert_eq!(ending(&document), (0, ""), "{document}");
        let data = &document["data"];
        (data.get("identities").map_or_else(Vec::new, of_profiles), of_profiles(&data["pending"]))
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(seen(&["status"], ""), (names(&["default", "spare", "work"]), names(&["work"])));
    assert_eq!(seen(&["pending"], ""), (names(&[]), names(&["work"])));
    assert_eq!(seen(&["status"], "spare"), (names(&["spare"]), names(&[])));
    assert_eq!(seen(&["status", "-p", "work"], "spare"), (names(&["work"]), names(&["work"])));
    assert_eq!(seen(&["pending", "-p", "default"], ""), (names(&[]), names(&[])));
    let text = String::from_utf8(world.command(&["status", "--output", "text"]).output().unwrap().stdout).unwrap();
    let lines: Vec<_> = text.lines().map(|line| line.split_once("  (").map_or("", |(_, profile)| profile)).collect();
    assert_eq!(lines, ["", "profile spare)", "profile work)", "profile work)"], "{text}");

    let identities = |arguments: &[&str]| world.json(arguments)["data"]["identities"].as_array().unwrap().clone();
    let before = world.sandbox.counts().requests;
    // One is not of this sandbox: its token is unknown here.
    let checked: Vec<_> = identities(&["status", "--check"]).into_iter().map(|identity| identity["checked"].clone()).collect();
    assert_eq!((checked, world.sandbox.counts().requests - before), (vec![json!("valid"), json!("not_valid"), json!("valid")], 3));
    assert_eq!((identities(&["status", "--check", "-p", "work"]).len(), world.sandbox.counts().requests - before), (1, 4));
}

#[test]
fn a_flow_of_another_profile_is_found_there() {
    let world = World::registered(quick());
    world.json(&["register", "opentrain", "-p", "work"]);
    let started = world.json(&["claim", "--email", OWNER, "-p", "work", "--no-wait"]);
    let flow = started["data"]["flow"].as_str().unwrap();
    for (arguments, profile) in [(&["resume", flow][..], ""), (&["abandon", flow, "--yes", "-p", "default"], ""), (&["resume", flow], "x")]
    {
        let document = settled(world.command(arguments).env("ENLIST_PROFILE", profile).output().unwrap());
        assert_eq!(
            (ending(&document), next(&document)),
            ((64, "usage"), vec![arguments[0], flow, "--profile", "work"].into_iter().map(str::to_owned).collect()),
            "{document}"
        );
        assert!(document["error"]["message"].as_str().unwrap().contains("profile work"), "{document}");
    }
    let otp = world.json_in(&["otp", "reg_00c0ffee", "--otp-file", "-"], "123456");
    assert!(otp["error"]["message"].as_str().unwrap().contains("no profile has a flow"), "{otp}");
    assert_eq!(ending(&world.json(&["resume"])), (64, "usage"));
    world.type_code(&started["data"]);
    let words = next(&world.json(&["resume", flow]));
    assert_eq!(ending(&world.json(&words.iter().map(String::as_str).collect::<Vec<_>>())), (0, ""));
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let world = World::new();
    adopt(&world, "a");
    adopt(&world, "b");
    assert_eq!(ending(&world.json(&["profile", "rename", "a", "b"])), (10, "conflict"));
    assert_eq!(ending(&world.json(&["profile", "rename", "c", "d"])), (64, "usage"));
    assert_eq!(ending(&world.json(&["profile", "rename", "a", "../d"])), (64, "usage"));
    assert_eq!(ending(&world.json(&["profile", "rename", "a", "a"])), (10, "conflict"));
    assert_eq!(listed(&world), [row("a", false, 1, 0), row("b", false, 1, 0), row("default", true, 0, 0)]);
}

/// As a process leaves it that ends between the two steps of a renaming.
#[test]
fn a_renaming_that_was_broken_off_is_finished_by_the_same_command() {
    let world = World::new();
    adopt(&world, "old");
    world.json(&["profile", "use", "old"]);
    fs::rename(folder(&world, "old"), folder(&world, "new")).unwrap();
    assert_eq!(ending(&world.json(&["profile", "rename", "old", "new"])), (0, ""));
    assert_eq!(listed(&world), [row("new", true, 1, 0)]);
}

#[test]
fn nobody_changes_a_profile_under_another_process() {
    let world = World::registered(quick());
    let busy = world.start(&["claim", "--email", OWNER, "--max-wait", "60s"]);
    world.await_sent(crate::world::POLL, 1);
    for arguments in [&["profile", "rename", "default", "work"][..], &["profile", "remove", "default", "--yes"]] {
        let document = world.json(arguments);
        assert_eq!(ending(&document), (9, "locked"));
        assert_eq!((&document["error"]["retryable"], &document["error"]["retry_after_s"]), (&true.into(), &5.into()));
        assert!(document["error"]["message"].as_str().unwrap().contains(&busy.id().to_string()), "{document}");
    }
    signal(&busy, "TERM");
    assert_eq!(busy.wait_with_output().unwrap().status.code(), Some(143));
    assert_eq!(ending(&world.json(&["profile", "rename", "default", "work"])), (0, ""));
}

#[test]
fn what_a_profile_holds_is_not_lost_without_a_word() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let before = private_files(world.home.path());
    let document = world.json(&["profile", "remove", "default"]);
    assert_eq!(
        (ending(&document), next(&document)),
        ((4, "human_needed"), ["profile", "remove", "default", "--yes"].map(Into::into).into())
    );
    let data = &document["data"];
    assert_eq!((&data["identities"][0]["kind"], &data["pending"][0]["service"]), (&json!("pre_claim_token"), &json!("opentrain")));
    assert_eq!(
        private_files(world.home.path()).iter().filter(|path| !path.ends_with("lock")).count(),
        before.iter().filter(|path| !path.ends_with("lock")).count()
    );

    let document = world.json(&["profile", "remove", "default", "--yes"]);
    assert_eq!(ending(&document), (0, ""));
    assert!(document["warnings"][0].as_str().unwrap().contains("enlist revoke"), "{document}");
    assert_eq!(private_files(world.home.path()), Vec::<PathBuf>::new());
    assert_eq!(ending(&world.json(&["profile", "remove", "default", "--yes"])), (64, "usage"));
}

#[test]
fn an_empty_or_unreadable_profile_can_be_removed() {
    let world = World::new();
    adopt(&world, "work");
    world.json(&["profile", "use", "work"]);
    fs::write(folder(&world, "work").join("opentrain/credential.json"), "{").unwrap();
    // Nobody knows what that was.
    assert_eq!(ending(&world.json(&["profile", "remove", "work"])), (4, "human_needed"));
    assert_eq!(ending(&world.json(&["profile", "remove", "work", "--yes"])), (0, ""));
    // Nothing in it, no question; and the default is meant again.
    assert_eq!(listed(&world), [row("default", true, 0, 0)]);
    adopt(&world, "work");
    assert_eq!(ending(&world.json(&["forget", "opentrain", "-p", "work", "--yes"])), (0, ""));
    assert_eq!(ending(&world.json(&["profile", "remove", "work"])), (0, ""));
}

/// As a process leaves it that is killed while it removes.
#[test]
fn a_removal_that_was_broken_off_is_finished_by_any_command() {
    let world = World::new();
    adopt(&world, "work");
    fs::rename(folder(&world, "work"), folder(&world, ".removed-work-4242")).unwrap();
    assert_eq!(listed(&world), [row("default", true, 0, 0)]);
    adopt(&world, "other");
    assert!(!folder(&world, ".removed-work-4242").exists());
}

/// Whatever the moment of a kill, a profile is wholly under one of its names, or wholly gone.
#[test]
fn kills_leave_no_halves() {
    for delay in (0..30).map(|step| step * 300) {
        let world = World::new();
        adopt(&world, "old");
        world.json(&["profile", "use", "old"]);
        let arguments: &[&str] =
            if delay % 600 == 0 { &["profile", "rename", "old", "new"] } else { &["profile", "remove", "old", "--yes"] };
        let child = world.start(arguments);
        std::thread::sleep(std::time::Duration::from_micros(delay));
        signal(&child, "KILL");
        child.wait_with_output().unwrap();
        let whole: Vec<_> = ["old", "new"].into_iter().filter(|name| folder(&world, name).exists()).collect();
        assert!(whole.len() <= 1, "{whole:?}");
        for name in &whole {
            let token = world.command(&["token", "opentrain", "-p", name]).output().unwrap().stdout;
            assert_eq!(String::from_utf8(token).unwrap().trim_end(), TOKEN);
        }
        let again = ending(&world.json(arguments)).0;
        assert!(matches!((again, whole.is_empty()), (0, _) | (64, _)), "{again} {whole:?}");
        private_files(world.home.path());
    }
}
