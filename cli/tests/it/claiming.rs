//! OpenTrain: register, claim, token.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use enlist_sandbox::{Config, Which};
use serde_json::json;

use crate::run::told;
use crate::world::{OWNER, POLL, REGISTER, START, World, ending, holding, next, private_files, quick, settled};

const INTERVAL: Duration = Duration::from_secs(1);

#[test]
fn register_claim_token() {
    let world = World::new();
    let registered = world.json(&["register", "opentrain", "--agent-name", "bot"]);
    assert_eq!(
        (&registered["command"], &registered["service"], &registered["status"]),
        (&json!("register"), &json!("opentrain"), &json!("ready"))
    );
    let data = &registered["data"];
    assert!(data["registration_id"].is_string() && data["claim_expires_at"].as_str().unwrap().ends_with('Z'), "{data}");
    assert!(data["scopes"].as_array().unwrap().contains(&json!("jobs:read")));
    let pre_claim = world.token("opentrain");
    assert!(pre_claim.ends_with(data["token_hint"].as_str().unwrap().rsplit('…').next().unwrap()));

    let mut claim = world
        .command(&["claim", "--email", OWNER, "--max-wait", "60s", "--output", "text"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(claim.stdout.take().unwrap()).lines().map(Result::unwrap);
    // Told before the first wait, and flushed.
    let told: Vec<_> = lines.by_ref().take(5).collect();
    assert_eq!(world.sent(POLL), 0);
    let code = world.sandbox.attempts()[0].user_code.clone();
    assert!(told[1].contains("/claim?token=ot_cat_") && told[2].ends_with(&code), "{told:?}");
    let link = told[1].split_whitespace().nth(2).unwrap();
    world.type_code(&json!({ "verification_uri": link, "user_code": code }));
    assert_eq!(lines.next().unwrap(), "Claimed. The token is stored.");
    assert!(world.sent(POLL) <= 2, "the next poll, or the one after a poll that was under way");
    assert!(claim.wait().unwrap().success());

    let token = world.token("opentrain");
    assert!(token.starts_with("ot_pat_") && token != pre_claim);
    assert_eq!(holding(world.home.path(), &pre_claim), Vec::<std::path::PathBuf>::new());
    assert_eq!(holding(world.home.path(), &token).len(), 1);
    // Nothing but the credential and the lock is left.
    assert_eq!(private_files(world.home.path()).len(), 2);
    world.assert_pace(INTERVAL);
    let status = world.json(&["status"]);
    let identity = &status["data"]["identities"][0];
    assert_eq!((&identity["state"], &identity["kind"], &status["data"]["pending"]), (&json!("claimed"), &json!("token"), &json!([])));
    assert!(identity["scopes"].as_array().unwrap().contains(&json!("jobs:write")));
    assert_eq!(ending(&world.json(&["claim", "--email", OWNER])), (10, "conflict"));
}

#[test]
fn register_and_claim_in_one() {
    let world = World::with(Config { auto_approve: Some(Duration::ZERO), ..quick() });
    let done = world.json(&["register", "opentrain", "--claim", OWNER, "--max-wait", "60s"]);
    assert_eq!((&done["command"], &done["status"]), (&json!("register"), &json!("ready")), "{done}");
    assert!(done["data"]["registration_id"].is_string() && done["data"]["token_hint"].is_string());
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], "claimed");
}

#[test]
fn start_now_and_wait_later() {
    let world = World::registered(quick());
    let started = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    assert_eq!(world.sent(POLL), 0);
    assert_eq!((ending(&started), &started["status"]), ((0, ""), &json!("pending")));
    let data = &started["data"];
    assert_eq!((&data["interval_s"], &data["email_sent"]), (&json!(1), &json!(true)));
    assert!(data["expires_at"].is_string() && data["window_expires_at"].is_string());
    let flow = data["flow"].as_str().unwrap();
    assert_eq!(next(&started), ["resume", flow, "--max-wait", "60s"]);
    let pending = world.json(&["pending"]);
    let expected = json!([{ "flow": flow, "service": "opentrain", "profile": "default", "awaiting": "owner", "expires_at": data["expires_at"],
        "next": started["next"] }]);
    assert_eq!(pending["data"]["pending"], expected);

    let slice = world.json(&["resume", "--max-wait", "2s"]);
    assert_eq!((ending(&slice), &slice["status"], &slice["data"]), ((8, ""), &json!("pending"), data));
    // The same owner: the same attempt. No time for another poll: it leaves at once.
    let again = world.json(&["claim", "--email", OWNER, "--max-wait", "0"]);
    assert_eq!((ending(&again), &again["data"]), ((8, ""), data));
    assert_eq!((world.sent(START), world.sandbox.counts().emails_sent), (1, 1));

    world.type_code(data);
    let done = world.json(&next(&started).iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((ending(&done), &done["command"], &done["service"]), ((0, ""), &json!("resume"), &json!("opentrain")));
    assert!(done["data"]["token_hint"].as_str().unwrap().starts_with("ot_pat_…"));
    world.assert_pace(INTERVAL);
}

#[test]
fn another_owner_replaces_a_code_only_with_restart() {
    let world = World::registered(quick());
    let first = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let refused = world.json(&["claim", "--email", "other@example.com", "--no-wait"]);
    assert_eq!((ending(&refused), world.sent(START), world.sent(POLL)), ((10, "conflict"), 1, 0), "{refused}");
    assert_eq!(next(&refused), ["claim", "--email", "other@example.com", "--restart"]);
    // The letters of the address in another case are the same owner.
    let same = world.json(&["claim", "--email", "OWNER@Example.COM", "--no-wait"]);
    assert_eq!((ending(&same), &same["data"]["user_code"]), ((0, ""), &first["data"]["user_code"]));
    let second = world.json(&["claim", "--email", "other@example.com", "--restart", "--no-wait"]);
    assert_eq!((ending(&second), &second["data"]["flow"]), ((0, ""), &first["data"]["flow"]));
    assert_ne!(second["data"]["user_code"], first["data"]["user_code"]);
    let third = world.json(&["claim", "--email", "other@example.com", "--restart", "--no-wait"]);
    assert_ne!(third["data"]["user_code"], second["data"]["user_code"]);
    assert_eq!((world.sent(START), world.sent(POLL)), (3, 2));
    world.assert_pace(INTERVAL);
}

#[test]
fn an_approval_in_the_last_moment_wins_over_a_restart() {
    let world = World::registered(quick());
    let first = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.type_code(&first["data"]);
    let done = world.json(&["claim", "--email", "other@example.com", "--restart", "--no-wait"]);
    assert_eq!((ending(&done), &done["status"]), ((0, ""), &json!("ready")));
    assert_eq!(world.sent(START), 1);
}

#[test]
fn an_expired_attempt_is_started_again() {
    let world = World::registered(Config { attempt_lifetime: Duration::from_secs(2), ..quick() });
    let expired = world.json(&["claim", "--email", OWNER, "--max-wait", "60s"]);
    assert_eq!((ending(&expired), &expired["status"]), ((3, "attempt_expired"), &json!("expired")));
    assert_eq!(next(&expired), ["claim", "--email", OWNER]);
    assert_eq!(world.json(&["pending"])["data"]["pending"], json!([]));
    assert_eq!(ending(&world.json(&["resume"])), (64, "usage"));
    let anew = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    assert_eq!((ending(&anew), world.sent(START)), ((0, ""), 2), "{anew}");
    // Nobody looked for longer than it lived.
    std::thread::sleep(Duration::from_millis(2100));
    let third = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    assert_ne!(third["data"]["user_code"], anew["data"]["user_code"]);
    world.assert_pace(INTERVAL);
}

#[test]
fn a_no_is_final_for_the_attempt_and_not_for_the_registration() {
    let world = World::registered(quick());
    let started = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.sandbox.deny(&Which::newest()).unwrap();
    assert_eq!(ending(&world.json(&["resume"])), (2, "denied"));
    let anew = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    assert_eq!(ending(&anew), (0, ""));
    assert_ne!(anew["data"]["user_code"], started["data"]["user_code"]);
}

#[test]
fn a_window_that_is_over_leads_to_another_profile() {
    let world = World::registered(Config { claim_window: Duration::from_secs(2), ..quick() });
    std::thread::sleep(Duration::from_millis(2100));
    let over = world.json(&["claim", "--email", OWNER]);
    assert_eq!(ending(&over), (3, "window_expired"), "{over}");
    let way_on = next(&over);
    assert_eq!(way_on, ["register", "opentrain", "--base-url", world.sandbox.url(), "--profile", "default-2"]);
    let registered = world.json(&way_on.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((ending(&registered), &registered["profile"]), ((0, ""), &json!("default-2")));
}

#[test]
fn profiles_are_apart_and_next_names_them() {
    let world = World::registered(quick());
    assert_eq!(ending(&world.json(&["claim", "--email", OWNER, "-p", "work"])), (4, "not_registered"));
    let registered = world.json(&["register", "opentrain", "--profile", "work"]);
    assert_eq!((ending(&registered), &registered["profile"]), ((0, ""), &json!("work")));
    let output = world.command(&["claim", "--email", OWNER, "--no-wait"]).env("ENLIST_PROFILE", "work").output().unwrap();
    let started = settled(output);
    assert_eq!(next(&started)[4..], ["--profile", "work"]);
    assert_eq!(world.json(&["pending", "-p", "default"])["data"]["pending"], json!([]));
    assert_eq!(world.sent(REGISTER), 2);
}

/// A zone without a name in the system's database, one hour east of UTC.
#[test]
fn people_read_the_local_time_and_what_is_left() {
    let world = World::registered(quick());
    let mut command = world.command(&["claim", "--email", OWNER, "--no-wait", "--output", "text"]);
    command.env("TZ", "HERE-1");
    let (exit, stdout, _) = told(command);
    let expires_at = world.json(&["pending"])["data"]["pending"][0]["expires_at"].as_str().unwrap().to_owned();
    assert!(expires_at.ends_with('Z'), "{expires_at}");
    let (hour, minute) = (expires_at[11..13].parse::<u32>().unwrap(), &expires_at[14..16]);
    let local = format!("{:02}:{minute} (", (hour + 1) % 24);
    assert!(exit == 0 && stdout.contains(&local) && stdout.contains(" minutes left)"), "{local}{stdout}");
}

/// An agent's turn must not end before it could tell its owner. `resume` waits a slice.
#[test]
fn an_agent_that_starts_a_claim_never_waits_unasked() {
    for arguments in [&["claim", "--email", OWNER][..], &["register", "opentrain", "--claim", OWNER]] {
        let world = if arguments[0] == "claim" { World::registered(Config::default()) } else { World::with(Config::default()) };
        let begun = std::time::Instant::now();
        let started = world.json(arguments);
        assert!(begun.elapsed() < Duration::from_secs(4), "not even one interval");
        assert_eq!((ending(&started), &started["status"]), ((8, ""), &json!("pending")), "{started}");
        assert!(started["data"]["say_to_user"].is_string() && world.sent(POLL) == 0, "{started}");
    }
}

/// What the ceremony still needs comes with a placeholder that is named.
#[test]
fn a_registration_leads_to_its_claim() {
    let registered = World::new().json(&["register", "opentrain"]);
    assert_eq!((ending(&registered), next(&registered)), ((0, ""), ["claim", "--email", "OWNER_EMAIL"].map(str::to_owned).to_vec()));
    assert_eq!(registered["next"]["fill"], json!({"OWNER_EMAIL": "the owner's e-mail address"}));
}
