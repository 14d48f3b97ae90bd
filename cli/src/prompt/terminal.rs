//! The person's terminal. While it is held, keys are read one by one and not shown. Afterwards its modes are restored.
//!
//! Signals keep their effect: Ctrl-C is SIGINT, and Ctrl-Z stops the process, whereupon the shell takes the terminal.

use std::io::{IsTerminal, Stdin, stderr, stdin};
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::sys;

const ESCAPE: u8 = 0x1b;
/// The width if the terminal does not report one.
const USUAL_WIDTH: usize = 80;

/// Hides what is typed while it is held.
pub(crate) struct HiddenInput {
    stdin: Stdin,
    before: Termios,
}

impl HiddenInput {
    /// Hides the input. `None` if stdin is no terminal.
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

/// The terminal of a person.
pub(super) struct Terminal {
    stdin: Stdin,
    /// The modes to restore.
    before: Termios,
}

impl Terminal {
    /// Takes the terminal. `None` if stdin or stderr is none.
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

    /// The next key within `time`. Keys of several bytes, such as arrows, are ignored.
    pub(super) fn key(&self, time: Duration) -> Option<u8> {
        if !self.is_ours() {
            std::thread::sleep(time);
            return None;
        }
        // After a stop, the shell may have changed the modes.
        self.unbuffer();
        if !sys::wait_readable(&self.stdin, time).ok()? {
            return None;
        }
        let mut bytes = [0; 32];
        let length = sys::read(&self.stdin, &mut bytes).unwrap_or_default();
        if length == 0 {
            // The terminal hung up, and would stay readable.
            std::thread::sleep(time);
        }
        bytes.first().copied().filter(|byte| length > 0 && *byte != ESCAPE)
    }

    /// The number of columns.
    pub(super) fn width(&self) -> usize {
        tcgetwinsize(stderr()).ok().map(|size| usize::from(size.ws_col)).filter(|width| *width > 0).unwrap_or(USUAL_WIDTH)
    }

    /// Whether this process is in the foreground. The kernel stops a background process that changes the terminal.
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
