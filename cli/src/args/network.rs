//! The way out, and what is written down about it.

use std::path::PathBuf;

use clap::Args;

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
