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
    if !is_name {
        return Err("letters, digits and underscores, no digit at the beginning".to_owned());
    }
    if is_reserved(name) {
        return Err("this variable changes which programs, libraries or settings are used, and its value is easily shown".to_owned());
    }
    Ok(name.to_owned())
}

/// Whether programs act on the variable of this name by themselves. The dynamic loader, for one, prints the value of `LD_PRELOAD`
/// when it is not a library.
fn is_reserved(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let is_of_a_family =
        ["LD_", "DYLD_", "BASH_", "ENLIST", "LC_", "MALLOC_", "PYTHON", "PERL", "RUBY"].iter().any(|prefix| name.starts_with(prefix));
    is_of_a_family || upper.ends_with("_PROXY") || RESERVED.contains(&name)
}

/// Variables that programs act on by themselves, beside the families.
const RESERVED: [&str; 40] = [
    "BROWSER",
    "CDPATH",
    "CLASSPATH",
    "EDITOR",
    "ENV",
    "GCONV_PATH",
    "GIT_ASKPASS",
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GLOBIGNORE",
    "HOME",
    "HOSTALIASES",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LANG",
    "LANGUAGE",
    "LOCPATH",
    "LOGNAME",
    "NLSPATH",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "OLDPWD",
    "PAGER",
    "PATH",
    "PROMPT_COMMAND",
    "PS1",
    "PS4",
    "PWD",
    "SHELL",
    "SHELLOPTS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "USER",
    "VISUAL",
    "_JAVA_OPTIONS",
];

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

    #[test]
    fn variables_that_programs_act_on_are_refused() {
        for reserved in ["LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "PATH", "IFS", "BASH_ENV", "NODE_OPTIONS", "https_proxy", "ENLIST_HOME"] {
            assert!(variable(reserved).is_err(), "{reserved}");
        }
        for free in ["MY_PATH", "OPENAI_API_KEY", "SENTRYAGENT_BADGE", "PATHS", "OLD_TOKEN"] {
            assert!(variable(free).is_ok(), "{free}");
        }
    }
}
