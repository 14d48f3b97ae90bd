//! What web pages of strangers can do to the sandbox: nothing.

use enlist_sandbox::Config;

use crate::client::{start, try_send};
use crate::opentrain::claiming;

#[test]
fn a_page_of_a_stranger_changes_nothing_and_reads_nothing() {
    let sandbox = start(Config::default());
    claiming(&sandbox);
    let host = sandbox.addr().to_string();
    let evil = format!("evil.example:{}", sandbox.addr().port());
    let strangers: [&[(&str, &str)]; 6] = [
        &[("host", "evil.example")],
        &[("host", &evil)],
        &[("host", "127.0.0.1.evil.example")],
        &[("host", &host), ("origin", "https://evil.example")],
        &[("host", &host), ("origin", "null")],
        &[("host", &host), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
    ];
    for headers in strangers {
        for (method, path) in
            [("POST", "/control/approve"), ("GET", "/control/requests"), ("GET", "/human"), ("POST", "/api/agent/identity")]
        {
            let answer = try_send(&sandbox, method, path, headers, b"").unwrap();
            assert_eq!(answer.error(403), "forbidden", "{method} {path} {headers:?}");
        }
    }
    assert_eq!(sandbox.counts().claimed, 0);
    // The person's own browser, and tools that name no page.
    let own = format!("http://{host}");
    let friends: [&[(&str, &str)]; 4] = [
        &[("host", &host)],
        &[("host", "localhost:1")],
        &[("host", &host), ("origin", &own), ("sec-fetch-site", "same-origin")],
        &[("host", &host), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
    ];
    for headers in friends {
        assert_eq!(try_send(&sandbox, "GET", "/human", headers, b"").unwrap().status, 200, "{headers:?}");
    }
}

#[test]
fn a_page_of_the_sandbox_runs_no_script_and_is_shown_in_no_frame() {
    let sandbox = start(Config::default());
    let page = try_send(&sandbox, "GET", "/human", &[], b"").unwrap();
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"));
    assert_eq!((page.header("x-frame-options"), page.header("referrer-policy")), (Some("DENY"), Some("no-referrer")));
}
