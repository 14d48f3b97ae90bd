//! One profile's store at one service, locked, and cleared of what earlier processes left unfinished.

use enlist_blocking::Ending;
use enlist_core::secret::Email;
use enlist_core::{Ceremony, CeremonyKind, Failure, Recovery, Service as Whose, Store as _};

use crate::context::Context;
use crate::error::Error;
use crate::flows::host::CliHost;
use crate::flows::{CliCeremony, Pause};
use crate::output::event::Event;
use crate::output::{Next, Outcome};
use crate::prompt::Prompter;
use crate::store::{Credential, Flow, FlowEnd, FlowRecord, FlowStore, Intent, Service, ServiceStore, Session, StoreError};
use crate::view::credential::{Kind, Obtained};
use crate::wait_policy::{WaitPolicy, now};

/// Where a command may change things: the locked store, and what was found there.
pub(crate) struct CliSession<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) locked: Session,
}

impl<'a> CliSession<'a> {
    /// Takes the lock. What earlier processes left unfinished is finished then.
    pub(crate) fn open(context: &'a Context<'a>, service: Service) -> Result<Self, Error> {
        let locked = context.store(service)?.lock()?;
        for damaged in &locked.recovery().quarantined {
            context.output.warn(damaged.moved_words());
        }
        locked.recovery().warnings.iter().for_each(|warning| context.output.warn(warning.clone()));
        Ok(Self { context, locked })
    }

    /// For commands that only look at this profile.
    pub(crate) fn look(context: &Context<'_>, service: Service) -> Result<ServiceStore, Error> {
        let store = context.store(service)?;
        Self::look_at(&store, context)?;
        store.flows()?.refused.into_iter().next().map_or(Ok(store), |error| Err(error.into()))
    }

    /// Finishes what was left, if no other process is at work and the store can be changed. Of damaged flows it only warns.
    pub(crate) fn look_at(store: &ServiceStore, context: &Context<'_>) -> Result<(), Error> {
        for damaged in store.flows()?.damaged {
            context.output.warn(damaged.left_words());
        }
        if store.has_unfinished()? {
            match store.lock() {
                Ok(session) => warn_of_failures(context, &session, None),
                Err(StoreError::Locked { .. } | StoreError::Unwritable { .. } | StoreError::Newer { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether `flow` was damaged, and is in quarantine now.
    pub(crate) fn was_damaged(&self, flow: &str) -> bool {
        self.locked.recovery().quarantined.iter().any(|damaged| damaged.name == flow)
    }

    /// What became of `flow`, if it had come to its end before this command; other ends are told on the way.
    pub(crate) fn end_of(&self, flow: Option<&str>) -> Result<Option<Outcome>, Error> {
        warn_of_failures(self.context, &self.locked, flow);
        let Some(name) = flow else { return Ok(None) };
        if let Some(damaged) = self.locked.recovery().quarantined.iter().find(|damaged| damaged.name == name) {
            return Err(damaged.error().into());
        }
        self.ended_where(|flow| flow.name() == name)
    }

    /// What became of a flow of this ceremony, whatever its name.
    pub(crate) fn end_of_any<C: Ceremony>(&self) -> Result<Option<Outcome>, Error> {
        self.ended_where(|flow| flow.record().kind() == C::KIND)
    }

    /// The owner by whom the agent is to be claimed next, when the flow of this name came to its end before this command.
    pub(crate) fn then_claim(&self, name: &str) -> Option<Email> {
        let ended = self.locked.recovery().ended.iter().find(|(flow, _)| flow.name() == name);
        ended.and_then(|(flow, _)| flow.record().intent.then_claim.clone())
    }

    fn ended_where(&self, is_meant: impl Fn(&Flow) -> bool) -> Result<Option<Outcome>, Error> {
        let ended = self.locked.recovery().ended.iter().find(|(flow, _)| is_meant(flow));
        ended.map(|(flow, end)| self.ended(flow.record(), end)).transpose()
    }

    fn ended(&self, flow: &FlowRecord, end: &FlowEnd) -> Result<Outcome, Error> {
        match end {
            FlowEnd::Brought(credential) => {
                self.context.output.is_in(flow.name());
                self.succeeded(flow.kind(), credential)
            }
            FlowEnd::Failed(failure) | FlowEnd::FailedAndKept(failure) => Ok(self.failed(flow, failure.clone())),
        }
    }

    /// Drives a new ceremony.
    pub(crate) fn begin<C: CliCeremony>(
        &self,
        ceremony: C,
        intent: Intent,
        prompter: Prompter<'_>,
        wait_policy: WaitPolicy,
    ) -> Result<Outcome, Error> {
        // Before anything is on disk.
        self.context.network.client()?;
        let flow = self.locked.begin_with(&ceremony, intent)?;
        prompter.output.is_in(flow.flow().name());
        let begun = prompter.output.emit(&Event::FlowStarted { ceremony: C::KIND.as_str() });
        begun.inspect_err(|_| drop(flow.remove_if_unsent()))?;
        self.drive(ceremony, flow, CliHost::new(wait_policy, &self.context.interrupt, prompter))
    }

    /// Drives a ceremony whose flow is on disk.
    pub(crate) fn continue_flow<C: CliCeremony>(
        &self,
        ceremony: C,
        flow: FlowRecord,
        prompter: Prompter<'_>,
        wait_policy: WaitPolicy,
    ) -> Result<Outcome, Error> {
        prompter.output.is_in(flow.name());
        let mut flow = self.locked.resume(flow)?;
        flow.save(&ceremony)?;
        self.drive(ceremony, flow, CliHost::new(wait_policy, &self.context.interrupt, prompter))
    }

    fn drive<C: CliCeremony>(&self, mut ceremony: C, mut flow: FlowStore, mut host: CliHost<'_>) -> Result<Outcome, Error> {
        let driven = host.drive(&mut ceremony, &mut flow, self.context.network.client()?);
        // Nothing came of a flow that sent nothing, so nothing of it stays. That it cannot be removed matters as little.
        match driven.inspect_err(|_| drop(flow.remove_if_unsent()))? {
            Ending::Finished(Ok(_)) => {
                let finished = self.locked.finish(flow.flow().name(), &ceremony)?;
                let finished = finished.ok_or_else(|| Error::internal("a finished ceremony goes on"))?;
                self.context.output.warn_of(finished.warning);
                let FlowEnd::Brought(credential) = finished.end else { return Err(Error::internal("a success is a failure")) };
                self.succeeded(C::KIND, &credential)
            }
            Ending::Finished(Err(failure)) => self.drive_failed::<C>(failure, flow, &host),
            Ending::Paused => {
                flow.save(&ceremony)?;
                for path in self.locked.store().quarantine_paths(flow.flow().name(), &flow.flow().snapshot().unreadable()) {
                    self.context.output.warn(format!("an answer that cannot be read is kept in {}", path.display()));
                }
                Ok(ceremony.paused(&self.pause(flow.flow(), &host)))
            }
        }
    }

    fn drive_failed<C: CliCeremony>(&self, failure: Failure, mut flow: FlowStore, host: &CliHost<'_>) -> Result<Outcome, Error> {
        if let Failure::AttemptExpired { .. } = failure {
            self.context.output.emit(&Event::CodeExpired {})?;
        }
        if C::outlives(&failure) {
            return Ok(self.failed(flow.flow(), failure));
        }
        if let Some(snapshot) = flow.roll_back()? {
            // Nothing but time is lost.
            let ceremony = C::resume(&snapshot).map_err(Error::internal)?;
            let paused = ceremony.paused(&self.pause(flow.flow(), host));
            return Ok(paused.because_of(self.error_of(flow.flow(), failure)));
        }
        self.locked.remove_flow(flow.flow().name())?;
        Ok(self.failed(flow.flow(), failure))
    }

    fn pause<'f>(&self, flow: &'f FlowRecord, host: &CliHost<'_>) -> Pause<'f> {
        Pause {
            flow: flow.name(),
            interrupted: self.context.interrupt.exit_code(),
            no_wait: matches!(host.wait_policy, WaitPolicy::StartBy(_)),
            is_ci: self.context.output.is_ci(),
            fails_fast: matches!(host.wait_policy, WaitPolicy::FailBy(_)),
            is_human: self.context.output.is_human(),
            declined: host.prompter.declined,
            handed_in: host.prompter.handed_in,
        }
    }

    /// Reports a credential, which is in the store by now: whoever reads the events may have gone away.
    fn succeeded(&self, kind: CeremonyKind, credential: &Credential) -> Result<Outcome, Error> {
        let (output, obtained) = (self.context.output, Obtained::of(credential));
        output.emit(&Event::from(obtained.clone()))?;
        output.emit(&Event::Stored { kind: Kind::of(credential) })?;
        output.text_lines(match kind {
            CeremonyKind::BadgeRotation => obtained.rotated_lines(),
            CeremonyKind::Enrolment | CeremonyKind::Claim | CeremonyKind::BadgeRegistration => obtained.lines(),
        })?;
        Ok(Outcome::ready(obtained))
    }

    /// How a failure is told, and what to do about it.
    pub(crate) fn failed(&self, flow: &FlowRecord, failure: Failure) -> Outcome {
        let next = self.next_step(flow, &failure);
        Outcome::failed(self.error_of(flow, failure), next)
    }

    fn next_step(&self, flow: &FlowRecord, failure: &Failure) -> Option<Next> {
        let begin_anew = |when| Some(Next::of(&flow.intent.argv, when));
        if flow.kind() == CeremonyKind::BadgeRotation {
            return way_on_from_rotation(failure).or_else(|| begin_anew("when the owner agrees"));
        }
        match failure {
            Failure::ClaimTokenSpent(_)
            | Failure::CredentialLost { service: Whose::OpenTrain }
            | Failure::CredentialUnreadable { service: Whose::OpenTrain, .. } => Some(Next::new(
                &["adopt", "opentrain", "--token-file", "-"],
                "when the owner has created a token at the service; hand it in on stdin",
            )),
            // The registration is kept, so another one goes into another profile.
            Failure::WindowExpired | Failure::UnknownClaimToken(_) => {
                let profile = self.context.home().ok()?.free_profile(self.context.output.profile());
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

    fn error_of(&self, flow: &FlowRecord, failure: Failure) -> Error {
        let kept = self.locked.store().quarantine_paths(flow.name(), &flow.snapshot().unreadable());
        Error::Ceremony { failure: Box::new(failure), at: now(), kept }
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
fn warn_of_failures(context: &Context<'_>, session: &Session, told: Option<&str>) {
    for (flow, end) in &session.recovery().ended {
        if let FlowEnd::Failed(_) = end
            && Some(flow.name()) != told
        {
            context.output.warn(format!("{} had failed before this command, and was cleared away", flow.name()));
        }
    }
}
