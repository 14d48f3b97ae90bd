//! Protection against web pages: a browser on this machine may show a page of a stranger, and that page can send requests to loopback.

use crate::http::{Answer, Request};

/// The refusal of a request that a stranger's page has sent, or `None`. A name that a stranger has pointed at loopback is in `Host`; the
/// origin of the page is in `Origin`; and a browser says in `Sec-Fetch-Site` whether the page is from another site. A person who follows a
/// link to a page of the sandbox is let through.
pub(crate) fn refuse_stranger(url: &str, request: &Request) -> Option<Answer> {
    let is_ours = |authority: &str| is_own(url, authority);
    let is_followed_link = request.method == "GET" && request.header("sec-fetch-mode") == Some("navigate");
    let reason = if !request.header("host").is_none_or(is_ours) {
        "the Host is not this sandbox"
    } else if !request.header("origin").is_none_or(|origin| origin.strip_prefix("http://").is_some_and(is_ours)) {
        "the request comes from a page of another origin"
    } else if request.header("sec-fetch-site") == Some("cross-site") && !is_followed_link {
        "the request comes from a page of another site"
    } else {
        return None;
    };
    Some(Answer::json(403, &serde_json::json!({"error": "forbidden", "message": reason})))
}

/// Whether `authority` names this machine or the address that the sandbox is bound to, at any port: a tunnel or a proxy has one of its own.
fn is_own(url: &str, authority: &str) -> bool {
    let host = host_of(authority);
    let is_loopback = host.eq_ignore_ascii_case("localhost") || host == "[::1]" || is_ipv4_loopback(host);
    is_loopback || url.strip_prefix("http://").is_some_and(|bound| host_of(bound) == host)
}

fn is_ipv4_loopback(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    }
}
