//! OpenTrain's plain calls: the contents of its metadata, when a token counts as revoked, and the requests of the tokens API.

use crate::common::*;
use enlist_core::opentrain::{
    AuthorizationServer, CreateToken, DeleteToken, FetchAuthorizationServer, FetchProtectedResource, ListTokens, Revoke, TokenId, TokenName,
};
use enlist_core::secret::PersonalToken;
use enlist_core::{ApiCall, FailureCode};

fn token() -> PersonalToken {
    PersonalToken::parse("ot_pat_8f2a_CANARYCANARY91cd").unwrap()
}

fn metadata(more: &str) -> Result<AuthorizationServer, FailureCode> {
    let body = format!(r#"{{"issuer":"https://app.opentrain.ai","token_endpoint":"https://app.opentrain.ai/t"{more}}}"#);
    FetchAuthorizationServer::new(opentrain()).parse(START, json(200, &body)).map_err(|failure| failure.code())
}

const FULL: &str = r#","revocation_endpoint":"https://app.opentrain.ai/revoke","grant_types_supported":["a:b",1],
    "scopes_supported":["jobs:read","not a scope"],
    "agent_auth":{"identity_endpoint":"https://app.opentrain.ai/i","claim_endpoint":"https://app.opentrain.ai/c"}"#;

#[test]
fn the_metadata_gives_the_endpoints() {
    let full = metadata(FULL).unwrap();
    assert_eq!(full.token_endpoint(), "https://app.opentrain.ai/t");
    assert_eq!(
        [full.revocation_endpoint(), full.identity_endpoint(), full.claim_endpoint()].map(Option::unwrap),
        ["https://app.opentrain.ai/revoke", "https://app.opentrain.ai/i", "https://app.opentrain.ai/c"]
    );
    assert_eq!(full.grant_types().iter().map(ToString::to_string).collect::<Vec<_>>(), ["a:b"]);
    assert_eq!(full.scopes(), ["jobs:read"]);
    let bare = metadata("").unwrap();
    assert_eq!([bare.revocation_endpoint(), bare.identity_endpoint(), bare.claim_endpoint()], [None, None, None]);
    for foreign in [r#","revocation_endpoint":"https://evil.example/""#, r#","agent_auth":{"claim_endpoint":"https://evil.example/"}"#] {
        assert_eq!(metadata(foreign), Err(FailureCode::ForeignOrigin));
    }
}

#[test]
fn other_authorization_servers_are_reported_and_not_used() {
    let body = r#"{"resource":"https://app.opentrain.ai","authorization_servers":["https://app.opentrain.ai/","https://evil.example"],
        "scopes_supported":["jobs:read"],"bearer_methods_supported":["header"]}"#;
    let resource = FetchProtectedResource::new(opentrain()).parse(START, json(200, body)).unwrap();
    let texts = |texts: &[enlist_core::Untrusted]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(resource.is_own_authorization_server);
    assert_eq!(texts(&resource.foreign_authorization_servers), ["https://evil.example"]);
    assert_eq!((resource.scopes, texts(&resource.bearer_methods)), (vec!["jobs:read".to_owned()], vec!["header".to_owned()]));
    let body = r#"{"resource":"https://app.opentrain.ai","authorization_servers":["https://evil.example"]}"#;
    let resource = FetchProtectedResource::new(opentrain()).parse(START, json(200, body)).unwrap();
    assert!(!resource.is_own_authorization_server);
}

#[test]
fn only_a_200_means_revoked() {
    let revoke = |answer: Answered| Revoke::new(&opentrain(), token()).parse(START, answer).map_err(|failure| failure.code());
    for done in [html(200), json(200, "{}"), json(200, r#"{"error":"x"}"#), cut(200, "{")] {
        assert_eq!(revoke(done.clone()), Ok(()), "{done:?}");
    }
    for status in [201, 202, 204, 299] {
        assert_eq!(revoke(html(status)), Err(FailureCode::ProtocolViolation), "{status}");
    }
    for (answer, code) in [(html(404), FailureCode::Rejected), (html(503), FailureCode::Busy), (lost(), FailureCode::Network)] {
        assert_eq!(revoke(answer), Err(code));
    }
}

#[test]
fn a_token_is_revoked_at_the_endpoint_in_the_metadata() {
    let at = |metadata: &AuthorizationServer| Revoke::at(metadata, token()).map(|revoke| revoke.exchange().request.uri().to_string());
    assert_eq!(at(&metadata(FULL).unwrap()).as_deref(), Some("https://app.opentrain.ai/revoke"));
    assert_eq!(at(&metadata("").unwrap()), None);
}

#[test]
fn a_new_token_is_requested_as_it_was_described() {
    let create = || CreateToken::new(&opentrain(), token());
    let body = |create: CreateToken| String::from_utf8(create.exchange().request.into_body().as_bytes().to_vec()).unwrap();
    assert_eq!(body(create()), "{}");
    assert!(create().exchange().delivers, "the answer contains a secret that is delivered once");
    let full = create().named(TokenName::parse("ci").unwrap()).scoped(vec!["jobs:read".into()]).until(START);
    assert_eq!(body(full), r#"{"expiresAt":"2026-06-12T09:00:00.000Z","name":"ci","scopes":["jobs:read"]}"#);
}

#[test]
fn tokens_are_listed_and_deleted_by_their_id() {
    let list = |body: &str| ListTokens::new(&opentrain(), token()).parse(START, json(200, body)).map_err(|failure| failure.code());
    let tokens =
        list(r#"{"tokens":[{"id":"tok/1","status":"active","scopes":["jobs:read"],"createdAt":"2026-06-12T09:00:00Z"}]}"#).unwrap();
    assert_eq!((tokens.len(), tokens[0].id.as_str(), tokens[0].created_at), (1, "tok/1", Some(START)));
    assert_eq!(tokens[0].status.as_ref().unwrap().to_string(), "active");
    for bad in ["{}", r#"{"tokens":{}}"#, r#"{"tokens":[{}]}"#, r#"{"tokens":[1]}"#, r#"{"tokens":[{"id":".."}]}"#] {
        assert_eq!(list(bad), Err(FailureCode::ProtocolViolation), "{bad}");
    }
    let delete = DeleteToken::new(&opentrain(), token(), &TokenId::parse("tok/1").unwrap());
    assert_eq!(delete.exchange().request.uri().path(), "/api/public/v1/tokens/tok%2F1");
    assert_eq!(delete.parse(START, json(200, r#"{"token":{"id":"tok/1","status":"revoked"}}"#)).unwrap().id.as_str(), "tok/1");
}
