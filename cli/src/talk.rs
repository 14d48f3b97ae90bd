//! The human's end of a command: what was answered in advance on the command line, and questions at a terminal.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;

use enlist_core::secret::Otp;
use enlist_core::{Timestamp, WaitReason};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::interrupt::Interrupt;
use crate::output::{Output, note};
use crate::problem::{Problem, trouble_words};

/// How long a prompt may be deaf to a signal.
const GLANCE: Duration = Duration::from_millis(200);

/// Where words go, and what was answered in advance.
pub(crate) struct Voice<'a> {
    pub(crate) output: &'a Output,
    interrupt: &'a Interrupt,
    /// Somebody is at a terminal and may be asked.
    pub(crate) may_ask: bool,
    /// `--yes`: the profile is right.
    pub(crate) yes: bool,
    /// `--again`: the owner agrees to another SMS or registration. Good for one.
    pub(crate) again: bool,
    /// Whoever asked for no more than a start is not asked for the code.
    pub(crate) leave_at_otp: bool,
    /// The one-time code that was handed in. Good for one try.
    pub(crate) otp: Option<Otp>,
    /// The human was told what to do.
    pub(crate) started: bool,
    waited_before: bool,
}

impl<'a> Voice<'a> {
    pub(crate) fn new(output: &'a Output, interrupt: &'a Interrupt, no_input: bool) -> Self {
        let may_ask = !no_input && output.is_human() && io::stdin().is_terminal();
        Self { output, interrupt, may_ask, yes: false, again: false, leave_at_otp: false, otp: None, started: false, waited_before: false }
    }

    pub(crate) fn take_again(&mut self) -> bool {
        std::mem::take(&mut self.again)
    }

    /// A line for a wait: the first, and each that is no plain waiting.
    pub(crate) fn waiting(&mut self, until: Timestamp, why: &WaitReason) {
        match why {
            WaitReason::Pending if self.waited_before => {}
            WaitReason::Pending if self.started => note("waiting for the owner ..."),
            WaitReason::SlowedDown => note("waiting, at longer intervals: the service asked for it ..."),
            WaitReason::Trouble(trouble) => note(format_args!("{}; again at {until}", trouble_words(trouble))),
            _ => note("waiting ..."),
        }
        self.waited_before = matches!(why, WaitReason::Pending);
    }

    /// A question with yes or no. `false` for anything but yes, and when nobody is there.
    pub(crate) fn agrees(&self, question: &str) -> Result<bool, Problem> {
        if !self.may_ask {
            return Ok(false);
        }
        let answer = self.line(&format!("{question} [y/N] "))?.unwrap_or_default();
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// A line from the terminal; `None` at its end, and when a signal came first.
    pub(crate) fn line(&self, prompt: &str) -> Result<Option<String>, Problem> {
        let mut stderr = io::stderr().lock();
        write!(stderr, "{prompt}").and_then(|()| stderr.flush()).map_err(Problem::internal)?;
        drop(stderr);
        let mut stdin = io::stdin().lock();
        while !is_readable()? {
            if self.interrupt.exit_code().is_some() {
                note("");
                return Ok(None);
            }
        }
        let mut line = String::new();
        let length = stdin.read_line(&mut line).map_err(Problem::internal)?;
        Ok((length > 0).then_some(line))
    }
}

/// Whether stdin has something within a glance. A signal ends the glance early.
fn is_readable() -> Result<bool, Problem> {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let timeout = Timespec { tv_sec: 0, tv_nsec: GLANCE.subsec_nanos().into() };
    match poll(&mut fds, Some(&timeout)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(Problem::internal(error)),
    }
}
