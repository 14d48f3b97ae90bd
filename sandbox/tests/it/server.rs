//! The listener itself.

use std::net::TcpStream;

use enlist_sandbox::{Answered, Config, Sandbox, StartError};
use serde_json::json;

use crate::client::{Connection, get, post_json, start, try_send};
use crate::opentrain::REGISTER;

#[test]
fn only_loopback_is_listened_on() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let addr = addr.parse().unwrap();
        let error = Sandbox::start(Config { addr, ..Config::default() }).unwrap_err();
        assert!(matches!(error, StartError::NotLoopback(refused) if refused == addr), "{error}");
        assert!(error.to_string().contains("loopback"));
    }
}

#[test]
fn a_taken_port_is_an_error() {
    let first = start(Config::default());
    let error = Sandbox::start(Config { addr: first.addr(), ..Config::default() }).unwrap_err();
    assert!(matches!(error, StartError::Bind { addr, .. } if addr == first.addr()), "{error}");
}

#[test]
fn urls() {
    let sandbox = start(Config::default());
    assert_eq!(sandbox.url(), format!("http://{}", sandbox.addr()));
    assert_eq!((sandbox.opentrain_url(), sandbox.sentryagent_url()), (sandbox.url(), sandbox.url()));
    assert_eq!(sandbox.human_url(), format!("{}/human", sandbox.url()));
    assert_eq!(sandbox.control_url(), format!("{}/control", sandbox.url()));
}

#[test]
fn dropping_it_closes_everything() {
    let sandbox = start(Config::default());
    let addr = sandbox.addr();
    let mut connection = Connection::open(&sandbox);
    connection.send("GET", "/v1/health", &[], b"");
    connection.receive().unwrap().ok();
    drop(sandbox);
    assert!(connection.receive().is_none());
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn a_connection_serves_many_requests() {
    let sandbox = start(Config::default());
    let mut connection = Connection::open(&sandbox);
    for _ in 0..3 {
        connection.send("POST", REGISTER, &[("content-type", "application/json")], b"{}");
        connection.receive().unwrap().ok();
    }
    assert_eq!(sandbox.counts().accounts, 3);
}

#[test]
fn a_body_over_the_bound_is_refused() {
    let sandbox = start(Config::default());
    let post = |size: usize| {
        let padding = "x".repeat(size - r#"{"agent_name":""}"#.len());
        let body = json!({"agent_name": padding}).to_string();
        assert_eq!(body.len(), size);
        try_send(&sandbox, "POST", REGISTER, &[("content-type", "application/json")], body.as_bytes()).unwrap()
    };
    post(64 * 1024).ok();
    assert_eq!(post(64 * 1024 + 1).error(413), "payload_too_large");
    assert_eq!(sandbox.counts().accounts, 1);
    assert_eq!(sandbox.requests()[1].status, Answered::Status(413));
}

#[test]
fn what_is_not_there() {
    let sandbox = start(Config::default());
    for (method, path) in [("GET", "/"), ("GET", REGISTER), ("PUT", REGISTER), ("GET", "/v1/sign"), ("POST", "/human")] {
        let answer = try_send(&sandbox, method, path, &[], b"").unwrap();
        assert_eq!(answer.error(404), "not_found", "{method} {path}");
    }
    let mut connection = Connection::open(&sandbox);
    connection.send("HEAD", "/v1/health", &[("connection", "close")], b"");
    assert_eq!(connection.line().unwrap(), "HTTP/1.1 404 Not Found");
    let rest = String::from_utf8(connection.rest()).unwrap();
    assert!(rest.ends_with("\r\n\r\n"), "a HEAD has no body: {rest}");
}

#[test]
fn control_and_human_are_not_in_the_log() {
    let sandbox = start(Config::default());
    get(&sandbox, "/human");
    post_json(&sandbox, "/control/advance", &json!({"ms": 1}));
    get(&sandbox, "/claim?token=ot_cat_x");
    let paths: Vec<String> = sandbox.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/claim"]);
}
