//! The flags that every command understands, and those that several do.

pub(crate) mod error;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::caller::Caller;
use crate::output::style::Color;
use crate::output::{CarriedFlag, Format};
use crate::prompt::Qr;
use crate::store::{Backend, ProfileName};
use crate::wait_policy::parse_duration;

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Which identities are meant [default: that of enlist profile use, else default; env: ENLIST_PROFILE]
    #[arg(long, short, global = true, value_name = "NAME")]
    pub(crate) profile: Option<ProfileName>,
    /// Where a new credential is kept [default: where the one before it is, else file; env: ENLIST_STORE]
    #[arg(long, global = true, value_enum, value_name = "PLACE")]
    pub(crate) store: Option<BackendArg>,
    /// How the result is printed [default: text for people; for agents ndjson where there is a wait, else json; env: ENLIST_OUTPUT]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    output: Option<Format>,
    /// The same as --output json, and stronger than any --output
    #[arg(long, global = true)]
    json: bool,
    /// Who is in front of the command [default: what is found; env: ENLIST_MODE]
    #[arg(long, global = true, value_enum)]
    pub(crate) mode: Option<Caller>,
    #[command(flatten)]
    pub(crate) screen: ScreenArgs,
    /// Never ask anything
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// The service's address: https, or http on this machine [env: ENLIST_OPENTRAIN_URL, ENLIST_SENTRYAGENT_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The longest time that one request may take, like 10s
    #[arg(long, global = true, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

impl Global {
    pub(crate) fn format(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.output }
    }

    /// What the next command line must say again to get to the same place by the same way. A proxy's password is not repeated.
    pub(crate) fn carried(&self) -> Vec<CarriedFlag> {
        let ca_file = self.network.ca_file.as_deref().and_then(|path| std::path::absolute(path).ok());
        let words = [
            ("--base-url", self.base_url.clone()),
            ("--ca-file", ca_file.and_then(|path| path.into_os_string().into_string().ok())),
            ("--proxy", self.network.proxy.clone().filter(|url| !url.contains('@'))),
            ("--store", self.store.and_then(|backend| backend.to_possible_value()).map(|value| value.get_name().to_owned())),
        ];
        words.into_iter().filter_map(|(flag, value)| value.map(|value| (flag, value))).collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct ScreenArgs {
    /// Never open a browser
    #[arg(long, global = true)]
    pub(crate) no_browser: bool,
    /// When to show the link as a QR code
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) qr: Qr,
    /// When to use colours [default: auto; env: NO_COLOR, CLICOLOR, CLICOLOR_FORCE]
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
}

/// What every command understands about the network, and about what it says of itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network and logs")]
pub(crate) struct NetworkArgs {
    /// The proxy: http://HOST:PORT, also https or socks5h; with NAME:PASSWORD@ where it wants a login, but others see a command
    /// line [default: HTTPS_PROXY, else ALL_PROXY; exceptions: NO_PROXY]
    // Read later, and not by clap, which would quote it.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Certificates to trust beside the usual ones, as PEM: a company's own authority [env: ENLIST_CA_FILE, SSL_CERT_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Say on stderr what is done; twice: each exchange, as method, path, status, time [env: ENLIST_LOG=info|debug|/PATH]
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Say on stderr only what went wrong, and what a person must do
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Write what -vv says into this file (0600), at its end
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
}

/// How long a command waits for a human.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Waiting {
    /// Start, and return at once
    #[arg(long, conflicts_with = "max_wait")]
    pub(crate) no_wait: bool,
    /// Wait that long at most, like 60s or 2m [default: to the end for people, 60s for agents]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_wait: Option<Duration>,
}

fn positive_duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|duration| if duration.is_zero() { Err("more than nothing".to_owned()) } else { Ok(duration) })
}

/// The store's [`Backend`], as it is named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendArg {
    /// In a file of its owner's alone (0600)
    File,
    /// In the platform's keyring; in a file when that fails
    Keyring,
}

impl From<BackendArg> for Backend {
    fn from(argument: BackendArg) -> Self {
        match argument {
            BackendArg::File => Self::File,
            BackendArg::Keyring => Self::Keyring,
        }
    }
}
