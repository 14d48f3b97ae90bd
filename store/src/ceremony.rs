//! The facts about each kind of ceremony. A new kind does not compile until it has its facts here.

use enlist_core::badge::{BadgeRegistration, BadgeRotation, Identity, Rotated};
use enlist_core::claim::{Claim, ClaimedToken, Enrolment, Registration};
use enlist_core::{Ceremony, CeremonyKind, ExchangeId, ExchangeResult, Failure, Input, Misuse, ResumeError, Snapshot, Step, Timestamp};
use serde_json::Value;

use crate::Credential;

/// A ceremony whose outcome the store can keep.
pub trait StoredCeremony: Ceremony {
    /// The credential that the outcome is.
    fn credential(&self, outcome: &Self::Outcome) -> Credential;

    /// Whether the flow stays on disk after this failure, because a later attempt must know what may still come of it.
    fn outlives(_failure: &Failure) -> bool {
        false
    }
}

impl StoredCeremony for Enrolment {
    fn credential(&self, _outcome: &Registration) -> Credential {
        Credential::Unclaimed(Box::new(self.clone()))
    }
}

impl StoredCeremony for Claim {
    fn credential(&self, outcome: &ClaimedToken) -> Credential {
        Credential::claimed(self.snapshot().origin(), outcome)
    }

    fn outlives(_failure: &Failure) -> bool {
        true
    }
}

impl StoredCeremony for BadgeRegistration {
    fn credential(&self, outcome: &Identity) -> Credential {
        let public_profile = serde_json::to_value(outcome.public_profile()).unwrap_or_default();
        Credential::badge(self.snapshot().origin(), outcome, public_profile)
    }
}

impl StoredCeremony for BadgeRotation {
    /// A rotation does not tell the public profile, which is that of the old badge.
    fn credential(&self, outcome: &Rotated) -> Credential {
        Credential::Badge {
            base_url: self.origin().to_string(),
            badge: outcome.badge().clone(),
            did: outcome.did().map(ToString::to_string),
            public_profile: Value::Null,
        }
    }
}

/// A saved ceremony of any kind.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is named like its ceremony")]
pub enum AnyCeremony {
    Enrolment(Enrolment),
    Claim(Claim),
    BadgeRegistration(BadgeRegistration),
    BadgeRotation(BadgeRotation),
}

/// How a flow ended.
#[derive(Clone, Debug, PartialEq)]
pub enum FlowEnd {
    /// It brought this credential.
    Brought(Box<Credential>),
    /// It failed, and nothing of it is needed any more.
    Failed(Failure),
    /// It failed, and the flow stays for the attempt after it.
    FailedAndKept(Failure),
}

/// Does the same with the ceremony in an [`AnyCeremony`], whichever it is.
macro_rules! whichever {
    ($any:expr, $ceremony:ident => $then:expr) => {
        match $any {
            AnyCeremony::Enrolment($ceremony) => $then,
            AnyCeremony::Claim($ceremony) => $then,
            AnyCeremony::BadgeRegistration($ceremony) => $then,
            AnyCeremony::BadgeRotation($ceremony) => $then,
        }
    };
}

impl AnyCeremony {
    /// The ceremony in `snapshot`, for a look at it. It may come from a newer version.
    pub(crate) fn peek(snapshot: &Snapshot) -> Result<Self, ResumeError> {
        match snapshot.kind() {
            CeremonyKind::Enrolment => Enrolment::peek(snapshot).map(Self::Enrolment),
            CeremonyKind::Claim => Claim::peek(snapshot).map(Self::Claim),
            CeremonyKind::BadgeRegistration => BadgeRegistration::peek(snapshot).map(Self::BadgeRegistration),
            CeremonyKind::BadgeRotation => BadgeRotation::peek(snapshot).map(Self::BadgeRotation),
        }
    }

    /// How the ceremony has ended; `None` before that.
    #[must_use]
    pub fn end(&self) -> Option<FlowEnd> {
        whichever!(self, ceremony => end_of(ceremony))
    }

    /// Feeds what came of the exchange in flight.
    pub(crate) fn take_in(&mut self, now: Timestamp, id: ExchangeId, answer: ExchangeResult) -> Result<(), Misuse> {
        whichever!(self, ceremony => ceremony.handle(now, Input::answered(id, answer)))
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        whichever!(self, ceremony => ceremony.snapshot())
    }
}

/// How `ceremony` has ended. A finished ceremony says the same at any time.
pub(crate) fn end_of<C: StoredCeremony>(ceremony: &C) -> Option<FlowEnd> {
    let Step::Done(result) = ceremony.poll(Timestamp::from_unix_ms(0)) else { return None };
    Some(match result {
        Ok(outcome) => FlowEnd::Brought(Box::new(ceremony.credential(&outcome))),
        Err(failure) if C::outlives(&failure) => FlowEnd::FailedAndKept(failure),
        Err(failure) => FlowEnd::Failed(failure),
    })
}

/// The beginning of the names of a kind's flows.
pub(crate) const fn prefix(kind: CeremonyKind) -> &'static str {
    match kind {
        CeremonyKind::Enrolment => "enr",
        CeremonyKind::Claim => "clm",
        CeremonyKind::BadgeRegistration => "reg",
        CeremonyKind::BadgeRotation => "rot",
    }
}

/// The kind in the name of a flow. `None` if `name` cannot be the name of a flow.
pub(crate) fn kind_of_flow(name: &str) -> Option<CeremonyKind> {
    let is_id = |id: &str| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (start, id) = name.split_once('_')?;
    CeremonyKind::ALL.into_iter().find(|kind| prefix(*kind) == start && is_id(id))
}

/// A sentence about what may be lost with a damaged flow.
pub(crate) const fn loss(kind: CeremonyKind) -> &'static str {
    match kind {
        CeremonyKind::Enrolment => "A registration that was on its way may have come about: then nobody can claim it",
        CeremonyKind::Claim => {
            "Its code is of no use any more, and a token that was on its way may be lost: claim again, and should the service know \
             nothing of the claim, have a token created there and store it with `enlist adopt opentrain --token-file -`"
        }
        CeremonyKind::BadgeRegistration => "Its SMS is of no use any more, and a badge that was on its way may be lost",
        CeremonyKind::BadgeRotation => {
            "A rotation was under way, and the stored badge may no longer be valid: `enlist status --check` asks the service"
        }
    }
}
