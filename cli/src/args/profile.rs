//! The command lines about profiles, and about where their credentials are used.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};

use crate::store::{ProfileName, Service};

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileArgs {
    /// List every profile and what it holds
    List,
    /// Make a profile the one that is meant without a word
    Use {
        /// Which
        name: ProfileName,
    },
    /// Give a profile another name; what is under way in it goes on
    Rename {
        /// Which
        old: ProfileName,
        /// A name that no profile has
        new: ProfileName,
    },
    /// Remove a profile and all that it holds; its services know nothing of that
    Remove {
        /// Which
        name: ProfileName,
        /// The owner agrees to lose what it holds
        #[arg(long)]
        yes: bool,
    },
    /// Take over the credential that a service's own tool keeps
    Import {
        /// Whose tool
        #[arg(value_enum)]
        tool: Tool,
    },
    /// Hand the credential to a service's own tool
    Export {
        /// Whose tool
        #[arg(value_enum)]
        tool: Tool,
        /// The owner agrees to lose another credential that the tool has
        #[arg(long)]
        yes: bool,
    },
}

impl ProfileArgs {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List => "profile list",
            Self::Use { .. } => "profile use",
            Self::Rename { .. } => "profile rename",
            Self::Remove { .. } => "profile remove",
            Self::Import { .. } => "profile import",
            Self::Export { .. } => "profile export",
        }
    }

    pub(crate) fn service(&self) -> Option<Service> {
        matches!(self, Self::Import { .. } | Self::Export { .. }).then_some(Service::Opentrain)
    }
}

/// A tool whose file is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// OpenTrain's, which keeps it in opentrain/cli.json
    Opentrain,
}

#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    /// Whose credential
    #[arg(value_enum)]
    pub(crate) service: Service,
    /// The variable that holds it [default: the one of enlist token SERVICE --format env]
    #[arg(long = "as", value_name = "VAR", value_parser = variable)]
    pub(crate) variable: Option<String>,
    /// What to run, and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// A name that every shell takes for a variable.
fn variable(name: &str) -> Result<String, String> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = !name.is_empty() && name.bytes().all(is_fine) && !name.starts_with(|char: char| char.is_ascii_digit());
    is_name.then(|| name.to_owned()).ok_or_else(|| "letters, digits and underscores, no digit at the beginning".to_owned())
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn variables_are_plain_names() {
        for good in ["A", "_x", "OPENTRAIN_API_TOKEN2"] {
            assert_eq!(variable(good), Ok(good.to_owned()));
        }
        for bad in ["", "1A", "A-B", "A=B", "A B", "Ä", "A\0"] {
            assert!(variable(bad).is_err(), "{bad:?}");
        }
    }
}
