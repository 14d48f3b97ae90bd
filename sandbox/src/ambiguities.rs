//! One choice for each point on which the services' pages are silent ("UNKNOWN Un" of the protocol pages).

/// The readings to play. Each default is the most literal one, and comes first in its enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readings {
    /// Where OpenTrain's pages are silent.
    pub opentrain: OpenTrainReadings,
    /// Where SentryAgent's pages are silent.
    pub sentryagent: SentryAgentReadings,
}

/// The unknowns of `opentrain.md` section 13.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenTrainReadings {
    /// U4: `Retry-After` on a 429.
    pub retry_after: RetryAfter,
    /// U6: the fate of the former link and code when the ceremony is restarted.
    pub old_link: OldLink,
    /// U6: whether a restart may name another e-mail.
    pub other_email: OtherEmail,
    /// U7: what `error_description` says.
    pub description: Description,
    /// U8: the poll's answer after the attempt lapsed, the window still being open.
    pub lapsed_attempt: LapsedAttempt,
    /// U9: the poll's answer before any claim start.
    pub no_attempt: NoAttempt,
    /// U19: what is announced and asked for as the interval.
    pub interval: Interval,
    /// Whether the claim start's answer says that a mail went out.
    pub email_sent: EmailSent,
    /// C1: where tokens are revoked.
    pub revoke_path: RevokePath,
    /// U11: how the authorization server's metadata write their issuer.
    pub issuer: Issuer,
    /// U14: the error at 25 active tokens.
    pub token_cap: TokenCap,
}

/// The unknowns of `sentryagent.md` section 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentryAgentReadings {
    /// U1: the body of an error.
    pub error_body: ErrorBody,
    /// U4: whether a manifest session ends.
    pub manifest_session: ManifestSession,
    /// U5: what a repeat of step 2 does.
    pub repeated_step_2: RepeatedStep2,
    /// U6: whether a 401 tells how many tries are left.
    pub tries_left: TriesLeft,
    /// U7: `Retry-After` on a 503 or 429.
    pub retry_after: RetryAfter,
    /// C1: whose key signs messages, and whether it is in the JWKS.
    pub signing_key: SigningKeyOf,
    /// U9: what of a message is signed.
    pub signed_payload: SignedPayload,
    /// C2: how a DID stands in a path.
    pub did_in_path: DidInPath,
    /// C5: how long an old badge lives after a rotation.
    pub old_badge: OldBadge,
    /// U10: a revocation of a badge that is revoked.
    pub repeated_revoke: RepeatedRevoke,
}

/// The `Retry-After` header (RFC 9110 section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryAfter {
    /// Not sent.
    #[default]
    Absent,
    /// In seconds.
    Seconds,
    /// As an HTTP date, by the sandbox clock.
    HttpDate,
}

/// OpenTrain U6: the link and code of an attempt that a newer one followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OldLink {
    /// They die at the restart.
    #[default]
    Dies,
    /// They work until their own end.
    StaysValid,
}

/// OpenTrain U6: a restart with another e-mail.
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
    /// A sentence; for a taken e-mail it contains `email_already_registered`.
    #[default]
    Sentence,
    /// A bare code such as `email_already_registered`.
    Code,
    /// No `error_description` at all.
    Absent,
}

/// OpenTrain U8: the poll after the attempt lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LapsedAttempt {
    /// `expired_token`, as in RFC 8628.
    #[default]
    ExpiredToken,
    /// `invalid_grant`.
    InvalidGrant,
    /// `authorization_pending`, for as long as the window is open.
    AuthorizationPending,
}

/// OpenTrain U9: the poll before any claim start.
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
    /// Announced, and the same throughout.
    #[default]
    Present,
    /// Not announced, but enforced.
    Absent,
    /// Announced; every `slow_down` adds 5 s (divided by the speed, at least 1 s) to what is asked for (RFC 8628
    /// section 3.5).
    Grows,
}

/// OpenTrain: the member `email_sent` of the claim start's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmailSent {
    /// `true`, and a mail goes to the outbox.
    #[default]
    Yes,
    /// `false`, and no mail goes out.
    No,
    /// Not there; a mail goes to the outbox.
    Absent,
}

/// OpenTrain C1: where tokens are revoked. The metadata name the same path.
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
    /// The origin and a slash, as published samples have it.
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
    /// The bridge's, which also signs badges; the JWKS holds it.
    #[default]
    Bridge,
    /// The agent's own; the JWKS lists it.
    AgentListed,
    /// The agent's own; the JWKS does not list it.
    AgentUnlisted,
}

/// SentryAgent U9: the JWS's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignedPayload {
    /// The message as it came.
    #[default]
    Raw,
    /// A JSON object with `sub`, `message` and `iat`.
    Claims,
    /// The message, which is then left out (RFC 7515 appendix F).
    Detached,
}

/// SentryAgent C2: the DID in the path of the manifest lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DidInPath {
    /// Raw colons and `%3A` are the same.
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
    /// It is dead at once.
    #[default]
    DiesAtOnce,
    /// It lives on for a day: time to tell everybody of the new one.
    LivesOn,
}

/// SentryAgent U10: a badge that is revoked already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedRevoke {
    /// `{"revoked":true}` again.
    #[default]
    Succeeds,
    /// 401: the badge is no bearer any more.
    Refused,
}

/// SentryAgent U1: the body of an error answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorBody {
    /// `{"error":"invalid_otp","message":"..."}`.
    #[default]
    Json,
    /// `{"statusCode":401,"detail":{"reason":"..."}}`: JSON that shares no key with the former.
    OtherJson,
    /// A sentence as `text/plain`.
    PlainText,
    /// Nothing.
    Empty,
}

/// SentryAgent U4: a `manifest_session_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ManifestSession {
    /// Ends after its lifetime; then 410.
    #[default]
    Ends,
    /// Never ends.
    Endless,
}

/// SentryAgent U5: step 2 once more with the same `manifest_session_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedStep2 {
    /// Another session and another SMS; the former session is gone (410).
    #[default]
    NewSession,
    /// The same session, whose SMS is sent again, code and end unchanged.
    SameSession,
    /// 410.
    Gone,
}

/// SentryAgent U6: what a wrong OTP's 401 tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TriesLeft {
    /// Nothing about further tries.
    #[default]
    Untold,
    /// How many are left: `attempts_remaining`, or in the text where the body has no members.
    Told,
}
