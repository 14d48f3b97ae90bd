//! The command lines of what comes after the ceremonies.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::Waiting;
use crate::store::Service;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Ask each service whether the credential is still good
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    /// Whose
    #[arg(value_enum)]
    pub(crate) service: Service,
    /// The owner agrees
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BadgeArgs {
    /// Show what a badge says of itself; never the badge
    Show {
        /// The badge; - for stdin [default: the profile's own]
        file: Option<OsString>,
    },
    /// Check a badge by the service's keys, then ask the service whether it was revoked: 0 valid, 5 not valid
    Verify(VerifyArgs),
    /// Have a message signed in the agent's name; prints the signature (JWS) and nothing else
    Sign(SignArgs),
    /// Get another badge and DID; the old ones are dead at once
    Rotate(RotateArgs),
    /// End the badge at the service, then forget it here
    Revoke {
        /// The owner agrees
        #[arg(long)]
        yes: bool,
    },
    /// Show what the service publishes about an agent
    Lookup {
        /// The agent, did:sentryagent:...
        did: String,
    },
}

impl BadgeArgs {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Show { .. } => "badge show",
            Self::Verify(_) => "badge verify",
            Self::Sign(_) => "badge sign",
            Self::Rotate(_) => "badge rotate",
            Self::Revoke { .. } => "badge revoke",
            Self::Lookup { .. } => "badge lookup",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The badge; - for stdin [default: the profile's own]
    pub(crate) file: Option<OsString>,
    /// By the keys that are kept, without asking the service: a revocation is not seen
    #[arg(long)]
    pub(crate) offline: bool,
    /// The badge must say that this is its issuer
    #[arg(long, value_name = "ISS")]
    pub(crate) issuer: Option<String>,
    /// The badge must be meant for this audience
    #[arg(long, value_name = "AUD")]
    pub(crate) audience: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The message; - for stdin
    #[arg(default_value = "-")]
    pub(crate) file: OsString,
    /// Sign it even if it may be a JSON object, which could hold the claims of a badge
    #[arg(long)]
    pub(crate) even_claims: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The owner agrees that badge and DID change
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}
