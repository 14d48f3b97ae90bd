//! One profile's store at one service, locked, and cleared of what earlier processes left unfinished.

use enlist_blocking::Ending;
use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, CeremonyKind, Failure, Recovery, Service as Whose, Store as _};

use serde_json::json;

use crate::ceremonies::{Everyday, Pause};
use crate::identity;
use crate::keeper::Keeper;
use crate::output::{Next, Outcome};
use crate::patience::{Patience, now};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Credential, Flow, FlowEnd, FlowRecord, FlowStore, Intent, Service, ServiceStore, Session, StoreError};
use crate::talk::Voice;

/// Where a command may change things: the locked store, and what was found there.
pub(crate) struct Desk<'a> {
    pub(crate) setting: &'a Setting<'a>,
    pub(crate) session: Session,
}

impl<'a> Desk<'a> {
    /// Takes the lock. What earlier processes left unfinished is finished then.
    pub(crate) fn open(setting: &'a Setting<'a>, service: Service) -> Result<Self, Problem> {
        let session = setting.store(service)?.lock()?;
        for damaged in &session.recovery().quarantined {
            setting.output.warn(damaged.moved_words());
        }
        session.recovery().warnings.iter().for_each(|warning| setting.output.warn(warning.clone()));
        Ok(Self { setting, session })
    }

    /// For commands that only look at this profile.
    pub(crate) fn look(setting: &Setting<'_>, service: Service) -> Result<ServiceStore, Problem> {
        let store = setting.store(service)?;
        Self::look_at(&store, setting)?;
        store.flows()?.refused.into_iter().next().map_or(Ok(store), |error| Err(error.into()))
    }

    /// Finishes what was left, if no other process is at work and the store can be changed. Of damaged flows it only warns.
    pub(crate) fn look_at(store: &ServiceStore, setting: &Setting<'_>) -> Result<(), Problem> {
        for damaged in store.flows()?.damaged {
            setting.output.warn(damaged.left_words());
        }
        if store.has_unfinished()? {
            match store.lock() {
                Ok(session) => warn_of_failures(setting, &session, None),
                Err(StoreError::Locked { .. } | StoreError::Unwritable { .. } | StoreError::Newer { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether `flow` was damaged, and is in quarantine now.
    pub(crate) fn was_damaged(&self, flow: &str) -> bool {
        self.session.recovery().quarantined.iter().any(|damaged| damaged.name == flow)
    }

    /// What became of `flow`, if it had come to its end before this command; other ends are told on the way.
    pub(crate) fn end_of(&self, flow: Option<&str>) -> Result<Option<Outcome>, Problem> {
        warn_of_failures(self.setting, &self.session, flow);
        let Some(name) = flow else { return Ok(None) };
        if let Some(damaged) = self.session.recovery().quarantined.iter().find(|damaged| damaged.name == name) {
            return Err(damaged.error().into());
        }
        self.ended_where(|flow| flow.name() == name)
    }

    /// What became of a flow of this ceremony, whatever its name.
    pub(crate) fn end_of_any<C: Ceremony>(&self) -> Result<Option<Outcome>, Problem> {
        self.ended_where(|flow| flow.record().kind() == C::KIND)
    }

    /// The owner by whom the agent is to be claimed next, when the flow of this name came to its end before this command.
    pub(crate) fn then_claim(&self, name: &str) -> Option<Email> {
        let ended = self.session.recovery().ended.iter().find(|(flow, _)| flow.name() == name);
        ended.and_then(|(flow, _)| flow.record().intent.then_claim.clone())
    }

    fn ended_where(&self, is_meant: impl Fn(&Flow) -> bool) -> Result<Option<Outcome>, Problem> {
        let ended = self.session.recovery().ended.iter().find(|(flow, _)| is_meant(flow));
        ended.map(|(flow, end)| self.ended(flow.record(), end)).transpose()
    }

    fn ended(&self, flow: &FlowRecord, end: &FlowEnd) -> Result<Outcome, Problem> {
        match end {
            FlowEnd::Brought(credential) => {
                self.setting.output.is_in(flow.name());
                self.announce(brought(flow.kind()), credential)?;
                match flow.kind() {
                    CeremonyKind::BadgeRotation => BadgeRotation::tell(credential, self.setting.output)?,
                    CeremonyKind::Enrolment | CeremonyKind::Claim | CeremonyKind::BadgeRegistration => {
                        identity::tell(credential, self.setting.output)?;
                    }
                }
                Ok(identity::ready(credential))
            }
            FlowEnd::Failed(failure) | FlowEnd::FailedAndKept(failure) => Ok(self.failed(flow, failure.clone())),
        }
    }

    /// Drives a new ceremony.
    pub(crate) fn begin<C: Everyday>(&self, ceremony: C, intent: Intent, voice: Voice<'_>, patience: Patience) -> Result<Outcome, Problem> {
        // Before anything is on disk.
        self.setting.network.client()?;
        let flow = self.session.begin_with(&ceremony, intent)?;
        voice.output.is_in(flow.flow().name());
        let begun = voice.output.event("flow_started", &json!({ "ceremony": C::KIND.as_str() }));
        begun.inspect_err(|_| drop(flow.remove_if_unsent()))?;
        self.drive(ceremony, flow, Keeper::new(patience, &self.setting.interrupt, voice))
    }

    /// Drives a ceremony whose flow is on disk.
    pub(crate) fn go_on<C: Everyday>(
        &self,
        ceremony: C,
        flow: FlowRecord,
        voice: Voice<'_>,
        patience: Patience,
    ) -> Result<Outcome, Problem> {
        voice.output.is_in(flow.name());
        let mut flow = self.session.resume(flow)?;
        flow.save(&ceremony)?;
        self.drive(ceremony, flow, Keeper::new(patience, &self.setting.interrupt, voice))
    }

    fn drive<C: Everyday>(&self, mut ceremony: C, mut flow: FlowStore<'_>, mut keeper: Keeper<'_>) -> Result<Outcome, Problem> {
        let driven = keeper.drive(&mut ceremony, &mut flow, self.setting.network.client()?, self.setting.timeout);
        // Nothing came of a flow that sent nothing, so nothing of it stays. That it cannot be removed matters as little.
        match driven.inspect_err(|_| drop(flow.remove_if_unsent()))? {
            Ending::Finished(Ok(_)) => {
                let finished = self.session.finish(flow.flow().name(), &ceremony)?;
                let finished = finished.ok_or_else(|| Problem::internal("a finished ceremony goes on"))?;
                self.setting.output.warn_of(finished.warning);
                let FlowEnd::Brought(credential) = finished.end else { return Err(Problem::internal("a success is a failure")) };
                let outcome = identity::ready(&credential);
                self.announce(C::BROUGHT, &credential)?;
                C::tell(&credential, self.setting.output)?;
                Ok(outcome)
            }
            Ending::Finished(Err(failure)) => self.drive_failed::<C>(failure, flow, &keeper),
            Ending::Paused => {
                flow.save(&ceremony)?;
                for path in self.session.store().quarantine_paths(flow.flow().name(), &flow.flow().snapshot().unreadable()) {
                    self.setting.output.warn(format!("an answer that cannot be read is kept in {}", path.display()));
                }
                Ok(ceremony.paused(&self.pause(flow.flow(), &keeper)))
            }
        }
    }

    fn drive_failed<C: Everyday>(&self, failure: Failure, mut flow: FlowStore<'_>, keeper: &Keeper<'_>) -> Result<Outcome, Problem> {
        if let Failure::AttemptExpired { .. } = failure {
            self.setting.output.event("code_expired", &json!({}))?;
        }
        if C::outlives(&failure) {
            return Ok(self.failed(flow.flow(), failure));
        }
        if let Some(snapshot) = flow.roll_back()? {
            // Nothing but time is lost.
            let ceremony = C::resume(&snapshot).map_err(Problem::internal)?;
            let paused = ceremony.paused(&self.pause(flow.flow(), keeper));
            return Ok(paused.because_of(self.problem(flow.flow(), failure)));
        }
        self.session.remove_flow(flow.flow().name())?;
        Ok(self.failed(flow.flow(), failure))
    }

    fn pause<'f>(&self, flow: &'f FlowRecord, keeper: &Keeper<'_>) -> Pause<'f> {
        Pause {
            flow: flow.name(),
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
    pub(crate) fn failed(&self, flow: &FlowRecord, failure: Failure) -> Outcome {
        let next = self.way_on(flow, &failure);
        Outcome::failed(self.problem(flow, failure), next)
    }

    fn way_on(&self, flow: &FlowRecord, failure: &Failure) -> Option<Next> {
        let begin_anew = |when| Some(Next::of(&flow.intent.argv, when));
        if flow.kind() == CeremonyKind::BadgeRotation {
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
                let profile = self.setting.home().ok()?.free_profile(self.setting.output.profile());
                let origin = flow.snapshot().origin();
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

    fn problem(&self, flow: &FlowRecord, failure: Failure) -> Problem {
        let kept = self.session.store().quarantine_paths(flow.name(), &flow.snapshot().unreadable());
        Problem::Ceremony { failure: Box::new(failure), at: now(), kept }
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

/// Warns of the failures that nobody was told of yet, except for that of `told`.
fn warn_of_failures(setting: &Setting<'_>, session: &Session, told: Option<&str>) {
    for (flow, end) in &session.recovery().ended {
        if let FlowEnd::Failed(_) = end
            && Some(flow.name()) != told
        {
            setting.output.warn(format!("{} had failed before this command, and was cleared away", flow.name()));
        }
    }
}
