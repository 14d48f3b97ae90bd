//! A model of SentryAgent's `verify` and `rotate` as the documents describe them (sentryagent.md section 8), and of the rotation in a
//! world.

use alloc::format;
use alloc::string::String;

use super::harness::{Harness, of_call, of_failure};
use super::op::{Owner, Reply};
use super::rules::{Broken, Rule};
use super::sentryagent_model::SentryAgent;
use super::service::{Heard, Said, Service, error};
use crate::badge::{self, BadgeRotation, Probing, Rotated, RotationAnswer, RotationPrompt, RotationState};
use crate::ceremony::Ceremony;
use crate::failure::Failure;
use crate::types::origin::Origin;
use crate::types::secret::Badge;

/// SentryAgent's behaviour for badges where its documents leave it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BadgesReading {
    /// The status of the answer to a rotation of a dead badge (sentryagent.md, U10).
    pub dead: u16,
}

impl Default for BadgesReading {
    fn default() -> Self {
        Self { dead: 401 }
    }
}

/// The model of SentryAgent for an agent that has a badge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Badges {
    reading: BadgesReading,
    rotations: u8,
    revoked: bool,
}

impl Badges {
    /// The badge that a rotation delivers once. The old one is [`SentryAgent::BADGE`].
    pub const NEW: &'static str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6eHl6Nzg5In0.NEWCANARYNEWCANARY";

    /// A service that knows the old badge.
    #[must_use]
    pub const fn new(reading: BadgesReading) -> Self {
        Self { reading, rotations: 0, revoked: false }
    }

    /// Whether the old badge is valid.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.rotations == 0 && !self.revoked
    }

    fn rotate(&mut self) -> Said {
        if !self.is_valid() {
            return error(self.reading.dead, "invalid_badge");
        }
        self.rotations = self.rotations.saturating_add(1);
        let new = Self::NEW;
        (200, format!(r#"{{"new_badge":"{new}","new_did":"did:sentryagent:xyz789","rotated_at":"2026-06-12T09:00:30.000Z"}}"#))
    }
}

impl Service for Badges {
    fn serve(&mut self, heard: &Heard, _now: u64) -> Said {
        match heard.path.as_str() {
            "/v1/verify" if self.is_valid() => (
                200,
                r#"{"valid":true,"did":"did:sentryagent:abc123","public_profile":{"agent_name":"An agent","tools":["web-search"]}}"#.into(),
            ),
            "/v1/verify" => (200, r#"{"valid":false}"#.into()),
            "/v1/rotate" => self.rotate(),
            _ => error(404, "not_found"),
        }
    }

    fn delivered(&self) -> Option<&'static str> {
        (self.rotations > 0).then_some(Self::NEW)
    }

    fn costly(&self) -> u8 {
        self.rotations
    }
}

/// How long a rotation may be in progress, in milliseconds (sentryagent.md section 1).
const UNDER_WAY: u64 = 30_000;

impl Harness for BadgeRotation {
    type Service = Badges;
    type Reading = BadgesReading;
    const FREE: u8 = 1;

    fn service(reading: BadgesReading) -> Badges {
        Badges::new(reading)
    }

    fn fresh() -> Option<Self> {
        Some(Self::new(Origin::parse(badge::BASE_URL).ok()?, Badge::parse(SentryAgent::BADGE).ok()?))
    }

    fn answer(_: Reply, _: &RotationPrompt, _: &Badges) -> Option<RotationAnswer> {
        Some(RotationAnswer::VerifyAgain)
    }

    /// An owner who declines revokes the badge, as everyone who was shown the badge can.
    fn owner(service: &mut Badges, owner: Owner, _now: u64) {
        service.revoked |= owner == Owner::Declines;
    }

    /// Calling `verify` again permits nothing.
    fn is_word(_: &RotationAnswer) -> bool {
        false
    }

    fn may_be_delivered(&self) -> bool {
        self.may_be_delivered()
    }

    fn knows_more_than_its_snapshot(&self) -> bool {
        matches!(&self.state, RotationState::Rotating(attempts) if attempts.in_flight().is_none())
    }

    /// The complete attempts, as the snapshot of another state stores them.
    fn beyond_its_snapshot(&self) -> String {
        match &self.state {
            RotationState::Rotating(attempts) => {
                let state = RotationState::Checking { attempts: attempts.clone(), lost: 0 };
                format!("Rotating {}", Self { state, ..self.clone() }.snapshot().to_json().expose())
            }
            _ => String::new(),
        }
    }

    /// A rotation that was not sent yet begins again, by verifying the old badge.
    fn may_come_back_as(&self, other: &Self) -> bool {
        matches!(self.place(), "Rotating, due" | "Rotating, waiting") && other.place() == "Checking, due"
    }

    fn asks_instead(&self) -> bool {
        matches!(self.state, RotationState::Probing(_) | RotationState::Asking { .. })
    }

    /// `verify` changes nothing, whenever it arrives.
    fn is_late(heard: &Heard, ms: u64) -> bool {
        heard.path == "/v1/rotate" && ms >= UNDER_WAY
    }

    fn is_right_about_the_badge(&self, verdict: Option<bool>, is_open: bool) -> Result<(), Broken> {
        Rule::OldBadge.holds(self.old_badge().expose() == SentryAgent::BADGE, || format!("{self:?}"))?;
        let RotationState::Done(Err(failure)) = &self.state else { return Ok(()) };
        let is_dead = matches!(failure, Failure::BadgeInvalid | Failure::CredentialLost { .. } | Failure::CredentialUnreadable { .. });
        Rule::OldBadge.holds(!is_dead || verdict == Some(false), || format!("{failure:?} though verify said {verdict:?}"))?;
        Rule::Proved.holds(is_dead || !is_open || verdict == Some(true), || format!("{failure:?} though verify said {verdict:?}"))
    }

    fn place(&self) -> &'static str {
        match &self.state {
            RotationState::Checking { attempts, .. } => of_call(attempts, ["Checking, due", "Checking, waiting", "Checking, in flight"]),
            RotationState::Rotating(attempts) => of_call(attempts, ["Rotating, due", "Rotating, waiting", "Rotating, in flight"]),
            RotationState::Probing(Probing { attempts, .. }) => {
                of_call(attempts, ["Probing, due", "Probing, waiting", "Probing, in flight"])
            }
            RotationState::Asking { .. } => "Asking",
            RotationState::Done(Ok(_)) => "Done(Ok)",
            RotationState::Done(Err(failure)) => of_failure(failure),
        }
    }

    fn credential(outcome: &Rotated) -> &str {
        outcome.badge().expose()
    }

    fn may_be_taken_for_spent(service: &Badges, _now: u64) -> bool {
        service.revoked
    }
}
