//! A session: the locked store of one profile at one service, after it finished what earlier processes left.

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
use crate::store::{Credential, Flow, FlowEnd, FlowRecord, FlowStore, Intent, ProfileName, Service, ServiceStore, Session, StoreError};
use crate::view::credential::{Kind, Obtained};
use crate::wait_policy::{WaitPolicy, now};

/// The locked store of one profile at one service. Only a command with a session changes the store.
pub(crate) struct CliSession<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) locked: Session,
}

impl<'a> CliSession<'a> {
    /// Takes the lock, and finishes what earlier processes left.
    pub(crate) fn open(context: &'a Context<'a>, service: Service) -> Result<Self, Error> {
        let locked = context.store(service)?.lock()?;
        for damaged in &locked.recovery().quarantined {
            context.output.warn(damaged.moved_words());
        }
        locked.recovery().warnings.iter().for_each(|warning| context.output.warn(warning.clone()));
        Ok(Self { context, locked })
    }

    /// Opens the store of this profile for a command that only reads it. What failed before is reported as a warning, and stays for a
    /// command that reports it as its result.
    pub(crate) fn look(context: &Context<'_>, service: Service) -> Result<ServiceStore, Error> {
        let store = context.store(service)?;
        for failed in Self::look_at(&store, context)? {
            context.output.warn(failed.words(&store, context, context.output.profile()));
        }
        store.flows()?.refused.into_iter().next().map_or(Ok(store), |error| Err(error.into()))
    }

    /// Finishes what was left, if no other process is at work and the store can be changed, and returns what has failed. Of damaged
    /// flows it only warns.
    pub(crate) fn look_at(store: &ServiceStore, context: &Context<'_>) -> Result<Vec<FailedFlow>, Error> {
        for damaged in store.flows()?.damaged {
            context.output.warn(damaged.left_words());
        }
        if store.has_unfinished()? {
            match store.lock() {
                Ok(session) => return Ok(session.recovery().ended.iter().filter_map(FailedFlow::of).collect()),
                Err(StoreError::Locked { .. } | StoreError::Unwritable { .. } | StoreError::Newer { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Vec::new())
    }

    /// Whether `flow` was damaged and has been moved into the quarantine.
    pub(crate) fn was_damaged(&self, flow: &str) -> bool {
        self.locked.recovery().quarantined.iter().any(|damaged| damaged.name == flow)
    }

    /// The outcome of `flow`, if it had come to its end before this command. Without a name, the outcome of a flow whose credential is
    /// lost: some command must have it as its result. Other failures are reported as warnings on the way.
    pub(crate) fn end_of(&self, flow: Option<&str>) -> Result<Option<Outcome>, Error> {
        let untold = || self.failed_before().find(FailedFlow::is_loss).map(|failed| failed.flow.name().to_owned());
        let flow = flow.map(str::to_owned).or_else(untold);
        self.warn_of_failures(flow.as_deref())?;
        let Some(name) = flow else { return Ok(None) };
        if let Some(damaged) = self.locked.recovery().quarantined.iter().find(|damaged| damaged.name == name) {
            return Err(damaged.error().into());
        }
        self.ended_where(|flow| flow.name() == name)
    }

    /// The outcome of a flow of this ceremony that had ended before this command.
    pub(crate) fn end_of_any<C: Ceremony>(&self) -> Result<Option<Outcome>, Error> {
        self.ended_where(|flow| flow.record().kind() == C::KIND)
    }

    /// The owner that `--claim` named for this flow, if the flow had ended before this command.
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
            FlowEnd::Failed(failure) => {
                self.context.output.remove_when_told(self.locked.store(), flow.name());
                Ok(self.failed(flow, failure.clone()))
            }
            FlowEnd::FailedAndKept(failure) => Ok(self.failed(flow, failure.clone())),
        }
    }

    fn failed_before(&self) -> impl Iterator<Item = FailedFlow> {
        self.locked.recovery().ended.iter().filter_map(FailedFlow::of)
    }

    /// Warns of the failures before this command, except for that of the flow `told`. A failure that lost nothing is settled by that.
    fn warn_of_failures(&self, told: Option<&str>) -> Result<(), Error> {
        let store = self.locked.store();
        for failed in self.failed_before().filter(|failed| Some(failed.flow.name()) != told) {
            self.context.output.warn(failed.words(store, self.context, self.context.output.profile()));
            if !failed.is_loss() {
                self.locked.remove_flow(failed.flow.name())?;
            }
        }
        Ok(())
    }

    /// Drives a new ceremony.
    pub(crate) fn begin<C: CliCeremony>(
        &self,
        ceremony: C,
        intent: Intent,
        prompter: Prompter<'_>,
        wait_policy: WaitPolicy,
    ) -> Result<Outcome, Error> {
        // A client that cannot be built fails before anything is on disk.
        self.context.client()?;
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
        let driven = host.drive(&mut ceremony, &mut flow, self.context.client()?);
        // A flow that sent nothing is removed. It does no harm if that fails.
        match driven.inspect_err(|_| drop(flow.remove_if_unsent()))? {
            Ending::Finished(Ok(_)) => {
                let finished = self.locked.finish(flow.flow().name(), &ceremony)?;
                let finished = finished.ok_or_else(|| Error::internal("a finished ceremony did not end"))?;
                self.context.output.warn_of(finished.warning);
                self.context.output.warn_of(ceremony.warning());
                let FlowEnd::Brought(credential) = finished.end else {
                    return Err(Error::internal("a successful ceremony brought no credential"));
                };
                self.succeeded(C::KIND, &credential)
            }
            Ending::Finished(Err(failure)) => self.drive_failed::<C>(failure, flow, &host),
            Ending::Paused => {
                flow.save(&ceremony)?;
                for path in self.locked.store().quarantine_paths(flow.flow().name(), &flow.flow().snapshot().unreadable()) {
                    self.context.output.warn(format!("an answer that cannot be read is stored in {}", path.display()));
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
            // No request was carried out, so the flow can be continued.
            let ceremony = C::resume(&snapshot).map_err(Error::internal)?;
            let paused = ceremony.paused(&self.pause(flow.flow(), host));
            return Ok(paused.because_of(error_of(self.locked.store(), flow.flow(), failure)));
        }
        self.context.output.remove_when_told(self.locked.store(), flow.flow().name());
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

    /// Reports a credential. It is already in the store, so a closed stdout does not lose it.
    fn succeeded(&self, kind: CeremonyKind, credential: &Credential) -> Result<Outcome, Error> {
        let (output, obtained) = (self.context.output, Obtained::of(credential));
        output.emit(&Event::from(obtained.clone()))?;
        output.emit(&Event::Stored { kind: Kind::of(credential) })?;
        output.text_lines(match kind {
            CeremonyKind::BadgeRotation => obtained.rotated_lines(),
            CeremonyKind::Enrolment | CeremonyKind::Claim | CeremonyKind::BadgeRegistration => obtained.lines(),
        })?;
        Ok(match kind {
            CeremonyKind::Enrolment => Outcome::ready_for(claim_next(), obtained),
            CeremonyKind::Claim | CeremonyKind::BadgeRegistration | CeremonyKind::BadgeRotation => Outcome::ready(obtained),
        })
    }

    /// The outcome of a failure, with the next step.
    pub(crate) fn failed(&self, flow: &FlowRecord, failure: Failure) -> Outcome {
        let next = next_step(self.context, self.context.output.profile(), flow, &failure);
        Outcome::failed(error_of(self.locked.store(), flow, failure), next)
    }
}

/// A flow that failed before this command and is still in the store.
pub(crate) struct FailedFlow {
    flow: FlowRecord,
    failure: Failure,
}

impl FailedFlow {
    fn of((flow, end): &(Flow, FlowEnd)) -> Option<Self> {
        match end {
            FlowEnd::Failed(failure) => Some(Self { flow: flow.record().clone(), failure: failure.clone() }),
            FlowEnd::Brought(_) | FlowEnd::FailedAndKept(_) => None,
        }
    }

    /// Whether a credential was lost or cannot be read.
    fn is_loss(&self) -> bool {
        matches!(self.failure, Failure::CredentialLost { .. } | Failure::CredentialUnreadable { .. })
    }

    /// A sentence for the user about this flow of `profile`, which is in `store`.
    pub(crate) fn words(&self, store: &ServiceStore, context: &Context<'_>, profile: &ProfileName) -> String {
        let (error, next) = self.told(store, context, profile);
        let next = next.map(|next| format!("; next: {}", context.output.in_words(next))).unwrap_or_default();
        format!("{} failed before this command: {}{next}", self.flow.name(), error.message())
    }

    /// The error and the next step of a command that reports this failure as its result. The flow is removed when that was printed.
    pub(crate) fn report(&self, store: &ServiceStore, context: &Context<'_>, profile: &ProfileName) -> (Error, Option<Next>) {
        context.output.remove_when_told(store, self.flow.name());
        self.told(store, context, profile)
    }

    fn told(&self, store: &ServiceStore, context: &Context<'_>, profile: &ProfileName) -> (Error, Option<Next>) {
        let next = next_step(context, profile, &self.flow, &self.failure).map(|next| next.in_profile(profile, context.output.profile()));
        (error_of(store, &self.flow, self.failure.clone()), next)
    }
}

/// The command line that lets the owner claim a new registration.
fn claim_next() -> Next {
    let next = Next::new(&["claim", "--email", "OWNER_EMAIL"], "when the owner has told their e-mail address");
    next.filling("OWNER_EMAIL", "the owner's e-mail address")
}

/// The command line with which to continue after `failure` of a flow in `profile`.
fn next_step(context: &Context<'_>, profile: &ProfileName, flow: &FlowRecord, failure: &Failure) -> Option<Next> {
    let begin_anew = |when| Some(Next::of(&flow.intent.argv, when).for_owner());
    if flow.kind() == CeremonyKind::BadgeRotation {
        return way_on_from_rotation(failure).or_else(|| begin_anew("when the owner agrees"));
    }
    match failure {
        Failure::ClaimTokenSpent(_)
        | Failure::CredentialLost { service: Whose::OpenTrain }
        | Failure::CredentialUnreadable { service: Whose::OpenTrain, .. } => Some(
            Next::new(&["adopt", "opentrain", "--token-file", "-"], "when the owner has created a token at the service; pass it on stdin")
                .filling("stdin", "the token that the owner has created at the service"),
        ),
        // The registration stays in this profile, so another one needs another profile.
        Failure::WindowExpired | Failure::UnknownClaimToken(_) => {
            let free = context.home().ok()?.free_profile(profile);
            let origin = flow.snapshot().origin();
            Some(
                Next::new(
                    &["register", "opentrain", "--base-url", origin, "--profile", free.as_str()],
                    "when the owner agrees to another registration",
                )
                .for_owner(),
            )
        }
        Failure::CredentialUnreadable { .. } => begin_anew("when a person has looked at the stored answer"),
        other => match other.recovery() {
            Recovery::RestartAttempt | Recovery::Reregister => begin_anew("when the owner agrees"),
            Recovery::RetryAt(time) => Some(Next::of(&flow.intent.argv, "not before the time in the error").not_before(time)),
            Recovery::AskHuman | Recovery::None => None,
        },
    }
}

fn error_of(store: &ServiceStore, flow: &FlowRecord, failure: Failure) -> Error {
    let kept = store.quarantine_paths(flow.name(), &flow.snapshot().unreadable());
    Error::Ceremony { failure: Box::new(failure), at: now(), kept }
}

/// The next step after a rotation that lost the badge: the invalid badge must be deleted before a new registration.
fn way_on_from_rotation(failure: &Failure) -> Option<Next> {
    let when = match failure {
        Failure::CredentialLost { .. } | Failure::BadgeInvalid => {
            "when the owner agrees to delete the invalid badge; register again afterwards"
        }
        Failure::CredentialUnreadable { .. } => {
            "when a person has looked at the stored answer and the owner agrees to delete the invalid badge; register again afterwards"
        }
        _ => return None,
    };
    Some(Next::new(&["forget", "sentryagent", "--yes"], when).for_owner())
}
