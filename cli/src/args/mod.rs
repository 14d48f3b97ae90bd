//! The flags that every command accepts, and those that several accept.

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

/// The flags that every command accepts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Profile to use [default: the one that enlist profile use chose, else default; env: ENLIST_PROFILE]
    #[arg(long, short, global = true, value_name = "NAME")]
    pub(crate) profile: Option<ProfileName>,
    /// Where to store a new credential [default: where the previous one is, else file; env: ENLIST_STORE]
    #[arg(long, global = true, value_enum, value_name = "PLACE")]
    pub(crate) store: Option<BackendArg>,
    /// Output format [default: text for people; for agents ndjson if the command waits, else json; env: ENLIST_OUTPUT]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    output: Option<Format>,
    /// Print JSON; takes precedence over --output
    #[arg(long, global = true)]
    json: bool,
    /// Who runs the command [default: detected; env: ENLIST_MODE]
    #[arg(long, global = true, value_enum)]
    pub(crate) mode: Option<Caller>,
    #[command(flatten)]
    pub(crate) screen: ScreenArgs,
    /// Never ask a question
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Address of the service: https, or http on this machine [env: ENLIST_OPENTRAIN_URL, ENLIST_SENTRYAGENT_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Longest time for one request, such as 10s
    #[arg(long, global = true, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

impl Global {
    pub(crate) fn format(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.output }
    }

    /// The flags that the next command line must repeat to reach the same service in the same way. A proxy with a password is left out.
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

/// The flags about the network and the log, which every command accepts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network and logs")]
pub(crate) struct NetworkArgs {
    /// Proxy: http://HOST:PORT, https or socks5h. A login is NAME:PASSWORD@ before the host, but other users can see a command line
    /// [default: HTTPS_PROXY, else ALL_PROXY; exceptions: NO_PROXY]
    // It is parsed later, and not by clap, because clap would quote a password in its error.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Certificates to trust in addition to the built-in ones, as PEM [env: ENLIST_CA_FILE, SSL_CERT_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Log to stderr; given twice: also log the method, path, status and duration of each request [env: ENLIST_LOG=info|debug|/PATH]
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Print only errors and what a person must do on stderr
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Append the log of -vv to this file (0600)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
}

/// The flags that limit how long a command waits for a human.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Waiting {
    /// Start and return at once
    #[arg(long, conflicts_with = "max_wait")]
    pub(crate) no_wait: bool,
    /// Longest time to wait, such as 60s or 2m [default: no limit for people; agents return at once, and enlist resume waits 60s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_wait: Option<Duration>,
}

fn positive_duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|duration| if duration.is_zero() { Err("must be greater than zero".to_owned()) } else { Ok(duration) })
}

/// The store's [`Backend`] by its name on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendArg {
    /// In a file that only its owner can read (0600)
    File,
    /// In the platform's keyring, or in a file if that fails
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
