//! One profile's store at one service, locked, and cleared of what earlier processes left unfinished.

use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, CeremonyKind, Failure, Recovery, Service as Whose};

use serde_json::json;

use crate::ceremonies::{End, Everyday, Live, Pause};
use crate::identity;
use crate::keeper::{Driven, Keeper};
use crate::output::{Next, Outcome, Output};
use crate::patience::{Patience, now};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Credential, DamagedFlow, Flow, Lock, Service, Store, StoreError};
use crate::talk::Voice;

/// Where a command may change things.
pub(crate) struct Desk<'a> {
    pub(crate) setting: &'a Setting<'a>,
    pub(crate) store: Store,
    /// What came to its end before this command, and is now cleared away.
    found: Vec<(Flow, End)>,
    /// What could not be read, and is now moved aside.
    damaged: Vec<DamagedFlow>,
    _lock: Lock,
}

impl<'a> Desk<'a> {
    /// Takes the lock, and finishes what was left.
    pub(crate) fn open(setting: &'a Setting<'a>, service: Service) -> Result<Self, Problem> {
        let store = setting.store(service)?;
        let lock = store.lock()?;
        let damaged = set_damaged_aside(&store, setting.output)?;
        let found = finish_leftovers(&store, setting.output)?;
        Ok(Self { setting, store, found, damaged, _lock: lock })
    }

    /// For commands that only look at this profile.
    pub(crate) fn look(setting: &Setting<'_>, service: Service) -> Result<Store, Problem> {
        let store = setting.store(service)?;
        Self::look_at(&store, setting)?;
        Ok(store)
    }

    /// Finishes what was left, if nobody is at work and the store lets it. What is damaged is only told of.
    pub(crate) fn look_at(store: &Store, setting: &Setting<'_>) -> Result<(), Problem> {
        for damaged in store.damaged_flows()? {
            setting.output.warn(damaged.left_words());
        }
        if has_leftovers(store)? {
            match store.lock().map_err(Problem::from).and_then(|_lock| finish_leftovers(store, setting.output)) {
                Ok(found) => warn_of_failures(setting, &found, None),
                Err(Problem::Store(StoreError::Locked { .. } | StoreError::Unwritable { .. } | StoreError::Newer { .. })) => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// Whether `flow` was damaged, and is now moved aside.
    pub(crate) fn was_damaged(&self, flow: &str) -> bool {
        self.damaged.iter().any(|damaged| damaged.name == flow)
    }

    /// What became of `flow`, if it had come to its end before this command; other ends are told on the way.
    pub(crate) fn end_of(&self, flow: Option<&str>) -> Result<Option<Outcome>, Problem> {
        warn_of_failures(self.setting, &self.found, flow);
        if let Some(damaged) = self.damaged.iter().find(|damaged| Some(damaged.name.as_str()) == flow) {
            return Err(damaged.error().into());
        }
        self.found.iter().find(|(found, _)| Some(found.name.as_str()) == flow).map(|found| self.ended(found)).transpose()
    }

    /// The owner by whom the agent is to be claimed next, when the flow of this name came to its end before this command.
    pub(crate) fn then_claim(&self, flow: &str) -> Option<Email> {
        self.found.iter().find(|(found, _)| found.name == flow).and_then(|(found, _)| found.then_claim.clone())
    }

    /// What became of a flow of this ceremony, whatever its name.
    pub(crate) fn end_of_any<C: Ceremony>(&self) -> Result<Option<Outcome>, Problem> {
        self.found.iter().find(|(flow, _)| flow.snapshot.kind() == C::KIND).map(|found| self.ended(found)).transpose()
    }

    fn ended(&self, (flow, end): &(Flow, End)) -> Result<Outcome, Problem> {
        match end {
            End::Brought(credential) => {
                self.setting.output.is_in(&flow.name);
                self.announce(brought(flow.snapshot.kind()), credential)?;
                if flow.snapshot.kind() == CeremonyKind::BadgeRotation {
                    BadgeRotation::tell(credential, self.setting.output)?;
                } else {
                    identity::tell(credential, self.setting.output)?;
                }
                Ok(identity::ready(credential))
            }
            End::Failed(failure) | End::FailedAndKept(failure) => Ok(self.failed(flow, failure.clone())),
        }
    }

    /// Drives a new ceremony.
    pub(crate) fn begin<C: Everyday>(
        &self,
        ceremony: C,
        origin_argv: Vec<String>,
        voice: Voice<'_>,
        patience: Patience,
    ) -> Result<Outcome, Problem> {
        let flow = Flow::start(&ceremony, origin_argv)?;
        self.start(ceremony, flow, voice, patience)
    }

    /// Drives a new ceremony, whose flow is not on disk yet.
    pub(crate) fn start<C: Everyday>(&self, ceremony: C, flow: Flow, voice: Voice<'_>, patience: Patience) -> Result<Outcome, Problem> {
        self.drive(ceremony, Keeper::new(&self.store, flow, patience, &self.setting.interrupt, voice))
    }

    /// Drives a ceremony whose flow is on disk.
    pub(crate) fn go_on<C: Everyday>(&self, ceremony: C, flow: Flow, voice: Voice<'_>, patience: Patience) -> Result<Outcome, Problem> {
        self.drive(ceremony, Keeper::new(&self.store, flow, patience, &self.setting.interrupt, voice).resumed())
    }

    fn drive<C: Everyday>(&self, mut ceremony: C, mut keeper: Keeper<'_>) -> Result<Outcome, Problem> {
        match keeper.drive(&mut ceremony, self.setting.network.client()?, self.setting.timeout)? {
            Driven::Finished(Ok(outcome)) => {
                let credential = promote(&self.store, &keeper.flow.name, ceremony.credential(&outcome), self.setting.output)?;
                let outcome = identity::ready(&credential);
                self.announce(C::BROUGHT, &credential)?;
                C::tell(&credential, self.setting.output)?;
                Ok(outcome)
            }
            Driven::Finished(Err(failure)) => {
                if let Failure::AttemptExpired { .. } = failure {
                    self.setting.output.event("code_expired", &json!({}))?;
                }
                if C::outlives_failure(&failure) {
                    return Ok(self.failed(&keeper.flow, failure));
                }
                if let Some(mut flow) = keeper.untried() {
                    // Nothing but time is lost.
                    let ceremony = C::resume(&flow.snapshot).map_err(Problem::internal)?;
                    self.store.save(&mut flow, ceremony.snapshot())?;
                    return Ok(ceremony.paused(&self.pause(&keeper)).because_of(problem(&self.store, &flow, failure)));
                }
                self.store.remove_flow(&keeper.flow.name)?;
                Ok(self.failed(&keeper.flow, failure))
            }
            Driven::Paused => {
                for path in self.store.quarantine_paths(&keeper.flow.name, &keeper.flow.snapshot.unreadable()) {
                    self.setting.output.warn(format!("an answer that cannot be read is kept in {}", path.display()));
                }
                Ok(ceremony.paused(&self.pause(&keeper)))
            }
        }
    }

    fn pause<'k>(&self, keeper: &'k Keeper<'_>) -> Pause<'k> {
        Pause {
            flow: &keeper.flow.name,
            interrupted: self.setting.interrupt.exit_code(),
            no_wait: matches!(keeper.patience, Patience::StartBy(_)),
            is_ci: self.setting.output.is_ci(),
            fails_fast: matches!(keeper.patience, Patience::FailBy(_)),
            is_human: self.setting.output.is_human(),
            declined: keeper.voice.declined,
            handed_in: keeper.voice.handed_in,
        }
    }

    /// Only when it is kept: whoever reads the events may have gone away.
    fn announce(&self, event: &'static str, credential: &Credential) -> Result<(), Problem> {
        let output = self.setting.output;
        output.event(event, &identity::data(credential))?;
        output.event("stored", &json!({ "kind": identity::kind_and_state(credential).0 }))
    }

    /// How a failure is told, and what to do about it.
    pub(crate) fn failed(&self, flow: &Flow, failure: Failure) -> Outcome {
        let next = self.way_on(flow, &failure);
        Outcome::failed(problem(&self.store, flow, failure), next)
    }

    fn way_on(&self, flow: &Flow, failure: &Failure) -> Option<Next> {
        let begin_anew = |when| Some(Next::of(&flow.origin_argv, when));
        if flow.snapshot.kind() == CeremonyKind::BadgeRotation {
            return way_on_from_rotation(failure).or_else(|| begin_anew("when the owner agrees"));
        }
        match failure {
            Failure::CredentialLost { service: Whose::OpenTrain } | Failure::CredentialUnreadable { service: Whose::OpenTrain, .. } => {
                Some(Next::new(
                    &["adopt", "opentrain", "--token-file", "-"],
                    "when the owner has created a token at the service; hand it in on stdin",
                ))
            }
            // The registration is kept, so another one goes into another profile.
            Failure::WindowExpired | Failure::UnknownClaimToken(_) => {
                let profile = Store::free_profile(self.setting.home().ok()?, self.setting.output.profile());
                let origin = flow.snapshot.origin();
                Some(Next::new(&["register", "opentrain", "--base-url", origin, "--profile", profile.as_str()], "now"))
            }
            Failure::CredentialUnreadable { .. } => begin_anew("when a person has looked at the bytes that were kept"),
            other => match other.recovery() {
                Recovery::RestartAttempt | Recovery::Reregister => begin_anew("when the owner agrees"),
                Recovery::RetryAt(_) => begin_anew("not before the time that the error names"),
                Recovery::AskHuman | Recovery::None => None,
            },
        }
    }

    /// The flows that are under way.
    pub(crate) fn flows(&self) -> Result<Vec<(Flow, Live)>, Problem> {
        let flows = self.store.flows()?;
        Ok(flows.into_iter().map(|flow| Live::of(&flow, &self.store).map(|live| (flow, live))).collect::<Result<_, _>>()?)
    }
}

/// The event of a success.
const fn brought(kind: CeremonyKind) -> &'static str {
    match kind {
        CeremonyKind::Enrolment => Enrolment::BROUGHT,
        CeremonyKind::Claim => Claim::BROUGHT,
        CeremonyKind::BadgeRegistration => BadgeRegistration::BROUGHT,
        CeremonyKind::BadgeRotation => BadgeRotation::BROUGHT,
    }
}

/// A badge that is dead must go before another one can come.
fn way_on_from_rotation(failure: &Failure) -> Option<Next> {
    let when = match failure {
        Failure::CredentialLost { .. } | Failure::BadgeInvalid => "when the owner agrees to drop the dead badge; then register again",
        Failure::CredentialUnreadable { .. } => {
            "when a person has looked at the bytes that were kept, and the owner agrees to drop the dead badge; then register again"
        }
        _ => return None,
    };
    Some(Next::new(&["forget", "sentryagent", "--yes"], when))
}

/// The credential first, durably; only then goes the flow that holds the same. An older credential is replaced by that, and
/// with it a pre-claim token, which the service has revoked.
pub(crate) fn promote(store: &Store, flow: &str, credential: Credential, output: &Output) -> Result<Credential, Problem> {
    let former = match store.credential() {
        // The new one shall not wait for a keyring that has gone.
        Err(StoreError::Keyring { .. }) => None,
        read => read?,
    };
    let credential = credential.after(former.as_ref());
    output.warn_of(store.save_credential(&credential)?);
    store.remove_flow(flow)?;
    Ok(credential)
}

fn problem(store: &Store, flow: &Flow, failure: Failure) -> Problem {
    let kept = store.quarantine_paths(&flow.name, &flow.snapshot.unreadable());
    Problem::Ceremony { failure: Box::new(failure), at: now(), kept }
}

/// Makes way, and says what may be lost.
fn set_damaged_aside(store: &Store, output: &Output) -> Result<Vec<DamagedFlow>, Problem> {
    let mut set_aside = Vec::new();
    for damaged in store.damaged_flows()? {
        let (damaged, answers) = store.quarantine(damaged)?;
        output.warn(damaged.moved_words(answers));
        set_aside.push(damaged);
    }
    Ok(set_aside)
}

/// Feeds answers that were written down and not read, keeps what was brought, clears away what failed.
fn finish_leftovers(store: &Store, output: &Output) -> Result<Vec<(Flow, End)>, Problem> {
    let mut found = Vec::new();
    for mut flow in store.flows()? {
        let mut live = Live::of(&flow, store)?;
        live.settle(&mut flow, store)?;
        let Some(end) = live.end() else { continue };
        let end = match end {
            End::Brought(credential) => End::Brought(Box::new(promote(store, &flow.name, *credential, output)?)),
            End::Failed(failure) => {
                store.remove_flow(&flow.name)?;
                End::Failed(failure)
            }
            End::FailedAndKept(_) => continue,
        };
        found.push((flow, end));
    }
    Ok(found)
}

fn has_leftovers(store: &Store) -> Result<bool, Problem> {
    for flow in store.flows()? {
        let is_answered = match flow.snapshot.in_flight() {
            Some(id) => store.answer(&flow, id)?.is_some(),
            None => false,
        };
        if is_answered || matches!(Live::of(&flow, store)?.end(), Some(End::Brought(_) | End::Failed(_))) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A failure that nobody was told of yet, but for `told`.
fn warn_of_failures(setting: &Setting<'_>, found: &[(Flow, End)], told: Option<&str>) {
    for (flow, end) in found {
        if let End::Failed(_) = end
            && Some(flow.name.as_str()) != told
        {
            setting.output.warn(format!("{} had failed before this command, and was cleared away", flow.name));
        }
    }
}

#[cfg(test)]
mod tests;
