//! Plain calls without a network: lenient and strict parsing, the repeats, and that no secret is shown.

use std::fmt::Debug;
use std::time::Duration;

use crate::common::*;
use enlist_core::badge::{BadgeView, Did, FetchDid, FetchJwks, Health, LookUp, RevokeBadge, Sign, VerifyBadge};
use enlist_core::opentrain::{
    CreateToken, DeleteToken, FetchAuthorizationServer, FetchProtectedResource, ListTokens, Revoke, TokenId, TokenName, WhoAmI,
};
use enlist_core::secret::{Badge, PersonalToken};
use enlist_core::{ApiCall, ApiCallRun, Delivery, ExchangeId, Failure, FailureCode, TransportKind};

const BADGE: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIn0.QkFER0VTSUdOQVRVUkU";
const TOKEN: &str = "ot_pat_8f2a_CANARYCANARY91cd";

fn badge() -> Badge {
    Badge::parse(BADGE).unwrap()
}

fn token() -> PersonalToken {
    PersonalToken::parse(TOKEN).unwrap()
}

/// Sends the call until it ends. Returns the number of requests, the seconds waited, and the result.
fn calling<C: ApiCall>(call: C, answers: impl IntoIterator<Item = Answered>) -> (usize, u64, Result<C::Outcome, Failure>) {
    let (mut calling, mut now, mut sent) = (ApiCallRun::new(call), START, 0);
    for answer in answers {
        if let Some((until, _)) = calling.waits_until(now) {
            now = until;
        }
        assert_eq!(calling.exchange().id, ExchangeId::PLAIN);
        sent += 1;
        if let Some(end) = calling.answered(now, answer) {
            return (sent, now.since(START).as_secs(), end);
        }
    }
    panic!("the call was sent {sent} times and did not end");
}

fn code<T: Debug>(end: Result<T, Failure>) -> FailureCode {
    end.unwrap_err().code()
}

#[test]
fn a_call_whose_answers_are_lost_is_sent_three_times_if_that_does_no_harm() {
    let health = || Health::new(&sentryagent());
    let ok = || json(200, r#"{"status":"ok"}"#);
    let (sent, _, end) = calling(health(), [lost(), html(200), ok()]);
    assert_eq!((sent, end.is_ok()), (3, true));
    let (sent, _, end) = calling(health(), [lost(), html(500), cut(200, "{"), ok()]);
    assert_eq!((sent, code(end)), (3, FailureCode::Network));
    let (sent, _, end) = calling(health(), [refused(), refused(), refused(), ok()]);
    assert_eq!((sent, code(end)), (3, FailureCode::Network));
    let busy = || with_headers(503, &[("retry-after", "30")], "");
    let (sent, waited, end) = calling(health(), [busy(), busy(), busy(), ok()]);
    assert_eq!((sent, waited, end.is_ok()), (4, 90, true));
    let (sent, _, end) = calling(health(), [busy(), busy(), busy(), busy(), ok()]);
    assert_eq!((sent, code(end)), (4, FailureCode::Busy));
    for (answer, expected) in
        [(html(404), FailureCode::Rejected), (html(429), FailureCode::RateLimited), (html(302), FailureCode::ProtocolViolation)]
    {
        let (sent, _, end) = calling(health(), [answer, ok()]);
        assert_eq!((sent, code(end)), (1, expected));
    }
    let tls = || failed(TransportKind::Tls, Delivery::NotSent);
    assert_eq!(code(calling(health(), [tls(), ok()]).2), FailureCode::Tls);
}

#[test]
fn a_run_remembers_that_an_answer_was_lost() {
    let revoke = || RevokeBadge::new(&sentryagent(), badge());
    let was_lost = |answers: Vec<Answered>| {
        let mut calling = ApiCallRun::new(revoke());
        for answer in answers {
            if calling.answered(START, answer).is_some() {
                break;
            }
        }
        calling.was_lost()
    };
    assert!(was_lost(vec![lost(), html(401)]) && was_lost(vec![html(200)]) && was_lost(vec![html(502)]));
    assert!(!was_lost(vec![html(401)]) && !was_lost(vec![refused(), html(401)]));
    assert!(was_lost(vec![html(503), html(401)]), "a router may say 503 while the service goes on");
}

#[test]
fn a_token_is_created_once_and_a_lost_answer_is_reported() {
    let create = || CreateToken::new(&opentrain(), token());
    let made = || json(201, r#"{"token":"ot_pat_9_NEWNEWNEWNEWNEW12","tokenType":"Bearer","metadata":{"id":"tok_1"}}"#);
    assert_eq!(calling(create(), [made()]).2.unwrap().info.unwrap().id, TokenId::parse("tok_1").unwrap());
    for answer in
        [lost(), html(500), html(503), html(201), cut(201, "{"), json(201, "{}"), json(201, r#"{"token":"","tokenType":"bearer"}"#)]
    {
        let (sent, _, end) = calling(create(), [answer.clone(), made()]);
        assert!(sent == 1 && matches!(end, Err(Failure::GaveUp { may_be_delivered: true, .. })), "{answer:?}");
    }
    let (sent, _, end) = calling(create(), [refused(), made()]);
    assert!(sent == 2 && end.is_ok(), "what was certainly not sent is sent again");
    let (_, _, end) = calling(create(), [refused(), refused(), refused()]);
    assert!(matches!(end, Err(Failure::GaveUp { may_be_delivered: false, .. })));
    assert_eq!(code(calling(create(), [json(201, r#"{"token":"ot_pat_1","tokenType":"mac"}"#)]).2), FailureCode::Busy);
}

#[test]
fn names_and_ids_are_checked() {
    assert!(TokenName::parse(&"é".repeat(120)).is_ok() && TokenName::parse(&"é".repeat(121)).is_err());
    assert!(TokenName::parse(" ").is_err() && TokenName::parse("a\nb").is_err());
    for bad in ["", ".", "..", "a b", "ä", &"x".repeat(257)] {
        assert!(TokenId::parse(bad).is_err(), "{bad}");
    }
    for bad in ["", "a:", "a b", "a/b", "ä"] {
        assert!(Did::parse(&format!("did:sentryagent:{bad}")).is_err(), "{bad}");
    }
}

#[test]
fn a_document_counts_only_with_a_200_and_its_own_address() {
    let server = |status: u16, issuer: &str| {
        let body = format!(r#"{{"issuer":"{issuer}","token_endpoint":"https://app.opentrain.ai/t"}}"#);
        FetchAuthorizationServer::new(opentrain()).parse(START, json(status, &body)).is_ok()
    };
    let resource = |status: u16, resource: &str| {
        FetchProtectedResource::new(opentrain()).parse(START, json(status, &format!(r#"{{"resource":"{resource}"}}"#))).is_ok()
    };
    for reads in [&server as &dyn Fn(u16, &str) -> bool, &resource] {
        assert!(reads(200, "https://app.opentrain.ai") && reads(200, "https://app.opentrain.ai/"));
        assert!(!reads(203, "https://app.opentrain.ai"));
        for other in
            ["https://app.opentrain.ai//", "https://app.opentrain.ai:443", "https://APP.opentrain.ai", "http://app.opentrain.ai", "", "x"]
        {
            assert!(!reads(200, other), "{other}");
        }
    }
    let paths = [
        FetchAuthorizationServer::new(opentrain()).exchange().request.uri().path().to_owned(),
        FetchProtectedResource::new(opentrain()).exchange().request.uri().path().to_owned(),
    ];
    assert_eq!(paths, ["/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"]);
}

#[test]
fn a_did_is_in_the_path_unescaped_or_encoded() {
    let path = |look_up: LookUp| look_up.exchange().request.uri().path().to_owned();
    let look_up = |did: &str| LookUp::new(&sentryagent(), Did::parse(did).unwrap());
    assert_eq!(path(look_up("did:sentryagent:a.b-c_d:e")), "/v1/manifest/did:sentryagent:a.b-c_d:e");
    assert_eq!(path(look_up("did:sentryagent:a:b").encoded()), "/v1/manifest/did%3Asentryagent%3Aa%3Ab");
    assert_eq!(path(look_up("did:sentryagent:a%2Fb")), "/v1/manifest/did:sentryagent:a%252Fb");
}

#[test]
fn a_signature_is_a_compact_jws() {
    let sign =
        |jws: &str| Sign::new(&sentryagent(), badge(), "x").unwrap().parse(START, json(200, &format!(r#"{{"jws":"{jws}"}}"#))).is_ok();
    assert!(sign("a.b.c") && sign("a..c"));
    for bad in ["", "a.b", "a.b.c.d", "a.b.c=", ".b.c", "a.b.", "a b.c.d", "a.b.c\\n"] {
        assert!(!sign(bad), "{bad}");
    }
}

#[test]
fn the_claims_of_a_badge_are_read_without_verification() {
    let view = BadgeView::of(&badge()).unwrap();
    assert_eq!((view.did.unwrap().as_str(), view.expires_at), ("did:sentryagent:abc123", None));
    for bad in ["x", "a.b", "a.!.c", "a.e30.c.d"] {
        assert_eq!(BadgeView::of(&Badge::parse(bad).unwrap()), None, "{bad}");
    }
}

#[test]
fn no_secret_is_shown() {
    let (origin, sentry) = (opentrain(), sentryagent());
    let exchanges = [WhoAmI::new(&origin, token()).exchange(), VerifyBadge::new(&sentry, badge()).exchange()];
    let echo = json(401, &format!(r#"{{"error":"the token {TOKEN} is bad","code":"{BADGE}","requestId":"1"}}"#));
    let refused = WhoAmI::new(&origin, token()).parse(START, echo).unwrap_err();
    assert!(refused.server_error().unwrap().description.as_ref().unwrap().to_string().contains("[redacted]"));
    let made = json(201, &format!(r#"{{"token":"{TOKEN}","metadata":{{"id":"tok_1"}}}}"#));
    let document = json(200, &format!(r#"{{"id":"did:web:x","note":"{TOKEN}"}}"#));
    let shown = format!(
        "{exchanges:?} {refused:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        Revoke::new(&origin, token()),
        WhoAmI::new(&origin, token()),
        ListTokens::new(&origin, token()),
        CreateToken::new(&origin, token()).parse(START, made),
        CreateToken::new(&origin, token()),
        DeleteToken::new(&origin, token(), &TokenId::parse("tok_1").unwrap()),
        VerifyBadge::new(&sentry, badge()),
        RevokeBadge::new(&sentry, badge()),
        Sign::new(&sentry, badge(), "CANARY"),
        ApiCallRun::new(Sign::new(&sentry, badge(), "CANARY").unwrap()),
        FetchDid::new(&sentry).parse(START, document),
        FetchJwks::new(&sentry).exchange(),
        BadgeView::of(&badge()),
    );
    for secret in ["CANARY", "QkFER0", "eyJz"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(VerifyBadge::new(&sentry, badge()).exchange().timeout, Duration::from_secs(10));
}
