//! What an everyday command works with: where things are kept, whom it talks to, who is there, how long it waits.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use enlist_core::Origin;

use crate::args::{Global, Waiting};
use crate::interrupt::Interrupt;
use crate::mode::{path_variable, variable};
use crate::network::Network;
use crate::output::{Output, paint};
use crate::patience::{Patience, now};
use crate::problem::Problem;
use crate::screen::Tastes;
use crate::store::{Backend, KeyringError, ProfileName, Profiles, Service, Store, keyring};
use crate::talk::Voice;

/// How long a command waits in one go when nobody sits in front of it.
const SLICE: Duration = Duration::from_secs(60);

pub(crate) struct Setting<'a> {
    pub(crate) output: &'a Output,
    pub(crate) interrupt: Interrupt,
    pub(crate) timeout: Option<Duration>,
    pub(crate) network: Network,
    no_input: bool,
    tastes: Tastes,
    base_url: Option<Origin>,
    home: Option<PathBuf>,
    backend: Option<Backend>,
    names_profile: bool,
}

impl<'a> Setting<'a> {
    pub(crate) fn new(global: &Global, output: &'a Output) -> Result<Self, Problem> {
        let base_url = global.base_url.as_deref().map(|url| origin("--base-url", url)).transpose()?;
        let interrupt = Interrupt::watch().map_err(Problem::internal)?;
        let network = Network::of(&global.network)?;
        let (timeout, no_input, home) = (global.timeout, global.no_input, home());
        let tastes = Tastes {
            browser: !global.screen.no_browser,
            qr: global.screen.qr,
            colour: paint::colours(global.screen.color, io::stderr().is_terminal()),
            ascii: !paint::is_utf8(),
        };
        let backend = backend(global)?;
        let names_profile = global.profile.is_some() || variable("ENLIST_PROFILE").is_some();
        Ok(Self { output, interrupt, timeout, network, no_input, tastes, base_url, home, backend, names_profile })
    }

    pub(crate) fn home(&self) -> Result<&PathBuf, Problem> {
        self.home.as_ref().ok_or(Problem::NoHome)
    }

    pub(crate) fn store(&self, service: Service) -> Result<Store, Problem> {
        self.store_in(self.output.profile(), service)
    }

    pub(crate) fn store_in(&self, profile: &ProfileName, service: Service) -> Result<Store, Problem> {
        Ok(Store::of(self.home()?, profile, &service.key()).with_backend(self.backend))
    }

    /// The profiles that a command looks at which lists things: the one that was named, or else all.
    pub(crate) fn profiles(&self) -> Result<Vec<ProfileName>, Problem> {
        if self.names_profile { Ok(vec![self.output.profile().clone()]) } else { Ok(Profiles::of(self.home()?).names()?) }
    }

    /// Where `service` is: the flag, our variable, the official tool's variable, the default.
    pub(crate) fn origin(&self, service: Service) -> Result<Origin, Problem> {
        if let Some(origin) = &self.base_url {
            return Ok(origin.clone());
        }
        let found = service.url_variables().iter().find_map(|name| variable(name).map(|url| (*name, url)));
        let (what, url) = found.unwrap_or_else(|| ("the default", service.base_url().to_owned()));
        origin(what, &url)
    }

    /// A flow or a registration is bound to the address where it began.
    pub(crate) fn keeps_to(&self, pinned: &str) -> Result<(), Problem> {
        match &self.base_url {
            Some(origin) if origin.to_string() != pinned => {
                Err(Problem::usage(format_args!("--base-url {origin}: what was begun at {pinned} goes on there")))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn voice(&self) -> Voice<'_> {
        Voice::new(self.output, &self.interrupt, self.no_input, self.tastes)
    }

    /// The same where an owner is waited for: in a pipeline nobody does, unless the command line says so.
    pub(crate) fn patience_with_owner(&self, waiting: &Waiting) -> Patience {
        match self.patience(waiting) {
            Patience::Until(end) if self.output.is_ci() && waiting.max_wait.is_none() => Patience::FailBy(end),
            other => other,
        }
    }

    pub(crate) fn patience(&self, waiting: &Waiting) -> Patience {
        match waiting.max_wait {
            _ if waiting.no_wait => Patience::StartBy(now().after(SLICE)),
            Some(longest) => Patience::Until(now().after(longest)),
            None if self.output.is_human() => Patience::Endless,
            None => Patience::Until(now().after(SLICE)),
        }
    }
}

fn origin(what: &str, url: &str) -> Result<Origin, Problem> {
    Origin::parse(url).map_err(|error| Problem::usage(format_args!("{what}: {error}")))
}

/// Where new credentials are kept: the flag, the variable.
fn backend(global: &Global) -> Result<Option<Backend>, Problem> {
    let (what, backend) = match (global.store, variable("ENLIST_STORE").as_deref()) {
        (Some(backend), _) => ("--store", backend.into()),
        (None, None) => return Ok(None),
        (None, Some("file")) => ("ENLIST_STORE", Backend::File),
        (None, Some("keyring")) => ("ENLIST_STORE", Backend::Keyring),
        (None, Some(_)) => return Err(Problem::usage("ENLIST_STORE must be file or keyring")),
    };
    if backend == Backend::Keyring && !keyring::IS_BUILT {
        return Err(Problem::usage(format_args!("{what}: {}", KeyringError::NotBuilt)));
    }
    Ok(Some(backend))
}

/// The folder of everything that is kept.
pub(crate) fn home() -> Option<PathBuf> {
    // The XDG specification wants relative paths ignored.
    let state = || path_variable("XDG_STATE_HOME").filter(|state| state.is_absolute());
    let fallback = || path_variable("HOME").map(|home| home.join(".local/state"));
    path_variable("ENLIST_HOME").or_else(|| state().or_else(fallback).map(|state| state.join("enlist")))
}
