//! `revoke`, `badge revoke`, `forget`: "revoked" is said on the answer that means it.

use enlist_sandbox::ambiguities::{OpenTrainAmbiguities, RepeatedRevoke, RevokePath, SentryAgentAmbiguities};
use enlist_sandbox::{Action, Ambiguities, Canned, Config, Latency, Scripted};
use serde_json::json;

use crate::badge::{badged, playing};
use crate::world::{OWNER, World, ending, holding, next, quick};

const REVOKE_TOKEN: &str = "/api/agent/oauth/revoke";
const REVOKE_BADGE: &str = "/v1/revoke";

fn identities(world: &World) -> usize {
    world.json(&["status"])["data"]["identities"].as_array().unwrap().len()
}

#[test]
fn a_token_is_revoked_on_the_owners_word_and_then_forgotten() {
    let world = World::registered(quick());
    let token = world.token("opentrain");
    let asked = world.json(&["revoke", "opentrain"]);
    assert_eq!(
        (ending(&asked), next(&asked), world.sent(REVOKE_TOKEN)),
        ((4, "human_needed"), vec!["revoke".into(), "opentrain".into(), "--yes".into()], 0)
    );
    let revoked = world.json(&["revoke", "opentrain", "--yes"]);
    assert_eq!((ending(&revoked), &revoked["data"]["revoked"]), ((0, ""), &json!(true)));
    assert_eq!((identities(&world), holding(world.home.path(), &token).len()), (0, 0));
    let nothing = world.json(&["revoke", "opentrain", "--yes"]);
    assert_eq!((ending(&nothing), &nothing["next"]), ((4, "not_registered"), &json!(null)), "obeying would make an account: {nothing}");
    let message = nothing["error"]["message"].as_str().unwrap();
    assert!(message.contains("profile default") && message.contains(world.home.path().to_str().unwrap()), "{message}");
}

#[test]
fn on_503_the_token_stays_until_it_is_confirmed() {
    let world = World::registered(quick());
    let token = world.token("opentrain");
    let busy = |times: u32, seconds: &str| {
        world
            .sandbox
            .script([Scripted::new(REVOKE_TOKEN, Action::Respond(Canned::status(503).header("retry-after", seconds))).times(times)]);
    };
    busy(1, "3600");
    let down = world.json(&["revoke", "opentrain", "--yes"]);
    assert_eq!((ending(&down), &down["data"]["revoked"], world.token("opentrain")), ((6, "busy"), &json!(false), token.clone()));
    assert_eq!(
        (next(&down), down["error"]["retry_after_s"].as_u64().unwrap() > 3500),
        (vec!["revoke".into(), "opentrain".into(), "--yes".into()], true)
    );
    // A success that is no 200 means nothing.
    world.script(REVOKE_TOKEN, Action::Respond(Canned::json(202, "{}")));
    assert_eq!(
        (ending(&world.json(&["revoke", "opentrain", "--yes"])), world.token("opentrain")),
        ((5, "protocol_violation"), token.clone())
    );
    // A short 503 is waited out, an answer that is lost asked for again.
    busy(1, "2");
    world.script(REVOKE_TOKEN, Action::DropAfter);
    assert_eq!((ending(&world.json(&["revoke", "opentrain", "--yes"])), identities(&world)), ((0, ""), 0));
}

#[test]
fn where_the_pages_disagree_on_the_path_the_metadata_decide() {
    let opentrain = OpenTrainAmbiguities { revoke_path: RevokePath::Identity, ..OpenTrainAmbiguities::default() };
    let world = World::registered(Config { ambiguities: Ambiguities { opentrain, ..Ambiguities::default() }, ..quick() });
    let revoked = world.json(&["revoke", "opentrain", "--yes"]);
    assert_eq!((ending(&revoked), world.sent("/api/agent/identity/revoke"), identities(&world)), ((0, ""), 1, 0));
}

#[test]
fn a_claim_under_way_is_in_the_way() {
    let world = World::registered(quick());
    let claim = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    for command in ["revoke", "forget"] {
        assert_eq!(ending(&world.json(&[command, "opentrain", "--yes"])), (10, "conflict"));
    }
    world.json(&["abandon", claim["data"]["flow"].as_str().unwrap(), "--yes"]);
    assert_eq!((ending(&world.json(&["revoke", "opentrain", "--yes"])), identities(&world)), ((0, ""), 0));
}

#[test]
fn a_badge_is_revoked_slow_as_the_service_is() {
    let latency = Latency { revoke: std::time::Duration::from_millis(1500), ..Latency::default() };
    let world = badged(Config { latency, ..quick() });
    for command in [&["badge", "revoke"][..], &["revoke", "sentryagent"]] {
        assert_eq!((ending(&world.json(command)), world.sent(REVOKE_BADGE)), ((4, "human_needed"), 0));
    }
    let revoked = world.json(&["badge", "revoke", "--yes"]);
    assert_eq!((ending(&revoked), &revoked["data"]["confirmed_by"], identities(&world)), ((0, ""), &json!("revoke"), 0));
}

#[test]
fn a_lost_revocation_is_confirmed_by_verify() {
    for (repeated_revoke, confirmed_by) in [(RepeatedRevoke::Succeeds, "revoke"), (RepeatedRevoke::Refused, "verify")] {
        let world = playing(SentryAgentAmbiguities { repeated_revoke, ..SentryAgentAmbiguities::default() });
        world.script(REVOKE_BADGE, Action::DropAfter);
        let revoked = world.json(&["revoke", "sentryagent", "--yes"]);
        assert_eq!((ending(&revoked), &revoked["data"]["confirmed_by"], identities(&world)), ((0, ""), &json!(confirmed_by), 0));
    }
}

#[test]
fn a_badge_that_could_not_be_revoked_is_kept() {
    let world = badged(quick());
    let badge = world.token("sentryagent");
    let scripts: [(Vec<Scripted>, (i64, &str), _); 4] = [
        (vec![Scripted::new(REVOKE_BADGE, Action::DropBefore).times(3)], (6, "network"), json!(true)),
        (vec![Scripted::new(REVOKE_BADGE, Action::Respond(Canned::status(503).header("retry-after", "900")))], (6, "busy"), json!(true)),
        (
            vec![Scripted::new(REVOKE_BADGE, Action::Respond(Canned::json(200, r#"{"revoked":false}"#)))],
            (5, "protocol_violation"),
            json!(true),
        ),
        (
            vec![Scripted::new(REVOKE_BADGE, Action::DropBefore).times(3), Scripted::new("/v1/verify", Action::DropBefore).times(3)],
            (6, "network"),
            json!(null),
        ),
    ];
    for (script, expected, valid) in scripts {
        world.sandbox.script(script);
        let kept = world.json(&["badge", "revoke", "--yes"]);
        assert_eq!((ending(&kept), &kept["data"]["revoked"], &kept["data"]["valid"]), (expected, &json!(false), &valid));
        assert_eq!((world.token("sentryagent"), next(&kept)), (badge.clone(), vec!["badge".into(), "revoke".into(), "--yes".into()]));
    }
    // A refusal says nothing of a revocation, and a dead badge is not called revoked because of it.
    let sentryagent = SentryAgentAmbiguities { repeated_revoke: RepeatedRevoke::Refused, ..SentryAgentAmbiguities::default() };
    let world = playing(sentryagent);
    let copy = world.json(&["status"]);
    assert_eq!(copy["data"]["identities"][0]["state"], "issued");
    world.script("/v1/verify", Action::Respond(Canned::json(200, r#"{"valid":false}"#)));
    world.script(REVOKE_BADGE, Action::Respond(Canned::status(401)));
    let refused = world.json(&["badge", "revoke", "--yes"]);
    assert_eq!((ending(&refused), &refused["data"]["valid"], identities(&world)), ((5, "rejected"), &json!(false), 1));
    assert_eq!(next(&refused)[0], "forget");
}

#[test]
fn forget_leaves_the_service_alone() {
    let world = World::registered(quick());
    let requests = world.sandbox.counts().requests;
    let asked = world.json(&["forget", "opentrain"]);
    assert_eq!((ending(&asked), identities(&world)), ((4, "human_needed"), 1));
    assert_eq!(ending(&world.json(&["forget", "opentrain", "--yes"])), (0, ""));
    assert_eq!((identities(&world), world.sandbox.counts().requests), (0, requests));
    let nothing = world.json(&["forget", "opentrain", "--yes"]);
    assert_eq!((ending(&nothing), &nothing["data"]["was"], &nothing["next"]), ((0, ""), &json!("absent"), &json!(null)), "{nothing}");
}
