//! `enlist pending`.

use crate::ceremonies::{End, Live};
use crate::desk::Desk;
use crate::output::data::{Data, Pending};
use crate::output::{Outcome, Output};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{ProfileName, Service, Store, StoreError};
use crate::view::flow::{PendingFlow, Unreadable};

pub(crate) fn run(setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (mut pending, mut unreadable) = (Vec::new(), Failures::default());
    for shelf in shelves(setting)? {
        pending.extend(unreadable.unless_read(&shelf, shelf.flows(setting))?.unwrap_or_default());
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
    pub(super) store: Store,
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
    /// What is under way, when what was left is finished.
    pub(super) fn flows(&self, setting: &Setting<'_>) -> Result<Vec<PendingFlow>, Problem> {
        Desk::look_at(&self.store, setting)?;
        Ok(flows(&self.store, &self.profile)?)
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
                let (service, profile) = (shelf.service, shelf.profile.to_string());
                self.0.push((Unreadable { service, profile, message: error.to_string() }, error));
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
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

/// What is under way in `store`; an attempt that failed and is only remembered is not.
pub(super) fn flows(store: &Store, profile: &ProfileName) -> Result<Vec<PendingFlow>, StoreError> {
    let mut pending = Vec::new();
    for flow in store.flows()? {
        let live = Live::of(&flow, store)?;
        if !matches!(live.end(), Some(End::FailedAndKept(_))) {
            pending.push(live.summary(&flow, profile));
        }
    }
    Ok(pending)
}

pub(super) fn tell(pending: &[PendingFlow], output: &Output) -> Result<(), Problem> {
    output.text_lines(pending.iter().map(|flow| flow.line(output.profile())))
}
