//! The person's terminal: keys one by one and unseen while this is held, and everything as it was afterwards.
//!
//! Signals stay what they are: Ctrl-C is SIGINT and Ctrl-Z stops the process, whose terminal the shell then takes.

use std::io::{IsTerminal, Stdin, stderr, stdin};
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::sys;

const ESCAPE: u8 = 0x1b;
/// Where the terminal does not say how wide it is.
const USUAL_WIDTH: usize = 80;

/// What is typed is not shown while this is held.
pub(crate) struct HiddenInput {
    stdin: Stdin,
    before: Termios,
}

impl HiddenInput {
    /// `None` where stdin is no terminal: nothing is shown there.
    pub(crate) fn begin() -> Option<Self> {
        let stdin = stdin();
        let before = tcgetattr(&stdin).ok()?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ECHO;
        tcsetattr(&stdin, OptionalActions::Now, &modes).ok()?;
        Some(Self { stdin, before })
    }
}

impl Drop for HiddenInput {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}

/// stdin and stderr of a person.
pub(super) struct Terminal {
    stdin: Stdin,
    /// What the terminal was like.
    before: Termios,
}

impl Terminal {
    /// `None` when one of the two is no terminal.
    pub(super) fn take() -> Option<Self> {
        let stdin = stdin();
        if !stdin.is_terminal() || !stderr().is_terminal() {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let terminal = Self { stdin, before };
        terminal.unbuffer();
        Some(terminal)
    }

    /// The next key within `time`. Of a key that is several bytes, an arrow say, nothing is told.
    pub(super) fn key(&self, time: Duration) -> Option<u8> {
        if !self.is_ours() {
            std::thread::sleep(time);
            return None;
        }
        // After a stop, the shell gave the terminal back as it likes it.
        self.unbuffer();
        if !sys::wait_readable(&self.stdin, time).ok()? {
            return None;
        }
        let mut bytes = [0; 32];
        let length = sys::read(&self.stdin, &mut bytes).unwrap_or_default();
        if length == 0 {
            // Hung up: it would be readable for ever.
            std::thread::sleep(time);
        }
        bytes.first().copied().filter(|byte| length > 0 && *byte != ESCAPE)
    }

    /// How many columns there are on stderr.
    pub(super) fn width(&self) -> usize {
        tcgetwinsize(stderr()).ok().map(|size| usize::from(size.ws_col)).filter(|width| *width > 0).unwrap_or(USUAL_WIDTH)
    }

    /// Whether this process is in the foreground. Another one must not touch the terminal: it would be stopped for it.
    pub(super) fn is_ours(&self) -> bool {
        sys::is_in_foreground(&self.stdin)
    }

    fn unbuffer(&self) {
        let line_by_line = LocalModes::ICANON | LocalModes::ECHO;
        if let Ok(mut modes) = tcgetattr(&self.stdin)
            && modes.local_modes.intersects(line_by_line)
            && self.is_ours()
        {
            modes.local_modes -= line_by_line;
            let _ = tcsetattr(&self.stdin, OptionalActions::Now, &modes);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.is_ours() {
            let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
        }
    }
}
