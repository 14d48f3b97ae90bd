//! The person's browser. It is opened only on a key, and without a shell: the link is one word of a command line.

use std::io;
use std::process::{Child, Command, Stdio};

use crate::env::{self, variable};
use crate::sys;

/// The commands that open a browser, or the reason why there is none.
pub(super) struct Browser {
    found: Result<Vec<String>, &'static str>,
    opened: Option<Child>,
}

impl Browser {
    /// Finds the browser: `BROWSER` if it is set, else the system's, unless nobody would see the window.
    pub(super) fn find(is_wanted: bool) -> Self {
        let found = match variable("BROWSER") {
            _ if !is_wanted => Err("--no-browser"),
            Some(browser) => Ok(browser.split(':').filter(|command| !command.trim().is_empty()).map(str::to_owned).collect()),
            None if ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| variable(name).is_some()) => Err("this is a session over SSH"),
            None if cfg!(target_os = "macos") => Ok(vec!["open".to_owned()]),
            None if ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].iter().all(|name| variable(name).is_none()) => {
                Err("there is no display")
            }
            None if variable("WSL_DISTRO_NAME").is_some() => Ok(vec!["wslview".to_owned(), "xdg-open".to_owned()]),
            None => Ok(vec!["xdg-open".to_owned()]),
        };
        Self { found, opened: None }
    }

    pub(super) fn missing(&self) -> Option<&'static str> {
        self.found.as_ref().err().copied()
    }

    /// Opens `link` in the first browser that can be started, and returns a message for the person.
    pub(super) fn open(&mut self, link: &str) -> String {
        let commands = match &self.found {
            Ok(commands) => commands,
            Err(reason) => return format!("the browser is not opened: {reason}"),
        };
        let mut why = "BROWSER names no browser".to_owned();
        for command in commands {
            match start(command, link) {
                Ok(child) => {
                    self.opened = Some(child);
                    return "opening the browser ...".to_owned();
                }
                Err(error) => why = format!("{command}: {error}"),
            }
        }
        format!("the browser could not be opened ({why}); open the link yourself")
    }

    /// A message, once, if the browser's command has failed.
    pub(super) fn failed(&mut self) -> Option<String> {
        let status = self.opened.as_mut()?.try_wait().ok().flatten()?;
        self.opened = None;
        (!status.success()).then(|| format!("  the browser could not be opened ({status}); open the link yourself"))
    }
}

/// Starts a command of `BROWSER`: words, with `%s` for the link, or with the link appended.
fn start(command: &str, link: &str) -> io::Result<Child> {
    let mut words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    if words.iter().any(|word| word.contains("%s")) {
        for word in &mut words {
            *word = word.replace("%s", link);
        }
    } else {
        words.push(link.to_owned());
    }
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::NotFound)?;
    let mut command = Command::new(program);
    // A browser needs no credential.
    for name in env::OPENTRAIN_TOKENS.into_iter().chain([env::BADGE]) {
        command.env_remove(name);
    }
    // Ctrl-C stops enlist and leaves the browser open.
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    sys::in_own_group(&mut command).spawn()
}
