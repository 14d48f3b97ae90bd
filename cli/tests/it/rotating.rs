//! `badge rotate`: the right badge is kept, or the loss is told.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use enlist_sandbox::ambiguities::{OldBadge, SentryAgentAmbiguities};
use enlist_sandbox::{Action, Canned, Scripted};
use serde_json::{Value, json};

use crate::badge::{badged, did, playing};
use crate::world::{World, ending, holding, next, private_files, quick, signal};

const ROTATE: &str = "/v1/rotate";
const VERIFY: &str = "/v1/verify";

/// As if the rotation had been sent so many seconds earlier.
fn age_rotation(world: &World, seconds: i64) {
    let flows = world.home.path().join("profiles/default/sentryagent/flows");
    let path = private_files(&flows).pop().unwrap();
    let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let snapshot = &mut file["snapshot"];
    let earlier = |time: &mut Value| *time = (time.as_i64().unwrap() - seconds * 1000).into();
    earlier(&mut snapshot["saved_at"]);
    if let Some(sent_at) = snapshot["state"]["at"].pointer_mut("/probing/sent_at") {
        earlier(sent_at);
    }
    if let Some(anchor) = snapshot["state"]["at"].pointer_mut("/probing/call/phase/waiting/timer/anchor") {
        earlier(anchor);
    }
    fs::write(&path, file.to_string()).unwrap();
}

/// Whether the badge that is kept is one that the service knows.
fn is_good(world: &World) -> bool {
    world.json(&["status", "--check"])["data"]["identities"][0]["checked"] == "valid"
}

#[test]
fn the_new_badge_takes_the_place_of_the_old_one() {
    let world = badged(quick());
    let (old, old_did) = (world.token("sentryagent"), did(&world));
    let asked = world.json(&["badge", "rotate"]);
    assert_eq!(
        (ending(&asked), next(&asked), world.sent(ROTATE)),
        ((4, "human_needed"), vec!["badge".into(), "rotate".into(), "--yes".into()], 0)
    );
    let rotated = world.json(&["badge", "rotate", "--yes"]);
    assert_eq!((ending(&rotated), &rotated["command"]), ((0, ""), &json!("badge rotate")));
    assert_ne!(rotated["data"]["did"], json!(old_did));
    // The profile is the old badge's, for a rotation does not tell it.
    assert_eq!(rotated["data"]["public_profile"]["agent_name"], "My AI Agent");
    assert!(world.token("sentryagent") != old && is_good(&world));
    assert_eq!(holding(world.home.path(), old.rsplit('.').next().unwrap()), Vec::<std::path::PathBuf>::new());
    assert_eq!(world.json(&["pending"])["data"]["pending"], json!([]));
    assert_eq!(ending(&World::new().json(&["badge", "rotate", "--yes"])), (4, "not_registered"));
}

#[test]
fn an_answer_lost_after_the_service_acted_is_a_loss_that_is_told() {
    let world = badged(quick());
    let old = world.token("sentryagent");
    world.script(ROTATE, Action::DropAfter);
    let lost = world.json(&["badge", "rotate", "--yes"]);
    assert_eq!((ending(&lost), next(&lost)), ((4, "credential_lost"), vec!["forget".into(), "sentryagent".into(), "--yes".into()]));
    // Something is there still, and says what it is worth.
    assert_eq!((world.token("sentryagent"), is_good(&world)), (old, false));
    assert_eq!((world.sent(ROTATE), world.sandbox.counts().rotations), (1, 1));
    let again = world.json(&["badge", "rotate", "--yes"]);
    assert_eq!((ending(&again), world.sent(ROTATE)), ((5, "badge_invalid"), 1));
    let words = next(&lost);
    assert_eq!(ending(&world.json(&words.iter().map(String::as_str).collect::<Vec<_>>())), (0, ""));
    world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""));
    assert!(is_good(&world));
}

#[test]
fn an_answer_lost_before_the_service_acted_leaves_the_old_badge() {
    let world = badged(quick());
    let old = world.token("sentryagent");
    world.script(ROTATE, Action::DropBefore);
    // It may still be under way: that the old badge is valid proves nothing yet.
    let slice = world.json(&["badge", "rotate", "--yes", "--max-wait", "4s"]);
    assert_eq!((ending(&slice), &slice["data"]["old_badge"]), ((8, ""), &json!("doubtful")));
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], "doubtful");
    assert_eq!(ending(&world.json(&["badge", "revoke", "--yes"])), (10, "conflict"));
    let signed = world.json_in(&["badge", "sign", "--json"], "x");
    assert!(signed["warnings"][0].as_str().unwrap().contains("may no longer be valid"), "{signed}");
    age_rotation(&world, 40);
    // Whoever rotates again is told about the first one, and nothing is sent a second time.
    let told = world.json(&["badge", "rotate", "--yes"]);
    assert_eq!((ending(&told), next(&told)), ((4, "answer_lost"), vec!["badge".into(), "rotate".into(), "--yes".into()]));
    assert_eq!((world.sent(ROTATE), world.token("sentryagent"), is_good(&world)), (1, old.clone(), true));
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], "issued");
    let words = next(&told);
    assert_eq!(ending(&world.json(&words.iter().map(String::as_str).collect::<Vec<_>>())), (0, ""));
    assert!(world.token("sentryagent") != old && is_good(&world));
}

#[test]
fn an_answer_that_cannot_be_read_is_kept_and_pointed_to() {
    let world = badged(quick());
    world.script(ROTATE, Action::ReplaceAfter(Canned { body: "<html>CANARY</html>".to_owned(), ..Canned::status(200) }));
    let unreadable = world.json(&["badge", "rotate", "--yes"]);
    assert_eq!((ending(&unreadable), next(&unreadable)[0].as_str()), ((4, "credential_unreadable"), "forget"));
    let kept: Vec<_> =
        private_files(world.home.path()).into_iter().filter(|path| path.to_string_lossy().contains("/quarantine/")).collect();
    assert_eq!(kept.len(), 1);
    assert!(unreadable["error"]["message"].as_str().unwrap().contains(kept[0].to_str().unwrap()));
}

#[test]
fn a_service_that_is_busy_or_says_no_changes_nothing() {
    let no = |status| Canned::json(status, r#"{"error":"x"}"#);
    for (action, expected) in [(no(400), (5, "rejected")), (no(429).header("retry-after", "2"), (7, "rate_limited"))] {
        let world = badged(quick());
        world.script(ROTATE, Action::Respond(action));
        assert_eq!(ending(&world.json(&["badge", "rotate", "--yes"])), expected);
        assert!(is_good(&world) && world.sent(ROTATE) == 1);
    }
}

#[test]
fn where_the_old_badge_lives_on_nothing_is_lost_either() {
    let world = playing(SentryAgentAmbiguities { old_badge: OldBadge::LivesOn, ..SentryAgentAmbiguities::default() });
    world.script(ROTATE, Action::DropAfter);
    world.json(&["badge", "rotate", "--yes", "--max-wait", "0"]);
    age_rotation(&world, 40);
    assert_eq!(ending(&world.json(&["resume", "--max-wait", "20s"])), (4, "answer_lost"));
    assert_eq!(ending(&world.json(&["badge", "rotate", "--yes"])), (0, ""));
    assert!(is_good(&world));
}

/// When the process is killed: while the answer to this is held back, or so long after it was carried out.
enum Moment {
    Unanswered(&'static str),
    Answered(&'static str, u64),
}

#[test]
fn whenever_it_is_killed_the_right_badge_is_kept_or_the_loss_is_told() {
    let spread = [0, 200, 400, 700, 1000, 1500, 2500].map(|microseconds| Moment::Answered(ROTATE, microseconds));
    let moments = [Moment::Unanswered(VERIFY), Moment::Unanswered(ROTATE), Moment::Answered(VERIFY, 0), Moment::Answered(VERIFY, 800)];
    thread::scope(|scope| {
        for moment in moments.into_iter().chain(spread) {
            scope.spawn(move || kill_at(&moment));
        }
    });
}

fn kill_at(moment: &Moment) {
    let world = badged(quick());
    let old = world.token("sentryagent");
    let path = match moment {
        Moment::Unanswered(path) => {
            world.script(path, Action::Delay { ms: 1000 });
            *path
        }
        Moment::Answered(path, _) => *path,
    };
    let child = world.start(&["badge", "rotate", "--yes"]);
    world.await_closely(path, Duration::from_micros(50));
    if let Moment::Answered(_, microseconds) = moment {
        thread::sleep(Duration::from_micros(*microseconds));
    }
    signal(&child, "KILL");
    child.wait_with_output().unwrap();
    let new_is_here = holds_another(&world, &old);

    // What is left is settled by the next command: nothing, a flow that goes on, or a journal that holds the badge.
    let mut end = world.json(&["badge", "rotate", "--yes", "--max-wait", "20s"]);
    for _ in 0..3 {
        if ending(&end) != (8, "") {
            break;
        }
        age_rotation(&world, 40);
        end = world.json(&["resume", "--max-wait", "20s"]);
    }
    let rotations = world.sandbox.counts().rotations;
    match ending(&end) {
        (0, _) => assert!(is_good(&world)),
        (4, "credential_lost") => assert!(!new_is_here && rotations == 1 && world.token("sentryagent") == old),
        (4, "answer_lost") => assert!(rotations == 0 && is_good(&world)),
        other => panic!("{other:?} {end}"),
    }
    assert!(private_files(world.home.path()).iter().all(|path| path.extension().is_none_or(|ending| ending != "tmp")));
}

/// Whether a badge that is not `old` is anywhere in the store.
fn holds_another(world: &World, old: &str) -> bool {
    let old = old.rsplit('.').next().unwrap();
    let is_another = |path: &Path| {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        text.match_indices("eyJ").any(|(at, _)| {
            let badge: String = text[at..].chars().take_while(|char| char.is_ascii_alphanumeric() || "-_.".contains(*char)).collect();
            badge.matches('.').count() == 2 && badge.rsplit('.').next() != Some(old)
        })
    };
    private_files(world.home.path()).iter().any(|path| is_another(path))
}

#[test]
fn a_probe_that_is_not_answered_leaves_the_old_badge_and_a_way_on() {
    let world = badged(quick());
    world.sandbox.script([Scripted::new(ROTATE, Action::DropAfter), Scripted::new(VERIFY, Action::DropBefore).skip(1).times(1)]);
    let slice = world.json(&["badge", "rotate", "--yes", "--max-wait", "3s"]);
    assert_eq!((ending(&slice), next(&slice)[0].as_str()), ((8, ""), "resume"));
    assert_eq!(ending(&world.json(&["resume", "--max-wait", "20s"])), (4, "credential_lost"));
}
