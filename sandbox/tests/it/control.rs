//! The control API and the human's page.

use enlist_sandbox::{Action, Config, Scripted};
use serde_json::{Value, json};

use crate::client::{EMAIL, get, post_json, start, try_send};
use crate::opentrain::{REGISTER, claiming, poll, register, start_claim};
use crate::sentryagent::{awaiting_otp, badge};

#[test]
fn approve_over_http() {
    let sandbox = start(Config::default());
    let (token, started) = claiming(&sandbox);
    let nobody = post_json(&sandbox, "/control/approve", &json!({"email": "nobody@example.com"}));
    assert_eq!(nobody.error(404), "no_open_attempt");
    // As with `curl -X POST`: no body, no content type.
    let approved = try_send(&sandbox, "POST", "/control/approve", &[], b"").unwrap().ok();
    assert_eq!(approved["state"], "approved");
    assert_eq!(approved["email"], EMAIL);
    assert_eq!(approved["verification_uri"], started["verification_uri"]);
    poll(&sandbox, &token).ok();
    let again = post_json(&sandbox, "/control/approve", &json!({"attempt": approved["attempt"]}));
    assert_eq!(again.error(404), "no_open_attempt");
}

#[test]
fn deny_over_http() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    assert_eq!(post_json(&sandbox, "/control/deny", &json!({"email": EMAIL})).ok()["state"], "denied");
    assert_eq!(poll(&sandbox, &token).error(400), "access_denied");
}

#[test]
fn outbox_over_http() {
    let sandbox = start(Config::default());
    let (_, started) = claiming(&sandbox);
    let (_, _, otp) = awaiting_otp(&sandbox);
    let outbox = get(&sandbox, "/control/outbox").ok();
    let [mail, sms] = outbox.as_array().unwrap().as_slice() else { panic!("{outbox}") };
    assert_eq!((&mail["id"], &mail["kind"], &mail["to"]), (&json!(1), &json!("email"), &json!(EMAIL)));
    assert_eq!((&mail["link"], mail.get("code")), (&started["verification_uri"], None));
    assert_eq!((&sms["kind"], &sms["code"], sms.get("link")), (&json!("sms"), &json!(otp), None));
}

#[test]
fn state_and_advance_over_http() {
    let sandbox = start(Config::default());
    let before = get(&sandbox, "/control/state").ok();
    assert_eq!(before["accounts"], 0);
    let (token, _) = claiming(&sandbox);
    poll(&sandbox, &token);
    post_json(&sandbox, "/control/approve", &json!({})).ok();
    let moved = post_json(&sandbox, "/control/advance", &json!({"ms": 5_000})).ok();
    assert!(moved["now"].as_u64().unwrap() >= before["now"].as_u64().unwrap() + 5_000);
    poll(&sandbox, &token).ok();
    badge(&sandbox);
    let mut state = get(&sandbox, "/control/state").ok();
    state.as_object_mut().unwrap().remove("now");
    let expected = json!({
        "accounts": 1, "attempts": 1, "claimed": 1, "tokens_delivered": 1, "polls_too_early": 0, "emails_sent": 1,
        "sms_sent": 1, "badges_issued": 1, "rotations": 0, "requests": 7,
    });
    assert_eq!(state, expected);
    assert_eq!(post_json(&sandbox, "/control/advance", &json!({"ms": -1})).status, 400);
    assert_eq!(post_json(&sandbox, "/control/advance", &json!({"seconds": 1})).status, 400);
    assert_eq!(get(&sandbox, "/control/nothing").status, 404);
}

#[test]
fn requests_over_http() {
    let sandbox = start(Config::default());
    sandbox.script([Scripted::new(REGISTER, Action::DropBefore).skip(1)]);
    let headers = [("x-b", "2"), ("content-type", "application/json"), ("X-A", "1")];
    let path = format!("{REGISTER}?q=1");
    try_send(&sandbox, "POST", &path, &headers, br#"{"agent_name":"x"}"#).unwrap();
    assert!(try_send(&sandbox, "POST", REGISTER, &[], b"\xff").is_none());
    let requests = get(&sandbox, "/control/requests").ok();
    let [first, second] = requests.as_array().unwrap().as_slice() else { panic!("{requests}") };
    assert_eq!((&first["seq"], &first["method"], &first["path"]), (&json!(1), &json!("POST"), &json!(REGISTER)));
    assert_eq!((&first["status"], &first["body"]), (&json!(200), &json!(r#"{"agent_name":"x"}"#)));
    let names: Vec<&str> = first["headers"].as_array().unwrap().iter().map(|pair| pair[0].as_str().unwrap()).collect();
    assert_eq!(names, ["content-length", "content-type", "host", "x-a", "x-b"]);
    assert_eq!((&second["status"], &second["body"]), (&json!("dropped"), &json!("\u{fffd}")));
    assert!(first["at"].as_u64() <= second["at"].as_u64());
}

#[test]
fn script_over_http() {
    let sandbox = start(Config::default());
    let script = json!([
        {"path": REGISTER, "action": "drop_before"},
        {"method": "POST", "path": REGISTER, "action": {"respond": {"status": 502, "body": "x"}}},
    ]);
    let post = |body: &Value| post_json(&sandbox, "/control/script", body);
    assert_eq!(post(&script).ok(), json!({"entries": 2}));
    assert_eq!(get(&sandbox, "/control/script").ok()[0]["action"], "drop_before");
    assert!(try_send(&sandbox, "POST", REGISTER, &[], b"").is_none());
    let wrong = post(&json!([script[0], {"path": "/x", "action": "explode"}]));
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("fault 1 (/x)"), "{}", wrong.text());
    assert_eq!(get(&sandbox, "/control/script").ok().as_array().unwrap().len(), 1, "all or nothing");
    assert_eq!(try_send(&sandbox, "DELETE", "/control/script", &[], b"").unwrap().ok(), json!({"entries": 0}));
    register(&sandbox);
}

#[test]
fn the_script_is_bounded() {
    let sandbox = start(Config::default());
    sandbox.script((0..20_000).map(|_| Scripted::new(REGISTER, Action::DropBefore)));
    let entries = get(&sandbox, "/control/script").ok().as_array().unwrap().len();
    assert_eq!(entries, 10_000);
    let more = post_json(&sandbox, "/control/script", &json!([{"path": "/x", "action": "drop_after"}]));
    assert_eq!(more.error(400), "invalid_request");
    sandbox.clear_script();
    register(&sandbox);
}

#[test]
fn the_human_sees_links_and_messages() {
    let sandbox = start(Config::default());
    let hostile = post_json(&sandbox, REGISTER, &json!({"agent_name": "<script>\"&"})).ok();
    let started = start_claim(&sandbox, hostile["claim_token"].as_str().unwrap(), EMAIL).ok();
    let (_, _, otp) = awaiting_otp(&sandbox);
    let page = get(&sandbox, "/human");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let page = page.text();
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;&quot;&amp;"), "{page}");
    assert!(page.contains(&format!("href=\"{}\"", started["verification_uri"].as_str().unwrap())));
    assert!(page.contains(&otp) && page.contains("+15005550006"));
    post_json(&sandbox, "/control/deny", &json!({})).ok();
    assert!(!get(&sandbox, "/human").text().contains("claim page"), "only open attempts are listed");
}
