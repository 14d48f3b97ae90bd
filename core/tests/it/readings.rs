//! A whole answer is taken however it is wrapped: a wrong frame, a wrong label, a member that cannot be read and that nobody needs.

use crate::common::*;
use enlist_core::badge::{BadgeRegistration, BadgeRotation, RegistrationAnswer, RegistrationPrompt};
use enlist_core::secret::{Badge, Otp};
use enlist_core::{Ceremony, Delivery, Partial, TransportFailure, TransportKind};

/// A delivering request: its plain answer, and whether the ceremony took what `answer` brings.
type Delivering = (&'static str, fn() -> Answered, fn(Answered) -> bool);

const DELIVERING: [Delivering; 6] = [
    ("enrolment", registered, |answer| is_done(Bench::new(enrolment(), [answer]), 1)),
    ("claim start", started, |answer| {
        let mut bench = Bench::new(claim(), [answer]);
        bench.run_on();
        bench.ceremony.notice().is_some()
    }),
    ("poll", delivered, |answer| is_done(waiting_claim([answer]), 2)),
    ("SMS order", texted, |answer| {
        let mut bench = sentry([submitted(), answer], [RegistrationAnswer::ProfileOk]);
        bench.run_on();
        matches!(bench.prompts.last(), Some(RegistrationPrompt::Otp { .. }))
    }),
    ("hand-in", badge, |answer| {
        let otp = RegistrationAnswer::Otp(Otp::parse("123456").unwrap());
        is_done(sentry([submitted(), texted(), answer], [RegistrationAnswer::ProfileOk, otp]), 3)
    }),
    ("rotation", rotated, |answer| {
        let old = Badge::parse("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIn0.b2xk").unwrap();
        is_done(Bench::new(BadgeRotation::new(sentryagent(), old), [json(200, r#"{"valid":true}"#), answer]), 2)
    }),
];

/// Whether the ceremony succeeds with so many requests.
fn is_done<C: Ceremony>(mut bench: Bench<C>, requests: usize) -> bool {
    let end = bench.run_on();
    matches!(end, Stop::Done(Ok(_))) && bench.sent.len() == requests
}

fn sentry(answers: impl IntoIterator<Item = Answered>, humans: impl IntoIterator<Item = RegistrationAnswer>) -> Bench<BadgeRegistration> {
    Bench::new(sentry_registration(), answers).answering(humans)
}

fn rotated() -> Answered {
    json(200, r#"{"new_badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.TkVXQkFER0VTSUc"}"#)
}

fn body_of(answer: &Answered) -> Vec<u8> {
    answer.as_ref().unwrap().body().clone()
}

fn with_body(body: &[u8]) -> Answered {
    json(200, "").map(|response| response.map(|_| body.to_vec()))
}

/// Members that nobody needs and that a strict parser refuses.
fn neighbours() -> Vec<Vec<u8>> {
    let deep = |times: usize| format!("\"n\":{}{}", "[".repeat(times), "]".repeat(times)).into_bytes();
    let objects = format!("\"n\":{}1{}", r#"{"a":"#.repeat(150), "}".repeat(150)).into_bytes();
    let texts = [
        r#""n":"\ud800""#,
        r#""n":["\udfff x"]"#,
        r#""n":"\x""#,
        r#""n":"\u12""#,
        r#""n":1e400"#,
        r#""n":-1e999"#,
        r#""n":NaN"#,
        r#""n":1,"n":2"#,
        r#""n":{"a":1,"a":{"b":[]}}"#,
        "\"n\":\"a\tb\"",
        "\"n\":\"a\nb\"",
        "\"n\":{\"a\":\"\u{1}\"}",
    ];
    let mut all: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    all.extend([b"\"n\":\"ok\xe9\"".to_vec(), b"\"ok\xe9\":1".to_vec(), b"\"n\":{\"\\ud800\":1}".to_vec(), deep(130), deep(5000), objects]);
    all
}

/// `body` with `neighbour` before its first member, and after its last.
fn beside(body: &[u8], neighbour: &[u8]) -> [Vec<u8>; 2] {
    [[b"{", neighbour, b",", &body[1..]].concat(), [&body[..body.len() - 1], b",", neighbour, b"}"].concat()]
}

#[test]
fn a_member_that_nobody_needs_may_be_unreadable() {
    for (name, plain, takes) in DELIVERING {
        for neighbour in neighbours() {
            for body in beside(&body_of(&plain()), &neighbour) {
                assert!(takes(with_body(&body)), "{name}: {}", String::from_utf8_lossy(&body));
            }
        }
    }
}

#[test]
fn one_byte_order_mark_is_dropped() {
    for (name, plain, takes) in DELIVERING {
        let marked = [b"\xef\xbb\xbf", &body_of(&plain())[..]].concat();
        assert!(takes(with_body(&marked)), "{name}");
        assert!(!takes(with_body(&[b"\xef\xbb\xbf", &marked[..]].concat())), "{name}: two marks");
    }
    // An error is read behind one too.
    let mut bench = waiting_claim([with_headers(400, &[], "\u{feff}{\"error\":\"authorization_pending\"}"), delivered()]);
    assert!(bench.run().is_ok() && !bench.waited().contains(&12.0), "{:?}", bench.waited());
}

#[test]
fn a_label_in_the_place_of_a_coding_does_no_harm() {
    for (name, plain, takes) in DELIVERING {
        let body = String::from_utf8(body_of(&plain())).unwrap();
        for label in ["utf-8", "UTF-8", "", "none", "identity, identity", "binary", "Identity", "gzip", "br"] {
            assert!(takes(with_headers(200, &[("content-encoding", label)], &body)), "{name}: {label}");
        }
    }
}

/// The length is too large, the last chunk is missing, the connection was reset or timed out after the last byte.
#[test]
fn a_whole_object_in_a_broken_frame_is_taken_at_once() {
    for (name, plain, takes) in DELIVERING {
        for kind in [TransportKind::Closed, TransportKind::Timeout, TransportKind::BadHttp] {
            for end in ["", " ", "\r\n"] {
                let body = [&body_of(&plain())[..], end.as_bytes()].concat();
                let partial = Some(Partial { status: 200, body });
                assert!(takes(Err(TransportFailure { partial, ..TransportFailure::new(kind, Delivery::Unknown) })), "{name}: {kind:?}");
            }
        }
        // Nobody knows what follows in a body that is too large.
        let partial = Some(Partial { status: 200, body: body_of(&plain()) });
        let too_large = TransportFailure { partial, ..TransportFailure::new(TransportKind::BodyTooLarge, Delivery::Unknown) };
        assert!(!takes(Err(too_large)), "{name}: too large");
    }
}

/// A needed member must be there exactly once and be well formed, and the body must be one object and nothing else.
#[test]
fn a_needed_member_is_never_read_leniently() {
    let token = "ot_pat_9b1c_POSTCLAIMPOSTCLAIM44ef";
    let (_, _, takes) = DELIVERING[2];
    for body in [
        format!(r#"{{"access_token":"{token}","access_token":"{token}"}}"#),
        format!(r#"{{"access_token":"{token}","access_\u0074oken":"{token}x"}}"#),
        format!(r#"{{"access_token":"{token}\ud800"}}"#),
        format!("{{\"access_token\":\"{token}\t\"}}"),
        format!(r#"{{"access_token":["{token}"]}}"#),
        format!(r#"{{"a":{{"access_token":"{token}"}}}}"#),
        format!(r#"[{{"access_token":"{token}"}}]"#),
        format!(r#"{{"access_token":"{token}"}}{{}}"#),
        format!(r#"{{"access_token":"{token}"}}x"#),
        format!(r#"{{"access_token":"{token}",}}"#),
        format!(r#"{{,"access_token":"{token}"}}"#),
        format!(r#"{{"n":,"access_token":"{token}"}}"#),
        format!(r#"{{"n" "access_token":"{token}"}}"#),
        format!(r#"{{"n":1 "access_token":"{token}"}}"#),
        format!(r#"{{"n":[}},"access_token":"{token}"}}"#),
        format!(r#"{{"n":{}{},"access_token":"{token}"}}"#, "[".repeat(200), "}".repeat(200)),
        format!(r#"x{{"access_token":"{token}"}}"#),
        format!("\u{0}{{\"access_token\":\"{token}\"}}"),
        format!(r#"{{"access_token":"{token}""#),
    ] {
        let mut bench = waiting_claim([with_body(body.as_bytes())]);
        assert!(!takes(with_body(body.as_bytes())), "{body}");
        bench.run_on();
        assert!(bench.ceremony.may_be_delivered(), "{body}");
    }
}

/// A damaged word that lets the poll go on is no word, and nothing ends a poll by it.
#[test]
fn errors_are_read_leniently_too() {
    let mut bench = waiting_claim([json(400, r#"{"error":"authorization_pending","n":1e400}"#), invalid_grant()]);
    bench.run().unwrap_err();
    assert!(!bench.ceremony.may_be_delivered());
    let mut bench = waiting_claim([json(400, r#"{"error":"invalid_grant","error":"invalid_grant"}"#), delivered()]);
    assert!(bench.run().is_ok());
}
