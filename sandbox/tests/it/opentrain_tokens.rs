//! The tokens of the Public API, and the revocation endpoint.

use std::time::Duration;

use enlist_sandbox::ambiguities::{Issuer, OpenTrainAmbiguities, RevokePath, TokenCap};
use enlist_sandbox::{Ambiguities, Config, Sandbox, Which};
use serde_json::{Value, json};

use crate::client::{EMAIL, Response, get, post_form, post_json, start, try_send};

const TOKENS: &str = "/api/public/v1/tokens";

fn playing(opentrain: OpenTrainAmbiguities) -> Sandbox {
    start(Config { ambiguities: Ambiguities { opentrain, ..Ambiguities::default() }, ..Config::default() })
}

fn call(sandbox: &Sandbox, method: &str, path: &str, token: &str, body: &str) -> Response {
    let bearer = format!("Bearer {token}");
    try_send(sandbox, method, path, &[("content-type", "application/json"), ("authorization", &bearer)], body.as_bytes()).unwrap()
}

fn registered(sandbox: &Sandbox) -> Value {
    post_json(sandbox, "/api/agent/identity", &json!({})).ok()
}

fn token_of(registered: &Value) -> &str {
    registered["access_token"].as_str().unwrap()
}

fn code(response: &Response, status: u16) -> String {
    assert_eq!(response.status, status, "{}", response.text());
    assert!(response.json()["requestId"].is_string() && response.json()["error"].as_str().unwrap().contains(' '));
    response.json()["code"].as_str().unwrap().to_owned()
}

#[test]
fn tokens_are_made_listed_and_ended() {
    let sandbox = start(Config::default());
    let registered = registered(&sandbox);
    let own = token_of(&registered);
    let body = r#"{"name":"ci-runner","scopes":["jobs:read"],"expiresAt":"2999-01-01T00:00:00Z"}"#;
    let made = call(&sandbox, "POST", TOKENS, own, body);
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!((&made["tokenType"], &made["metadata"]["name"]), (&json!("bearer"), &json!("ci-runner")));
    let secret = made["token"].as_str().unwrap();
    let listed = call(&sandbox, "GET", TOKENS, secret, "").ok();
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(secret), "a list has no secrets");
    let id = made["metadata"]["id"].as_str().unwrap();
    let ended = call(&sandbox, "DELETE", &format!("{TOKENS}/{id}"), own, "").ok();
    assert_eq!((&ended["token"]["status"], ended["token"]["revokedAt"].is_string()), (&json!("revoked"), true));
    assert_eq!(code(&call(&sandbox, "GET", TOKENS, secret, ""), 401), "UNAUTHORIZED");
    assert_eq!(code(&call(&sandbox, "DELETE", &format!("{TOKENS}/other"), own, ""), 404), "NOT_FOUND");
}

#[test]
fn what_cannot_be_made_is_refused() {
    let sandbox = start(Config::default());
    let registered = registered(&sandbox);
    let own = token_of(&registered);
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(121));
    for bad in
        ["", "[]", r#"{"name":1}"#, &long, r#"{"scopes":["x:y"]}"#, r#"{"scopes":"jobs:read"}"#, r#"{"expiresAt":"2001-01-01T00:00:00Z"}"#]
    {
        assert_eq!(code(&call(&sandbox, "POST", TOKENS, own, bad), 400), "BAD_REQUEST", "{bad}");
    }
    assert_eq!(code(&call(&sandbox, "POST", TOKENS, own, r#"{"scopes":["team:write"]}"#), 403), "FORBIDDEN");
    assert_eq!(code(&call(&sandbox, "POST", TOKENS, "ot_pat_x", "{}"), 401), "UNAUTHORIZED");
}

#[test]
fn there_are_25_at_most() {
    for (token_cap, status, expected) in [(TokenCap::Conflict, 409, "CONFLICT"), (TokenCap::BadRequest, 400, "BAD_REQUEST")] {
        let sandbox = playing(OpenTrainAmbiguities { token_cap, ..OpenTrainAmbiguities::default() });
        let registered = registered(&sandbox);
        for _ in 1..25 {
            assert_eq!(call(&sandbox, "POST", TOKENS, token_of(&registered), "{}").status, 201);
        }
        assert_eq!(code(&call(&sandbox, "POST", TOKENS, token_of(&registered), "{}"), status), expected);
    }
}

#[test]
fn every_pre_claim_token_dies_with_the_claim() {
    let sandbox = start(Config::default());
    let registered = registered(&sandbox);
    let made = call(&sandbox, "POST", TOKENS, token_of(&registered), "{}").json();
    post_json(&sandbox, "/api/agent/identity/claim", &json!({"claim_token": registered["claim_token"], "email": EMAIL})).ok();
    sandbox.approve(&Which::newest()).unwrap();
    for token in [token_of(&registered), made["token"].as_str().unwrap()] {
        assert_eq!(call(&sandbox, "GET", TOKENS, token, "").status, 401);
    }
}

#[test]
fn a_token_that_ends_is_good_for_nothing_after() {
    let sandbox = start(Config::default());
    let registered = registered(&sandbox);
    let end = (sandbox.now() + 60_000) / 1000;
    let end = jiff::Timestamp::from_second(i64::try_from(end).unwrap()).unwrap();
    let made = call(&sandbox, "POST", TOKENS, token_of(&registered), &format!(r#"{{"expiresAt":"{end}"}}"#)).json();
    let token = made["token"].as_str().unwrap();
    assert_eq!(call(&sandbox, "GET", "/api/public/v1/auth/me", token, "").status, 200);
    sandbox.advance(Duration::from_secs(61));
    assert_eq!(call(&sandbox, "GET", "/api/public/v1/auth/me", token, "").status, 401);
    let listed = call(&sandbox, "GET", TOKENS, token_of(&registered), "").ok();
    assert!(listed["tokens"].as_array().unwrap().iter().any(|token| token["status"] == "expired"));
}

#[test]
fn a_token_is_revoked_where_the_metadata_say() {
    for (revoke_path, path, other) in [
        (RevokePath::OAuth, "/api/agent/oauth/revoke", "/api/agent/identity/revoke"),
        (RevokePath::Identity, "/api/agent/identity/revoke", "/api/agent/oauth/revoke"),
    ] {
        let sandbox = playing(OpenTrainAmbiguities { revoke_path, issuer: Issuer::WithSlash, ..OpenTrainAmbiguities::default() });
        let metadata = get(&sandbox, "/.well-known/oauth-authorization-server").ok();
        assert_eq!(metadata["revocation_endpoint"], format!("{}{path}", sandbox.url()));
        assert_eq!(metadata["issuer"], format!("{}/", sandbox.url()));
        let registered = registered(&sandbox);
        let token = token_of(&registered);
        assert_eq!(post_form(&sandbox, other, &[("token", token)]).status, 404);
        assert_eq!(call(&sandbox, "GET", TOKENS, token, "").status, 200);
        assert_eq!(post_form(&sandbox, path, &[("token", token)]).ok(), json!({}));
        assert_eq!(call(&sandbox, "GET", TOKENS, token, "").status, 401);
    }
}
