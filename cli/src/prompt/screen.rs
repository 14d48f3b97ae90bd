//! What a person at a terminal sees while the owner's part is waited for: a countdown, and a few keys.
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

/// What was said on the command line about the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScreenOptions {
    pub(crate) browser: bool,
    pub(crate) qr: Qr,
    /// Colours, and what else an escape sequence can do to letters.
    pub(crate) colour: bool,
    /// Nothing but ASCII.
    pub(crate) ascii: bool,
}

/// When the link is shown as a QR code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Qr {
    /// When the key q is pressed
    #[default]
    Auto,
    /// At once
    Always,
    /// Not even then
    Never,
}

/// The keys and the countdown below the link and the code. The terminal is as it was when this is dropped.
pub(crate) struct Screen {
    terminal: Terminal,
    link: ClaimLink,
    code: UserCode,
    expires_at: Timestamp,
    options: ScreenOptions,
    browser: Browser,
    /// The countdown that stands in the last line.
    drawn: Option<String>,
}

impl Screen {
    /// `None` where there is no terminal to write to and to read from. `resume` is the command that goes on later.
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
            screen.say(&format!("  No browser is opened: {reason}."));
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

    /// A line above the countdown.
    pub(crate) fn say(&mut self, line: &str) {
        self.wipe();
        put(&format!("{line}\n"));
    }

    /// Counts down for `time`, or less when a key was pressed.
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
        // Nobody reads what would run into the next line.
        let line = line.chars().take(self.terminal.width().saturating_sub(1)).collect::<String>();
        if self.drawn.as_ref() != Some(&line) && self.terminal.is_ours() {
            self.wipe();
            put(&line);
            self.drawn = Some(line);
        }
    }

    /// Takes the countdown away, without an escape sequence: a dumb terminal knows the carriage return too.
    fn wipe(&mut self) {
        if let Some(line) = self.drawn.take() {
            put(&format!("\r{}\r", " ".repeat(line.chars().count())));
        }
    }

    fn open_browser(&mut self) {
        let said = self.browser.open(self.link.expose());
        self.say(&format!("  {said}"));
    }

    /// By the terminal, which knows where the person's clipboard is, over SSH too (OSC 52).
    fn copy(&mut self) {
        self.wipe();
        put(&format!("\x1b]52;c;{}\x07", STANDARD.encode(self.code.expose())));
        self.say("  the code was handed to the terminal's clipboard; not every terminal takes it");
    }

    fn show_qr(&mut self) {
        let drawn = qr::draw(self.link.expose(), self.terminal.width(), self.options.colour, self.options.ascii);
        self.say(&drawn.unwrap_or_else(|| "  the terminal is too narrow for the QR code of the link".to_owned()));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Text on stderr. A failure to write it changes nothing.
fn put(text: &str) {
    let _ = stderr::put(text);
}
