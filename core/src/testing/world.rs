//! A ceremony, its driver, its store, its service and the clock, as one value that can be copied, compared and continued.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::time::Duration;

use http::Response;

use super::endpoint::EndpointKind;
use super::harness::Harness;
use super::op::{Op, Reply};
use super::oracle::Oracle;
use super::rules::{Broken, Rule};
use super::service::{Heard, Service};
use crate::ceremony::{Input, Step};
use crate::claim::{Claim, Enrolment};
use crate::error::{Misuse, TransportFailure};
use crate::exchange::ExchangeId;
use crate::types::secret::Email;
use crate::types::timestamp::Timestamp;

/// The time at which a world begins: 2026-06-12T09:00:00Z.
pub const START: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);

pub(crate) type Answered = Result<Response<Vec<u8>>, TransportFailure>;

/// A ceremony and the world around it.
#[derive(Clone, Debug, PartialEq)]
pub struct World<C: Harness> {
    pub(crate) ceremony: C,
    pub(crate) service: C::Service,
    /// The milliseconds since the beginning, by a clock that nobody sets.
    pub(crate) elapsed: u64,
    /// The error of the wall clock, in milliseconds.
    skew: i64,
    pub(crate) store: Store,
    /// A request that has not reached the service yet, and the time when it was sent.
    pub(crate) straggler: Option<(Heard, u64)>,
    pub(crate) oracle: Oracle,
    pub(crate) facts: Facts,
    /// The moves from state to state, if they are collected.
    moves: Option<BTreeSet<(&'static str, &'static str)>>,
    is_hasty: bool,
}

/// The data that survive a process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Store {
    pub(crate) snapshot: String,
    pub(crate) oracle: Oracle,
    pub(crate) journal: Option<(ExchangeId, Response2)>,
}

/// A response that can be compared: status and body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Response2 {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// The facts, whether or not anybody knows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    pub(crate) last_id: u64,
    /// The credential that has reached the process.
    pub(crate) received: Option<&'static str>,
    /// How often a human agreed to a costly action.
    pub(crate) words: u8,
    /// The one-time code as typed, and how often it was sent without a definite answer.
    pub(crate) code: Option<(String, u8)>,
    /// How often a rotation may have been sent.
    pub(crate) rotations: u8,
    /// Whether the service has only given documented answers.
    pub(crate) honest: bool,
    /// Whether the wall clock was set.
    jumped: bool,
    /// Whether a request arrived late.
    straggled: bool,
    /// Whether a service wrote one of our secrets by chance.
    pub(crate) tainted: bool,
    /// The end of the session of the last one-time code, as far as the service has said.
    pub(crate) session_ends: Option<Timestamp>,
}

impl<C: Harness> World<C> {
    /// A world in which nothing has happened.
    ///
    /// # Errors
    /// [`Broken`] if a constant of this module is wrong.
    pub fn new(reading: C::Reading) -> Result<Self, Broken> {
        let ceremony = C::fresh().ok_or_else(|| Rule::Reading.broken("the ceremony cannot be made"))?;
        let facts = Facts {
            last_id: 0,
            received: None,
            words: 0,
            code: None,
            rotations: 0,
            honest: true,
            jumped: false,
            straggled: false,
            tainted: false,
            session_ends: None,
        };
        Ok(Self::around(ceremony, C::service(reading), facts))
    }

    fn around(ceremony: C, service: C::Service, facts: Facts) -> Self {
        let oracle = Oracle::nothing();
        let store = Store { snapshot: ceremony.snapshot().to_json().expose().to_string(), oracle: oracle.clone(), journal: None };
        Self { ceremony, service, elapsed: 0, skew: 0, store, straggler: None, oracle, facts, moves: None, is_hasty: false }
    }

    /// Collects the moves from state to state.
    #[must_use]
    pub fn watched(self) -> Self {
        Self { moves: Some(BTreeSet::new()), ..self }
    }

    /// Checks less, in order to explore many states. Shown text is not checked, and the checks of a single state (whether its snapshot
    /// equals it, whether an end absorbs) run for one state in eight.
    #[must_use]
    pub fn hasty(self) -> Self {
        Self { is_hasty: true, ..self }
    }

    /// Whether the checks of a single state run. A hasty world runs them for one state in eight of each kind.
    pub(crate) fn is_looked_at(&self) -> bool {
        let mix = |sum: u64, byte: u8| sum.wrapping_mul(31).wrapping_add(byte.into());
        // The end of a snapshot is the state. The part before it hardly differs.
        let mixed = || self.store.snapshot.bytes().rev().take(100).fold(self.elapsed, mix);
        !self.is_hasty || mixed().is_multiple_of(8)
    }

    /// The moves that were collected.
    #[must_use]
    pub fn moves(&self) -> BTreeSet<(&'static str, &'static str)> {
        self.moves.clone().unwrap_or_default()
    }

    /// The ceremony.
    #[must_use]
    pub fn ceremony(&self) -> &C {
        &self.ceremony
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &C::Service {
        &self.service
    }

    /// The time by the wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(by_the_services_clock(self.elapsed).as_unix_ms().saturating_add(self.skew))
    }

    /// The next step.
    #[must_use]
    pub fn step(&self) -> Step<C::Notice, C::Prompt, C::Outcome> {
        self.ceremony.poll(self.now())
    }

    /// Whether a request that the client has given up may still reach the service.
    #[must_use]
    pub fn has_straggler(&self) -> bool {
        self.straggler.is_some()
    }

    /// Whether this reply is the one that was asked for.
    #[must_use]
    pub fn is_as_asked(&self, reply: Reply) -> bool {
        match self.step() {
            Step::Ask(prompt) => C::answer(reply, &prompt, &self.service) == C::answer(Reply::AsAsked, &prompt, &self.service),
            _ => true,
        }
    }

    /// Whether the ceremony has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.step(), Step::Done(_))
    }

    /// Performs `op` and checks every rule.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn apply(&mut self, op: &Op) -> Result<(), Broken> {
        match op {
            Op::Exchange { manner, fate, ms } => {
                self.come_to_send()?;
                if self.step() == Step::Send {
                    self.exchange(manner, *fate, u64::from(*ms))?;
                }
            }
            Op::Notified => self.notified()?,
            Op::Wait { late_ms } => self.wait(u64::from(*late_ms))?,
            Op::Reply(reply) => self.reply(*reply)?,
            Op::Owner(owner) => C::owner(&mut self.service, *owner, self.elapsed),
            Op::Straggler => {
                if let Some((heard, sent_at)) = self.straggler.take() {
                    self.facts.straggled |= self.facts.jumped || C::is_late(&heard, self.elapsed.saturating_sub(sent_at));
                    let _nobody_hears_it = self.service.serve(&heard, self.elapsed);
                }
            }
            Op::Crash => self.crash()?,
            Op::Jump { ms } => {
                self.skew = self.skew.saturating_add(*ms).clamp(-400_000_000_000, 400_000_000_000);
                self.facts.jumped |= *ms != 0;
                let wall = self.now().as_unix_ms();
                self.oracle.clock(wall);
                self.store.oracle.clock(wall);
            }
            Op::Restart => self.restart()?,
            Op::Misuse => self.misuse()?,
        }
        self.inspect()
    }

    /// Shows notices and waits until a request is due, a question is asked, or the ceremony ends.
    fn come_to_send(&mut self) -> Result<(), Broken> {
        for _ in 0..4 {
            match self.step() {
                Step::Notify(_) => self.notified()?,
                Step::Wait { .. } => self.wait(0)?,
                Step::Send | Step::InFlight(_) | Step::Ask(_) | Step::Done(_) => break,
            }
        }
        Ok(())
    }

    fn notified(&mut self) -> Result<(), Broken> {
        if matches!(self.step(), Step::Notify(_)) {
            self.feed(Input::Notified)?;
            self.save();
        }
        Ok(())
    }

    fn wait(&mut self, late: u64) -> Result<(), Broken> {
        if let Step::Wait { until, .. } = self.step() {
            let wait = u64::try_from(until.since(self.now()).as_millis()).unwrap_or(u64::MAX);
            self.elapsed = self.elapsed.saturating_add(wait).saturating_add(late);
            self.feed(Input::Woke)?;
            self.oracle.clock(self.now().as_unix_ms());
        }
        Ok(())
    }

    pub(crate) fn reply(&mut self, reply: Reply) -> Result<(), Broken> {
        let Step::Ask(prompt) = self.step() else { return Ok(()) };
        let Some(answer) = C::answer(reply, &prompt, &self.service) else { return Ok(()) };
        self.facts.words = self.facts.words.saturating_add(u8::from(C::is_word(&answer)));
        self.facts.code = C::code(&answer).map(|code| (code.to_string(), 0));
        self.feed(Input::Answer(answer))?;
        self.save();
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Broken> {
        let in_flight = self.ceremony.snapshot().in_flight();
        let is_won = matches!(self.step(), Step::Done(Ok(_)));
        match self.ceremony.restarted() {
            None => {}
            Some(Ok(other)) => {
                Rule::NeverLost.holds(in_flight.is_none() && !is_won, || "a restart drops an answer".into())?;
                let from = self.ceremony.place();
                self.ceremony = other;
                self.moved(from);
                self.save();
            }
            Some(Err(refused)) => {
                let right = in_flight.map_or(Misuse::Finished, Misuse::StillInFlight);
                Rule::Misuse.holds((in_flight.is_some() || is_won) && refused == right, || format!("restart says {refused:?}"))?;
            }
        }
        Ok(())
    }

    /// Gives `input` to the ceremony, which must accept it.
    pub(crate) fn feed(&mut self, input: Input<C::Answer>) -> Result<(), Broken> {
        self.hides(|| format!("{input:?}"))?;
        let from = self.ceremony.place();
        let now = self.now();
        self.ceremony.handle(now, input).map_err(|misuse| Rule::OneInFlight.broken(format!("{misuse} at {from}")))?;
        self.moved(from);
        Ok(())
    }

    pub(crate) fn moved(&mut self, from: &'static str) {
        let to = self.ceremony.place();
        if let Some(moves) = self.moves.as_mut().filter(|_| from != to) {
            moves.insert((from, to));
        }
    }

    /// Saves the ceremony and clears the journal.
    pub(crate) fn save(&mut self) {
        self.store =
            Store { snapshot: self.ceremony.snapshot().to_json().expose().to_string(), oracle: self.oracle.clone(), journal: None };
    }

    /// Fails if a text of ours shows a secret.
    pub(crate) fn hides(&self, text: impl FnOnce() -> String) -> Result<(), Broken> {
        if self.facts.tainted || self.is_hasty {
            return Ok(());
        }
        let text = text();
        super::rules::secret_in(&text).map_or(Ok(()), |secret| Err(Rule::Hidden.broken(format!("{secret} in {text}"))))
    }

    pub(crate) fn words(&self) -> u8 {
        self.facts.words
    }

    pub(crate) fn has_jumped(&self) -> bool {
        self.facts.jumped
    }

    pub(crate) fn has_straggled(&self) -> bool {
        self.facts.straggled
    }
}

impl World<Enrolment> {
    /// The world in which the registration is claimed. `None` if the enrolment brought none, or if it has endpoints that this module's
    /// service does not have.
    #[must_use]
    pub fn claimed(&self) -> Option<World<Claim>> {
        let Step::Done(Ok(registration)) = self.step() else { return None };
        let endpoints =
            [&registration.claim_endpoint, &registration.token_endpoint].map(|endpoint| EndpointKind::of(endpoint.uri().path()));
        if endpoints != [EndpointKind::Start, EndpointKind::Poll] {
            return None;
        }
        let claim = Claim::new(&registration, Email::parse("owner@canary.example").ok()?);
        let words = self.words().saturating_add(Enrolment::FREE);
        let facts = Facts { last_id: 0, received: None, words, ..self.facts.clone() };
        let claimed = World::around(claim, self.service.clone(), facts);
        Some(World { elapsed: self.elapsed, skew: self.skew, straggler: self.straggler.clone(), ..claimed })
    }
}

/// The time by the service's clock, which is the world's own.
pub(crate) fn by_the_services_clock(elapsed: u64) -> Timestamp {
    START.after(Duration::from_millis(elapsed))
}

/// States are distinguished by what is saved of them and by what no snapshot contains, never by the moves that were collected.
impl<C: Harness> Hash for World<C> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.ceremony.snapshot().to_json().expose().hash(hasher);
        self.ceremony.beyond_its_snapshot().hash(hasher);
        self.service.hash(hasher);
        (self.elapsed, self.skew, &self.straggler, &self.oracle, &self.facts).hash(hasher);
        (&self.store.snapshot, &self.store.oracle, &self.store.journal).hash(hasher);
    }
}
