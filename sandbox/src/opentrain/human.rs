//! The human's decisions about claim attempts: on the claim page, through the control API, or by `auto_approve`.

use super::OpenTrain;
use super::attempt::{Attempt, AttemptState, ClaimAttempt, Decision, NoOpenAttempt, Which};
use super::claim::verification_uri;
use crate::ambiguities::OldLink;
use crate::config::Config;

/// The values that are needed to find and show the state of attempts.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) config: &'a Config,
    pub(crate) url: &'a str,
    /// Unix milliseconds.
    pub(crate) now: u64,
}

impl OpenTrain {
    /// All attempts, oldest first.
    pub(crate) fn attempts(&self, view: View<'_>) -> Vec<Attempt> {
        self.attempts.iter().map(|(token, attempt)| self.show(view, token, attempt)).collect()
    }

    pub(crate) fn approve(&mut self, view: View<'_>, which: &Which) -> Result<Attempt, NoOpenAttempt> {
        self.decide(view, which, Decision::Approved)
    }

    pub(crate) fn deny(&mut self, view: View<'_>, which: &Which) -> Result<Attempt, NoOpenAttempt> {
        self.decide(view, which, Decision::Denied)
    }

    /// Approves every attempt that has been open for `after` milliseconds, each as of the time when it became due.
    pub(crate) fn approve_due(&mut self, config: &Config, after: u64, now: u64) {
        while let Some((started_at, _)) = self.unattended.front() {
            let due = started_at.saturating_add(after);
            if due > now {
                return;
            }
            let Some((_, token)) = self.unattended.pop_front() else {
                return;
            };
            if self.state(config, &token, due) == Some(AttemptState::Open) {
                self.settle(&token, Decision::Approved);
            }
        }
    }

    /// The state of the attempt with this token; `None` if there is none.
    pub(super) fn state(&self, config: &Config, token: &str, now: u64) -> Option<AttemptState> {
        self.attempts.get(token).map(|attempt| self.state_of(config, token, attempt, now))
    }

    fn state_of(&self, config: &Config, token: &str, attempt: &ClaimAttempt, now: u64) -> AttemptState {
        match attempt.decision {
            Some(Decision::Approved) => return AttemptState::Approved,
            Some(Decision::Denied) => return AttemptState::Denied,
            None => {}
        }
        let Some(registration) = self.registrations.get(&attempt.claim_token) else {
            return AttemptState::Expired;
        };
        let newest = registration.attempt.as_deref() == Some(token);
        let replaced = !newest && config.ambiguities.opentrain.old_link == OldLink::Dies;
        if replaced || registration.owner.is_some() {
            AttemptState::Superseded
        } else if now >= attempt.expires_at || now >= registration.window_ends_at {
            AttemptState::Expired
        } else {
            AttemptState::Open
        }
    }

    /// Records a decision. An approval claims the account and revokes its pre-claim tokens at once (section 5).
    pub(super) fn settle(&mut self, token: &str, decision: Decision) {
        let Some(attempt) = self.attempts.get_mut(token) else {
            return;
        };
        attempt.decision = Some(decision);
        let Some(registration) = self.registrations.get_mut(&attempt.claim_token) else {
            return;
        };
        if decision == Decision::Approved {
            registration.owner = Some(attempt.email.clone());
            self.claimed_emails.insert(attempt.email.to_ascii_lowercase(), ());
            self.claimed += 1;
            // The token of the registration, and those that were created with it.
            let claim_token = &attempt.claim_token;
            self.tokens.values_mut().filter(|token| token.claim_token == *claim_token).for_each(|token| token.revoked = true);
        }
    }

    fn decide(&mut self, view: View<'_>, which: &Which, decision: Decision) -> Result<Attempt, NoOpenAttempt> {
        let open = |token: &str, attempt: &ClaimAttempt| {
            which.means(token, attempt) && self.state_of(view.config, token, attempt, view.now) == AttemptState::Open
        };
        let newest = self.attempts.iter().rev().find(|(token, attempt)| open(token, attempt));
        let token = newest.map(|(token, _)| token.to_owned()).ok_or(NoOpenAttempt)?;
        self.settle(&token, decision);
        self.attempts.get(&token).map(|attempt| self.show(view, &token, attempt)).ok_or(NoOpenAttempt)
    }

    fn show(&self, view: View<'_>, token: &str, attempt: &ClaimAttempt) -> Attempt {
        let registration = self.registrations.get(&attempt.claim_token);
        Attempt {
            attempt: token.to_owned(),
            registration_id: registration.map(|r| r.id.clone()).unwrap_or_default(),
            agent_name: registration.and_then(|r| r.agent_name.clone()),
            organization_name: registration.and_then(|r| r.organization_name.clone()),
            email: attempt.email.clone(),
            user_code: attempt.user_code.clone(),
            verification_uri: verification_uri(view.url, token),
            started_at: attempt.started_at,
            expires_at: attempt.expires_at,
            state: self.state_of(view.config, token, attempt, view.now),
        }
    }
}
