//! The context of a command: the store, the services, the network and the time that it may wait.

use std::io::{self, IsTerminal};
use std::time::Duration;

use enlist_core::Origin;

use crate::args::{Global, Waiting};
use crate::env::{self, variable};
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::network::{Client, Network};
use crate::output::{Output, style};
use crate::prompt::Prompter;
use crate::prompt::ScreenOptions;
use crate::store::{Backend, Home, KeyringError, ProfileName, Service, ServiceStore, keyring};
use crate::wait_policy::{WaitPolicy, now};

/// The longest wait of a command that an agent runs.
const SLICE: Duration = Duration::from_secs(60);

pub(crate) struct Context<'a> {
    pub(crate) output: &'a Output,
    pub(crate) interrupt: Interrupt,
    pub(crate) network: Network,
    no_input: bool,
    options: ScreenOptions,
    base_url: Option<Origin>,
    backend: Option<Backend>,
    names_profile: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn new(global: &Global, output: &'a Output) -> Result<Self, Error> {
        let base_url = global.base_url.as_deref().map(|url| origin("--base-url", url)).transpose()?;
        let interrupt = Interrupt::watch().map_err(Error::internal)?;
        let network = Network::of(&global.network, global.timeout)?;
        let no_input = global.no_input;
        let options = ScreenOptions {
            browser: !global.screen.no_browser,
            qr: global.screen.qr,
            colour: style::colours(global.screen.color, io::stderr().is_terminal()),
            ascii: !style::is_utf8(),
        };
        let backend = backend(global)?;
        let names_profile = global.profile.is_some() || variable(env::PROFILE).is_some();
        Ok(Self { output, interrupt, network, no_input, options, base_url, backend, names_profile })
    }

    /// The client for all requests of this command. When it is made, the user is told what could not be read of its certificates.
    pub(crate) fn client(&self) -> Result<&Client, Error> {
        let client = self.network.client()?;
        self.output.warn_of(self.network.take_warning());
        Ok(client)
    }

    pub(crate) fn home(&self) -> Result<Home, Error> {
        env::store_home()?.ok_or(Error::NoHome)
    }

    pub(crate) fn store(&self, service: Service) -> Result<ServiceStore, Error> {
        self.store_in(self.output.profile(), service)
    }

    pub(crate) fn store_in(&self, profile: &ProfileName, service: Service) -> Result<ServiceStore, Error> {
        Ok(self.home()?.profile(profile).service(&service.key()).with_backend(self.backend))
    }

    /// Refuses a profile that the command line or a variable names and that does not exist.
    pub(crate) fn named_profile_exists(&self) -> Result<(), Error> {
        let profile = self.output.profile();
        if self.names_profile && !self.home()?.has_profile(profile) { Err(Error::no_profile(profile)) } else { Ok(()) }
    }

    /// The profiles that a listing command shows: the named one, or else all.
    pub(crate) fn profiles(&self) -> Result<Vec<ProfileName>, Error> {
        if self.names_profile { Ok(vec![self.output.profile().clone()]) } else { Ok(self.home()?.profiles()?) }
    }

    /// The address of `service`: the flag, else our variable, else the official tool's variable, else the default.
    pub(crate) fn origin(&self, service: Service) -> Result<Origin, Error> {
        if let Some(origin) = &self.base_url {
            return Ok(origin.clone());
        }
        let found = env::addresses(service).iter().find_map(|name| variable(name).map(|url| (*name, url)));
        let (what, url) = found.unwrap_or_else(|| ("the default", service.base_url().to_owned()));
        origin(what, &url)
    }

    /// The address that commands use for `service` now: the flag, else that of the stored credential, else the configured one.
    pub(crate) fn origin_in_use(&self, service: Service) -> Result<Origin, Error> {
        let stored = match self.base_url {
            Some(_) => None,
            None => self.store(service).ok().and_then(|store| store.credential().ok().flatten()),
        };
        let stored = stored.and_then(|credential| Origin::parse(&credential.base_url()).ok());
        stored.map_or_else(|| self.origin(service), Ok)
    }

    /// Refuses a `--base-url` that differs from `pinned`, the address at which a flow or a registration began.
    pub(crate) fn keeps_to(&self, pinned: &str) -> Result<(), Error> {
        match &self.base_url {
            Some(origin) if origin.to_string() != pinned => {
                Err(Error::usage(format_args!("--base-url {origin}: a flow that began at {pinned} must continue there")))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn prompter(&self) -> Prompter<'_> {
        Prompter::new(self.output, &self.interrupt, self.no_input, self.options)
    }

    /// The wait policy of a command that waits for the owner. In CI it fails instead of waiting, unless `--max-wait` is given.
    pub(crate) fn wait_policy_with_owner(&self, waiting: &Waiting) -> WaitPolicy {
        match self.wait_policy(waiting) {
            WaitPolicy::Until(end) if self.output.is_ci() && waiting.max_wait.is_none() => WaitPolicy::FailBy(end),
            other => other,
        }
    }

    /// The wait policy of a command that starts a claim. An agent never waits for the owner unless the command line says so.
    pub(crate) fn wait_policy_of_claim(&self, waiting: &Waiting) -> WaitPolicy {
        match self.wait_policy_with_owner(waiting) {
            WaitPolicy::Until(end) if waiting.max_wait.is_none() => WaitPolicy::ReturnBy(end),
            other => other,
        }
    }

    pub(crate) fn wait_policy(&self, waiting: &Waiting) -> WaitPolicy {
        match waiting.max_wait {
            _ if waiting.no_wait => WaitPolicy::StartBy(now().after(SLICE)),
            Some(longest) => WaitPolicy::Until(now().after(longest)),
            None if self.output.can_ask() => WaitPolicy::Endless,
            // A person at half a terminal can act elsewhere, and run the command again.
            None if self.output.is_human() => WaitPolicy::ReturnBy(now().after(SLICE)),
            None => WaitPolicy::Until(now().after(SLICE)),
        }
    }
}

fn origin(what: &str, url: &str) -> Result<Origin, Error> {
    Origin::parse(url).map_err(|error| Error::usage(format_args!("{what}: {error}")))
}

/// The place for new credentials: that of the flag, or else of the variable.
fn backend(global: &Global) -> Result<Option<Backend>, Error> {
    let variable = || variable(env::STORE).map(|word| env::choice(env::STORE, &word)).transpose();
    let (named_by, chosen) = match global.store {
        Some(chosen) => ("--store", Some(chosen)),
        None => (env::STORE, variable()?),
    };
    let backend = chosen.map(Backend::from);
    if backend == Some(Backend::Keyring) && !keyring::IS_BUILT {
        return Err(Error::usage(format_args!("{named_by}: {}", KeyringError::NotBuilt)));
    }
    Ok(backend)
}
