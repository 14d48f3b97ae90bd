//! Every scripted action, observed at the socket.

use std::io::Read;
use std::time::{Duration, Instant};

use enlist_sandbox::{Action, Canned, Config, Scripted, Which, parse_faults};
use flate2::read::GzDecoder;
use serde_json::json;

use crate::client::{Connection, GRANT, get, start, try_post_form};
use crate::opentrain::{REGISTER, TOKEN, claiming, poll, register};

const JWKS: &str = "/v1/jwks";

#[test]
fn respond_leaves_the_service_untouched() {
    let canned = Canned { body_base64: Some("/wA=".to_owned()), ..Canned::status(503) };
    let canned = canned.header("Retry-After", "7").header("x-twice", "1").header("x-twice", "2");
    let script = vec![Scripted::new(REGISTER, Action::Respond(canned))];
    let sandbox = start(Config { script, ..Config::default() });
    let mut connection = Connection::open(&sandbox);
    connection.send("POST", REGISTER, &[("content-type", "application/json")], b"{}");
    let answer = connection.receive().unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), answer.header("retry-after")), (503, &b"\xff\0"[..], Some("7")));
    assert_eq!(answer.headers.iter().filter(|(name, _)| name == "x-twice").count(), 2);
    assert_eq!(answer.header("content-type"), None, "nothing is added");
    assert_eq!(sandbox.counts().accounts, 0);
    register(&sandbox);
}

#[test]
fn framing_headers_are_left_to_the_server() {
    let sandbox = start(Config::default());
    let canned = Canned::json(200, "{}").header("content-length", "99").header("transfer-encoding", "chunked");
    sandbox.script([Scripted::new(JWKS, Action::Respond(canned))]);
    let answer = get(&sandbox, JWKS);
    assert_eq!((answer.header("content-length"), answer.header("transfer-encoding")), (Some("2"), None));
    assert_eq!(answer.ok(), json!({}));
}

#[test]
fn a_delay_changes_the_state_at_once_and_answers_later() {
    let sandbox = start(Config::default());
    sandbox.script([Scripted::new(REGISTER, Action::Delay { ms: 2000 })]);
    let mut connection = Connection::open(&sandbox);
    let sent = Instant::now();
    connection.send("POST", REGISTER, &[("content-type", "application/json")], b"{}");
    while sandbox.counts().accounts == 0 {
        assert!(sent.elapsed() < Duration::from_secs(2), "not processed at once");
    }
    connection.receive().unwrap().ok();
    assert!(sent.elapsed() >= Duration::from_secs(2));
}

#[test]
fn a_delayed_canned_answer() {
    let sandbox = start(Config::default());
    let canned = Canned { delay_ms: 100, ..Canned::json(200, "{}") };
    sandbox.script([Scripted::new(JWKS, Action::Respond(canned))]);
    let sent = Instant::now();
    assert_eq!(get(&sandbox, JWKS).ok(), json!({}));
    assert!(sent.elapsed() >= Duration::from_millis(100));
}

#[test]
fn a_drop_before_leaves_the_token_to_be_had() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    sandbox.approve(&Which::newest()).unwrap();
    sandbox.script([Scripted::new(TOKEN, Action::DropBefore)]);
    let form = [("grant_type", GRANT), ("claim_token", token.as_str())];
    assert!(try_post_form(&sandbox, TOKEN, &form).is_none());
    poll(&sandbox, &token).ok();
}

#[test]
fn a_drop_after_spends_the_token() {
    let sandbox = start(Config::default());
    let (token, _) = claiming(&sandbox);
    sandbox.approve(&Which::newest()).unwrap();
    sandbox.script([Scripted::new(TOKEN, Action::DropAfter)]);
    let form = [("grant_type", GRANT), ("claim_token", token.as_str())];
    assert!(try_post_form(&sandbox, TOKEN, &form).is_none());
    assert_eq!(poll(&sandbox, &token).error(400), "invalid_grant");
    assert_eq!(sandbox.counts().tokens_delivered, 1);
}

#[test]
fn a_cut_ends_in_the_middle() {
    let sandbox = start(Config::default());
    for bytes in [0, 1, 40] {
        sandbox.script([Scripted::new(REGISTER, Action::Cut { bytes })]);
        let mut connection = Connection::open(&sandbox);
        connection.send("POST", REGISTER, &[("content-type", "application/json")], b"{}");
        let answer = connection.receive().unwrap();
        let announced: usize = answer.header("content-length").unwrap().parse().unwrap();
        assert_eq!((answer.status, answer.body.len(), answer.complete), (200, bytes, false));
        assert!(announced > 400, "{announced}");
        assert!(connection.rest().is_empty(), "the connection has ended");
    }
    assert_eq!(sandbox.counts().accounts, 3);
}

#[test]
fn a_replaced_answer_is_a_lost_one() {
    let sandbox = start(Config::default());
    let page = Canned { body: "<h1>Bad gateway</h1>".to_owned(), ..Canned::status(502) };
    let page = page.header("content-type", "text/html");
    sandbox.script([Scripted::new(REGISTER, Action::ReplaceAfter(page))]);
    let mut connection = Connection::open(&sandbox);
    connection.send("POST", REGISTER, &[("content-type", "application/json")], b"{}");
    let answer = connection.receive().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (502, "<h1>Bad gateway</h1>"));
    assert_eq!(sandbox.counts().accounts, 1);
}

#[test]
fn a_large_body_is_chunked_and_exact() {
    let sandbox = start(Config::default());
    let bytes = 5 * 1024 * 1024 + 1;
    sandbox.script([Scripted::new(JWKS, Action::BodyOfSize { status: 201, bytes })]);
    let answer = get(&sandbox, JWKS);
    assert_eq!((answer.status, answer.complete, answer.body.len() as u64), (201, true, bytes));
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert!(answer.body.iter().all(|&byte| byte == b'x'));
}

#[test]
fn a_gzip_bomb_is_small_on_the_wire() {
    let sandbox = start(Config::default());
    let decoded_bytes = 8 * 1024 * 1024 + 1;
    sandbox.script([Scripted::new(JWKS, Action::GzipBomb { decoded_bytes })]);
    let answer = get(&sandbox, JWKS);
    assert_eq!((answer.header("content-encoding"), answer.complete), (Some("gzip"), true));
    assert!(answer.body.len() < 64 * 1024, "{}", answer.body.len());
    let mut decoded = Vec::new();
    GzDecoder::new(answer.body.as_slice()).read_to_end(&mut decoded).unwrap();
    assert_eq!(decoded.len() as u64, decoded_bytes);
}

#[test]
fn a_drip_comes_byte_by_byte() {
    let sandbox = start(Config::default());
    sandbox.script([Scripted::new(JWKS, Action::Drip { status: 200, byte_every_ms: 20 })]);
    let mut connection = Connection::open(&sandbox);
    let sent = Instant::now();
    connection.send("GET", JWKS, &[], b"");
    while connection.line().unwrap() != "" {}
    for _ in 0..5 {
        assert_eq!(connection.line().unwrap(), "1", "a chunk of one byte");
        assert_eq!(connection.line().unwrap(), "x");
    }
    assert!(sent.elapsed() >= Duration::from_millis(100));
}

#[test]
fn skip_times_and_wildcard() {
    let sandbox = start(Config::default());
    sandbox.script([Scripted::new("/v1/*", Action::Respond(Canned::status(500))).skip(1).times(2)]);
    let statuses: Vec<u16> = (0..4).map(|_| get(&sandbox, JWKS).status).collect();
    assert_eq!(statuses, [200, 500, 500, 200]);
}

#[test]
fn a_connection_that_is_dropped_was_kept_alive_before() {
    let sandbox = start(Config::default());
    sandbox.script([Scripted::new(JWKS, Action::DropBefore).skip(1)]);
    let mut connection = Connection::open(&sandbox);
    connection.send("GET", JWKS, &[], b"");
    connection.receive().unwrap().ok();
    connection.send("GET", JWKS, &[], b"");
    assert!(connection.receive().is_none());
}

#[test]
fn the_faults_file_is_read_and_written() {
    let file = r#"[
        {"method": "POST", "path": "/a", "skip": 2, "times": 3, "action": "drop_after"},
        {"path": "/b", "action": {"respond": {"status": 200, "headers": [["a", "b"]], "body": "x", "delay_ms": 5}}},
        {"path": "/c", "action": {"replace_after": {"status": 502}}},
        {"path": "/d", "action": {"cut": {"bytes": 4}}},
        {"path": "/e", "action": {"delay": {"ms": 4}}},
        {"path": "/f", "action": {"body_of_size": {"status": 200, "bytes": 60000000}}},
        {"path": "/g", "action": {"gzip_bomb": {"decoded_bytes": 1000}}},
        {"path": "/h", "action": {"drip": {"status": 200, "byte_every_ms": 10}}},
        {"path": "/i", "action": "drop_before"}
    ]"#;
    let faults = parse_faults(file).unwrap();
    let expected = Scripted { method: Some("POST".to_owned()), ..Scripted::new("/a", Action::DropAfter) };
    assert_eq!(faults[0], expected.skip(2).times(3));
    assert_eq!(faults[8], Scripted::new("/i", Action::DropBefore));
    assert_eq!(parse_faults(&serde_json::to_string(&faults).unwrap()).unwrap(), faults);
}

#[test]
fn a_wrong_faults_file_names_the_entry() {
    let error = |file: &str| parse_faults(file).unwrap_err().to_string();
    assert!(error("{}").starts_with("the faults must be a JSON array"));
    for (entry, why) in [
        (r#"{"path": "/a"}"#, "missing field `action`"),
        (r#"{"path": "/a", "action": "drop_before", "times_": 1}"#, "unknown field `times_`"),
        (r#"{"path": "/a", "action": {"cut": {"byte": 1}}}"#, "unknown field `byte`"),
        (r#"{"path": "/a", "action": "explode"}"#, "unknown variant `explode`"),
        (r#"{"path": "/a", "action": "drop_before", "times": 0}"#, "`times` must be at least 1"),
        (r#"{"path": "/a", "action": {"respond": {"status": 99}}}"#, "`status` 99"),
        (r#"{"path": "/a", "action": {"drip": {"status": 600, "byte_every_ms": 1}}}"#, "`status` 600"),
        (r#"{"path": "/a", "action": {"respond": {"status": 200, "headers": [["a b", ""]]}}}"#, "a b"),
        (r#"{"path": "/a", "action": {"respond": {"status": 200, "headers": [["Content-Length", "1"]]}}}"#, "use `cut`"),
        (r#"{"path": "/a", "action": {"respond": {"status": 200, "body_base64": "!"}}}"#, "not base64"),
        (r#"{"path": "/a", "action": {"respond": {"status": 200, "body": "a", "body_base64": ""}}}"#, "exclude"),
    ] {
        let error = error(&format!(r#"[{{"path": "/ok", "action": "drop_before"}}, {entry}]"#));
        assert!(error.starts_with("fault 1 (/a): ") && error.contains(why), "{error}");
    }
    assert!(error(r#"[{"path": "a", "action": "drop_before"}]"#).contains("must start with `/`"));
}

#[test]
fn the_readme_shows_a_valid_file() {
    let readme = include_str!("../../README.md");
    let (_, block) = readme.split_once("```json\n").unwrap();
    assert_eq!(parse_faults(block.split_once("```").unwrap().0).unwrap().len(), 9);
}
