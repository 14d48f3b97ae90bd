//! The command line of `enlist doctor`.

use std::ffi::OsString;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Leave the network out
    #[arg(long)]
    pub(crate) offline: bool,
    /// Write a report for a bug report, as JSON without secrets, addresses and names; - for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<OsString>,
}
