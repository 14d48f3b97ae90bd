//! The HTTP client, with its proxies and certificates. Variables are read before the first request, so that an invalid one does not stop
//! a command that needs no network. Flags are read at once.

use std::cell::{OnceCell, RefCell};
use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use enlist_blocking::{ClientBuilder, Execute, PemBundle, Proxies, Proxy, Route};
use enlist_core::{Exchange, ExchangeResult};
use http::Uri;

use crate::args::NetworkArgs;
use crate::env;
use crate::error::{Error, network_hints};
use crate::input::shown;
use crate::store::files;

/// The largest bundle of certificates, in bytes. A system's bundle has a quarter of a million.
const LARGEST_BUNDLE: u64 = 4 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Network {
    proxy: Option<Proxy>,
    ca_file: Option<CaFile>,
    timeout: Option<Duration>,
    client: OnceCell<Client>,
    /// What the user is still to be told about the client's certificates.
    warning: RefCell<Option<String>>,
}

/// The HTTP client, with the longest time that the user allows for one exchange.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: enlist_blocking::Client,
    longest: Option<Duration>,
}

impl Client {
    /// This client with `longest` as the longest time for one exchange, unless the user allows less.
    pub(crate) fn within(&self, longest: Duration) -> Self {
        Self { http: self.http.clone(), longest: Some(self.longest.map_or(longest, |own| own.min(longest))) }
    }
}

impl Execute for Client {
    fn execute(&self, exchange: &Exchange) -> ExchangeResult {
        let uri = exchange.request.uri();
        network_hints::sending_to(format!(
            "{}://{}",
            uri.scheme_str().unwrap_or_default(),
            uri.authority().map_or("", |host| host.as_str())
        ));
        match self.longest {
            Some(longest) if longest < exchange.timeout => {
                let Exchange { id, max_body, delivers, .. } = *exchange;
                self.http.execute(&Exchange { id, request: exchange.request.clone(), timeout: longest, max_body, delivers })
            }
            _ => self.http.execute(exchange),
        }
    }
}

/// Certificates that are trusted in addition to the built-in ones, and the flag or variable that names them.
#[derive(Debug)]
pub(crate) struct CaFile {
    pub(crate) named_by: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) count: usize,
    /// What could not be read of the file.
    pub(crate) warning: Option<String>,
    trusting: ClientBuilder,
}

impl Network {
    /// `timeout` is the longest time that the user allows for one exchange.
    pub(crate) fn of(args: &NetworkArgs, timeout: Option<Duration>) -> Result<Self, Error> {
        let proxy = args.proxy.as_deref().map(Proxy::parse).transpose();
        let proxy = proxy.map_err(|error| Error::usage(format_args!("--proxy: {error}")))?;
        let ca_file = args.ca_file.as_deref().map(|path| CaFile::read("--ca-file", path)).transpose()?;
        Ok(Self { proxy, ca_file, timeout, client: OnceCell::new(), warning: RefCell::default() })
    }

    /// The client for all requests of this command.
    pub(crate) fn client(&self) -> Result<&Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let of_environment = self.ca_file_of_the_environment();
        let ca_file = self.ca_file.as_ref().or(of_environment.as_ref());
        let builder = ca_file.map_or_else(enlist_blocking::Client::builder, |file| file.trusting.clone());
        let http = builder.proxies(self.proxies()?).build().map_err(Error::internal)?;
        tracing::info!(
            certificates_by = ca_file.map(|file| file.named_by),
            proxy_by_flag = self.proxy.is_some(),
            "the HTTP client is ready"
        );
        self.warning.replace(ca_file.and_then(|file| file.warning.clone()));
        Ok(self.client.get_or_init(|| Client { http, longest: self.timeout }))
    }

    /// What could not be read of the certificates, the first time that somebody asks after the client was made.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.warning.take()
    }

    /// The proxies: that of the flag, else those of the variables.
    pub(crate) fn proxies(&self) -> Result<Proxies, Error> {
        let proxies = Proxies::from_variables(raw_variable).map_err(Error::usage);
        match &self.proxy {
            // The flag replaces the proxies of the variables, but not their exceptions.
            Some(proxy) => Ok(proxies.unwrap_or_else(|_| exceptions()).with(proxy.clone())),
            None => proxies,
        }
    }

    /// The certificates that a variable names, unless the flag names some. They only add to the built-in ones, so a file that is not there
    /// is a warning.
    pub(crate) fn ca_file_of_the_environment(&self) -> Option<CaFile> {
        if self.ca_file.is_some() {
            return None;
        }
        let (name, path) = env::CA_FILES.iter().find_map(|name| env::path(name).map(|path| (*name, path)))?;
        Some(CaFile::read(name, &path).unwrap_or_else(|error| CaFile::unreadable(name, &path, error.message())))
    }

    pub(crate) fn ca_file_of_the_flag(&self) -> Option<&CaFile> {
        self.ca_file.as_ref()
    }
}

impl CaFile {
    fn read(named_by: &'static str, path: &Path) -> Result<Self, Error> {
        let refused = |why: &dyn Display| Error::usage(format_args!("{named_by}: {}: {why}", shown(path)));
        let mut pem = Vec::new();
        let length = files::open_foreign(path)
            .and_then(|file| file.take(LARGEST_BUNDLE + 1).read_to_end(&mut pem))
            .map_err(|error| refused(&error))?;
        if length as u64 > LARGEST_BUNDLE {
            return Err(refused(&"it is larger than 4 MiB"));
        }
        let PemBundle { certificates, unreadable } = PemBundle::count(&pem);
        let warning = match (certificates, unreadable) {
            (0, _) => Some("there is no certificate in it that can be read, so only the built-in ones are trusted".to_owned()),
            (_, 0) => None,
            (_, unreadable) => Some(format!("{unreadable} of the {} certificates in it cannot be read", certificates + unreadable)),
        };
        let warning = warning.map(|why| format!("{named_by}: {}: {why}", shown(path)));
        // Without a certificate, the client trusts the built-in ones.
        let trusting = enlist_blocking::Client::builder().trust_pem(&pem).unwrap_or_default();
        Ok(Self { named_by, path: path.to_owned(), count: certificates, warning, trusting })
    }

    fn unreadable(named_by: &'static str, path: &Path, warning: String) -> Self {
        Self { named_by, path: path.to_owned(), count: 0, warning: Some(warning), trusting: enlist_blocking::Client::builder() }
    }
}

/// The exceptions of the variables, without their proxies.
fn exceptions() -> Proxies {
    let only = |name: &str| raw_variable(name).filter(|_| name.eq_ignore_ascii_case("no_proxy"));
    Proxies::from_variables(only).unwrap_or_default()
}

/// The value of a variable. An empty value is kept, because it means that there is no proxy.
fn raw_variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// How `url` is reached, for people.
pub(crate) fn way_words(proxies: &Proxies, url: &Uri) -> String {
    match proxies.route_to(url) {
        Route::Through { proxy, variable } => {
            let login = if proxy.has_login() { ", with a login" } else { "" };
            format!("through {proxy}{login} ({})", variable.unwrap_or("--proxy"))
        }
        Route::Loopback => "directly (this machine)".to_owned(),
        Route::Excluded => "directly (NO_PROXY)".to_owned(),
        _ => "directly (no proxy is set)".to_owned(),
    }
}
