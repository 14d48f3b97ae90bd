//! Answers that are lost on the way, and a token that is adopted.

use enlist_sandbox::{Action, Canned, Scripted, Which};
use serde_json::json;

use crate::world::{HAND_IN, MANIFEST, OWNER, POLL, REGISTER, World, ending, next, private_files, quick};

const MINTED: &str = "ot_pat_8f2a_MINTEDBYHANDMINTEDBYHAND91cd";

#[test]
fn a_lost_registration_is_not_repeated_without_a_word() {
    let world = World::new();
    world.script(REGISTER, Action::DropAfter);
    let lost = world.json(&["register", "opentrain"]);
    assert_eq!((ending(&lost), &lost["data"]["awaiting"]), ((4, "answer_lost"), &json!("register_again")));
    let flow = lost["data"]["flow"].as_str().unwrap();
    assert_eq!(next(&lost), ["resume", flow, "--again"]);
    for _ in 0..2 {
        let again = world.json(&["register", "opentrain"]);
        assert_eq!((ending(&again), next(&again)), ((4, "answer_lost"), next(&lost)));
    }
    assert_eq!(ending(&world.json(&["resume"])), (4, "answer_lost"));
    let claim = world.json(&["claim", "--email", OWNER]);
    assert_eq!((ending(&claim), next(&claim)), ((4, "not_registered"), next(&lost)));
    assert_eq!(world.sandbox.counts().requests, 1);
    let done = world.json(&["resume", flow, "--again"]);
    assert_eq!((ending(&done), world.sandbox.counts().accounts), ((0, ""), 2));
    assert!(done["data"]["registration_id"].is_string());
}

#[test]
fn a_token_lost_on_the_way_is_called_lost_and_one_made_by_hand_is_adopted() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.sandbox.approve(&Which::newest()).unwrap();
    world.script(POLL, Action::DropAfter);
    // As long as nothing is proved, adopting is no way out.
    assert_eq!(ending(&world.json_in(&["adopt", "opentrain", "--token-file", "-"], MINTED)), (10, "conflict"));
    let lost = world.json(&["resume"]);
    assert_eq!(ending(&lost), (4, "credential_lost"));
    assert_eq!(next(&lost), ["adopt", "opentrain", "--token-file", "-"]);
    // It stays true, and another attempt would be in vain.
    let requests = world.sandbox.counts().requests;
    assert_eq!(ending(&world.json(&["claim", "--email", OWNER])), (4, "credential_lost"));
    assert_eq!(world.sandbox.counts().requests, requests);
    let adopted = world.json_in(&["adopt", "opentrain", "--token-file", "-"], &format!("{MINTED}\n"));
    assert_eq!((ending(&adopted), &adopted["data"]["token_hint"]), ((0, ""), &json!("ot_pat_…91cd")));
    assert_eq!(world.token("opentrain"), MINTED);
    assert_eq!(ending(&world.json_in(&["adopt", "opentrain", "--token-file", "-"], MINTED)), (10, "conflict"));
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], "adopted");
}

#[test]
fn a_delivery_that_cannot_be_read_is_kept_and_pointed_to() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.sandbox.approve(&Which::newest()).unwrap();
    world.script(POLL, Action::ReplaceAfter(Canned { body: "<html>CANARY</html>".to_owned(), ..Canned::status(200) }));
    let unreadable = world.json(&["resume"]);
    assert_eq!(ending(&unreadable), (4, "credential_unreadable"), "{unreadable}");
    let kept: Vec<_> =
        private_files(world.home.path()).into_iter().filter(|path| path.to_string_lossy().contains("/quarantine/")).collect();
    assert_eq!(kept.len(), 1);
    let message = unreadable["error"]["message"].as_str().unwrap();
    assert!(message.contains(kept[0].to_str().unwrap()), "{message}");
    assert!(std::fs::read(&kept[0]).unwrap().windows(6).any(|window| window == b"CANARY"));
    assert_eq!(next(&unreadable)[0], "adopt");
}

/// The answer was cut off behind the token. The next answer says that the token was delivered, so this is it.
#[test]
fn a_delivery_that_was_cut_off_behind_the_token_is_taken() {
    for (after, warns) in [(None, false), (Some(Action::DropBefore), true)] {
        let world = World::registered(quick());
        world.json(&["claim", "--email", OWNER, "--no-wait"]);
        world.sandbox.approve(&Which::newest()).unwrap();
        let cut = Scripted::new(POLL, Action::Cut { bytes: 120 });
        world.sandbox.script([cut].into_iter().chain(after.map(|action| Scripted::new(POLL, action).times(3))));
        let claimed = world.json(&["resume"]);
        assert_eq!(ending(&claimed), (0, ""), "{claimed}");
        let warnings = claimed["warnings"].to_string();
        assert_eq!(warnings.contains("unconfirmed"), warns, "{warnings}");
        assert_eq!(ending(&world.json(&["status", "--check"])), (0, ""));
        let kept = private_files(world.home.path()).into_iter().filter(|path| path.to_string_lossy().contains("/quarantine/"));
        assert_eq!(kept.count(), 1, "the bytes stay");
    }
}

#[test]
fn a_registration_that_cannot_be_read_is_kept_too() {
    let world = World::new();
    world.script(REGISTER, Action::Cut { bytes: 30 });
    let lost = world.json(&["register", "opentrain"]);
    assert_eq!(ending(&lost), (4, "answer_lost"));
    let kept: Vec<_> =
        private_files(world.home.path()).into_iter().filter(|path| path.to_string_lossy().contains("/quarantine/")).collect();
    assert_eq!((kept.len(), lost["warnings"].as_array().unwrap().len()), (1, 1), "{lost}");
    assert!(lost["warnings"][0].as_str().unwrap().ends_with(kept[0].to_str().unwrap()));
}

#[test]
fn a_service_that_is_down_leaves_a_way_to_try_again() {
    let world = World::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let down = world.json(&["register", "opentrain", "--base-url", &format!("http://{nobody}")]);
    assert_eq!((ending(&down), &down["error"]["retryable"]), ((6, "network"), &json!(true)));
    assert_eq!(next(&down), ["register", "opentrain", "--base-url", &format!("http://{nobody}")]);
    assert_eq!(world.json(&["pending"])["data"]["pending"], json!([]));
    assert_eq!(ending(&world.json(&["register", "opentrain"])), (0, ""));
}

#[test]
fn too_many_requests_carry_the_services_number() {
    let world = World::new();
    world.script(REGISTER, Action::Respond(Canned::json(429, r#"{"error":"rate_limited"}"#).header("retry-after", "77")));
    let limited = world.json(&["register", "opentrain"]);
    assert_eq!((ending(&limited), &limited["error"]["retry_after_s"]), ((7, "rate_limited"), &json!(77)));
    assert_eq!((&limited["error"]["http"], &limited["error"]["untrusted_code"]), (&json!(429), &json!("rate_limited")));
}

#[test]
fn a_deadline_for_each_request_can_be_shorter() {
    let world = World::registered(quick());
    world.sandbox.script([Scripted::new(crate::world::START, Action::Delay { ms: 20_000 })]);
    let begun = std::time::Instant::now();
    let slice = world.json(&["claim", "--email", OWNER, "--timeout", "1s", "--max-wait", "0"]);
    assert_eq!((ending(&slice), &slice["data"]["user_code"]), ((8, ""), &json!(null)));
    assert!(begun.elapsed() < std::time::Duration::from_secs(15));
}

/// A registration whose badge was lost, as a process leaves it that is killed between saving that and saying it.
fn killed_before_it_was_told() -> (World, String) {
    let world = World::new();
    let begun = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    let flow = begun["data"]["flow"].as_str().unwrap().to_owned();
    let path = world.home.path().join(format!("profiles/default/sentryagent/flows/{flow}.json"));
    world.script(HAND_IN, Action::DropAfter);
    let code = world.sms_code();
    // The code is handed in once more, and to the service it was used: the badge is lost.
    let mut otp = world.command(&["otp", "--otp-file", "-", "--output", "json"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    otp.stdin(std::process::Stdio::piped()).stdout(full).stderr(std::process::Stdio::null());
    let mut child = otp.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), code.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4));
    assert!(path.exists(), "what was not printed was not told");
    (world, flow)
}

#[cfg(target_os = "linux")]
#[test]
fn a_loss_that_nobody_was_told_of_is_told_by_the_command_that_finds_it() {
    for command in [&["pending"][..], &["status"], &["register", "sentryagent", "--manifest", "-"], &["resume"]] {
        let (world, flow) = killed_before_it_was_told();
        // Whoever only wants the token is warned, and the loss stays for others to tell.
        let token = world.json(&["token", "sentryagent", "--json"]);
        let warning = token["warnings"][0].as_str().unwrap();
        assert!(
            warning.starts_with(&format!("{flow} failed before this command: ")) && warning.contains("next: enlist register"),
            "{token}"
        );
        let requests = world.sandbox.counts().requests;
        let found = world.json_in(command, MANIFEST);
        assert_eq!((ending(&found), world.sandbox.counts().requests), ((4, "credential_lost"), requests), "{command:?} {found}");
        assert_eq!(next(&found)[..2], ["register", "sentryagent"], "{found}");
        assert_eq!(ending(&world.json(&["pending"])), (0, ""), "it was told");
    }
}

/// The loss is proved by the answer to the repeated hand-in, and the process is killed at 20 moments of the 30 ms after that answer.
#[test]
fn a_loss_is_told_at_whatever_moment_the_process_is_killed() {
    for moment in 0..20 {
        let world = World::new();
        world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
        world.script(HAND_IN, Action::DropAfter);
        let code = world.sms_code();
        let mut otp = world.command(&["otp", "--otp-file", "-", "--output", "json"]);
        otp.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
        let mut child = otp.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), code.as_bytes()).unwrap();
        world.await_sent(HAND_IN, 2);
        std::thread::sleep(std::time::Duration::from_micros(1500 * moment));
        child.kill().unwrap();
        let said = child.wait_with_output().unwrap().stdout;
        let said = String::from_utf8(said).unwrap().contains("credential_lost");
        let found = world.json(&["pending"]);
        match ending(&found) {
            (4, "credential_lost") => assert_eq!(next(&found)[..2], ["register", "sentryagent"], "{found}"),
            // The answer had not been read: the code is asked for again, and proves the loss.
            (0, "") if found["data"]["pending"] != json!([]) => {
                assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &code)), (4, "credential_lost"), "moment {moment}");
            }
            other => assert!(said, "moment {moment}: {other:?}, and nothing was said: {found}"),
        }
        assert_eq!(ending(&world.json(&["pending"])), (0, ""), "it was told");
        assert_eq!(world.sandbox.counts().sms_sent, 1);
    }
}

/// After a loss nothing goes on as if the agent were well.
#[test]
fn what_is_left_after_a_loss_is_called_lost() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.sandbox.approve(&Which::newest()).unwrap();
    world.script(POLL, Action::DropAfter);
    assert_eq!(ending(&world.json(&["resume"])), (4, "credential_lost"));
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], "lost");
    let token = world.json(&["token", "opentrain", "--json"]);
    assert!(token["warnings"][0].as_str().unwrap().contains("enlist adopt opentrain --token-file -"), "{token}");
    // The service has revoked the token, and the exit code says so.
    let checked = world.json(&["status", "--check"]);
    assert_eq!((ending(&checked), &checked["data"]["identities"][0]["checked"]), ((5, "rejected"), &json!("not_valid")));
    assert!(checked["error"]["message"].as_str().unwrap().contains("opentrain says that the credential in profile default"), "{checked}");
    world.json_in(&["adopt", "opentrain", "--token-file", "-"], MINTED);
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["state"], "adopted");
    assert_eq!(world.json(&["token", "opentrain", "--json"])["warnings"], json!([]));
}
