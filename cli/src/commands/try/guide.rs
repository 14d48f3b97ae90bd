//! The guide of the tour: the host of its ceremonies, which says what happens.

use std::fmt::Display;
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use enlist_blocking::Host;
use enlist_core::badge::Identity;
use enlist_core::claim::ClaimedToken;
use enlist_core::{Ceremony, Exchange, ExchangeId, ExchangeResult, Store, Timestamp, WaitReason};
use enlist_sandbox::{MessageKind, Sandbox, Which};

use super::script::{TourCeremony, meaning, reason};
use super::{OWNER, scopes};
use crate::error::Error;
use crate::output::Output;
use crate::wait_policy::now;

/// The owner acts in the second wait, so that the tour shows one "not yet".
const OWNER_ACTS_IN_WAIT: u32 = 2;
/// Added to each wait, because a clock that is being corrected could end it a moment too early.
const MARGIN: Duration = Duration::from_millis(10);
const SCOPES_PER_LINE: usize = 5;

/// The host of every ceremony of the tour.
pub(super) struct Guide<'a> {
    output: &'a Output,
    sandbox: &'a Sandbox,
    waits_for_owner: u32,
}

impl<'a> Guide<'a> {
    pub(super) fn new(output: &'a Output, sandbox: &'a Sandbox) -> Self {
        Self { output, sandbox, waits_for_owner: 0 }
    }

    pub(super) fn welcome(&self) -> Result<(), Error> {
        self.output.tell("This tour shows how an AI agent gets its identity at two services.")?;
        self.output.tell(format_args!("The requests are real. A sandbox at {}", self.sandbox.url()))?;
        self.output.tell("plays the services and the people. Nothing leaves this machine, and nothing is stored.")
    }

    pub(super) fn heading(&self, text: &str) -> Result<(), Error> {
        self.output.tell(format_args!("\n{text}"))
    }

    pub(super) fn say(&self, text: impl Display) -> Result<(), Error> {
        self.output.tell(format_args!("     {text}"))
    }

    pub(super) fn played(&self, text: impl Display) -> Result<(), Error> {
        self.output.tell(format_args!("  [played] {text}"))
    }

    pub(super) fn sum_up(&self, token: &ClaimedToken, identity: &Identity) -> Result<(), Error> {
        self.heading("Done. The agent has an identity at both services. Secrets are shortened:")?;
        self.say(format_args!("OpenTrain    token {}, with the scopes", token.access_token().hint()))?;
        for scopes in scopes(token).collect::<Vec<_>>().chunks(SCOPES_PER_LINE) {
            self.say(format_args!("             {}", scopes.join(" ")))?;
        }
        let did = identity.did().map_or_else(|| "an unreadable DID".to_owned(), ToString::to_string);
        self.say(format_args!("SentryAgent  badge {} for {did}", identity.badge().hint()))?;
        self.output.tell("\nNext: `enlist sandbox` runs both services for your own client and your browser.")
    }

    /// Reads the code from the newest SMS.
    pub(super) fn code_on_the_phone(&self) -> Result<String, Error> {
        let outbox = self.sandbox.outbox();
        let sms = outbox.into_iter().rev().find(|message| message.kind == MessageKind::Sms);
        sms.and_then(|sms| sms.code).ok_or_else(|| Error::internal("the sandbox sent no SMS"))
    }

    fn owner_acts(&self) -> Result<(), Error> {
        self.played(format_args!("{OWNER} opens the link, signs in and enters the code."))?;
        self.sandbox.approve(&Which::newest()).map(drop).map_err(Error::internal)
    }
}

impl<C: TourCeremony> Host<C> for Guide<'_> {
    type Error = Error;

    fn now(&mut self) -> Timestamp {
        now()
    }

    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, Error> {
        let gap = until.since(now());
        self.say(format_args!("... waiting {:.1} s: {}", gap.as_secs_f64(), reason(why)))?;
        thread::sleep(gap / 2);
        self.waits_for_owner += u32::from(*why == WaitReason::Pending);
        if self.waits_for_owner == OWNER_ACTS_IN_WAIT && *why == WaitReason::Pending {
            self.owner_acts()?;
        }
        thread::sleep(gap / 2 + MARGIN);
        Ok(ControlFlow::Continue(()))
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), Error> {
        C::show(self, notice)
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Error> {
        C::ask(self, prompt)
    }
}

/// Says each request and its result. It stores nothing, because the tour's credentials are worthless outside of it.
pub(super) struct Narration<'a> {
    output: &'a Output,
    requests: u32,
}

impl<'a> Narration<'a> {
    pub(super) const fn new(output: &'a Output) -> Self {
        Self { output, requests: 0 }
    }

    fn answered(&self, exchange: &Exchange, answer: impl Display) -> Result<(), Error> {
        let (method, path) = (exchange.request.method(), exchange.request.uri().path());
        self.output.tell(format_args!("{:>3}  {method} {path} -> {answer}", self.requests))
    }
}

impl Store for Narration<'_> {
    type Error = Error;

    fn prepare<C: Ceremony>(&mut self, _: &C, _: &Exchange) -> Result<(), Error> {
        self.requests += 1;
        Ok(())
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), Error> {
        match answer {
            Ok(response) => {
                self.answered(exchange, response.status().as_str())?;
                let meaning = meaning(exchange.request.uri().path(), response.status().as_u16());
                meaning.iter().try_for_each(|line| self.output.tell(format_args!("     {line}")))
            }
            Err(failure) => self.answered(exchange, failure),
        }
    }

    fn journaled(&mut self, _: ExchangeId) -> Result<Option<ExchangeResult>, Error> {
        Ok(None)
    }

    fn save<C: Ceremony>(&mut self, _: &C) -> Result<(), Error> {
        Ok(())
    }
}
