//! `enlist exec`: replaces itself with a command that has the credential in its environment.

use std::convert::Infallible;
use std::ffi::OsString;
use std::process::Command;

use super::Facts;
use super::facts::runs;
use super::token::{credential_and_secret, warn_of_shadows};
use crate::context::Context;
use crate::env;
use crate::error::Error;
use crate::input::shown;
use crate::output::Prints;
use crate::store::Service;
use crate::sys;

/// Run a command with a credential in its environment
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Service that issued the credential
    #[arg(value_enum)]
    pub(crate) service: Service,
    /// Variable that holds the credential [default: that of enlist token SERVICE --format env]
    #[arg(long = "as", value_name = "VAR", value_parser = variable)]
    pub(crate) variable: Option<String>,
    /// Command to run, and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

pub(super) static FACTS: Facts = Facts::new(
    "exec",
    &[
        ("enlist exec opentrain -- opentrain jobs list", "sets OPENTRAIN_API_TOKEN for this command only"),
        ("enlist exec sentryagent --as BADGE -- ./run.sh", "uses another variable"),
    ],
)
.printing(Prints::Text);

runs!(Args, FACTS, Some(self.service), |self, start| match run(self, &start.context()?)? {});

/// Returns only if the command could not be run.
pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Infallible, Error> {
    let (_, secret) = credential_and_secret(args.service, context)?;
    let name = args.variable.as_deref().unwrap_or_else(|| env::credential(args.service));
    warn_of_shadows(args.service, &secret, &[name], context);
    let (program, arguments) = args.command.split_first().ok_or_else(|| Error::usage("no command was given"))?;
    let error = sys::exec(Command::new(program).args(arguments).env(name, secret.as_str()));
    Err(Error::usage(format_args!("{} cannot be run: {error}", shown(program))))
}

/// Parses a name that every shell accepts for a variable.
fn variable(name: &str) -> Result<String, String> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = !name.is_empty() && name.bytes().all(is_fine) && !name.starts_with(|char: char| char.is_ascii_digit());
    if !is_name {
        return Err("a name consists of letters, digits and underscores and does not start with a digit".to_owned());
    }
    if is_reserved(name) {
        return Err("other programs act on this variable and could show its value; choose another name".to_owned());
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
