//! `enlist pending`.

use crate::ceremonies;
use crate::desk::Desk;
use crate::output::data::{Data, Pending};
use crate::output::{Outcome, Output};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Flows, ProfileName, Service, ServiceStore, StoreError};
use crate::view::flow::{PendingFlow, Unreadable};

pub(crate) fn run(setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (mut pending, mut unreadable) = (Vec::new(), Failures::default());
    for shelf in shelves(setting)? {
        pending.extend(unreadable.pending(&shelf, setting)?);
    }
    if pending.is_empty() && unreadable.0.is_empty() {
        setting.output.text("Nothing is pending.")?;
    }
    tell(&pending, setting.output)?;
    unreadable.outcome(setting.output, |unreadable| Pending { pending, unreadable })
}

/// One profile's store at one service.
pub(super) struct Shelf {
    pub(super) profile: ProfileName,
    pub(super) service: Service,
    pub(super) store: ServiceStore,
}

/// All that are looked at.
pub(super) fn shelves(setting: &Setting<'_>) -> Result<Vec<Shelf>, Problem> {
    let mut shelves = Vec::new();
    for profile in setting.profiles()? {
        for service in Service::ALL {
            shelves.push(Shelf { profile: profile.clone(), service, store: setting.store_in(&profile, service)? });
        }
    }
    Ok(shelves)
}

impl Shelf {
    /// The flows, when what was left is finished.
    fn flows(&self, setting: &Setting<'_>) -> Result<Flows, Problem> {
        Desk::look_at(&self.store, setting)?;
        Ok(self.store.flows()?)
    }
}

/// What could not be read. It hides nothing of the rest.
#[derive(Default)]
pub(super) struct Failures(Vec<(Unreadable, StoreError)>);

impl Failures {
    /// What was read of `shelf`; that it could not be is noted.
    pub(super) fn unless_read<T>(&mut self, shelf: &Shelf, read: Result<T, Problem>) -> Result<Option<T>, Problem> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(Problem::Store(error)) => {
                self.note(shelf, error);
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    /// What is under way on `shelf`; that something cannot be read is noted.
    pub(super) fn pending(&mut self, shelf: &Shelf, setting: &Setting<'_>) -> Result<Vec<PendingFlow>, Problem> {
        let Some(flows) = self.unless_read(shelf, shelf.flows(setting))? else { return Ok(Vec::new()) };
        let pending = pending(&flows, shelf.service, &shelf.profile).collect();
        flows.refused.into_iter().for_each(|error| self.note(shelf, error));
        Ok(pending)
    }

    fn note(&mut self, shelf: &Shelf, error: StoreError) {
        let (service, profile) = (shelf.service, shelf.profile.to_string());
        self.0.push((Unreadable { service, profile, message: error.to_string() }, error));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The outcome with what could be read: a failure when something could not.
    pub(super) fn outcome<D: Into<Data>>(self, output: &Output, data: impl FnOnce(Vec<Unreadable>) -> D) -> Result<Outcome, Problem> {
        let (unreadable, errors): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        output.text_lines(unreadable.iter().map(|of| of.line(output.profile())))?;
        let data = data(unreadable);
        Ok(match errors.into_iter().next() {
            None => Outcome::ready(data),
            Some(error) => Outcome::stopped(error.into(), data, None),
        })
    }
}

/// What is under way; an attempt that failed and is only remembered is not.
pub(super) fn pending<'a>(flows: &'a Flows, service: Service, profile: &'a ProfileName) -> impl Iterator<Item = PendingFlow> + 'a {
    flows.readable.iter().filter(|flow| flow.is_pending()).map(move |flow| ceremonies::pending(flow, service, profile))
}

pub(super) fn tell(pending: &[PendingFlow], output: &Output) -> Result<(), Problem> {
    output.text_lines(pending.iter().map(|flow| flow.line(output.profile())))
}
