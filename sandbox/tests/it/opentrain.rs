//! OpenTrain: a complete claim, the polling interval, and expiry.

use std::time::Duration;

use enlist_sandbox::{AttemptState, Config, MessageKind, Sandbox, Which};
use serde_json::{Value, json};

use crate::client::{EMAIL, GRANT, Response, get, post_form, post_json, start, try_send};

pub(crate) const REGISTER: &str = "/api/agent/identity";
pub(crate) const CLAIM: &str = "/api/agent/identity/claim";
pub(crate) const TOKEN: &str = "/api/agent/oauth/token";
pub(crate) const REVOKE: &str = "/api/agent/oauth/revoke";
pub(crate) const ME: &str = "/api/public/v1/auth/me";

pub(crate) fn register(sandbox: &Sandbox) -> Value {
    post_json(sandbox, REGISTER, &json!({"agent_name": "build-bot"})).ok()
}

/// Registers an agent. Returns its claim token.
pub(crate) fn claim_token(sandbox: &Sandbox) -> String {
    register(sandbox)["claim_token"].as_str().unwrap().to_owned()
}

pub(crate) fn start_claim(sandbox: &Sandbox, claim_token: &str, email: &str) -> Response {
    post_json(sandbox, CLAIM, &json!({"claim_token": claim_token, "email": email}))
}

/// Registers an agent and starts its claim. Returns the claim token and the answer to the claim start.
pub(crate) fn claiming(sandbox: &Sandbox) -> (String, Value) {
    let token = claim_token(sandbox);
    let started = start_claim(sandbox, &token, EMAIL).ok();
    (token, started)
}

pub(crate) fn poll(sandbox: &Sandbox, claim_token: &str) -> Response {
    post_form(sandbox, TOKEN, &[("grant_type", GRANT), ("claim_token", claim_token)])
}

pub(crate) fn me(sandbox: &Sandbox, token: &str) -> Response {
    try_send(sandbox, "GET", ME, &[("authorization", &format!("Bearer {token}"))], b"").unwrap()
}

fn seconds(sandbox: &Sandbox, seconds: u64) {
    sandbox.advance(Duration::from_secs(seconds));
}

#[test]
fn the_whole_ceremony() {
    let sandbox = start(Config::default());
    let registered = register(&sandbox);
    assert_eq!(registered["identity_type"], "anonymous");
    assert_eq!(registered["token_type"], "bearer");
    assert_eq!(registered["grant_type"], GRANT);
    assert_eq!(registered["claim_endpoint"], format!("{}{CLAIM}", sandbox.opentrain_url()));
    assert_eq!(registered["token_endpoint"], format!("{}{TOKEN}", sandbox.opentrain_url()));
    assert_eq!(registered["scopes"].as_array().unwrap().len(), 6);
    let old = registered["access_token"].as_str().unwrap();
    let parts: Vec<&str> = old.split('_').collect();
    assert_eq!((parts.len(), parts[0], parts[1]), (4, "ot", "pat"));
    assert_eq!(me(&sandbox, old).ok()["actor"]["email"], Value::Null);

    let claim_token = registered["claim_token"].as_str().unwrap();
    assert!(claim_token.starts_with("ot_clm_"));
    let started = start_claim(&sandbox, claim_token, EMAIL).ok();
    let code = started["user_code"].as_str().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    assert_eq!((&started["expires_in"], &started["interval"]), (&json!(1800), &json!(5)));
    assert_eq!(started["email_sent"], true);
    let link = started["verification_uri"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/claim?token=ot_cat_", sandbox.url())), "{link}");
    let mail = &sandbox.outbox()[0];
    assert_eq!((mail.kind, mail.to.as_str(), mail.link.as_deref()), (MessageKind::Email, EMAIL, Some(link)));
    assert!(mail.code.is_none() && !mail.text.contains(code), "the mail must not hold the code");

    assert_eq!(poll(&sandbox, claim_token).error(400), "authorization_pending");
    assert_eq!(sandbox.approve(&Which::newest()).unwrap().state, AttemptState::Approved);
    assert_eq!(me(&sandbox, old).status, 401, "dead as soon as the human is done");
    seconds(&sandbox, 5);
    let delivered = poll(&sandbox, claim_token).ok();
    assert_eq!(delivered["token_type"], "bearer");
    assert_eq!(delivered["scopes"].as_array().unwrap().len(), 9);
    let new = delivered["access_token"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!(me(&sandbox, new).ok()["actor"]["email"], EMAIL);
    seconds(&sandbox, 5);
    assert_eq!(poll(&sandbox, claim_token).error(400), "invalid_grant", "delivered exactly once");
    assert_eq!(sandbox.counts().tokens_delivered, 1);

    assert_eq!(post_form(&sandbox, REVOKE, &[("token", new)]).ok(), json!({}));
    assert_eq!(me(&sandbox, new).status, 401);
}

#[test]
fn register_answers_in_the_documented_order() {
    let sandbox = start(Config::default());
    let text = post_json(&sandbox, REGISTER, &json!({})).text();
    let order = ["identity_type", "registration_id", "access_token", "claim_token_expires_at", "grant_type"];
    let places: Vec<usize> = order.iter().map(|name| text.find(&format!("\"{name}\"")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn polling_faster_than_the_interval_is_slowed_down() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending");
    assert_eq!(poll(&sandbox, &token).error(400), "slow_down");
    sandbox.advance(Duration::from_millis(4_000));
    assert_eq!(poll(&sandbox, &token).error(400), "slow_down", "counted from the last poll");
    sandbox.advance(Duration::from_millis(4_960));
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending", "40 ms early is let pass");
    seconds(&sandbox, 5);
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending", "the interval has not grown");
}

#[test]
fn a_slowed_down_poll_does_not_spend_the_token() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    poll(&sandbox, &token);
    sandbox.approve(&Which::newest()).unwrap();
    assert_eq!(poll(&sandbox, &token).error(400), "slow_down");
    seconds(&sandbox, 5);
    poll(&sandbox, &token).ok();
}

#[test]
fn time_ends_the_attempt_and_then_the_window() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    seconds(&sandbox, 1795);
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending");
    seconds(&sandbox, 5);
    assert_eq!(poll(&sandbox, &token).error(400), "expired_token");
    assert!(sandbox.approve(&Which::newest()).is_err());
    assert_eq!(sandbox.attempts()[0].state, AttemptState::Expired);

    start_claim(&sandbox, &token, EMAIL).ok();
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending", "a restart helps");
    seconds(&sandbox, 86_400);
    assert_eq!(poll(&sandbox, &token).error(400), "expired_token");
    let refused = start_claim(&sandbox, &token, EMAIL);
    assert_eq!(refused.error(400), "invalid_request");
    assert!(refused.text().contains("expired"));
}

#[test]
fn an_approval_outlives_the_attempt() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    sandbox.approve(&Which::newest()).unwrap();
    seconds(&sandbox, 90_000);
    poll(&sandbox, &token).ok();
}

#[test]
fn a_denial_reaches_the_poll_and_a_restart_is_possible() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    sandbox.deny(&Which::newest()).unwrap();
    assert_eq!(poll(&sandbox, &token).error(400), "access_denied");
    start_claim(&sandbox, &token, EMAIL).ok();
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending");
}

#[test]
fn which_attempt_is_meant() {
    let sandbox = start(Config::default());
    let (first, second) = (claim_token(&sandbox), claim_token(&sandbox));
    start_claim(&sandbox, &first, "first@example.com").ok();
    start_claim(&sandbox, &second, "second@example.com").ok();
    assert!(sandbox.approve(&Which::email("third@example.com")).is_err());
    sandbox.approve(&Which::email("First@example.com")).unwrap();
    poll(&sandbox, &first).ok();
    assert_eq!(poll(&sandbox, &second).error(400), "authorization_pending");
    let other = sandbox.attempts()[1].attempt.clone();
    assert_eq!(sandbox.approve(&Which::attempt(other)).unwrap().email, "second@example.com");
}

#[test]
fn the_human_is_played_after_the_set_time() {
    let sandbox = start(Config { auto_approve: Some(Duration::from_secs(20)), ..Config::default() });
    let registered = register(&sandbox);
    let token = registered["claim_token"].as_str().unwrap();
    start_claim(&sandbox, token, EMAIL).ok();
    seconds(&sandbox, 19);
    assert_eq!(poll(&sandbox, token).error(400), "authorization_pending");
    assert_eq!(me(&sandbox, registered["access_token"].as_str().unwrap()).status, 200);
    seconds(&sandbox, 5);
    assert_eq!(me(&sandbox, registered["access_token"].as_str().unwrap()).status, 401, "nobody polled yet");
    poll(&sandbox, token).ok();
}

#[test]
fn the_simulated_owner_cannot_approve_an_expired_attempt() {
    let sandbox = start(Config { auto_approve: Some(Duration::from_secs(1800)), ..Config::default() });
    let (token, _) = claiming(&sandbox);
    seconds(&sandbox, 4000);
    assert_eq!(poll(&sandbox, &token).error(400), "expired_token");
}

#[test]
fn speed_divides_what_is_announced_and_enforced() {
    let sandbox = start(Config { speed: 5, ..Config::default() });
    let (token, started) = claiming(&sandbox);
    assert_eq!((&started["expires_in"], &started["interval"]), (&json!(360), &json!(1)));
    poll(&sandbox, &token);
    seconds(&sandbox, 1);
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending");
    seconds(&sandbox, 359);
    assert_eq!(poll(&sandbox, &token).error(400), "expired_token");
}

#[test]
fn well_known_documents() {
    let sandbox = start(Config::default());
    let resource = get(&sandbox, "/.well-known/oauth-protected-resource").ok();
    assert_eq!(resource["authorization_servers"], json!([sandbox.url()]));
    let server = get(&sandbox, "/.well-known/oauth-authorization-server").ok();
    assert_eq!(server["issuer"], sandbox.url());
    assert_eq!(server["agent_auth"]["claim_endpoint"], format!("{}{CLAIM}", sandbox.url()));
}

#[test]
fn the_window_cuts_an_attempt_short() {
    let sandbox = start(Config::default());
    let token = claim_token(&sandbox);
    seconds(&sandbox, 86_000);
    start_claim(&sandbox, &token, EMAIL).ok();
    seconds(&sandbox, 400);
    assert!(sandbox.approve(&Which::newest()).is_err());
    assert_eq!(poll(&sandbox, &token).error(400), "expired_token");
}

#[test]
fn the_played_human_came_in_time_though_nobody_looked() {
    let sandbox = start(Config { auto_approve: Some(Duration::from_secs(20)), ..Config::default() });
    let (token, _) = claiming(&sandbox);
    seconds(&sandbox, 4000);
    assert!(poll(&sandbox, &token).ok()["access_token"].is_string());
}
