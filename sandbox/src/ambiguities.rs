//! The points on which the services' pages are silent ("UNKNOWN Un" of the protocol pages), with one enum of possible behaviours each.

/// How the sandbox resolves each ambiguity. Each default is the most literal behaviour, and it comes first in its enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ambiguities {
    /// Ambiguities of OpenTrain's pages.
    pub opentrain: OpenTrainAmbiguities,
    /// Ambiguities of SentryAgent's pages.
    pub sentryagent: SentryAgentAmbiguities,
}

/// Ambiguities of OpenTrain: the unknowns of `opentrain.md` section 13.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenTrainAmbiguities {
    /// U4: `Retry-After` on a 429.
    pub retry_after: RetryAfter,
    /// U6: what happens to the former link and code when the claim is restarted.
    pub old_link: OldLink,
    /// U6: whether a restart may name another e-mail address.
    pub other_email: OtherEmail,
    /// U7: the content of `error_description`.
    pub description: Description,
    /// U8: the answer to a poll after the attempt has expired, while the claim window is still open.
    pub expired_attempt: ExpiredAttempt,
    /// U9: the answer to a poll before any claim start.
    pub no_attempt: NoAttempt,
    /// U19: the interval that is announced and enforced.
    pub interval: Interval,
    /// Whether the answer to a claim start says that a mail was sent.
    pub email_sent: EmailSent,
    /// C1: the path of the revocation endpoint.
    pub revoke_path: RevokePath,
    /// U11: the spelling of the issuer in the authorization server's metadata.
    pub issuer: Issuer,
    /// U14: the error at 25 active tokens.
    pub token_cap: TokenCap,
}

/// Ambiguities of SentryAgent: the unknowns of `sentryagent.md` section 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentryAgentAmbiguities {
    /// U1: the body of an error.
    pub error_body: ErrorBody,
    /// U4: whether a manifest session expires.
    pub manifest_session: ManifestSession,
    /// U5: the effect of a repeated step 2.
    pub repeated_step_2: RepeatedStep2,
    /// U6: whether a 401 says how many tries are left.
    pub tries_left: TriesLeft,
    /// U7: `Retry-After` on a 503 or 429.
    pub retry_after: RetryAfter,
    /// C1: whose key signs messages, and whether it is in the JWKS.
    pub signing_key: SigningKeyOf,
    /// U9: the payload of a signed message.
    pub signed_payload: SignedPayload,
    /// C2: the encoding of a DID in a path.
    pub did_in_path: DidInPath,
    /// C5: how long an old badge stays valid after a rotation.
    pub old_badge: OldBadge,
    /// U10: the answer to the revocation of a revoked badge.
    pub repeated_revoke: RepeatedRevoke,
}

/// The `Retry-After` header (RFC 9110 section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryAfter {
    /// The header is not sent.
    #[default]
    Absent,
    /// A number of seconds.
    Seconds,
    /// An HTTP date, by the sandbox clock.
    HttpDate,
}

/// OpenTrain U6: the link and code of an attempt after a newer attempt was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OldLink {
    /// They become invalid at the restart.
    #[default]
    Dies,
    /// They stay valid until their own expiry.
    StaysValid,
}

/// OpenTrain U6: a restart with another e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtherEmail {
    /// Accepted.
    #[default]
    Allowed,
    /// 400 `invalid_request`.
    Refused,
}

/// OpenTrain U7: the wording of `error_description`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Description {
    /// A sentence. For an address that is taken it contains `email_already_registered`.
    #[default]
    Sentence,
    /// A bare code such as `email_already_registered`.
    Code,
    /// No `error_description` at all.
    Absent,
}

/// OpenTrain U8: the answer to a poll after the attempt has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpiredAttempt {
    /// `expired_token`, as in RFC 8628.
    #[default]
    ExpiredToken,
    /// `invalid_grant`.
    InvalidGrant,
    /// `authorization_pending`, for as long as the window is open.
    AuthorizationPending,
}

/// OpenTrain U9: the answer to a poll before any claim start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoAttempt {
    /// `invalid_grant`.
    #[default]
    InvalidGrant,
    /// `authorization_pending`.
    AuthorizationPending,
    /// `expired_token`.
    ExpiredToken,
}

/// OpenTrain U19: the polling interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interval {
    /// Announced and constant.
    #[default]
    Present,
    /// Enforced without being announced.
    Absent,
    /// Announced. Every `slow_down` adds 5 s (divided by the speed, at least 1 s) to the enforced interval (RFC 8628
    /// section 3.5).
    Grows,
}

/// OpenTrain: the member `email_sent` in the answer to a claim start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmailSent {
    /// `true`, and a mail goes to the outbox.
    #[default]
    Yes,
    /// `false`, and no mail goes out.
    No,
    /// The member is absent, and a mail goes to the outbox.
    Absent,
}

/// OpenTrain C1: the path of the revocation endpoint. The metadata name the chosen path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RevokePath {
    /// `POST /api/agent/oauth/revoke`.
    #[default]
    OAuth,
    /// `POST /api/agent/identity/revoke`.
    Identity,
}

/// OpenTrain U11: the metadata's `issuer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Issuer {
    /// The origin.
    #[default]
    Exact,
    /// The origin with a trailing slash, as in published samples.
    WithSlash,
}

/// OpenTrain U14: the answer to the 26th active token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenCap {
    /// 409 `CONFLICT`.
    #[default]
    Conflict,
    /// 400 `BAD_REQUEST`.
    BadRequest,
}

/// SentryAgent C1: whose key signs the JWS of `POST /v1/sign`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SigningKeyOf {
    /// The bridge's key, which also signs badges; the JWKS contains it.
    #[default]
    Bridge,
    /// The agent's own key; the JWKS contains it.
    AgentListed,
    /// The agent's own key; the JWKS does not contain it.
    AgentUnlisted,
}

/// SentryAgent U9: the JWS's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignedPayload {
    /// The unchanged message.
    #[default]
    Raw,
    /// A JSON object with `sub`, `message` and `iat`.
    Claims,
    /// The message, left out of the JWS after signing (RFC 7515 appendix F).
    Detached,
}

/// SentryAgent C2: the encoding of the DID in the path of the manifest lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DidInPath {
    /// Raw colons and `%3A` are both accepted.
    #[default]
    Either,
    /// Only raw colons; anything else is 400.
    RawOnly,
    /// Only `%3A`; anything else is 400.
    EncodedOnly,
}

/// SentryAgent C5: the old badge after a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OldBadge {
    /// It becomes invalid at once.
    #[default]
    DiesAtOnce,
    /// It stays valid for a day, so that the agent can distribute the new one.
    LivesOn,
}

/// SentryAgent U10: the answer to the revocation of a badge that is already revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedRevoke {
    /// `{"revoked":true}` again.
    #[default]
    Succeeds,
    /// 401, because the badge is no longer a valid bearer credential.
    Refused,
}

/// SentryAgent U1: the body of an error answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorBody {
    /// `{"error":"invalid_otp","message":"..."}`.
    #[default]
    Json,
    /// `{"statusCode":401,"detail":{"reason":"..."}}`: JSON that shares no key with [`ErrorBody::Json`].
    OtherJson,
    /// A sentence as `text/plain`.
    PlainText,
    /// An empty body.
    Empty,
}

/// SentryAgent U4: the lifetime of a `manifest_session_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ManifestSession {
    /// It expires after its lifetime, and is then answered 410.
    #[default]
    Ends,
    /// It never expires.
    Endless,
}

/// SentryAgent U5: the effect of a second step 2 with the same `manifest_session_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedStep2 {
    /// It starts another session with another SMS; the former session is gone (410).
    #[default]
    NewSession,
    /// It sends the SMS of the existing session again; code and expiry are unchanged.
    SameSession,
    /// It is answered 410.
    Gone,
}

/// SentryAgent U6: what the 401 to a wrong OTP says about further tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TriesLeft {
    /// Nothing.
    #[default]
    Untold,
    /// The number of tries left: in `attempts_remaining`, or in the text if the body has no members.
    Told,
}
