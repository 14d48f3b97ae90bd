//! The faults, and what each one does to each request.

use enlist_core::TransportKind;

use super::requests::Request;
use crate::cases::gzip;
use crate::mocks::LocalFault;
use crate::reply::{Answer, Detour, Framing, Reply};

/// A fault of the network, of the service, or on this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) title: &'static str,
    pub(super) injection: Injection,
}

/// How a fault is brought about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Injection {
    /// The request gets this reply, or the cell is not played for this reason.
    Reply(fn(Request) -> Result<Reply, &'static str>),
    /// The host or the store has this fault.
    Local(LocalFault),
    /// No cell of the fault is played, for this reason.
    Nowhere(&'static str),
}

pub(super) const NOT_SENT: &str = "same as the request that does not deliver: the service sees nothing";
const REFUSAL: &str = "same as the request that does not deliver: a refusal delivers nothing";
const DELIVERED: &str = "same as the request that does not deliver: this answer delivers";
const NO_SUCH_ANSWER: &str = "the service gives no such answer here";

/// Every fault, in the order of the table.
pub(super) fn faults() -> Vec<Fault> {
    [of_the_network(), of_successes(), of_refusals(), of_gateways(), of_this_machine()].concat()
}

fn reply(title: &'static str, reply: fn(Request) -> Result<Reply, &'static str>) -> Fault {
    Fault { title, injection: Injection::Reply(reply) }
}

fn local(title: &'static str, fault: LocalFault) -> Fault {
    Fault { title, injection: Injection::Local(fault) }
}

fn of_the_network() -> Vec<Fault> {
    vec![
        reply("the service's name is not known", |request| diverted(request, Detour::UnknownName)),
        reply("the connection is refused", |request| diverted(request, Detour::Refused)),
        reply("TLS is refused", |request| diverted(request, Detour::TlsAlert)),
        reply("the TLS handshake is cut off", |request| diverted(request, Detour::TlsCut)),
        reply("the deadline passes before a byte was sent", |request| diverted(request, Detour::TlsSilence)),
        reply("the connection is reset while the request is sent", |_| Ok(Reply::Reset)),
        reply("the connection is closed without an answer", |_| Ok(Reply::NoAnswer)),
        reply("the deadline passes while the answer is awaited", |_| Ok(Reply::Silence)),
        reply("the answer is no HTTP", |_| Ok(Reply::Bytes("220 mail.example ESMTP\r\n", TransportKind::BadHttp))),
    ]
}

fn of_successes() -> Vec<Fault> {
    vec![
        reply("200, its body cut off", |request| Ok(success(request).framed(Framing::Cut(30)).into())),
        reply("200, its body cut off in chunks", |request| Ok(success(request).framed(Framing::CutInChunks(30)).into())),
        reply("200, its body cut off without a sign", |request| {
            Ok(Answer::json(200, request.success().get(..30).unwrap_or_default()).framed(Framing::UntilClose).into())
        }),
        reply("200, its length too large", |request| delivering(request, success(request).framed(Framing::TooLong(2)))),
        reply("200, without the last chunk", |request| delivering(request, success(request).framed(Framing::CutInChunks(usize::MAX)))),
        reply("200, its body stalls", |request| Ok(success(request).framed(Framing::Stalled(30)).into())),
        reply("200, its body drips", |request| Ok(success(request).framed(Framing::Dripped).into())),
        reply("200, called text/html, but JSON", |request| {
            delivering(request, Answer::new(200, request.success()).with("content-type", "text/html"))
        }),
        reply("200, HTML", |_| Ok(page(200))),
        reply("200, empty", |_| Ok(Answer::new(200, "").into())),
        reply("200, larger than the cap", |request| Ok(Answer::json(200, &format!("{}{}", request.success(), " ".repeat(100_000))).into())),
        reply("200, compressed", |request| {
            Ok(Answer { body: gzip(request.success().as_bytes()), ..success(request).with("content-encoding", "gzip") }.into())
        }),
        reply("200, called utf-8 where a coding belongs", |request| {
            delivering(request, success(request).with("content-encoding", "utf-8"))
        }),
        reply("200, behind a byte order mark", |request| delivering(request, Answer::json(200, &format!("\u{feff}{}", request.success())))),
        reply("200, with damaged members that nobody needs", |request| {
            let body = request.success().replacen('{', r#"{"new":"\ud800","large":1e400,"large":2,"#, 1);
            delivering(request, Answer::json(200, &body))
        }),
        reply("200, the required member is missing", |request| changed(request, |key| (format!("\"{key}\":"), "\"other\":".to_owned()))),
        reply("200, the required member is empty", |request| {
            changed(request, |key| (format!("\"{key}\":\""), format!("\"{key}\":\"\",\"other\":\"")))
        }),
        reply("200, the required member is a number", |request| {
            changed(request, |key| (format!("\"{key}\":"), format!("\"{key}\":7,\"other\":")))
        }),
        reply("200, the required member comes twice", |request| changed(request, |key| ("{".to_owned(), format!("{{\"{key}\":\"x\",")))),
        reply("200, with members that nobody knows", |request| {
            let body = request.success().replacen('{', r#"{"new":{"a":[1,null,true]},"#, 1);
            delivering(request, Answer::json(200, &body))
        }),
        reply("200, with hostile numbers", |request| match request {
            Request::ClaimStart => {
                let body = request.success().replace("1800", "1e300").replace("\"interval\":5", "\"interval\":-1");
                Ok(Reply::json(200, &body))
            }
            _ => Err("there is no number in this answer"),
        }),
        reply("200, with a URL of another origin", |request| match request {
            Request::ClaimStart => Ok(Reply::json(200, &request.success().replace("SERVICE", "ELSEWHERE"))),
            Request::Register => {
                let body = request.success().replacen('{', r#"{"token_endpoint":"ELSEWHERE/api/agent/oauth/token","#, 1);
                Ok(Reply::json(200, &body))
            }
            _ => Err("there is no URL in this answer"),
        }),
        reply("200, repeating another profile than was sent", |request| match request {
            Request::Manifest => Ok(Reply::json(200, &request.success().replace("Ada", "Eve"))),
            _ => Err("nothing is repeated in this answer"),
        }),
        reply("200, with an error in its body", |request| refused(request, 200, "something_new")),
    ]
}

fn of_refusals() -> Vec<Fault> {
    let mut faults = vec![
        reply("301", |request| redirected(request, 301)),
        reply("302", |request| redirected(request, 302)),
        reply("303", |request| redirected(request, 303)),
        reply("307", |request| redirected(request, 307)),
        reply("308", |request| redirected(request, 308)),
        reply("400 unsupported_identity_type", |request| documented(request, &[Request::Register], "unsupported_identity_type")),
        reply("400 invalid_request", |request| documented(request, &[Request::ClaimStart, Request::Poll], "invalid_request")),
        reply("400 invalid_request: email_already_registered", |request| match request {
            Request::ClaimStart => {
                Ok(Reply::json(400, r#"{"error":"invalid_request","error_description":"email_already_registered: sign in instead."}"#))
            }
            _ => Err(NO_SUCH_ANSWER),
        }),
        reply("400 authorization_pending", |request| documented(request, &[Request::Poll], "authorization_pending")),
        reply("400 slow_down", |request| documented(request, &[Request::Poll], "slow_down")),
        reply("400 access_denied", |request| documented(request, &[Request::Poll], "access_denied")),
        reply("400 expired_token", |request| documented(request, &[Request::Poll], "expired_token")),
        reply("400 invalid_grant", |request| documented(request, &[Request::Poll], "invalid_grant")),
        reply("400 unsupported_grant_type", |request| documented(request, &[Request::Poll], "unsupported_grant_type")),
    ];
    faults.extend([
        reply("400, a code that nobody knows", |request| refused(request, 400, "something_new")),
        reply("400, HTML", |request| intercepted(request, 400)),
        reply("401", |request| refused(request, 401, "unauthorized")),
        reply("403", |request| refused(request, 403, "forbidden")),
        reply("403 anonymous_not_enabled", |request| match request {
            Request::Register | Request::ClaimStart => refused(request, 403, "anonymous_not_enabled"),
            _ => Err(NO_SUCH_ANSWER),
        }),
        reply("403, HTML", |request| intercepted(request, 403)),
        reply("404", |request| refused(request, 404, "not_found")),
        reply("405", |request| refused(request, 405, "method_not_allowed")),
        reply("407, HTML", |request| intercepted(request, 407)),
        reply("408, HTML", |request| intercepted(request, 408)),
        reply("409", |request| refused(request, 409, "conflict")),
        reply("410", |request| refused(request, 410, "gone")),
        reply("429", |request| refused(request, 429, "rate_limit_exceeded")),
        reply("429, Retry-After 30", |request| not_delivering(request, Answer::json(429, "{}").with("retry-after", "30"))),
        reply("500", |_| Ok(Reply::json(500, r#"{"error":"server_error"}"#))),
        reply("502, HTML", |_| Ok(page(502))),
        reply("503", |_| Ok(Reply::json(503, ""))),
        reply("503, Retry-After 10", |_| Ok(Answer::json(503, "").with("retry-after", "10").into())),
        reply("504, HTML", |_| Ok(page(504))),
    ]);
    faults
}

/// Each status that something between us and the service writes, in the place of the service's answer. The request was carried out if it
/// delivers, and was not carried out otherwise.
fn of_gateways() -> Vec<Fault> {
    macro_rules! gateways {
        ($($status:literal)*) => {
            vec![$(
                reply(concat!($status, " of a gateway, bare"), |_| Ok(Answer::new($status, "").into())),
                reply(concat!($status, " of a gateway, HTML"), |_| Ok(page($status))),
                reply(concat!($status, " of a gateway, with a word of OAuth"), |_| Ok(Reply::json($status, r#"{"error":"access_denied"}"#))),
            )*]
        };
    }
    gateways! { 401 403 404 405 407 408 410 413 421 425 429 431 451 499 502 503 504 520 524 }
}

fn of_this_machine() -> Vec<Fault> {
    vec![
        Fault {
            title: "an answer to an earlier exchange comes late",
            injection: Injection::Nowhere(
                "no driver has two exchanges at a time, and core drops such an answer: its tests of every state and input",
            ),
        },
        local("the clock is put back by an hour meanwhile", LocalFault::ClockBack),
        local("the machine sleeps for two hours meanwhile", LocalFault::Suspended),
        local("the process ends before the request is sent", LocalFault::DiesBeforeSending),
        local("the process ends before the answer is written down", LocalFault::DiesBeforeJournal),
        local("the process ends after the answer is written down", LocalFault::DiesAfterJournal),
        local("the disk is full before the request", LocalFault::PrepareFails),
        local("the answer cannot be written down", LocalFault::JournalFails),
        local("the snapshot cannot be written after the answer", LocalFault::SaveFails),
        Fault {
            title: "the snapshot is corrupt",
            injection: Injection::Nowhere(
                "the snapshot is refused and left as it is, whatever its ceremony is: the tests of enlist-core and enlist-store",
            ),
        },
        Fault {
            title: "a second process at once",
            injection: Injection::Nowhere(
                "the store keeps it out before any request: the case a_second_owner_is_refused, and cli/tests/it/many.rs",
            ),
        },
    ]
}

/// Gives the reason for a request that delivers, if the cell of the request that does not deliver shows the same.
fn unless_delivering(request: Request, reason: &'static str) -> Result<(), &'static str> {
    if request.delivers() { Err(reason) } else { Ok(()) }
}

fn diverted(request: Request, detour: Detour) -> Result<Reply, &'static str> {
    unless_delivering(request, NOT_SENT).map(|()| Reply::Detour(detour))
}

fn not_delivering(request: Request, answer: Answer) -> Result<Reply, &'static str> {
    unless_delivering(request, REFUSAL).map(|()| answer.into())
}

fn delivering(request: Request, answer: Answer) -> Result<Reply, &'static str> {
    unless_delivering(request, DELIVERED).map(|()| answer.into())
}

fn refused(request: Request, status: u16, code: &str) -> Result<Reply, &'static str> {
    not_delivering(request, Answer::json(status, &format!(r#"{{"error":"{code}"}}"#)))
}

/// A page of a proxy or a captive portal, which the request did not pass.
fn intercepted(request: Request, status: u16) -> Result<Reply, &'static str> {
    unless_delivering(request, NOT_SENT).map(|()| page(status))
}

fn documented(request: Request, by: &[Request], code: &str) -> Result<Reply, &'static str> {
    if by.contains(&request) { refused(request, 400, code) } else { Err(NO_SUCH_ANSWER) }
}

fn redirected(_: Request, status: u16) -> Result<Reply, &'static str> {
    Ok(Answer::new(status, "").with("location", "ELSEWHERE/?x").into())
}

fn page(status: u16) -> Reply {
    Answer::new(status, "<!doctype html><title>Please log in</title>").with("content-type", "text/html").into()
}

fn success(request: Request) -> Answer {
    Answer::json(200, request.success())
}

/// The success, with something else in the place of its required member.
fn changed(request: Request, change: fn(&str) -> (String, String)) -> Result<Reply, &'static str> {
    let (old, new) = change(request.required());
    if !request.success().contains(&old) {
        return Err("the required member of this answer is no text");
    }
    Ok(Reply::json(200, &request.success().replacen(&old, &new, 1)))
}
