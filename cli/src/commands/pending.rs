//! `enlist pending`.

use serde_json::{Value, json};

use crate::ceremonies::{End, Live};
use crate::desk::Desk;
use crate::output::{Outcome, Output};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{ProfileName, Service, Store, StoreError};

pub(crate) fn run(setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (mut pending, mut unreadable) = (Vec::new(), Unreadable::default());
    for shelf in shelves(setting)? {
        pending.extend(unreadable.unless_read(&shelf, shelf.flows(setting))?.unwrap_or_default());
    }
    if pending.is_empty() && unreadable.0.is_empty() {
        setting.output.text("Nothing is pending.")?;
    }
    tell(&pending, setting.output)?;
    unreadable.outcome(json!({ "pending": pending }), setting.output)
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
    pub(super) fn flows(&self, setting: &Setting<'_>) -> Result<Vec<Value>, Problem> {
        Desk::look_at(&self.store, setting)?;
        Ok(flows(&self.store, &self.profile)?)
    }
}

/// What could not be read. It hides nothing of the rest.
#[derive(Default)]
pub(super) struct Unreadable(Vec<(Value, StoreError)>);

impl Unreadable {
    /// What was read of `shelf`; that it could not be is noted.
    pub(super) fn unless_read<T>(&mut self, shelf: &Shelf, read: Result<T, Problem>) -> Result<Option<T>, Problem> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(Problem::Store(error)) => {
                let (service, profile) = (shelf.service.name(), shelf.profile.as_str());
                self.0.push((json!({ "service": service, "profile": profile, "message": error.to_string() }), error));
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A failure, with what could be read.
    pub(super) fn outcome(self, mut data: Value, output: &Output) -> Result<Outcome, Problem> {
        let (told, errors): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        for of in &told {
            let word = |name: &str| of[name].as_str().unwrap_or_default();
            output.text(format_args!("{}  unreadable{}: {}", word("service"), in_profile(word("profile"), output), word("message")))?;
        }
        if let Value::Object(members) = &mut data {
            members.insert("unreadable".to_owned(), told.into());
        }
        Ok(match errors.into_iter().next() {
            None => Outcome::ready(data),
            Some(error) => Outcome::stopped(error.into(), data, None),
        })
    }
}

/// What is under way in `store`; an attempt that failed and is only remembered is not.
pub(super) fn flows(store: &Store, profile: &ProfileName) -> Result<Vec<Value>, StoreError> {
    let mut pending = Vec::new();
    for flow in store.flows()? {
        let live = Live::of(&flow, store)?;
        if !matches!(live.end(), Some(End::FailedAndKept(_))) {
            let mut summary = live.summary(&flow);
            if let Value::Object(members) = &mut summary {
                members.insert("profile".to_owned(), profile.as_str().into());
            }
            pending.push(summary);
        }
    }
    Ok(pending)
}

pub(super) fn tell(pending: &[Value], output: &Output) -> Result<(), Problem> {
    for flow in pending {
        let word = |name: &str| flow[name].as_str().unwrap_or_default().to_owned();
        let until = flow["expires_at"].as_str().map(|at| format!(", until {at}")).unwrap_or_default();
        let profile = in_profile(&word("profile"), output);
        output.text(format_args!("{}  {}, pending: {}{until}{profile}", word("flow"), word("service"), word("awaiting")))?;
    }
    Ok(())
}

/// Said of what is in another profile than the one that is meant.
pub(super) fn in_profile(profile: &str, output: &Output) -> String {
    if profile == output.profile().as_str() { String::new() } else { format!("  (profile {profile})") }
}
