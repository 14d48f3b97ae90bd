//! The command's conversation with a human: notices, questions, and their answers.

use std::io::{self, ErrorKind, IsTerminal};
use std::thread;
use std::time::Duration;

use enlist_core::claim::EnterCode;
use enlist_core::{Timestamp, WaitReason};

use super::pre_answers::PreAnswers;
use super::screen::{Screen, ScreenOptions};
use super::terminal::HiddenInput;
use crate::error::{Error, trouble_words};
use crate::input::read_some;
use crate::interrupt::Interrupt;
use crate::output::data::Data;
use crate::output::event::{Action, ActionRequired, Event};
use crate::output::stderr::{aside, note, put};
use crate::output::{Next, Outcome, Output};
use crate::view::Time;
use crate::view::claim::{WHEN_TO_RESUME, lines, say_to_user};
use crate::view::flow::Awaiting;

/// Tells and asks the human, in the output's format.
pub(crate) struct Prompter<'a> {
    pub(crate) output: &'a Output,
    interrupt: &'a Interrupt,
    /// A person is at the terminal and may be asked.
    pub(crate) may_ask: bool,
    pub(crate) pre_answers: PreAnswers,
    /// `--no-wait`: the command does not ask for the code from the SMS.
    pub(crate) leave_at_otp: bool,
    /// This command has handed in a one-time code.
    pub(crate) handed_in: bool,
    /// The human was told what to do.
    pub(crate) started: bool,
    /// The agent's name, by which the owner recognises the agent.
    pub(crate) agent: Option<String>,
    /// The countdown and the keys, while a person at a terminal waits for the owner.
    screen: Option<Screen>,
    options: ScreenOptions,
    waited_before: bool,
    /// The answer to the last question of a ceremony was no.
    pub(crate) declined: bool,
}

/// The answer to a yes-or-no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// Nobody could be asked.
    NoOne,
}

impl Answer {
    /// The outcome of a command that needs a yes. `None` if the answer is yes. `next` is the command line for after a person agreed.
    pub(crate) fn unless_yes(self, question: &'static str, data: impl Into<Data>, next: Next) -> Option<Outcome> {
        match self {
            Self::Yes => None,
            Self::No => Some(Outcome::stopped(Error::Declined { flow: None }, data, None)),
            Self::NoOne => Some(Outcome::stopped(Error::HumanNeeded(question), data, Some(next))),
        }
    }
}

impl<'a> Prompter<'a> {
    pub(crate) fn new(output: &'a Output, interrupt: &'a Interrupt, no_input: bool, options: ScreenOptions) -> Self {
        Self {
            output,
            interrupt,
            may_ask: !no_input && output.can_ask() && io::stdin().is_terminal(),
            pre_answers: PreAnswers::default(),
            leave_at_otp: false,
            handed_in: false,
            started: false,
            agent: None,
            screen: None,
            options,
            waited_before: false,
            declined: false,
        }
    }

    /// Shows the link and the code, before any wait.
    pub(crate) fn enter_code(&mut self, notice: &EnterCode) -> Result<(), Error> {
        if self.output.is_events() {
            return self.output.emit(&Event::ActionRequired(self.claim_action(notice)));
        }
        for line in lines(notice, self.agent.as_deref()) {
            let code = notice.user_code.expose();
            self.output.tell(line.replace(code, &self.output.strong(code)))?;
        }
        if self.may_ask {
            self.screen = Screen::open(notice, self.options, &self.output.next_step_in_flow("resume", &[], "").line());
        }
        Ok(())
    }

    fn claim_action(&self, notice: &EnterCode) -> ActionRequired {
        let next = self.output.next_step_in_flow("resume", &["--max-wait", "60s"], WHEN_TO_RESUME);
        ActionRequired {
            url: Some(notice.verification_uri.expose().to_owned()),
            code: Some(notice.user_code.expose().to_owned()),
            r#for: Some(notice.owner.expose().to_owned()),
            email_sent: Some(notice.email_sent),
            expires_at: Some(Time(notice.expires_at)),
            ..ActionRequired::new(Action::EnterCode, say_to_user(notice), next)
        }
    }

    /// Reports that a person must answer, before any wait for the answer.
    pub(crate) fn needs(&self, kind: Action, say: &str, next: Next) -> Result<(), Error> {
        self.output.emit(&Event::ActionRequired(ActionRequired::new(kind, say, next)))
    }

    pub(crate) fn next_step(&self, command: &str, arguments: &[&str], when: &'static str) -> Next {
        self.output.next_step_in_flow(command, arguments, when)
    }

    /// Waits for `time`, or less if a key was pressed.
    pub(crate) fn pass(&mut self, time: Duration) {
        match &mut self.screen {
            Some(screen) => screen.pass(time),
            None => thread::sleep(time),
        }
    }

    /// Restores the terminal.
    pub(crate) fn leave_screen(&mut self) {
        self.screen = None;
    }

    /// Reports a wait: the first one, and every one with a special reason.
    pub(crate) fn waiting(&mut self, until: Timestamp, why: &WaitReason) -> Result<(), Error> {
        let at = Time(until);
        let pending = Event::Pending { awaiting: if self.started { Awaiting::Owner } else { Awaiting::Service }, until: at };
        let (event, words) = match why {
            WaitReason::Pending => {
                let words = match (self.waited_before, self.started) {
                    (true, _) => None,
                    (false, true) => Some("waiting for the owner ...".to_owned()),
                    (false, false) => Some("waiting ...".to_owned()),
                };
                (pending, words)
            }
            WaitReason::SlowedDown => {
                let words = "waiting at longer intervals, as the service asked ...".to_owned();
                (Event::SlowDown { until: at }, Some(words))
            }
            WaitReason::Trouble(trouble) => {
                let message = trouble_words(trouble);
                let words = format!("{message}; trying again in {}", at.time_left());
                (Event::Retrying { message, until: at }, Some(words))
            }
            _ => (pending, Some("waiting ...".to_owned())),
        };
        self.waited_before = matches!(why, WaitReason::Pending);
        self.output.emit(&event)?;
        match (words.filter(|_| !self.output.is_events()), &mut self.screen) {
            // The countdown already shows this.
            (Some(_), Some(_)) if matches!(why, WaitReason::Pending) => {}
            (Some(words), Some(screen)) => screen.say(&words),
            (Some(words), None) => aside(words),
            (None, _) => {}
        }
        Ok(())
    }

    /// Asks a yes-or-no question, unless `yes` is set. Every answer except yes means no.
    pub(crate) fn answer(&self, yes: bool, question: &str) -> Result<Answer, Error> {
        if yes {
            return Ok(Answer::Yes);
        }
        let line = if self.may_ask { self.line(&format!("{} [y/N] ", self.output.with_command_lines(question)))? } else { None };
        self.interrupt.check()?;
        Ok(match line.map(|line| line.trim().to_ascii_lowercase()).as_deref() {
            Some("y" | "yes") => Answer::Yes,
            Some(_) => Answer::No,
            None => Answer::NoOne,
        })
    }

    /// Asks a yes-or-no question within a ceremony. The ceremony pauses unless the answer is yes, and reports a signal itself.
    pub(crate) fn agrees(&mut self, question: &str) -> Result<bool, Error> {
        let answer = match self.answer(false, question) {
            Err(Error::Interrupted(_)) => Answer::NoOne,
            answer => answer?,
        };
        self.declined = answer == Answer::No;
        Ok(answer == Answer::Yes)
    }

    /// Reads a line without showing it on the terminal.
    pub(crate) fn hidden_line(&self, prompt: &str) -> Result<Option<String>, Error> {
        let unseen = HiddenInput::begin();
        let line = self.line(prompt);
        if unseen.is_some() {
            // The newline was not shown either.
            note("");
        }
        line
    }

    /// Reads a line from the terminal. `None` at the end of the input, or if a signal came first.
    pub(crate) fn line(&self, prompt: &str) -> Result<Option<String>, Error> {
        put(prompt).map_err(Error::internal)?;
        let (stdin, mut line) = (io::stdin(), Vec::new());
        // It reads byte by byte, because the rest of the input belongs to the next question.
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            match read_some(&stdin, &mut byte, self.interrupt) {
                Ok(0) => break,
                Ok(_) => line.extend(byte),
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    note("");
                    return Ok(None);
                }
                Err(error) => return Err(Error::internal(error)),
            }
        }
        Ok((!line.is_empty()).then(|| String::from_utf8_lossy(&line).into_owned()))
    }
}
