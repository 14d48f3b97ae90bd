//! The checks of the store, of the variables that override it, and of the pending flows.

use std::fs;
use std::path::{Path, PathBuf};

use super::check::Check;
use crate::commands::pending::{ProfileStore, profile_stores};
use crate::context::Context;
use crate::env::{self, variable};
use crate::error::Error;
use crate::interop::opentrain_cli::shadowing;
use crate::output::data::CheckName;
use crate::store::{DamagedFlow, ProfileName, Service, StoreError, files};
use crate::sys;
use crate::view::flow::PendingFlow;

/// The largest number of files to check.
const MOST: usize = 10_000;

pub(super) fn all(context: &Context<'_>) -> [Check; 3] {
    [store(context), variables(context), pending(context)]
}

fn store(context: &Context<'_>) -> Check {
    const NAME: CheckName = CheckName::Store;
    let home = match context.home() {
        Ok(home) => home,
        Err(error) => return Check::bad(NAME, error),
    };
    let (home, chosen) = (home.path(), || home.used_profile().map(drop));
    if let Err(error) = proved_writable(home).and_then(|()| all_private(home)).and_then(|()| chosen()) {
        return Check::bad(NAME, error.into());
    }
    let is_there = home.join("profiles").exists();
    let public = if is_there { "writable, and private to this user" } else { "empty, and can be written" };
    Check::fine(NAME, format_args!("{}: {public}", home.display())).publicly(public)
}

/// Proves by a temporary file that the store can be written. If there is no folder yet, checks the rights to the folder above it.
fn proved_writable(home: &Path) -> Result<(), StoreError> {
    if !home.exists() {
        let above = home.ancestors().skip(1).find(|above| above.exists()).unwrap_or_else(|| Path::new("/"));
        return sys::is_writable_folder(above).map_err(|error| StoreError::unwritable(home, &error));
    }
    let probe = home.join(format!(".doctor.{}.tmp", std::process::id()));
    let written = files::write_new(&probe, &[0; 4096]);
    let removed = if probe.exists() { fs::remove_file(&probe) } else { Ok(()) };
    written.and(removed).map_err(|error| StoreError::unwritable(home, &error))
}

/// Checks everything below the folder. Others may look at the folder itself.
fn all_private(home: &Path) -> Result<(), StoreError> {
    let mut folders: Vec<PathBuf> = vec![home.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(|error| StoreError::unreadable(&folder, &error))?,
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let found = fs::symlink_metadata(&path).map_err(|error| StoreError::unreadable(&path, &error))?;
            if !sys::is_private(&found, files::own_uid()) {
                return Err(StoreError::exposed(&path, "owned by this user and closed to others (files 0600, folders 0700)"));
            }
            if found.is_dir() {
                folders.push(path);
            }
            seen += 1;
            if seen > MOST {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// OpenTrain's own command prefers a token in a variable to a stored one.
fn variables(context: &Context<'_>) -> Check {
    const NAME: CheckName = CheckName::Variables;
    let Some(name) = env::OPENTRAIN_TOKENS.into_iter().find(|name| variable(name).is_some()) else {
        return Check::fine(NAME, "no variable overrides a stored token");
    };
    let stored = match context.store(Service::Opentrain).and_then(|store| Ok(store.credential()?)) {
        Err(error) => return Check::bad(NAME, error),
        Ok(stored) => stored.and_then(|credential| credential.expose()),
    };
    let Some(stored) = stored else {
        return Check::fine(NAME, format_args!("{name} is set, and this profile has no token of OpenTrain"));
    };
    let others = shadowing(&stored);
    if others.is_empty() {
        return Check::fine(NAME, format_args!("{name} is set to the stored token"));
    }
    let hint = "OpenTrain's own tools use the variable; unset it, or set it with: `enlist token opentrain --format env`";
    Check::doubtful(NAME, format_args!("{} is set to a token that differs from the stored one", others.join(", ")), hint)
}

fn pending(context: &Context<'_>) -> Check {
    const NAME: CheckName = CheckName::Pending;
    match flows(context) {
        Err(error) => Check::bad(NAME, error),
        Ok((_, Some(damaged))) => Check::doubtful(NAME, damaged.left_words(), "see `enlist status`").publicly("damaged"),
        Ok((flows, None)) => under_way(NAME, &flows, context.output.profile()),
    }
}

fn under_way(name: CheckName, flows: &[PendingFlow], current: &ProfileName) -> Check {
    if flows.is_empty() {
        return Check::fine(name, "nothing");
    }
    let told: Vec<_> = flows.iter().map(|flow| flow.place(current)).collect();
    let hint = "`enlist pending` lists them, and `enlist resume FLOW` continues one";
    Check::doubtful(name, told.join(", "), hint).publicly(flows.len())
}

/// The pending flows of the profiles that commands list, and the first damaged flow. Unlike other commands, the doctor does not finish
/// what an earlier process left.
fn flows(context: &Context<'_>) -> Result<(Vec<PendingFlow>, Option<DamagedFlow>), Error> {
    let (mut flows, mut damaged) = (Vec::new(), None);
    for ProfileStore { profile, service, store } in profile_stores(context)? {
        let found = store.flows()?;
        if let Some(error) = found.refused.into_iter().next() {
            return Err(error.into());
        }
        damaged = damaged.or_else(|| found.damaged.into_iter().next());
        flows.extend(found.readable.iter().filter(|flow| flow.is_pending()).map(|flow| crate::flows::pending(flow, service, &profile)));
    }
    Ok((flows, damaged))
}
