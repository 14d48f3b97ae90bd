//! The checks after every operation, and ways to bring a ceremony to its end.

use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

use super::harness::{Harness, may_be_delivered_in, stale};
use super::op::{Fate, Manner, Owner, Reply};
use super::rules::{Broken, Rule};
use super::service::Service;
use super::world::World;
use crate::ceremony::{Ceremony, Input, Step};
use crate::error::TransportKind;
use crate::failure::Failure;
use crate::snapshot::Snapshot;

/// The longest allowed wait: the longest interval with its margin.
const LONGEST_WAIT: Duration = Duration::from_millis(3600 * 1400);

impl<C: Harness> World<C> {
    /// Checks every rule that a state can show.
    pub(crate) fn inspect(&self) -> Result<(), Broken> {
        let (step, now) = (self.step(), self.now());
        if !self.is_looked_at() {
            self.counts(&step)?;
            return self.told_truly(&step);
        }
        Rule::Pure.holds(self.step() == step, || format!("{step:?}, then {:?}", self.step()))?;
        Rule::Pure.holds(step == Step::Send || self.ceremony.clone().begin(now).is_err(), || format!("begin succeeds at {step:?}"))?;
        if let Step::Wait { until, .. } = &step {
            Rule::Waits.holds(*until > now && until.since(now) <= LONGEST_WAIT, || format!("until {until} at {now}"))?;
        }
        self.is_its_snapshot(&step)?;
        self.hides(|| format!("{:?} {step:?} {:?} {:?}", self.ceremony, self.ceremony.snapshot(), self.ceremony.snapshot().to_json()))?;
        if let Step::Done(end) = &step {
            self.absorbs()?;
            if let Err(failure) = end {
                Rule::SaysMayBeDelivered
                    .holds(may_be_delivered_in(failure).is_none_or(|said| said == self.ceremony.may_be_delivered()), || {
                        format!("{failure:?}")
                    })?;
                self.hides(|| format!("{failure} {failure:?} {:?}", failure.recovery()))?;
            }
        }
        self.counts(&step)?;
        self.told_truly(&step)
    }

    pub(super) fn is_its_snapshot(&self, step: &Step<C::Notice, C::Prompt, C::Outcome>) -> Result<(), Broken> {
        let snapshot = self.ceremony.snapshot();
        let other: C = resumed(snapshot.to_json().expose())?;
        let comes_back = other.poll(self.now()) == *step || self.ceremony.may_come_back_as(&other);
        // A snapshot limits the life of an attempt to a day after it was written. A clock that was put back by more than that shows there,
        // and nowhere in the current behaviour.
        if self.has_jumped() {
            return Rule::Resumes.holds(comes_back, || format!("{other:?}"));
        }
        if !self.ceremony.knows_more_than_its_snapshot() {
            return Rule::Resumes.holds(other == self.ceremony, || format!("{:?} is resumed as {other:?}", self.ceremony));
        }
        Rule::Resumes.holds(comes_back, || format!("{:?} is resumed as {other:?}", self.ceremony))
    }

    /// Gives the ceremony inputs that do not fit any state.
    pub(crate) fn misuse(&self) -> Result<(), Broken> {
        let now = self.now();
        let in_flight = self.ceremony.snapshot().in_flight();
        let other = stale(in_flight);
        let mut inputs = alloc::vec![Input::lost(other), Input::not_sent(other)];
        let step = self.step();
        inputs.extend((!matches!(step, Step::Notify(_))).then_some(Input::Notified));
        for input in inputs {
            let mut copy = self.ceremony.clone();
            let said = copy.handle(now, input.clone());
            let is_done = matches!(step, Step::Done(_));
            Rule::Misuse.holds(said.is_err() != is_done && copy == self.ceremony, || format!("{input:?} gives {said:?}"))?;
        }
        Ok(())
    }

    fn absorbs(&self) -> Result<(), Broken> {
        let now = self.now();
        for input in [Input::Notified, Input::Woke, Input::lost(stale(None))] {
            let mut copy = self.ceremony.clone();
            let said = copy.handle(now, input.clone());
            Rule::Absorbs.holds(said.is_ok() && copy == self.ceremony, || format!("{input:?} after the end: {said:?}"))?;
        }
        Rule::Absorbs.holds(self.ceremony.clone().begin(now).is_err(), || "begin succeeds after the end".into())
    }

    /// Checks what needs the human's consent, and what the service measures.
    fn counts(&self, step: &Step<C::Notice, C::Prompt, C::Outcome>) -> Result<(), Broken> {
        let costly = self.service.costly();
        Rule::OneWord.holds(costly <= self.words().saturating_add(C::FREE), || format!("{costly} for {} words", self.words()))?;
        // A straggler arrives at a time of its own, and a clock that was set forward measures nothing.
        let measures = !self.has_jumped() && !self.has_straggled() && self.facts.honest;
        Rule::Pace.holds(!measures || !self.service.was_hurried(), || "the service was polled too early".into())?;
        let shown = self.ceremony.shown().map(|(code, _)| code);
        let wrong = shown.is_some_and(|code| !self.has_straggled() && self.facts.honest && !C::is_current(&self.service, code));
        Rule::CurrentCode.holds(!wrong, || format!("the code of an earlier attempt is shown at {step:?}"))
    }

    /// Checks that a credential that arrived is the outcome, and that one that did not arrive is reported truthfully.
    fn told_truly(&self, step: &Step<C::Notice, C::Prompt, C::Outcome>) -> Result<(), Broken> {
        self.ceremony.is_right_about_the_badge(self.oracle.verdict, self.oracle.lost)?;
        let is_named = |failure: &Failure| matches!(failure, Failure::CredentialLost { .. } | Failure::CredentialUnreadable { .. });
        match (step, self.facts.received) {
            (Step::Done(Ok(outcome)), Some(credential)) => {
                Rule::NeverLost.holds(C::credential(outcome) == credential, || "the outcome is another credential".into())
            }
            (_, Some(_)) => Err(Rule::NeverLost.broken(format!("the credential arrived, but the step is {step:?}"))),
            (Step::Done(Err(failure)), None) if is_named(failure) => {
                let handed_out = self.service.delivered().is_some() || C::may_be_taken_for_spent(&self.service, self.elapsed);
                let is_true = self.oracle.lost && (handed_out || !self.facts.honest || self.has_jumped());
                Rule::TrueLoss.holds(is_true, || format!("{failure:?}, {:?}", self.oracle))
            }
            (Step::Done(Err(Failure::ClaimTokenSpent(_))), None) => {
                let is_true = !self.oracle.lost && (self.service.delivered().is_some() || !self.facts.honest || self.has_jumped());
                Rule::Spent.holds(is_true, || format!("{:?}", self.oracle))
            }
            (Step::Done(Err(failure)), None) if self.is_plain() && C::gives(&self.service, self.elapsed) => {
                Rule::Obtained.holds(C::may_leave_it(failure, &self.service, self.elapsed), || format!("{failure:?} at {}", self.elapsed))
            }
            // A straggler may fetch the credential after a definite `pending`. No client can know that.
            (Step::Done(Err(failure)), None) if self.facts.honest && !self.has_straggled() && self.service.delivered().is_some() => {
                Rule::NamedLoss.holds(self.ceremony.may_be_delivered(), || format!("{failure:?}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing has happened that makes the service's clock and the client's clock differ.
    fn is_plain(&self) -> bool {
        self.facts.honest && !self.has_jumped() && !self.has_straggled()
    }

    /// Continues with a fair service and a human who does their part. The ceremony must end.
    ///
    /// # Errors
    /// [`Broken`] if the ceremony does not end, or if a rule is broken on the way.
    pub fn finish(&mut self) -> Result<(), Broken> {
        let is_hopeful = self.is_plain() && self.ceremony.is_within_reach(&self.service, self.elapsed);
        for _ in 0..64 {
            match self.step() {
                Step::Done(end) => {
                    let is_missed = is_hopeful && end.is_err() && C::gives(&self.service, self.elapsed);
                    Rule::Obtained.holds(!is_missed, || format!("{end:?} at {}", self.elapsed))?;
                    return self.inspect();
                }
                Step::Ask(_) => self.reply(Reply::AsAsked)?,
                _ => self.apply(&super::op::Op::Exchange { manner: Manner::Honest, fate: Fate::Answered, ms: 10 })?,
            }
            C::owner(&mut self.service, Owner::Approves, self.elapsed);
        }
        Err(Rule::Ends.broken(format!("the ceremony does not end with a fair service: {:?}", self.ceremony)))
    }

    /// Continues with a service that is gone. The ceremony must end or ask a question.
    ///
    /// # Errors
    /// [`Broken`] if it does not, or if a rule is broken on the way.
    pub fn die(&mut self, silent: bool) -> Result<(), Broken> {
        let fate = if silent { Fate::RequestLost } else { Fate::NotSent(TransportKind::Connect) };
        for _ in 0..2000 {
            match self.step() {
                Step::Done(_) | Step::Ask(_) => return self.inspect(),
                _ => self.apply(&super::op::Op::Exchange { manner: Manner::Honest, fate, ms: 10 })?,
            }
        }
        Err(Rule::Ends.broken(format!("the ceremony does not end with a dead service: {:?}", self.ceremony)))
    }
}

pub(crate) fn resumed<C: Ceremony>(json: &str) -> Result<C, Broken> {
    let snapshot = Snapshot::from_json(json.as_bytes()).map_err(|error| Rule::Resumes.broken(error.to_string()))?;
    C::resume(&snapshot).map_err(|error| Rule::Resumes.broken(error.to_string()))
}
