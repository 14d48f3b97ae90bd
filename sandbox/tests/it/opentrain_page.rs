//! The claim page and its form.

use enlist_sandbox::{Config, Sandbox};
use serde_json::{Value, json};

use crate::client::{EMAIL, Response, get, post_form, post_json, start};
use crate::opentrain::{REGISTER, claiming, poll, start_claim};

fn link_token(started: &Value) -> String {
    let link = started["verification_uri"].as_str().unwrap();
    link.split_once("token=").unwrap().1.to_owned()
}

fn submit(sandbox: &Sandbox, token: &str, email: &str, code: &str) -> Response {
    post_form(sandbox, "/claim", &[("token", token), ("email", email), ("code", code)])
}

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[test]
fn the_right_code_claims() {
    let sandbox = start(Config::default());
    let (token, started) = claiming(&sandbox);
    let (link, code) = (link_token(&started), started["user_code"].as_str().unwrap());
    let page = get(&sandbox, &format!("/claim?token={link}"));
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let page = page.text();
    assert!(page.contains("build-bot") && page.contains(&link), "{page}");
    assert!(!page.contains(code) && !page.contains(EMAIL), "the page must not give the answer away");

    let missed = submit(&sandbox, &link, EMAIL, wrong(code));
    assert_eq!(missed.status, 400);
    assert!(missed.text().contains("This code is wrong"));
    let missed = submit(&sandbox, &link, "other@example.com", code);
    assert_eq!(missed.status, 400);
    assert!(missed.text().contains("Sign in with the address"));
    assert_eq!(poll(&sandbox, &token).error(400), "authorization_pending");
    assert_eq!(sandbox.counts().claimed, 0);

    assert_eq!(submit(&sandbox, &link, "Owner@Example.com", &format!(" {code} ")).status, 200);
    sandbox.advance(std::time::Duration::from_secs(5));
    poll(&sandbox, &token).ok();
    let again = submit(&sandbox, &link, EMAIL, code);
    assert_eq!(again.status, 410);
    assert!(again.text().contains("already claimed"));
}

#[test]
fn the_human_refuses() {
    let sandbox = start(Config::default());
    let (token, started) = claiming(&sandbox);
    let link = link_token(&started);
    let form = [("token", link.as_str()), ("email", ""), ("code", ""), ("decision", "deny")];
    assert_eq!(post_form(&sandbox, "/claim", &form).status, 200);
    assert_eq!(poll(&sandbox, &token).error(400), "access_denied");
    let late = submit(&sandbox, &link, EMAIL, started["user_code"].as_str().unwrap());
    assert_eq!(late.status, 410);
}

#[test]
fn names_are_escaped() {
    let sandbox = start(Config::default());
    let names = json!({"agent_name": "<img src=x>", "organization_name": "\"A&B\""});
    let registered = post_json(&sandbox, REGISTER, &names).ok();
    let started = start_claim(&sandbox, registered["claim_token"].as_str().unwrap(), EMAIL).ok();
    let page = get(&sandbox, &format!("/claim?token={}", link_token(&started))).text();
    assert!(!page.contains("<img"), "{page}");
    assert!(page.contains("&lt;img src=x&gt;") && page.contains("&quot;A&amp;B&quot;"));
}

#[test]
fn links_that_do_not_work() {
    let sandbox = start(Config::default());
    for path in ["/claim", "/claim?token=", "/claim?token=ot_cat_x", "/claim?token=%3Cscript%3E"] {
        let page = get(&sandbox, path);
        assert_eq!(page.status, 404);
        assert!(!page.text().contains("<script>"));
    }
    let (_, started) = claiming(&sandbox);
    sandbox.advance(std::time::Duration::from_secs(1800));
    let link = link_token(&started);
    assert_eq!(get(&sandbox, &format!("/claim?token={link}")).status, 410);
    assert_eq!(submit(&sandbox, &link, EMAIL, started["user_code"].as_str().unwrap()).status, 410);
    assert_eq!(sandbox.counts().claimed, 0);
}
