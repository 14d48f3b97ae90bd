//! The API calls of both services: each is answered as it should be, and each has its first answer lost.

use std::fmt::Debug;

use enlist_core::badge::{Did, FetchDid, FetchJwks, Health, LookUp, RevokeBadge, Sign, VerifyBadge};
use enlist_core::opentrain::{
    CreateToken, DeleteToken, FetchAuthorizationServer, FetchProtectedResource, ListTokens, Revoke, TokenId, WhoAmI,
};
use enlist_core::secret::{Badge, PersonalToken};
use enlist_core::{ApiCall, ApiCallRun, Exchange, ExchangeResult, Origin};

use crate::fixture::OLD_BADGE;
use crate::mocks::described;
use crate::mocks::{BEGINNING, adjusted, failure_text, trouble_text};
use crate::scripted_server::ScriptedServer;

const TOKEN: &str = "ot_pat_1_PRECLAIM";
const DID: &str = "did:sentryagent:ada";

/// A driver's client: sends an exchange.
pub(crate) type Client<'a> = &'a mut dyn FnMut(&Exchange) -> ExchangeResult;

/// One endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint {
    pub(crate) name: &'static str,
    /// The name of the case in which its first answer is lost.
    pub(crate) lost_name: &'static str,
    pub(crate) status: u16,
    /// The body of its success.
    pub(crate) body: &'static str,
    run: fn(Client<'_>, &ScriptedServer, Origin) -> Option<Vec<String>>,
}

/// Every endpoint that an API call uses.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    endpoint(["opentrain_revoke", "opentrain_revoke_lost"], 200, "{}", |client, server, origin| {
        call_it(client, server, Revoke::new(&origin, token()?))
    }),
    endpoint(
        ["opentrain_protected_resource", "opentrain_protected_resource_lost"],
        200,
        r#"{"resource":"SERVICE","authorization_servers":["SERVICE"]}"#,
        |client, server, origin| call_it(client, server, FetchProtectedResource::new(origin)),
    ),
    endpoint(
        ["opentrain_authorization_server", "opentrain_authorization_server_lost"],
        200,
        r#"{"issuer":"SERVICE","token_endpoint":"SERVICE/api/agent/oauth/token","revocation_endpoint":"SERVICE/api/agent/oauth/revoke"}"#,
        |client, server, origin| call_it(client, server, FetchAuthorizationServer::new(origin)),
    ),
    endpoint(
        ["opentrain_who_am_i", "opentrain_who_am_i_lost"],
        200,
        r#"{"actor":{"userId":"u1","email":"owner@example.com"},"token":{"id":"tok_1","scopes":["jobs:read"]},"account":{"kind":"employer_organization"}}"#,
        |client, server, origin| call_it(client, server, WhoAmI::new(&origin, token()?)),
    ),
    endpoint(
        ["opentrain_list_tokens", "opentrain_list_tokens_lost"],
        200,
        r#"{"tokens":[{"id":"tok_1","name":"ci","status":"active","scopes":["jobs:read"]}]}"#,
        |client, server, origin| call_it(client, server, ListTokens::new(&origin, token()?)),
    ),
    endpoint(
        ["opentrain_create_token", "opentrain_create_token_lost"],
        201,
        r#"{"token":"ot_pat_3_CREATED","tokenType":"bearer","metadata":{"id":"tok_2","status":"active"}}"#,
        |client, server, origin| call_it(client, server, CreateToken::new(&origin, token()?)),
    ),
    endpoint(
        ["opentrain_delete_token", "opentrain_delete_token_lost"],
        200,
        r#"{"token":{"id":"tok_1","status":"revoked"}}"#,
        |client, server, origin| call_it(client, server, DeleteToken::new(&origin, token()?, &TokenId::parse("tok_1").ok()?)),
    ),
    endpoint(["sentryagent_health", "sentryagent_health_lost"], 200, r#"{"status":"ok","version":"1.0.0"}"#, |client, server, origin| {
        call_it(client, server, Health::new(&origin))
    }),
    endpoint(["sentryagent_did", "sentryagent_did_lost"], 200, r#"{"id":"did:web:identity.sentryagent.ai"}"#, |client, server, origin| {
        call_it(client, server, FetchDid::new(&origin))
    }),
    endpoint(
        ["sentryagent_verify", "sentryagent_verify_lost"],
        200,
        r#"{"valid":true,"did":"did:sentryagent:ada","public_profile":{"agent_name":"Ada"}}"#,
        |client, server, origin| call_it(client, server, VerifyBadge::new(&origin, badge()?)),
    ),
    endpoint(
        ["sentryagent_sign", "sentryagent_sign_lost"],
        200,
        r#"{"jws":"eyJhbGciOiJFZERTQSJ9.aGVsbG8.c2ln","did":"did:sentryagent:ada","signed_at":"2026-06-12T09:00:00.000Z"}"#,
        |client, server, origin| call_it(client, server, Sign::new(&origin, badge()?, "hello").ok()?),
    ),
    endpoint(["sentryagent_revoke", "sentryagent_revoke_lost"], 200, r#"{"revoked":true}"#, |client, server, origin| {
        call_it(client, server, RevokeBadge::new(&origin, badge()?))
    }),
    endpoint(
        ["sentryagent_look_up", "sentryagent_look_up_lost"],
        200,
        r#"{"did":"did:sentryagent:ada","public_profile":{"agent_name":"Ada"},"issued_at":"2026-06-12T09:00:00.000Z"}"#,
        |client, server, origin| call_it(client, server, LookUp::new(&origin, Did::parse(DID).ok()?)),
    ),
    endpoint(
        ["sentryagent_jwks", "sentryagent_jwks_lost"],
        200,
        r#"{"keys":[{"kty":"OKP","use":"sig","kid":"key-1","alg":"EdDSA","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        |client, server, origin| call_it(client, server, FetchJwks::new(&origin)),
    ),
];

const fn endpoint(
    [name, lost_name]: [&'static str; 2],
    status: u16,
    body: &'static str,
    run: fn(Client<'_>, &ScriptedServer, Origin) -> Option<Vec<String>>,
) -> Endpoint {
    Endpoint { name, lost_name, status, body, run }
}

impl Endpoint {
    /// Makes the call, and notes every wait, every exchange and the result.
    pub(crate) fn transcript(&self, client: Client<'_>, server: &ScriptedServer) -> Vec<String> {
        let lines = Origin::parse(&server.origin()).ok().and_then(|origin| (self.run)(client, server, origin));
        lines.unwrap_or_else(|| vec!["the case cannot begin".to_owned()])
    }
}

fn token() -> Option<PersonalToken> {
    PersonalToken::parse(TOKEN).ok()
}

fn badge() -> Option<Badge> {
    Badge::parse(OLD_BADGE).ok()
}

fn call_it<C: ApiCall<Outcome: Debug>>(client: Client<'_>, server: &ScriptedServer, call: C) -> Option<Vec<String>> {
    let (mut run, mut now, mut lines) = (ApiCallRun::new(call), BEGINNING, Vec::new());
    loop {
        if let Some((until, trouble)) = run.waits_until(now) {
            lines.push(format!("wait {} ms: \"{}\"", until.since(now).as_millis(), trouble_text(trouble)));
            now = until;
        }
        let exchange = run.exchange();
        lines.push(format!("send, {} s", exchange.timeout.as_secs()));
        let answer = client(&adjusted(server, &exchange));
        lines.push(format!("answer: {}", described(&answer)));
        if let Some(end) = run.answered(now, answer) {
            lines.push(match end {
                Ok(outcome) => format!("done: {outcome:?}").replace(&server.authority(), "SERVICE"),
                Err(failure) => format!("{}: \"{}\"", failure.code().as_str(), failure_text(&failure)),
            });
            return Some(lines);
        }
    }
}
