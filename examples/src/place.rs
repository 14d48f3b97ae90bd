//! Where an example keeps its files, and the service that it talks to.

use std::env;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use enlist_core::Origin;
use enlist_core::secret::Otp;
use enlist_sandbox::{Config, MessageKind, Sandbox};
use tempfile::TempDir;

/// The folder and the service of one run of an example.
pub struct Place {
    /// The folder that holds everything durable.
    pub folder: PathBuf,
    /// The service's origin.
    pub origin: Origin,
    own: Option<(TempDir, Sandbox)>,
}

impl Place {
    /// Reads `FOLDER SERVICE_URL` from the command line. Without them, the example gets a temporary folder and a sandbox of its own,
    /// whose owner approves every claim by themselves.
    ///
    /// # Errors
    /// When the URL is not an origin, or the sandbox cannot start.
    pub fn from_args() -> Result<Self, Box<dyn Error>> {
        let mut args = env::args().skip(1);
        if let (Some(folder), Some(url)) = (args.next(), args.next()) {
            return Ok(Self { folder: folder.into(), origin: Origin::parse(&url)?, own: None });
        }
        let sandbox = Sandbox::start(Config { speed: 5, auto_approve: Some(Duration::from_millis(500)), ..Config::default() })?;
        let (folder, origin) = (tempfile::tempdir()?, Origin::parse(sandbox.url())?);
        Ok(Self { folder: folder.path().join("home"), origin, own: Some((folder, sandbox)) })
    }

    /// The one-time code that came by SMS: the newest one in the sandbox's outbox, or else a line of standard input.
    #[must_use]
    pub fn code(&self) -> Option<Otp> {
        let code = match &self.own {
            Some((_, sandbox)) => sandbox.outbox().into_iter().rev().find(|message| message.kind == MessageKind::Sms)?.code?,
            None => io::stdin().lines().next()?.ok()?,
        };
        Otp::parse(&code).ok()
    }
}
