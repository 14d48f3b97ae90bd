//! The anonymous registration.

use crate::common::*;
use enlist_core::claim::{Enrolment, EnrolmentAnswer, EnrolmentPrompt, Label};
use enlist_core::{Ceremony, Failure, FailureCode, Input, Misuse, Step, Violation};

#[test]
fn it_sends_the_names_and_yields_both_secrets() {
    let label = |text| Some(Label::parse(text).unwrap());
    let mut bench = Bench::new(Enrolment::new(opentrain(), label(" build-bot "), label("Acme \"&\" Söhne")), [registered()]);
    assert_eq!(bench.ceremony.agent_name().map(Label::as_str), Some("build-bot"));
    assert_eq!(enrolment().agent_name(), None);
    let registration = bench.run().unwrap();
    assert_eq!(
        bench.sent,
        [r#"POST /api/agent/identity {"agent_name":"build-bot","identity_type":"anonymous","organization_name":"Acme \"&\" Söhne"}"#]
    );
    assert_eq!(registration.access_token().hint(), "ot_pat_…91cd");
    assert_eq!(registration.claim_token().hint(), "ot_clm_…77ab");
    assert_eq!(registration.registration_id(), Some("reg_1"));
    assert_eq!(registration.scopes(), ["jobs:read", "jobs:write"]);
    assert_eq!(registration.claim_token_expires_at().unwrap().since(START).as_secs(), 86_400);
}

#[test]
fn the_request_is_complete_and_its_debug_shows_no_body() {
    let mut bench = Bench::new(enrolment(), []);
    let exchange = bench.begin();
    assert!(exchange.delivers);
    let mut headers: Vec<_> =
        exchange.request.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        [
            "accept-encoding: identity",
            "accept: application/json",
            "content-type: application/json",
            concat!("user-agent: enlist/", env!("CARGO_PKG_VERSION"))
        ]
    );
    assert_eq!(
        format!("{exchange:?}"),
        r#"Exchange { id: 1, method: POST, path: "/api/agent/identity", body_bytes: 29, delivers: true, .. }"#
    );
}

#[test]
fn only_the_two_secrets_are_required() {
    let mut bench =
        Bench::new(enrolment(), [json(200, r#"{"access_token":"ot_pat_1_2","claim_token":"ot_clm_3","scopes":"a b","future":{"x":[1]}}"#)]);
    let registration = bench.run().unwrap();
    assert_eq!(registration.scopes(), ["a", "b"]);
    assert_eq!((registration.registration_id(), registration.claim_token_expires_at()), (None, None));
}

#[test]
fn an_answer_that_breaks_the_protocol_is_kept() {
    let good = String::from_utf8(registered().unwrap().into_body()).unwrap();
    let violation = |from: &str, to: &str| {
        let mut bench = Bench::new(enrolment(), [json(200, &good.replacen(from, to, 1))]);
        let Err(Failure::Protocol(violation)) = bench.run() else { panic!("{from}") };
        assert_eq!(bench.ceremony.snapshot().unreadable().len(), 1, "the bytes may contain secrets");
        violation
    };
    assert_eq!(violation("ot_clm_", "ot clm "), Violation::BadField { field: "claim_token".into() });
    assert_eq!(violation("ot_pat_", r"\u0007"), Violation::BadField { field: "access_token".into() });
    assert_eq!(violation(r#""bearer""#, r#""mac""#), Violation::BadField { field: "token_type".into() });
    assert_eq!(violation("urn:opentrain", "urn:other"), Violation::BadField { field: "grant_type".into() });
    assert_eq!(violation(r#""claim_token":"#, r#""claim_tokn":"#), Violation::MissingField { field: "claim_token".into() });
    assert!(matches!(
        violation("https://app.opentrain.ai/api/agent/identity/claim", "https://app.opentrain.ai.evil.example/"),
        Violation::ForeignOrigin { .. }
    ));
    // The case of the token type does not matter, and neither does an explicit default port.
    let mut bench = Bench::new(
        enrolment(),
        [json(200, &good.replace(r#""bearer""#, r#""Bearer""#).replace("opentrain.ai/api", "opentrain.ai:443/api"))],
    );
    bench.run().unwrap();
}

#[test]
fn a_request_whose_answer_was_lost_is_repeated_only_if_the_human_agrees() {
    for answer in [lost(), html(500), html(502), html(503), error(503, "busy"), html(504), html(200), cut(200, "{")] {
        let mut bench = Bench::new(enrolment(), [answer]);
        assert_eq!(bench.run_on(), Stop::Asked);
        assert_eq!(bench.sent.len(), 1);
        assert!(matches!(bench.prompts[0], EnrolmentPrompt::RegisterAgain { .. }));
        let mut bench = bench.answering([EnrolmentAnswer::RegisterAgain]);
        bench.then([registered()]);
        bench.run().unwrap();
        assert_eq!(bench.sent.len(), 2);
    }
}

#[test]
fn a_request_that_the_driver_did_not_send_uses_no_try() {
    let mut bench = Bench::new(enrolment(), []);
    for _ in 0..10 {
        let id = bench.begin().id;
        bench.handle(Input::not_sent(id));
        assert_eq!(bench.ceremony.poll(bench.now), Step::Send);
    }
}

#[test]
fn misuse_leaves_the_state_unchanged() {
    let mut bench = Bench::new(enrolment(), []);
    let id = bench.begin().id;
    let before = bench.ceremony.clone();
    let mut misuse = |input| bench.ceremony.handle(START, input).unwrap_err();
    assert_eq!(misuse(Input::Woke), Misuse::NotWaiting);
    assert_eq!(misuse(Input::Notified), Misuse::NothingToShow);
    assert_eq!(misuse(Input::Answer(EnrolmentAnswer::RegisterAgain)), Misuse::NotAsked);
    assert_eq!(bench.ceremony.begin(START).unwrap_err(), Misuse::NothingToSend);
    assert_eq!(bench.ceremony, before);
    // The answer is stale: its exchange is already settled.
    bench.handle(Input::answered(id, refused()));
    assert_eq!(bench.ceremony.handle(START, Input::lost(id)), Err(Misuse::NotInFlight(id)));
    // The same holds while another exchange is in flight.
    bench.now = START.after(std::time::Duration::from_secs(2));
    bench.begin();
    assert_eq!(bench.ceremony.handle(bench.now, Input::lost(id)), Err(Misuse::NotInFlight(id)));
}

#[test]
fn names_are_checked_before_anything_is_sent() {
    for bad in ["", "  ", "a\u{1b}[31mb", "a\nb", "\u{7f}"] {
        assert!(Label::parse(bad).is_err(), "{bad:?}");
    }
}

/// Only the error code and the status together say that the service accepts no anonymous agents.
#[test]
fn anonymous_registration_is_switched_off_only_by_the_code_in_a_403() {
    let end = |status: u16, word: &str| Bench::new(enrolment(), [error(status, word)]).run().unwrap_err().code();
    assert_eq!(end(403, "anonymous_not_enabled"), FailureCode::AnonymousNotEnabled);
    assert_eq!([end(403, "other"), end(400, "anonymous_not_enabled")], [FailureCode::Rejected; 2]);
}
