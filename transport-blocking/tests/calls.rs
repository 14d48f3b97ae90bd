//! Sends every plain call of both services with the real client to the sandbox, and checks the bytes on the wire and the result.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "common/service.rs"]
mod service;

use std::time::Duration;

use enlist_core::badge::verify::{Jwks, Rejection, Rules};
use enlist_core::badge::{Did, FetchDid, FetchJwks, Health, LookUp, RevokeBadge, Sign, Validity, VerifyBadge};
use enlist_core::opentrain::{
    CreateToken, DeleteToken, FetchAuthorizationServer, FetchProtectedResource, ListTokens, Revoke, TokenId, TokenName, WhoAmI,
};
use enlist_core::secret::Badge;
use enlist_core::{ApiCall, Failure, FailureCode, Origin, Timestamp};
use enlist_sandbox::ambiguities::{
    DidInPath, Issuer, OpenTrainAmbiguities, RepeatedRevoke, RevokePath, SentryAgentAmbiguities, SignedPayload, SigningKeyOf,
};
use enlist_sandbox::{Action, Canned, Scripted};

use service::{calling, header, identity, is_valid, line, now, once, opentrain, origin, sandbox, sentryagent, token};

// OpenTrain

#[test]
fn revoke() {
    let sandbox = sandbox();
    let token = token(&sandbox);
    let revoke = Revoke::new(&origin(&sandbox), token.clone());
    let (request, outcome) = once(&sandbox, &revoke);
    assert_eq!((line(&request).as_str(), request.body.clone()), ("POST /api/agent/oauth/revoke", format!("token={}", token.expose())));
    assert_eq!((header(&request, "content-type"), header(&request, "authorization")), (Some("application/x-www-form-urlencoded"), None));
    assert_eq!(outcome, Ok(()));
    let (_, me) = once(&sandbox, &WhoAmI::new(&origin(&sandbox), token));
    assert!(matches!(me, Err(Failure::Rejected(error)) if error.status == 401 && error.has_code("UNAUTHORIZED")));
    // A token that is already revoked, or that never existed, counts as revoked.
    assert_eq!(once(&sandbox, &revoke).1, Ok(()));
}

#[test]
fn only_a_200_means_revoked() {
    let sandbox = sandbox();
    let token = token(&sandbox);
    let answered = |answers: Vec<Action>| {
        sandbox.script(answers.into_iter().map(|action| Scripted::new("/api/agent/oauth/revoke", action)));
        calling(&sandbox, Revoke::new(&origin(&sandbox), token.clone()))
    };
    let respond = |status| Action::Respond(Canned::json(status, "{}"));
    let busy = || Action::Respond(Canned::status(503).header("retry-after", "5"));
    let (sent, outcome) = answered(vec![respond(202)]);
    assert_eq!((sent, outcome.unwrap_err().code()), (1, FailureCode::ProtocolViolation));
    let (sent, outcome) = answered(vec![busy(), busy(), busy(), busy()]);
    assert_eq!((sent, outcome.unwrap_err().code()), (4, FailureCode::Busy));
    let (sent, outcome) = answered(vec![respond(500), Action::DropAfter, Action::DropBefore]);
    assert_eq!((sent, outcome.unwrap_err().code()), (3, FailureCode::Network));
    // A repeat is harmless (RFC 7009): after a 503 the token is revoked by the next request.
    assert_eq!(answered(vec![busy()]), (2, Ok(())));
    assert_eq!(answered(vec![Action::DropAfter]), (2, Ok(())));
    // The body of the answer does not matter (RFC 7009 section 2.2).
    assert_eq!(answered(vec![Action::Respond(Canned::status(200))]), (1, Ok(())));
}

#[test]
fn me() {
    let sandbox = sandbox();
    let token = token(&sandbox);
    let (request, outcome) = once(&sandbox, &WhoAmI::new(&origin(&sandbox), token.clone()));
    assert_eq!((line(&request).as_str(), request.body.as_str()), ("GET /api/public/v1/auth/me", ""));
    assert_eq!(header(&request, "authorization"), Some(format!("Bearer {}", token.expose()).as_str()));
    let me = outcome.unwrap();
    assert_eq!((me.scopes.len(), me.member_role.unwrap().to_string().as_str()), (6, "OWNER"));
    assert!(me.user_id.is_some() && me.token_id.is_some() && me.email.is_none());
}

#[test]
fn tokens() {
    let sandbox = sandbox();
    let (origin, token) = (origin(&sandbox), token(&sandbox));
    let create = CreateToken::new(&origin, token.clone())
        .named(TokenName::parse("ci-runner").unwrap())
        .scoped(vec!["jobs:read".to_owned()])
        .until(Timestamp::parse_rfc3339("2999-01-01T00:00:00Z").unwrap());
    assert!(create.exchange().delivers);
    let (request, made) = once(&sandbox, &create);
    assert_eq!(line(&request), "POST /api/public/v1/tokens");
    assert_eq!(request.body, r#"{"expiresAt":"2999-01-01T00:00:00.000Z","name":"ci-runner","scopes":["jobs:read"]}"#);
    let made = made.unwrap();
    let info = made.info.unwrap();
    assert_eq!((info.name.as_ref().unwrap().to_string(), &info.scopes[..]), ("ci-runner".to_owned(), &["jobs:read".to_owned()][..]));

    let (request, listed) = once(&sandbox, &ListTokens::new(&origin, made.token.clone()));
    assert_eq!(line(&request), "GET /api/public/v1/tokens");
    assert_eq!(listed.unwrap().iter().filter(|token| token.id == info.id).count(), 1);

    let (request, ended) = once(&sandbox, &DeleteToken::new(&origin, token.clone(), &info.id));
    assert_eq!(line(&request), format!("DELETE /api/public/v1/tokens/{}", info.id.as_str()));
    let ended = ended.unwrap();
    assert_eq!((ended.id, ended.status.unwrap().to_string().as_str(), ended.revoked_at.is_some()), (info.id, "revoked", true));

    // No part of an id can lead to another path.
    let (request, missing) = once(&sandbox, &DeleteToken::new(&origin, token, &TokenId::parse("../auth/me?x=1").unwrap()));
    assert_eq!(line(&request), "DELETE /api/public/v1/tokens/..%2Fauth%2Fme%3Fx%3D1");
    let Err(Failure::Rejected(error)) = missing else { panic!("{missing:?}") };
    assert!(error.status == 404 && error.has_code("NOT_FOUND") && error.description.unwrap().to_string() == "There is no such token.");
}

#[test]
fn a_token_whose_answer_is_lost_is_never_made_again() {
    for action in [Action::DropAfter, Action::Cut { bytes: 20 }, Action::ReplaceAfter(Canned::json(201, r#"{"tokenType":"bearer"}"#))] {
        let sandbox = sandbox();
        let token = token(&sandbox);
        sandbox.script([Scripted::new("/api/public/v1/tokens", action.clone())]);
        let (sent, lost) = calling(&sandbox, CreateToken::new(&origin(&sandbox), token.clone()));
        assert!(matches!(lost, Err(Failure::GaveUp { may_be_delivered: true, .. })), "{action:?} {lost:?}");
        let listed = once(&sandbox, &ListTokens::new(&origin(&sandbox), token)).1.unwrap();
        assert_eq!((sent, listed.len()), (1, 2), "the token is in the list and can be deleted");
    }
}

#[test]
fn well_known_documents() {
    for issuer in [Issuer::Exact, Issuer::WithSlash] {
        let sandbox = opentrain(OpenTrainAmbiguities { issuer, ..OpenTrainAmbiguities::default() });
        let (request, resource) = once(&sandbox, &FetchProtectedResource::new(origin(&sandbox)));
        assert_eq!(line(&request), "GET /.well-known/oauth-protected-resource");
        let resource = resource.unwrap();
        assert!(resource.is_own_authorization_server && resource.foreign_authorization_servers.is_empty());
        assert_eq!((resource.scopes.len(), resource.bearer_methods[0].to_string().as_str()), (9, "header"));

        let (request, server) = once(&sandbox, &FetchAuthorizationServer::new(origin(&sandbox)));
        assert_eq!(line(&request), "GET /.well-known/oauth-authorization-server");
        let server = server.unwrap();
        assert_eq!(server.token_endpoint(), format!("{}/api/agent/oauth/token", sandbox.url()));
        assert_eq!(server.identity_endpoint(), Some(format!("{}/api/agent/identity", sandbox.url())));
        assert_eq!(server.claim_endpoint(), Some(format!("{}/api/agent/identity/claim", sandbox.url())));
        assert_eq!(server.grant_types().len(), 1);
    }
}

#[test]
fn documents_of_somebody_else_are_not_used() {
    let sandbox = sandbox();
    let url = sandbox.url();
    let foreign = "https://evil.example";
    let server = |body: String| {
        sandbox.script([Scripted::new("/.well-known/*", Action::Respond(Canned::json(200, body)))]);
        once(&sandbox, &FetchAuthorizationServer::new(origin(&sandbox))).1.map_err(|failure| failure.code().as_str())
    };
    let good = format!(r#"{{"issuer":"{url}","token_endpoint":"{url}/t"}}"#);
    assert!(server(good.clone()).is_ok());
    for (issuer, expected) in [
        (format!("{url}//"), "protocol_violation"),
        (format!("{url}/x"), "protocol_violation"),
        (url.replace("http", "HTTP"), "protocol_violation"),
        (foreign.to_owned(), "protocol_violation"),
    ] {
        let body = good.replacen(url, &issuer, 1);
        assert_eq!(server(body).unwrap_err(), expected, "{issuer}");
    }
    assert_eq!(server(format!(r#"{{"token_endpoint":"{url}/t"}}"#)).unwrap_err(), "protocol_violation", "RFC 8414: issuer is required");
    assert_eq!(server(format!(r#"{{"issuer":"{url}"}}"#)).unwrap_err(), "protocol_violation");
    assert_eq!(server(format!(r#"{{"issuer":"{url}","token_endpoint":"{foreign}/t"}}"#)).unwrap_err(), "foreign_origin");
    let hidden = format!(r#"{{"issuer":"{url}","token_endpoint":"{url}/t","agent_auth":{{"claim_endpoint":"{foreign}/c"}}}}"#);
    assert_eq!(server(hidden).unwrap_err(), "foreign_origin");

    let resource = |body: String| {
        sandbox.script([Scripted::new("/.well-known/*", Action::Respond(Canned::json(200, body)))]);
        once(&sandbox, &FetchProtectedResource::new(origin(&sandbox))).1.map_err(|failure| failure.code().as_str())
    };
    assert_eq!(resource(format!(r#"{{"resource":"{foreign}"}}"#)).unwrap_err(), "protocol_violation");
    let other = resource(format!(r#"{{"resource":"{url}/","authorization_servers":["{foreign}"]}}"#)).unwrap();
    assert_eq!((other.is_own_authorization_server, other.foreign_authorization_servers.len()), (false, 1));
}

#[test]
fn the_metadata_name_the_revocation_endpoint() {
    let sandbox = opentrain(OpenTrainAmbiguities { revoke_path: RevokePath::Identity, ..OpenTrainAmbiguities::default() });
    let token = token(&sandbox);
    let (_, outcome) = once(&sandbox, &Revoke::new(&origin(&sandbox), token.clone()));
    assert!(matches!(outcome, Err(Failure::Rejected(error)) if error.status == 404));
    let metadata = once(&sandbox, &FetchAuthorizationServer::new(origin(&sandbox))).1.unwrap();
    let (request, outcome) = once(&sandbox, &Revoke::at(&metadata, token).unwrap());
    assert_eq!((line(&request).as_str(), outcome), ("POST /api/agent/identity/revoke", Ok(())));
}

// SentryAgent

#[test]
fn verify() {
    let sandbox = sandbox();
    let identity = identity(&sandbox);
    let verify = VerifyBadge::new(&origin(&sandbox), identity.badge().clone());
    assert_eq!(verify.exchange().timeout, Duration::from_secs(10));
    let (request, verdict) = once(&sandbox, &verify);
    assert_eq!(
        (line(&request).as_str(), request.body.clone()),
        ("POST /v1/verify", format!(r#"{{"badge":"{}"}}"#, identity.badge().expose()))
    );
    assert_eq!(header(&request, "authorization"), None);
    let Ok(Validity::Valid { did, profile }) = verdict else { panic!("{verdict:?}") };
    assert_eq!(did.as_ref(), identity.did());
    assert_eq!(profile.agent_name.as_ref().unwrap().to_string(), "My AI Agent");
    assert_eq!((profile.tools.len(), profile.contact_email.as_ref().unwrap().expose()), (2, "dev@acme.com"));
    let forged = Badge::parse(&format!("{}x", identity.badge().expose())).unwrap();
    assert_eq!(once(&sandbox, &VerifyBadge::new(&origin(&sandbox), forged)).1, Ok(Validity::NotValid));
    // A refusal with a reason is still a refusal, and a string is not a boolean.
    for (body, expected) in [(r#"{"valid":false,"error":"revoked"}"#, true), (r#"{"valid":"true"}"#, false), ("{}", false)] {
        sandbox.script([Scripted::new("/v1/verify", Action::Respond(Canned::json(200, body)))]);
        assert_eq!(once(&sandbox, &verify).1 == Ok(Validity::NotValid), expected, "{body}");
    }
}

#[test]
fn sign_resolves_each_ambiguity() {
    for signing_key in [SigningKeyOf::Bridge, SigningKeyOf::AgentListed, SigningKeyOf::AgentUnlisted] {
        for signed_payload in [SignedPayload::Raw, SignedPayload::Claims, SignedPayload::Detached] {
            let sandbox = sentryagent(SentryAgentAmbiguities { signing_key, signed_payload, ..SentryAgentAmbiguities::default() });
            let identity = identity(&sandbox);
            let sign = Sign::new(&origin(&sandbox), identity.badge().clone(), "hello \"world\"").unwrap();
            let (request, signed) = once(&sandbox, &sign);
            assert_eq!((line(&request).as_str(), sign.exchange().timeout), ("POST /v1/sign", Duration::from_secs(10)));
            assert_eq!(request.body, format!(r#"{{"badge":"{}","message":"hello \"world\""}}"#, identity.badge().expose()));
            assert_eq!(header(&request, "authorization"), Some(format!("Bearer {}", identity.badge().expose()).as_str()));
            let signed = signed.unwrap();
            assert!(signed.did.as_ref() == identity.did() && signed.signed_at.is_some());

            let keys = Jwks::parse(once(&sandbox, &FetchJwks::new(&origin(&sandbox))).1.unwrap().as_bytes()).unwrap();
            let message = b"hello \"world\"";
            let checked = match signed_payload {
                SignedPayload::Detached => Rules::default().check_detached(&signed.jws, message, &keys),
                _ => Rules::default().check_jws(&signed.jws, &keys),
            };
            match (signing_key, checked) {
                (SigningKeyOf::AgentUnlisted, checked) => assert_eq!(checked, Err(Rejection::UnknownKey)),
                (_, Ok(checked)) if signed_payload == SignedPayload::Claims => assert!(checked.payload().starts_with(b"{")),
                (_, Ok(checked)) => assert_eq!(checked.payload(), message),
                (_, Err(rejection)) => panic!("{signing_key:?} {signed_payload:?} {rejection}"),
            }
            // The signed message is not a badge, even if the service signs claims with the key of its badges: these have no end.
            assert!(Rules::default().check_badge(&signed.jws, &keys, now(&sandbox)).is_err(), "{signing_key:?} {signed_payload:?}");
            assert!(Rules::default().typ("JWT").check_badge(&signed.jws, &keys, now(&sandbox)).is_err());
            assert!(Rules::default().typ("JWT").check_badge(identity.badge().expose(), &keys, now(&sandbox)).is_ok());
        }
    }
}

#[test]
fn what_may_be_read_as_claims_is_not_signed_without_a_word() {
    let badge = Badge::parse("a.b.c").unwrap();
    let origin = Origin::parse("http://127.0.0.1").unwrap();
    let sign = |message: &str| Sign::new(&origin, badge.clone(), message).map(|_| ());
    for claims in [r#"{"sub":"did:sentryagent:x"}"#, r#" {"a":1,"exp":1} "#, r#"{"sub":"a","sub":"b"}"#, "{}", "{"] {
        assert!(sign(claims).is_err(), "{claims}");
    }
    for message in ["", "hello", r#"["sub"]"#, r#""sub""#] {
        assert_eq!(sign(message), Ok(()), "{message}");
    }
    assert!(!format!("{:?}", Sign::new_even_claims(&origin, badge, "CANARY")).contains("CANARY"));
}

#[test]
fn revoke_badge() {
    let sandbox = sandbox();
    let badge = identity(&sandbox).badge().clone();
    let revoke = RevokeBadge::new(&origin(&sandbox), badge.clone());
    assert!(revoke.exchange().timeout > Duration::from_secs(30), "C6");
    sandbox.script([
        Scripted::new("/v1/revoke", Action::Respond(Canned::json(200, r#"{"revoked":false}"#))),
        Scripted::new("/v1/revoke", Action::Respond(Canned::json(202, "{}"))),
    ]);
    for _ in 0..2 {
        assert_eq!(once(&sandbox, &revoke).1.unwrap_err().code(), FailureCode::ProtocolViolation);
    }
    assert!(is_valid(&sandbox, &badge));
    let (request, outcome) = once(&sandbox, &revoke);
    assert_eq!((line(&request).as_str(), request.body.clone()), ("POST /v1/revoke", format!(r#"{{"badge":"{}"}}"#, badge.expose())));
    assert_eq!((header(&request, "authorization"), outcome), (Some(format!("Bearer {}", badge.expose()).as_str()), Ok(())));
    assert!(!is_valid(&sandbox, &badge));
}

#[test]
fn a_lost_revocation_is_repeated_and_verify_decides() {
    for repeated_revoke in [RepeatedRevoke::Succeeds, RepeatedRevoke::Refused] {
        let sandbox = sentryagent(SentryAgentAmbiguities { repeated_revoke, ..SentryAgentAmbiguities::default() });
        let badge = identity(&sandbox).badge().clone();
        sandbox.script([Scripted::new("/v1/revoke", Action::DropAfter)]);
        let (sent, outcome) = calling(&sandbox, RevokeBadge::new(&origin(&sandbox), badge.clone()));
        assert_eq!((sent, outcome.is_ok()), (2, repeated_revoke == RepeatedRevoke::Succeeds));
        assert!(!is_valid(&sandbox, &badge));
    }
}

#[test]
fn look_up_in_both_spellings() {
    for (did_in_path, raw, encoded) in
        [(DidInPath::Either, true, true), (DidInPath::RawOnly, true, false), (DidInPath::EncodedOnly, false, true)]
    {
        let sandbox = sentryagent(SentryAgentAmbiguities { did_in_path, ..SentryAgentAmbiguities::default() });
        let did = identity(&sandbox).did().unwrap().clone();
        let look_up = LookUp::new(&origin(&sandbox), did.clone());
        let (request, found) = once(&sandbox, &look_up);
        assert_eq!((line(&request), found.is_ok()), (format!("GET /v1/manifest/{did}"), raw));
        let (request, other) = once(&sandbox, &look_up.encoded());
        assert_eq!((request.path, other.is_ok()), (format!("/v1/manifest/{}", did.as_str().replace(':', "%3A")), encoded));
        let found = found.or(other).unwrap().unwrap();
        assert_eq!((found.did, found.profile.trust_tier.unwrap().to_string().as_str()), (did, "community"));
        assert!(found.issued_at.is_some());
    }
    let sandbox = sandbox();
    let nobody = Did::parse("did:sentryagent:nobody").unwrap();
    assert_eq!(once(&sandbox, &LookUp::new(&origin(&sandbox), nobody.clone())).1, Ok(None));
    let another = r#"{"did":"did:sentryagent:somebody","public_profile":{}}"#;
    sandbox.script([Scripted::new("/v1/manifest/*", Action::Respond(Canned::json(200, another)))]);
    assert_eq!(once(&sandbox, &LookUp::new(&origin(&sandbox), nobody)).1.unwrap_err().code(), FailureCode::ProtocolViolation);
}

#[test]
fn jwks_did_and_health() {
    let sandbox = sandbox();
    let (request, jwks) = once(&sandbox, &FetchJwks::new(&origin(&sandbox)));
    assert_eq!((line(&request).as_str(), FetchJwks::new(&origin(&sandbox)).exchange().timeout), ("GET /v1/jwks", Duration::from_secs(10)));
    let keys = Jwks::parse(jwks.unwrap().as_bytes()).unwrap();
    let badge = identity(&sandbox).badge().clone();
    let verified = Rules::default().issuer(sandbox.url()).check_badge(badge.expose(), &keys, now(&sandbox)).unwrap();
    assert_eq!(
        (verified.kid(), verified.profile().unwrap().agent_name.as_ref().unwrap().to_string().as_str()),
        (Some("key-1"), "My AI Agent")
    );

    let (request, did) = once(&sandbox, &FetchDid::new(&origin(&sandbox)));
    assert_eq!(line(&request), "GET /v1/did");
    let did = did.unwrap();
    assert!(did.as_json().contains("verificationMethod") && did.id().to_string().starts_with("did:web:"));

    let (request, health) = once(&sandbox, &Health::new(&origin(&sandbox)));
    assert_eq!((line(&request).as_str(), health.unwrap().is_ok()), ("GET /v1/health", true));
    sandbox.script([Scripted::new("/v1/health", Action::Respond(Canned::json(200, r#"{"status":"degraded"}"#)))]);
    assert!(!once(&sandbox, &Health::new(&origin(&sandbox))).1.unwrap().is_ok());
}
