//! The command line of `enlist doctor`.

use std::ffi::OsString;

use clap::Args;

const EXIT: &str = "Exit code: 0 when nothing fails, warnings or not; else that of the first failure: 6 the network, 9 the store, 64 a flag or a variable that makes no sense.";

#[derive(Debug, Args)]
#[command(after_help = EXIT)]
pub(crate) struct DoctorArgs {
    /// Leave the network out
    #[arg(long)]
    pub(crate) offline: bool,
    /// Write a report for a bug report, as JSON without secrets, addresses and names; - for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<OsString>,
}
