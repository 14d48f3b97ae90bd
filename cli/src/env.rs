//! The environment variables that the command reads, by name, and how they are read.

use std::env::{self, VarError};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::error::Error;
use crate::store::Home;
use crate::store::Service;

/// The folder of the store.
pub(crate) const HOME: &str = "ENLIST_HOME";
/// The profile that commands use.
pub(crate) const PROFILE: &str = "ENLIST_PROFILE";
/// Who runs the command.
pub(crate) const MODE: &str = "ENLIST_MODE";
/// The output format.
pub(crate) const OUTPUT: &str = "ENLIST_OUTPUT";
/// The place for new credentials.
pub(crate) const STORE: &str = "ENLIST_STORE";
/// The level or the file of the log.
pub(crate) const LOG: &str = "ENLIST_LOG";

/// The variables that name a file with further certificates. The first one that is set is used.
pub(crate) const CA_FILES: [&str; 2] = ["ENLIST_CA_FILE", "SSL_CERT_FILE"];

/// The variables from which OpenTrain's own tools take a token before they read their file.
pub(crate) const OPENTRAIN_TOKENS: [&str; 3] = ["OT_API_TOKEN", "OPENTRAIN_API_TOKEN", "OPENTRAIN_PERSONAL_API_TOKEN"];

/// The variable in which `exec` and `--format env` put a badge. SentryAgent has no tool that reads one.
pub(crate) const BADGE: &str = "SENTRYAGENT_BADGE";

/// The variables that agents' tools set for the commands that they run, with any value. `AI_AGENT` and `AGENT` are proposed for all
/// tools.
pub(crate) const AGENTS: [&str; 9] =
    ["AI_AGENT", "AGENT", "CLAUDECODE", "CODEX_SANDBOX", "CURSOR_AGENT", "GEMINI_CLI", "OPENCODE", "CLINE_ACTIVE", "AUGMENT_AGENT"];

/// Other variables that change what a command does. The report for a bug report lists those that are set.
pub(crate) const OTHERS: [&str; 12] = [
    "HOME",
    "XDG_STATE_HOME",
    "XDG_CONFIG_HOME",
    "HTTP_PROXY",
    "CI",
    "TERM",
    "NO_COLOR",
    "BROWSER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "SSH_CONNECTION",
    "WSL_DISTRO_NAME",
];

/// The address of the session bus, through which the keyring is reached.
pub(crate) const SESSION_BUS: &str = "DBUS_SESSION_BUS_ADDRESS";

/// The variables with the address of `service`. The first one that is set is used.
pub(crate) const fn addresses(service: Service) -> &'static [&'static str] {
    match service {
        Service::Opentrain => &["ENLIST_OPENTRAIN_URL", "OT_API_BASE_URL", "OPENTRAIN_API_BASE_URL"],
        Service::Sentryagent => &["ENLIST_SENTRYAGENT_URL"],
    }
}

/// The variable in which other programs expect the credential.
pub(crate) const fn credential(service: Service) -> &'static str {
    match service {
        Service::Opentrain => "OPENTRAIN_API_TOKEN",
        Service::Sentryagent => BADGE,
    }
}

/// Every variable that changes what a command does, except those of proxies.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    let own = [HOME, PROFILE, MODE, OUTPUT, STORE, LOG, SESSION_BUS];
    let addresses = Service::ALL.into_iter().flat_map(|service| addresses(service).iter().copied());
    own.into_iter().chain(addresses).chain(CA_FILES).chain(OPENTRAIN_TOKENS).chain(OTHERS)
}

/// The value of a variable. An empty one counts as not set.
pub(crate) fn variable(name: &str) -> Option<String> {
    match env::var(name) {
        Ok(value) => (!value.is_empty()).then_some(value),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(value)) => Some(value.to_string_lossy().into_owned()),
    }
}

/// The value of a variable that is a path, which need not be valid UTF-8.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The folder of the store. `None` if no variable names one.
fn home() -> Option<PathBuf> {
    // The XDG specification requires that relative paths are ignored.
    let state = || path("XDG_STATE_HOME").filter(|state| state.is_absolute());
    let fallback = || path("HOME").map(|home| home.join(".local/state"));
    path(HOME).or_else(|| state().or_else(fallback).map(|state| state.join("enlist")))
}

/// The store's home, if a variable names one.
///
/// # Errors
/// [`Error::Usage`] for a relative path, which would be another home in another working directory.
pub(crate) fn store_home() -> Result<Option<Home>, Error> {
    let Some(folder) = home() else { return Ok(None) };
    Home::at(&folder).map(Some).map_err(|error| Error::Usage { message: error.to_string(), hint: absolute(&folder) })
}

/// A hint with the absolute path of a relative home. A shell replaces a `~`, but a file of variables does not.
fn absolute(folder: &Path) -> Option<String> {
    let absolute = match folder.strip_prefix("~") {
        Ok(rest) => path("HOME")?.join(rest),
        Err(_) => env::current_dir().ok()?.join(folder),
    };
    Some(format!("name it by its absolute path: {}", absolute.display()))
}

/// The folder of the configurations of programs. `None` when no variable names one.
pub(crate) fn config() -> Option<PathBuf> {
    let config = path("XDG_CONFIG_HOME").filter(|config| config.is_absolute());
    config.or_else(|| path("HOME").map(|home| home.join(".config")))
}

/// Reads the word that the variable `name` holds.
///
/// # Errors
/// [`Error::Usage`] with the words that are allowed.
pub(crate) fn choice<T: ValueEnum>(name: &str, word: &str) -> Result<T, Error> {
    T::from_str(word, false).map_err(|_| {
        let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let words: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
        let listed = match &words[..] {
            [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
            few => few.concat(),
        };
        Error::usage(format_args!("{name} must be {listed}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::BackendArg;
    use crate::caller::Caller;

    #[test]
    fn a_word_is_one_of_those_that_are_allowed() {
        assert_eq!(choice::<Caller>(MODE, "ci").unwrap(), Caller::Ci);
        let message = |read: Result<(), Error>| read.unwrap_err().message();
        assert_eq!(message(choice::<Caller>(MODE, "robot").map(drop)), "ENLIST_MODE must be human, agent or ci");
        assert_eq!(message(choice::<BackendArg>(STORE, "File").map(drop)), "ENLIST_STORE must be file or keyring");
    }
}
