//! What can be said about the human's screen.

use clap::Args;

use crate::output::style::Color;
use crate::prompt::Qr;

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
