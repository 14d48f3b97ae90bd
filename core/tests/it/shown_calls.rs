//! Rows of `shown` for the plain calls, the rotation and the types of `verify`, with canaries in the same way.

use std::fmt::Debug;

use enlist_core::badge::verify::{Jwks, Rules};
use enlist_core::badge::{
    BadgeRotation, BadgeView, Did, FetchDid, FetchJwks, Health, LookUp, RevokeBadge, RotationAnswer, Sign, VerifyBadge,
};
use enlist_core::opentrain::{
    CreateToken, DeleteToken, FetchAuthorizationServer, FetchProtectedResource, ListTokens, Revoke, TokenId, TokenName, WhoAmI,
};
use enlist_core::secret::{Badge, PersonalToken};
use enlist_core::*;

use crate::common::*;

const TOKEN: &str = "ot_pat_8f2a_PRECLAIMPRECLAIM91cd";
const BADGE: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIn0.QkFER0VTSUdOQVRVUkU";
/// RFC 8037 appendix A.
const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const JWS: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn debug(value: &dyn Debug) -> String {
    format!("{value:?}")
}

/// The Debug of the call and of its outcome.
fn call<C: ApiCall<Outcome: Debug> + Debug>(call: &C, answer: Answered) -> [String; 2] {
    [debug(call), debug(&call.parse(START, answer).unwrap())]
}

pub(crate) fn rows() -> Vec<(&'static str, String)> {
    [of_opentrain(), of_sentryagent(), of_the_rotation(), of_verify()].concat()
}

fn of_opentrain() -> Vec<(&'static str, String)> {
    let (origin, token) = (opentrain(), || PersonalToken::parse(TOKEN).unwrap());
    let info = r#"{"id":"tok_1","name":"ci","preview":"ot_pat_8f2a********91cd","status":"active","scopes":["jobs:read"],"createdAt":"2026-06-12T09:00:00.000Z"}"#;
    let id = TokenId::parse("tok_1").unwrap();
    let [revoke, _] = call(&Revoke::new(&origin, token()), json(200, "{}"));
    let me = r#"{"actor":{"userId":"u1","email":"owner@example.com"},"token":{"id":"tok_1","scopes":["jobs:read"]}}"#;
    let [who, me] = call(&WhoAmI::new(&origin, token()), json(200, me));
    let [resource, protected] = call(&FetchProtectedResource::new(origin.clone()), json(200, r#"{"resource":"https://app.opentrain.ai"}"#));
    let server = r#"{"issuer":"https://app.opentrain.ai","token_endpoint":"https://app.opentrain.ai/t"}"#;
    let [authorization, server] = call(&FetchAuthorizationServer::new(origin.clone()), json(200, server));
    let [list, infos] = call(&ListTokens::new(&origin, token()), json(200, &format!(r#"{{"tokens":[{info}]}}"#)));
    let [create, created] =
        call(&CreateToken::new(&origin, token()), json(201, &format!(r#"{{"token":"{TOKEN}","tokenType":"bearer","metadata":{info}}}"#)));
    let delete = debug(&DeleteToken::new(&origin, token(), &id));
    vec![
        ("opentrain::Revoke", revoke),
        ("opentrain::WhoAmI", who),
        ("opentrain::Me", me),
        ("opentrain::FetchProtectedResource", resource),
        ("opentrain::ProtectedResource", protected),
        ("opentrain::FetchAuthorizationServer", authorization),
        ("opentrain::AuthorizationServer", server),
        ("opentrain::ListTokens", list),
        ("opentrain::TokenInfo", infos),
        ("opentrain::CreateToken", create),
        ("opentrain::CreatedToken", created),
        ("opentrain::DeleteToken", delete),
        ("opentrain::TokenId", debug(&id)),
        ("opentrain::TokenName", debug(&TokenName::parse("ci").unwrap())),
    ]
}

fn of_sentryagent() -> Vec<(&'static str, String)> {
    let (origin, badge) = (sentryagent(), || Badge::parse(BADGE).unwrap());
    let profile = r#"{"agent_name":"My AI Agent","contact_email":"dev@acme.com"}"#;
    let valid = json(200, &format!(r#"{{"valid":true,"did":"did:sentryagent:abc123","public_profile":{profile}}}"#));
    let [verify, verdict] = call(&VerifyBadge::new(&origin, badge()), valid);
    let sign = Sign::new(&origin, badge(), TOKEN).unwrap();
    let [sign, signed] = call(&sign, json(200, &format!(r#"{{"jws":"{JWS}","did":"did:sentryagent:abc123"}}"#)));
    let [revoke, _] = call(&RevokeBadge::new(&origin, badge()), json(200, r#"{"revoked":true}"#));
    let look_up = LookUp::new(&origin, Did::parse("did:sentryagent:abc123").unwrap());
    let [look_up, published] = call(&look_up, json(200, &format!(r#"{{"did":"did:sentryagent:abc123","public_profile":{profile}}}"#)));
    let [jwks, _] = call(&FetchJwks::new(&origin), json(200, KEYS));
    let [did, document] = call(&FetchDid::new(&origin), json(200, r#"{"id":"did:web:identity.sentryagent.ai"}"#));
    let [health, report] = call(&Health::new(&origin), json(200, r#"{"status":"ok","version":"1.0.0"}"#));
    vec![
        ("ApiCallRun", debug(&ApiCallRun::new(VerifyBadge::new(&origin, badge())))),
        ("badge::VerifyBadge", verify),
        ("badge::PublishedProfile", verdict.clone()),
        ("badge::Validity", verdict),
        ("badge::Sign", sign),
        ("badge::Signed", signed),
        ("badge::RevokeBadge", revoke),
        ("badge::LookUp", look_up),
        ("badge::Published", published),
        ("badge::FetchJwks", jwks),
        ("badge::FetchDid", did),
        ("badge::DidDocument", document),
        ("badge::Health", health),
        ("badge::HealthReport", report),
        ("badge::BadgeView", debug(&BadgeView::of(&badge()))),
    ]
}

fn of_the_rotation() -> Vec<(&'static str, String)> {
    let rotated = json(
        200,
        r#"{"new_badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.QkFER0VTSUdOQVRVUkU","new_did":"did:sentryagent:xyz789"}"#,
    );
    let valid = || json(200, r#"{"valid":true,"did":"did:sentryagent:abc123"}"#);
    let rotation = || BadgeRotation::new(sentryagent(), Badge::parse(BADGE).unwrap());
    let outcome = Bench::new(rotation(), [valid(), rotated]).run().unwrap();
    let mut asking = Bench::new(rotation(), [valid(), lost()].into_iter().chain(std::iter::repeat_with(lost).take(20)));
    asking.run_on();
    let ending: Ending<badge::Rotated> = Ending::Finished(Ok(outcome.clone()));
    vec![
        ("Ending", debug(&ending)),
        ("Error", debug(&Error::<Misuse, Misuse>::Failed(Failure::WindowExpired))),
        ("Inline", debug(&Inline(NoStore))),
        ("NoStore", debug(&NoStore)),
        ("DriveError", debug(&DriveError::<Misuse, Misuse>::Host(Misuse::NotAsked))),
        ("badge::BadgeRotation", debug(&asking.ceremony)),
        ("badge::Rotated", debug(&outcome)),
        ("badge::RotationPrompt", debug(&asking.prompts.last().unwrap())),
        ("badge::RotationAnswer", debug(&RotationAnswer::VerifyAgain)),
    ]
}

fn of_verify() -> Vec<(&'static str, String)> {
    let keys = Jwks::parse(KEYS.as_bytes()).unwrap();
    let rules = Rules::default().issuer("https://identity.sentryagent.ai");
    let bad = Jwks::parse(TOKEN.as_bytes()).unwrap_err();
    let rejection = rules.check_badge(BADGE, &keys, START).unwrap_err();
    let (good, its_keys) = (crate::badge_table::good(), Jwks::parse(crate::badge_table::jwks().as_bytes()).unwrap());
    vec![
        ("badge::verify::Jwks", debug(&keys)),
        ("badge::verify::BadJwks", format!("{bad:?} {bad}")),
        ("badge::verify::VerifiedJws", debug(&rules.check_jws(JWS, &keys).unwrap())),
        ("badge::verify::VerifiedBadge", debug(&Rules::default().check_badge(&good, &its_keys, START).unwrap())),
        ("badge::verify::Rules", debug(&rules)),
        ("badge::verify::Rejection", format!("{rejection:?} {rejection}")),
    ]
}
