//! The world behind the listener: both services, the humans, the log and the script, with one clock.

use crate::clock::{Clock, millis};
use crate::config::Config;
use crate::faults::Script;
use crate::log::RequestLog;
use crate::opentrain::{Attempt, NoOpenAttempt, OpenTrain, View, Which};
use crate::outbox::Outbox;
use crate::sentryagent::SentryAgent;

pub(crate) struct World {
    pub(crate) config: Config,
    /// `http://127.0.0.1:43121`
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) opentrain: OpenTrain,
    pub(crate) sentryagent: SentryAgent,
    pub(crate) outbox: Outbox,
    pub(crate) log: RequestLog,
    pub(crate) script: Script,
}

impl World {
    /// A world in its initial state.
    ///
    /// # Errors
    /// The system has no random numbers for the signing key.
    pub(crate) fn new(config: Config, url: String) -> Result<Self, getrandom::Error> {
        let mut script = Script::default();
        script.extend(config.script.clone());
        Ok(Self {
            config,
            url,
            clock: Clock::start(),
            opentrain: OpenTrain::default(),
            sentryagent: SentryAgent::new()?,
            outbox: Outbox::default(),
            log: RequestLog::default(),
            script,
        })
    }

    /// Lets the human of `auto_approve` approve the attempts that are due. Called before anything reads the state.
    pub(crate) fn play_human(&mut self) {
        if let Some(after) = self.config.auto_approve {
            self.opentrain.approve_due(&self.config, millis(after), self.clock.now());
        }
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.opentrain.attempts(View { config: &self.config, url: &self.url, now: self.clock.now() })
    }

    pub(crate) fn approve(&mut self, which: &Which) -> Result<Attempt, NoOpenAttempt> {
        let view = View { config: &self.config, url: &self.url, now: self.clock.now() };
        self.opentrain.approve(view, which)
    }

    pub(crate) fn deny(&mut self, which: &Which) -> Result<Attempt, NoOpenAttempt> {
        let view = View { config: &self.config, url: &self.url, now: self.clock.now() };
        self.opentrain.deny(view, which)
    }
}
