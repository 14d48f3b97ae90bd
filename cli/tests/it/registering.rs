//! SentryAgent: manifest, profile, code, badge.

use enlist_sandbox::Config;
use serde_json::json;

use crate::world::{HAND_IN, MANIFEST, SUBMIT, TEXT, World, ending, next, private_files, quick};

#[test]
fn a_wrong_code_then_the_right_one() {
    let world = World::new();
    let started = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    assert_eq!((ending(&started), &started["status"]), ((0, ""), &json!("pending")), "{started}");
    let data = &started["data"];
    assert_eq!((&data["awaiting"], &data["public_profile"]["contact_email"]), (&json!("otp"), &json!("dev@acme.com")));
    assert!(data["expires_at"].is_string());
    let flow = data["flow"].as_str().unwrap();
    assert_eq!(next(&started), ["otp", flow, "--otp-file", "-"]);

    let right = world.sms_code();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let rejected = world.json_in(&["otp", "--otp-file", "-"], wrong);
    assert_eq!((ending(&rejected), &rejected["status"]), ((8, "otp_rejected"), &json!("pending")));
    assert_eq!((next(&rejected), &rejected["data"]["flow"]), (next(&started), &json!(flow)));

    let file = world.desk.path().join("otp");
    std::fs::write(&file, format!("{right}\n")).unwrap();
    let done = world.json(&["otp", flow, "--otp-file", file.to_str().unwrap()]);
    assert_eq!((ending(&done), &done["status"], &done["command"]), ((0, ""), &json!("ready"), &json!("otp")));
    assert!(done["data"]["did"].as_str().unwrap().starts_with("did:sentryagent:"));
    assert!(done["data"]["badge_hint"].as_str().unwrap().starts_with("eyJ…"));
    assert_eq!(done["data"]["public_profile"], data["public_profile"]);
    assert!(world.token("sentryagent").starts_with("eyJ"));
    assert_eq!(private_files(world.home.path()).len(), 2);
    let counts = world.sandbox.counts();
    assert_eq!((counts.sms_sent, counts.badges_issued, world.sent(HAND_IN)), (1, 1, 2));
    assert_eq!(world.json(&["status"])["data"]["identities"][0]["did"], done["data"]["did"]);
    let again = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes"]);
    assert_eq!((ending(&again), world.sent(SUBMIT)), ((10, "conflict"), 1));
}

#[test]
fn a_profile_that_nobody_confirmed_orders_no_sms() {
    let world = World::new();
    let stopped = world.json_in(&["register", "sentryagent", "--manifest", "-"], MANIFEST);
    assert_eq!((ending(&stopped), &stopped["data"]["awaiting"]), ((8, ""), &json!("profile")));
    let say = stopped["data"]["say_to_user"].as_str().unwrap();
    assert!(say.contains("My AI Agent") && say.contains("web-search") && say.contains("dev@acme.com"), "{say}");
    assert_eq!((world.sent(TEXT), world.sandbox.counts().sms_sent), (0, 0));
    // The code is not asked for yet; a registration is under way.
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], "123456")), (8, ""));
    assert_eq!(ending(&world.json(&["register", "sentryagent", "--manifest", &world.manifest()])), (10, "conflict"));
    let way_on = next(&stopped);
    assert_eq!(way_on[2..], ["--yes"]);
    // Without --no-wait, and with nobody to type the code.
    let awaiting = world.json(&way_on.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((ending(&awaiting), &awaiting["data"]["awaiting"]), ((8, ""), &json!("otp")));
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""));
}

#[test]
fn ci_fails_fast_where_a_human_is_needed() {
    let world = World::new();
    let stopped = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--mode", "ci", "--json"]);
    assert_eq!((ending(&stopped), &stopped["data"]["awaiting"]), ((4, "human_needed"), &json!("otp")));
    assert_eq!(next(&stopped)[0], "otp");
    assert_eq!(stopped["mode"], json!({"is": "ci", "because": "--mode"}));
}

#[test]
fn the_tries_end_and_the_way_on_is_the_same_manifest() {
    let world = World::with(Config { otp_tries: 1, ..quick() });
    let flags = ["--manifest", &world.manifest()];
    world.json(&["register", "sentryagent", flags[0], flags[1], "--yes", "--no-wait"]);
    let wrong = if world.sms_code() == "000000" { "000001" } else { "000000" };
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], wrong)), (8, "otp_rejected"));
    let over = world.json_in(&["otp", "--otp-file", "-"], wrong);
    assert_eq!((ending(&over), &over["status"]), ((3, "otp_tries_used_up"), &json!("expired")));
    assert_eq!(next(&over), ["register", "sentryagent", flags[0], flags[1], "--base-url", world.sandbox.url()]);
    assert_eq!(world.json(&["pending"])["data"]["pending"], json!([]));
    assert_eq!(ending(&world.json(&["otp"])), (64, "usage"));
}

#[test]
fn a_lost_sms_is_sent_again_on_the_owners_word_only() {
    let world = World::new();
    world.script(TEXT, enlist_sandbox::Action::DropAfter);
    let lost = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes"]);
    assert_eq!((ending(&lost), &lost["data"]["awaiting"]), ((4, "answer_lost"), &json!("sms_again")));
    let flow = lost["data"]["flow"].as_str().unwrap();
    assert_eq!(next(&lost), ["resume", flow, "--again"]);
    assert_eq!(ending(&world.json(&["resume"])), (4, "answer_lost"));
    assert_eq!(ending(&world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes"])), (4, "answer_lost"));
    assert_eq!(world.sandbox.counts().sms_sent, 1);
    assert_eq!(ending(&world.json(&["resume", flow, "--again"])), (8, ""));
    assert_eq!(world.sandbox.counts().sms_sent, 2);
    // It did not come either.
    assert_eq!(ending(&world.json(&["resume", flow, "--again"])), (8, ""));
    assert_eq!(world.sandbox.counts().sms_sent, 3);
    assert_eq!(ending(&world.json_in(&["otp", "--otp-file", "-"], &world.sms_code())), (0, ""));
}

#[test]
fn giving_up_needs_a_yes() {
    let world = World::new();
    let started = world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    let flow = started["data"]["flow"].as_str().unwrap();
    let stopped = world.json(&["abandon", flow]);
    assert_eq!((ending(&stopped), next(&stopped)), ((4, "human_needed"), vec!["abandon".to_owned(), flow.to_owned(), "--yes".to_owned()]));
    assert_eq!(world.json(&["pending"])["data"]["pending"][0]["flow"], flow);
    assert_eq!(ending(&world.json(&["abandon", flow, "--yes"])), (0, ""));
    assert_eq!(world.json(&["pending"])["data"]["pending"], json!([]));
    assert_eq!(ending(&world.json(&["abandon", flow, "--yes"])), (64, "usage"));
}

/// As it comes out of a message, a chat or a word processor.
#[test]
fn a_code_is_found_in_what_was_pasted() {
    let spaced = |code: &str, separator: &str| format!("{}{separator}{}", &code[..3], &code[3..]);
    for form in [" ", "-", "\u{a0}", "\u{2011}", "\u{200b}", "\u{2060}"] {
        let world = World::new();
        world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
        let code = world.sms_code();
        let text = format!("\u{feff}Your code is {}. It expires in 10 minutes.\n", spaced(&code, form));
        let done = world.json_in(&["otp", "--otp-file", "-"], &text);
        assert_eq!(ending(&done), (0, ""), "{form:?} {done}");
    }
    let world = World::new();
    world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    for unclear in ["12345", "1234567", "123456 or 654321", "", "a code"] {
        let refused = world.json_in(&["otp", "--otp-file", "-"], unclear);
        assert_eq!(ending(&refused), (64, "usage"), "{unclear} {refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("no single group of six digits"), "{refused}");
    }
    assert_eq!(world.sent(HAND_IN), 0);
}

/// A server that speaks another protocol answers with a 404.
#[test]
fn a_server_without_the_endpoint_leads_to_its_address() {
    let world = World::new();
    world.script(crate::world::REGISTER, enlist_sandbox::Action::Respond(enlist_sandbox::Canned::status(404)));
    let refused = world.json(&["register", "opentrain"]);
    assert_eq!(ending(&refused), (5, "rejected"), "{refused}");
    assert!(refused["error"]["hint"].as_str().unwrap().contains("--base-url"), "{refused}");
}
