//! `enlist pending`: lists the pending flows.

use super::Facts;
use super::facts::runs;
use crate::context::Context;
use crate::error::Error;
use crate::flows;
use crate::flows::registration::THE_CODE;
use crate::flows::session::{CliSession, FailedFlow};
use crate::output::data::{Data, Pending, PendingEntry};
use crate::output::{Next, Outcome, Output};
use crate::store::{Flows, ProfileName, Service, ServiceStore, StoreError};
use crate::view::claim::WHEN_TO_RESUME;
use crate::view::flow::{Awaiting, PendingFlow, Unreadable};

/// List the pending flows
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) static FACTS: Facts = Facts::new("pending", &[("enlist pending", "lists each flow, what it waits for and when it expires")]);

runs!(Args, FACTS, |self, start| run(&start.context()?));

pub(crate) fn run(context: &Context<'_>) -> Result<Outcome, Error> {
    let (mut pending, mut unreadable) = (Vec::new(), Failures::default());
    for profile_store in profile_stores(context)? {
        pending.extend(unreadable.pending(&profile_store, context)?);
    }
    if pending.is_empty() && unreadable.is_empty() {
        context.output.text("Nothing is pending.")?;
    }
    tell(&pending, context.output)?;
    unreadable.outcome(context.output, |unreadable| Pending { pending, unreadable })
}

/// One profile's store at one service.
pub(in crate::commands) struct ProfileStore {
    pub(super) profile: ProfileName,
    pub(super) service: Service,
    pub(super) store: ServiceStore,
}

/// The stores of every profile and service that the command lists.
pub(in crate::commands) fn profile_stores(context: &Context<'_>) -> Result<Vec<ProfileStore>, Error> {
    let mut profile_stores = Vec::new();
    for profile in context.profiles()? {
        for service in Service::ALL {
            profile_stores.push(ProfileStore { profile: profile.clone(), service, store: context.store_in(&profile, service)? });
        }
    }
    Ok(profile_stores)
}

impl ProfileStore {
    /// The flows, when what was left is finished, and those that failed.
    fn flows(&self, context: &Context<'_>) -> Result<(Flows, Vec<FailedFlow>), Error> {
        let failed = CliSession::look_at(&self.store, context)?;
        Ok((self.store.flows()?, failed))
    }
}

/// What could not be read, and what had failed before the command. It hides nothing of the rest.
#[derive(Default)]
pub(super) struct Failures {
    unreadable: Vec<(Unreadable, StoreError)>,
    /// The failed flow that is the result of the command, as its error and the next step. Others are reported as warnings, and stay for
    /// another command.
    failed: Option<(Error, Option<Next>)>,
}

impl Failures {
    /// Returns what was read, or records that `profile_store` could not be read.
    pub(super) fn unless_read<T>(&mut self, profile_store: &ProfileStore, read: Result<T, Error>) -> Result<Option<T>, Error> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(Error::Store(error)) => {
                self.note(profile_store, error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the pending flows of `profile_store`, and records what could not be read.
    pub(super) fn pending(&mut self, profile_store: &ProfileStore, context: &Context<'_>) -> Result<Vec<PendingEntry>, Error> {
        let Some((flows, failed)) = self.unless_read(profile_store, profile_store.flows(context))? else { return Ok(Vec::new()) };
        for failed in failed {
            if self.failed.is_none() {
                self.failed = Some(failed.report(&profile_store.store, context, &profile_store.profile));
            } else {
                context.output.warn(failed.words(&profile_store.store, context, &profile_store.profile));
            }
        }
        let next = |flow: &PendingFlow| next(flow).in_profile(&profile_store.profile, context.output.profile());
        let pending = pending(&flows, profile_store.service, &profile_store.profile);
        let pending = pending.map(|flow| PendingEntry { next: context.output.carry(next(&flow)), flow }).collect();
        flows.refused.into_iter().for_each(|error| self.note(profile_store, error));
        Ok(pending)
    }

    fn note(&mut self, profile_store: &ProfileStore, error: StoreError) {
        let (service, profile) = (profile_store.service, profile_store.profile.to_string());
        self.unreadable.push((Unreadable { service, profile, message: error.to_string() }, error));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unreadable.is_empty() && self.failed.is_none()
    }

    /// The outcome with everything that could be read. It is a failure if something could not.
    pub(super) fn outcome<D: Into<Data>>(self, output: &Output, data: impl FnOnce(Vec<Unreadable>) -> D) -> Result<Outcome, Error> {
        let (unreadable, errors): (Vec<_>, Vec<_>) = self.unreadable.into_iter().unzip();
        output.text_lines(unreadable.iter().map(|of| of.line(output.profile())))?;
        let data = data(unreadable);
        Ok(match (self.failed, errors.into_iter().next()) {
            (Some((error, next)), _) => Outcome::stopped(error, data, next),
            (None, Some(error)) => Outcome::stopped(error.into(), data, None),
            (None, None) => Outcome::ready(data),
        })
    }
}

/// The pending flows. An attempt that has failed and is only remembered is not pending.
pub(super) fn pending<'a>(flows: &'a Flows, service: Service, profile: &'a ProfileName) -> impl Iterator<Item = PendingFlow> + 'a {
    flows.readable.iter().filter(|flow| flow.is_pending()).map(move |flow| flows::pending(flow, service, profile))
}

pub(super) fn tell(pending: &[PendingEntry], output: &Output) -> Result<(), Error> {
    output.text_lines(pending.iter().map(|entry| entry.flow.line(output.profile())))
}

/// The command line that continues a flow, when to run it, and what must be true before.
fn next(flow: &PendingFlow) -> Next {
    let of = |command: &str, arguments: &[&str], when| Next::new(&[&[command, flow.flow.as_str()], arguments].concat(), when);
    match flow.awaiting {
        Awaiting::Owner => of("resume", &["--max-wait", "60s"], WHEN_TO_RESUME),
        Awaiting::Profile => of("resume", &["--yes"], "when a person has checked the public profile").for_owner(),
        Awaiting::Otp => of("otp", &["--otp-file", "-"], "when the code has come by SMS; pass it on stdin").filling("stdin", THE_CODE),
        Awaiting::SmsAgain => of("resume", &["--again"], "when the owner agrees to another SMS").for_owner(),
        Awaiting::RegisterAgain => of("resume", &["--again"], "when the owner agrees to another registration").for_owner(),
        Awaiting::VerifyAgain | Awaiting::Service => of("resume", &["--max-wait", "60s"], "when the service may have recovered").later(),
    }
}
