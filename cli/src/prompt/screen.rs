//! The screen of a person at a terminal while the command waits for the owner: a countdown and a few keys.
//!
//! All of it goes to stderr. `terminal` reads the keys and restores the terminal, `browser` opens the link, `qr` draws it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use enlist_core::Timestamp;
use enlist_core::claim::EnterCode;
use enlist_core::secret::{ClaimLink, UserCode};

use super::browser::Browser;
use super::qr;
use super::terminal::Terminal;
use crate::output::stderr;
use crate::view::claim::minutes;
use crate::wait_policy::now;

/// The options of the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScreenOptions {
    pub(crate) browser: bool,
    pub(crate) qr: Qr,
    /// Colours and bold text are allowed.
    pub(crate) colour: bool,
    /// Only ASCII is allowed.
    pub(crate) ascii: bool,
}

/// When the link is shown as a QR code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Qr {
    /// When the key q is pressed
    #[default]
    Auto,
    /// Immediately
    Always,
    /// Never, and the key q does nothing
    Never,
}

/// The keys and the countdown below the link and the code. Dropping it restores the terminal.
pub(crate) struct Screen {
    terminal: Terminal,
    link: ClaimLink,
    code: UserCode,
    expires_at: Timestamp,
    options: ScreenOptions,
    browser: Browser,
    /// The countdown in the last line.
    drawn: Option<String>,
}

impl Screen {
    /// Opens the screen. `None` if stdin or stderr is no terminal. `resume` is the command line that continues later.
    pub(crate) fn open(notice: &EnterCode, options: ScreenOptions, resume: &str) -> Option<Self> {
        let terminal = Terminal::take()?;
        let mut screen = Self {
            terminal,
            link: notice.verification_uri.clone(),
            code: notice.user_code.clone(),
            expires_at: notice.expires_at,
            options,
            browser: Browser::find(options.browser),
            drawn: None,
        };
        screen.say(&screen.keys(resume));
        if let Some(reason) = screen.browser.missing() {
            screen.say(&format!("  The browser is not opened: {reason}."));
        }
        if options.qr == Qr::Always {
            screen.show_qr();
        }
        Some(screen)
    }

    fn keys(&self, resume: &str) -> String {
        let browser = if self.browser.missing().is_none() { "Enter: open browser   " } else { "" };
        let qr = if self.options.qr == Qr::Never { "" } else { "q: QR   " };
        format!("  {browser}c: copy code   {qr}Ctrl-C: stop (resume: {resume})")
    }

    /// Prints a line above the countdown.
    pub(crate) fn say(&mut self, line: &str) {
        self.wipe();
        put(&format!("{line}\n"));
    }

    /// Counts down for `time`, or less if a key was pressed.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.draw();
        match self.terminal.key(time) {
            Some(b'\r' | b'\n') => self.open_browser(),
            Some(b'c' | b'C') => self.copy(),
            Some(b'q' | b'Q') if self.options.qr != Qr::Never => self.show_qr(),
            _ => {}
        }
        if let Some(failed) = self.browser.failed() {
            self.say(&failed);
        }
    }

    fn draw(&mut self) {
        let line = format!("  waiting... {}", minutes(self.expires_at.since(now())));
        // The line is cut at the width of the terminal, so that it can be overwritten.
        let line = line.chars().take(self.terminal.width().saturating_sub(1)).collect::<String>();
        if self.drawn.as_ref() != Some(&line) && self.terminal.is_ours() {
            self.wipe();
            put(&line);
            self.drawn = Some(line);
        }
    }

    /// Removes the countdown with a carriage return and no escape sequence, so that it works on a dumb terminal.
    fn wipe(&mut self) {
        if let Some(line) = self.drawn.take() {
            put(&format!("\r{}\r", " ".repeat(line.chars().count())));
        }
    }

    fn open_browser(&mut self) {
        let said = self.browser.open(self.link.expose());
        self.say(&format!("  {said}"));
    }

    /// Copies the code through the terminal (OSC 52), which also works over SSH.
    fn copy(&mut self) {
        self.wipe();
        put(&format!("\x1b]52;c;{}\x07", STANDARD.encode(self.code.expose())));
        self.say("  the code was sent to the terminal's clipboard, which not every terminal supports");
    }

    fn show_qr(&mut self) {
        let drawn = qr::draw(self.link.expose(), self.terminal.width(), self.options.colour, self.options.ascii);
        self.say(&drawn.unwrap_or_else(|| "  the terminal is too narrow for the link's QR code".to_owned()));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Prints text on stderr. A failure to write it is ignored.
fn put(text: &str) {
    let _ = stderr::put(text);
}
