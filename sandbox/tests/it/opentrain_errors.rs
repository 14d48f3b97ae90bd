//! Each documented error of OpenTrain.

use std::time::Duration;

use enlist_sandbox::{Config, Limits, RateLimit, Sandbox, Which};
use serde_json::{Value, json};

use crate::client::{EMAIL, GRANT, Response, post_form, post_json, start, try_send};
use crate::opentrain::{CLAIM, ME, REGISTER, REVOKE, TOKEN, claim_token, claiming, me, poll, register, start_claim};

fn description(response: &Response) -> String {
    response.json()["error_description"].as_str().unwrap().to_owned()
}

fn post_raw(sandbox: &Sandbox, path: &str, content_type: &str, body: &str) -> Response {
    try_send(sandbox, "POST", path, &[("content-type", content_type)], body.as_bytes()).unwrap()
}

#[test]
fn register_refusals() {
    let sandbox = start(Config::default());
    let refuse = |body: Value| post_json(&sandbox, REGISTER, &body).error(400);
    post_json(&sandbox, REGISTER, &json!({"identity_type": "anonymous"})).ok();
    assert_eq!(refuse(json!({"identity_type": "verified"})), "unsupported_identity_type");
    assert_eq!(refuse(json!({"identity_type": null})), "unsupported_identity_type");
    assert_eq!(refuse(json!({"agent_name": 1})), "invalid_request");
    assert_eq!(refuse(json!([])), "invalid_request");
    assert_eq!(post_raw(&sandbox, REGISTER, "application/json", "").error(400), "invalid_request");
    assert_eq!(post_raw(&sandbox, REGISTER, "text/plain", "{}").error(400), "invalid_request");
    assert_eq!(try_send(&sandbox, "POST", REGISTER, &[], b"{}").unwrap().error(400), "invalid_request");
    assert_eq!(sandbox.counts().accounts, 1);
}

#[test]
fn agent_auth_can_be_off() {
    let sandbox = start(Config { anonymous_enabled: false, ..Config::default() });
    assert_eq!(post_json(&sandbox, REGISTER, &json!({})).error(403), "anonymous_not_enabled");
    assert_eq!(start_claim(&sandbox, "ot_clm_x", EMAIL).error(403), "anonymous_not_enabled");
}

#[test]
fn rate_limits() {
    let limit = Some(RateLimit { calls: 2, window: Duration::from_secs(60) });
    let limits = Limits { register: limit, claim_start: limit, ..Limits::default() };
    let sandbox = start(Config { limits, ..Config::default() });
    let (token, _) = claiming(&sandbox);
    register(&sandbox);
    assert_eq!(post_json(&sandbox, REGISTER, &json!({})).error(429), "rate_limit_exceeded");
    start_claim(&sandbox, &token, EMAIL).ok();
    assert_eq!(start_claim(&sandbox, &token, EMAIL).error(429), "rate_limit_exceeded");
    sandbox.advance(Duration::from_secs(60));
    register(&sandbox);
    start_claim(&sandbox, &token, EMAIL).ok();
}

#[test]
fn claim_start_refusals() {
    let sandbox = start(Config { taken_emails: vec!["Taken@example.com".to_owned()], ..Config::default() });
    let token = claim_token(&sandbox);
    let taken = start_claim(&sandbox, &token, "taken@example.com");
    assert_eq!(taken.error(400), "invalid_request");
    assert!(description(&taken).contains("email_already_registered"));
    for body in [
        json!({}),
        json!({"claim_token": token}),
        json!({"email": EMAIL}),
        json!({"claim_token": token, "email": ""}),
        json!({"claim_token": token, "email": "nobody"}),
        json!({"claim_token": token, "email": 1}),
        json!({"claim_token": "ot_clm_unknown", "email": EMAIL}),
    ] {
        let refused = post_json(&sandbox, CLAIM, &body);
        assert_eq!(refused.error(400), "invalid_request", "{body}");
        assert!(!description(&refused).contains("email_already_registered"), "{body}");
    }
    let form = [("claim_token", token.as_str()), ("email", EMAIL)];
    assert_eq!(post_form(&sandbox, CLAIM, &form).error(400), "invalid_request", "the claim start is JSON");
    assert_eq!((sandbox.counts().attempts, sandbox.outbox().len()), (0, 0));
}

#[test]
fn a_claimed_address_has_an_account() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    sandbox.approve(&Which::newest()).unwrap();
    let other = claim_token(&sandbox);
    assert!(description(&start_claim(&sandbox, &other, EMAIL)).contains("email_already_registered"));
    let again = start_claim(&sandbox, &token, "other@example.com");
    assert_eq!(again.error(400), "invalid_request");
    assert!(description(&again).contains("already been claimed"));
}

#[test]
fn poll_refusals() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    let refuse = |fields: &[(&str, &str)]| post_form(&sandbox, TOKEN, fields).error(400);
    assert_eq!(refuse(&[("grant_type", GRANT)]), "invalid_request");
    assert_eq!(refuse(&[("grant_type", GRANT), ("claim_token", "")]), "invalid_request");
    assert_eq!(refuse(&[("claim_token", &token)]), "invalid_request");
    let repeated = [("grant_type", GRANT), ("claim_token", &token), ("claim_token", &token)];
    assert_eq!(refuse(&repeated), "invalid_request");
    let foreign = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(refuse(&[("grant_type", foreign), ("claim_token", &token)]), "unsupported_grant_type");
    assert_eq!(refuse(&[("grant_type", GRANT), ("claim_token", "ot_clm_x")]), "invalid_grant");
    let as_json = json!({"grant_type": GRANT, "claim_token": token});
    assert_eq!(post_json(&sandbox, TOKEN, &as_json).error(400), "invalid_request", "the poll is a form");
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending", "none of these counted as a poll");
}

#[test]
fn revocation_tells_nothing() {
    let sandbox = start(Config::default());
    let registered = register(&sandbox);
    for token in [registered["access_token"].as_str().unwrap(), "ot_pat_unknown", "x"] {
        for _ in 0..2 {
            assert_eq!(post_form(&sandbox, REVOKE, &[("token", token)]).ok(), json!({}));
        }
    }
    assert_eq!(me(&sandbox, registered["access_token"].as_str().unwrap()).status, 401);
    assert_eq!(post_form(&sandbox, REVOKE, &[]).error(400), "invalid_request");
    assert_eq!(post_json(&sandbox, REVOKE, &json!({"token": "x"})).error(400), "invalid_request");
}

#[test]
fn the_public_api_has_its_own_error_shape() {
    let sandbox = start(Config::default());
    for headers in [&[][..], &[("authorization", "Bearer ot_pat_x")], &[("authorization", "Basic eDp5")]] {
        let refused = try_send(&sandbox, "GET", ME, headers, b"").unwrap();
        assert_eq!(refused.status, 401);
        let body = refused.json();
        assert_eq!(body["code"], "UNAUTHORIZED");
        assert!(body["error"].as_str().unwrap().contains(' ') && body["requestId"].is_string(), "{body}");
    }
}

#[test]
fn many_at_once_get_one_token() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    sandbox.approve(&Which::newest()).unwrap();
    let delivered = std::thread::scope(|scope| {
        let polls: Vec<_> = (0..8).map(|_| scope.spawn(|| poll(&sandbox, &token).status)).collect();
        polls.into_iter().map(|poll| poll.join().unwrap()).filter(|&status| status == 200).count()
    });
    assert_eq!((delivered, sandbox.counts().tokens_delivered), (1, 1));
}
