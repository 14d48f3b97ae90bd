//! A ceremony, its driver, its store, its service and the clock, as one value that can be copied, compared and gone on with.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::time::Duration;

use http::Response;

use super::answers::respond;
use super::inspect::resumed;
use super::known::{Asked, Known};
use super::look::classify;
use super::op::{Fate, Manner, Op, Reply};
use super::rules::{Broken, Rule};
use super::service::{Heard, Service};
use super::subject::{Subject, heard};
use crate::ceremony::{Input, Step};
use crate::error::{Delivery, Misuse, Partial, TransportFailure, TransportKind};
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::Failure;
use crate::time::Timestamp;

/// When a world begins: 2026-06-12T09:00:00Z.
pub const START: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);

type Answered = Result<Response<Vec<u8>>, TransportFailure>;

/// A ceremony and the world around it.
#[derive(Clone, Debug, PartialEq)]
pub struct World<C: Subject> {
    pub(crate) ceremony: C,
    pub(crate) service: C::Service,
    /// Milliseconds since the beginning, by a clock that nobody sets.
    pub(crate) elapsed: u64,
    /// By how much the wall clock is off.
    skew: i64,
    pub(crate) store: Store,
    straggler: Option<Heard>,
    pub(crate) known: Known,
    pub(crate) facts: Facts,
    /// The moves from state to state, when they are collected.
    moves: Option<BTreeSet<(&'static str, &'static str)>>,
    is_hasty: bool,
}

/// What outlives a process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Store {
    snapshot: String,
    known: Known,
    journal: Option<(ExchangeId, Response2)>,
}

/// A response that can be compared: status and body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Response2 {
    status: u16,
    body: Vec<u8>,
}

/// What is true, whoever knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    last_id: u64,
    /// The credential that has reached the process.
    pub(crate) received: Option<&'static str>,
    /// How often a human agreed to what is costly.
    words: u8,
    /// The one-time code as typed, and how often it was sent without a definite answer.
    code: Option<(String, u8)>,
    /// Whether the service has said only what the documents say.
    pub(crate) honest: bool,
    /// Whether the wall clock was set.
    jumped: bool,
    /// Whether a request came late.
    straggled: bool,
    /// Whether a service wrote one of our secrets by chance.
    pub(crate) tainted: bool,
}

impl<C: Subject> World<C> {
    /// A world in which nothing has happened.
    ///
    /// # Errors
    /// [`Broken`] if a constant of this module were wrong.
    pub fn new(reading: C::Reading) -> Result<Self, Broken> {
        let ceremony = C::fresh().ok_or_else(|| Rule::Reading.broken("no ceremony"))?;
        let facts =
            Facts { last_id: 0, received: None, words: 0, code: None, honest: true, jumped: false, straggled: false, tainted: false };
        let known = Known::nothing();
        let store = Store { snapshot: ceremony.snapshot().to_json().expose().to_string(), known: known.clone(), journal: None };
        Ok(Self {
            ceremony,
            service: C::service(reading),
            elapsed: 0,
            skew: 0,
            store,
            straggler: None,
            known,
            facts,
            moves: None,
            is_hasty: false,
        })
    }

    /// The same, and the moves from state to state are collected.
    #[must_use]
    pub fn watched(self) -> Self {
        Self { moves: Some(BTreeSet::new()), ..self }
    }

    /// The same, for exploring many states: what is shown is not looked at, and each state by itself (whether its snapshot is
    /// the same, whether an end absorbs) only one time in eight.
    #[must_use]
    pub fn hasty(self) -> Self {
        Self { is_hasty: true, ..self }
    }

    /// Whether this state is looked at by itself.
    pub(crate) fn is_looked_at(&self) -> bool {
        !self.is_hasty || (self.elapsed / 1000 + self.facts.last_id).is_multiple_of(8)
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
        let elapsed = i64::try_from(self.elapsed).unwrap_or(i64::MAX);
        Timestamp::from_unix_ms(START.as_unix_ms().saturating_add(elapsed).saturating_add(self.skew))
    }

    /// What is to be done now.
    #[must_use]
    pub fn step(&self) -> Step<C::Notice, C::Prompt, C::Outcome> {
        self.ceremony.poll(self.now())
    }

    /// Whether a request is still under way to the service that the client has given up.
    #[must_use]
    pub fn has_straggler(&self) -> bool {
        self.straggler.is_some()
    }

    /// Whether the ceremony has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.step(), Step::Done(_))
    }

    /// Lets `op` happen, and checks every rule.
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
                if let Some(heard) = self.straggler.take() {
                    self.facts.straggled = true;
                    let _nobody_hears_it = self.service.serve(&heard, self.elapsed);
                }
            }
            Op::Crash => self.crash()?,
            Op::Jump { ms } => {
                self.skew = self.skew.saturating_add(*ms).clamp(-400_000_000_000, 400_000_000_000);
                self.facts.jumped |= *ms != 0;
                let wall = self.now().as_unix_ms();
                self.known.clock(wall);
                self.store.known.clock(wall);
            }
            Op::Restart => self.restart()?,
            Op::Misuse => self.misuse()?,
        }
        self.inspect()
    }

    /// Shows and waits until a request is due, a question is asked, or the end.
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
            self.known.clock(self.now().as_unix_ms());
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
                Rule::NeverLost.holds(in_flight.is_none() && !is_won, || "a restart would drop an answer".into())?;
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

    /// One request, whatever becomes of it.
    pub(crate) fn exchange(&mut self, manner: &Manner, fate: Fate, ms: u64) -> Result<(), Broken> {
        let exchange = self.begin()?;
        let id = exchange.id;
        if fate == Fate::NotSaved {
            self.feed(Input::not_sent(id))?;
            return Ok(());
        }
        self.facts.last_id = id.0;
        self.save();
        self.elapsed = self.elapsed.saturating_add(ms);
        let request = heard(&exchange);
        let broke = |kind, delivery| Err(TransportFailure::new(kind, delivery));
        match fate {
            Fate::NotSaved => Ok(()),
            Fate::CrashBeforeSending => self.crash(),
            Fate::NotSent(kind) => self.take(id, &request, broke(kind, Delivery::NotSent)),
            Fate::RequestLost => self.take(id, &request, broke(TransportKind::Closed, Delivery::Unknown)),
            Fate::Delayed => {
                self.straggler = Some(request.clone());
                self.take(id, &request, broke(TransportKind::Timeout, Delivery::Unknown))
            }
            _ => {
                let response = self.serve(manner, &request);
                self.answered(&exchange, &request, response, fate)
            }
        }?;
        if fate != Fate::AnsweredUnsaved {
            self.save();
        }
        Ok(())
    }

    fn answered(&mut self, exchange: &Exchange, request: &Heard, response: Response<Vec<u8>>, fate: Fate) -> Result<(), Broken> {
        let (id, status) = (exchange.id, response.status().as_u16());
        let broke = || TransportFailure::new(TransportKind::Closed, Delivery::Unknown);
        match fate {
            Fate::AnswerLost => return self.take(id, request, Err(broke())),
            Fate::AnswerCut => {
                let half = response.body().len() / 2;
                let body = response.body().get(..half).unwrap_or_default().to_vec();
                return self.take(id, request, Err(TransportFailure { partial: Some(Partial { status, body }), ..broke() }));
            }
            Fate::CrashBeforeJournal => return self.crash(),
            _ => {}
        }
        if exchange.delivers && (200..300).contains(&status) {
            self.store.journal = Some((id, Response2 { status, body: response.body().clone() }));
        }
        match fate {
            Fate::CrashAfterJournal => self.crash(),
            Fate::CrashBeforeSaving => {
                self.take(id, request, Ok(response))?;
                self.crash()
            }
            _ => self.take(id, request, Ok(response)),
        }
    }

    fn begin(&mut self) -> Result<Exchange, Broken> {
        let now = self.now();
        let from = self.ceremony.place();
        let exchange = self.ceremony.begin(now).map_err(|misuse| Rule::Pure.broken(format!("begin says {misuse} on Step::Send")))?;
        self.moved(from);
        let request = heard(&exchange);
        self.hides(|| format!("{exchange:?}"))?;

        Rule::Numbered.holds(exchange.id.0 > self.facts.last_id, || format!("{} after {}", exchange.id, self.facts.last_id))?;
        Rule::OneInFlight.holds(self.step() == Step::InFlight(exchange.id), || format!("{:?} after begin", self.step()))?;
        Rule::OneInFlight.holds(self.ceremony.begin(now).is_err(), || "a second request".into())?;
        let uri = exchange.request.uri();
        let target = format!("{}://{}", uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |authority| authority.as_str()));
        Rule::Pinned.holds(target == self.ceremony.snapshot().origin(), || format!("a request to {target}"))?;
        Rule::Pinned.holds(exchange.timeout <= Duration::from_secs(60) && exchange.max_body <= 65_536, || format!("{exchange:?}"))?;

        let asked = Asked::of(&request.path);
        let delivers = asked == Asked::Poll || matches!(request.path.as_str(), "/api/agent/identity" | "/v1/auth/confirm");
        Rule::Delivers.holds(exchange.delivers == delivers, || format!("{exchange:?}"))?;
        if asked == Asked::Poll {
            let early = self.known.early(self.elapsed, now.as_unix_ms());
            Rule::Pace.holds(early == 0, || format!("{early} ms too early, {:?}", self.known))?;
        }
        Rule::PollBeforeStart.holds(asked != Asked::Start || !self.known.owed, || format!("{:?}", self.known))?;
        if request.path == "/v1/auth/confirm" {
            let code = self.facts.code.as_ref().filter(|(code, _)| request.body.contains(code.as_str()));
            Rule::OneRepeat.holds(code.is_some_and(|(_, times)| *times <= 1), || format!("{:?}", self.facts.code))?;
        }
        Ok(exchange)
    }

    /// The result of an exchange comes to the ceremony.
    fn take(&mut self, id: ExchangeId, request: &Heard, result: Answered) -> Result<(), Broken> {
        let asked = Asked::of(&request.path);
        let delivery = match request.path.as_str() {
            "/api/agent/identity/claim" => "user_code",
            "/v1/auth/verify-phone" => "manifest_session_id",
            "/v1/auth/confirm-manifest" => "otp_session_id",
            "/v1/auth/confirm" => "badge",
            _ => "access_token",
        };
        let judged = classify(&result, self.now(), delivery);
        self.hides(|| judged.shown.clone())?;
        let known = self.known.clone();
        self.known.heard(asked, &judged, self.elapsed, self.now().as_unix_ms());
        if request.path == "/v1/auth/confirm" {
            self.handed_in(&judged);
        }
        let credential = result.as_ref().ok().and_then(|response| self.credential_in(request, response));
        self.facts.received = self.facts.received.or(credential);
        let is_redirect = matches!(&result, Ok(response) if response.status().is_redirection());
        let before = self.ceremony.shown().map(|(code, _)| code.to_string());
        self.feed(Input::answered(id, result))?;

        if asked == Asked::Start && self.is_done() {
            self.known.keep_pace_of(&known);
        }
        if let Some((_, interval)) = self.ceremony.shown().filter(|(code, _)| asked == Asked::Start && before.as_deref() != Some(*code)) {
            self.known.begun(interval);
        }
        Rule::NoRedirect.holds(!is_redirect || matches!(self.step(), Step::Done(Err(Failure::Protocol(_)))), || {
            format!("{:?} after a redirect", self.step())
        })
    }

    /// What became of a code that was handed in.
    fn handed_in(&mut self, judged: &super::look::Classified) {
        use super::look::Class;
        let is_conflict = judged.error.as_ref().is_some_and(|error| error.status == 409);
        match (judged.class, &mut self.facts.code) {
            (Class::NotSent | Class::Unavailable, _) => {}
            (_, None) => self.known.lost |= judged.class == Class::Object,
            // An object without a badge is one that cannot be read.
            (Class::Lost | Class::Unreadable | Class::Object, Some((_, times))) => {
                *times = times.saturating_add(1);
                self.known.lost = true;
            }
            (Class::Refused, Some((_, times))) if is_conflict => {
                *times = times.saturating_add(1);
                self.known.lost = true;
            }
            (_, code) => *code = None,
        }
    }

    /// The one-time credential, when the honest service's answer holds it.
    fn credential_in(&self, request: &Heard, response: &Response<Vec<u8>>) -> Option<&'static str> {
        use super::service::OpenTrain;
        let credential = if request.path == "/api/agent/identity" { Some(OpenTrain::PRE_CLAIM) } else { self.service.delivered() };
        let holds = |credential: &&str| response.body().windows(credential.len()).any(|window| window == credential.as_bytes());
        credential.filter(|credential| response.status().is_success() && holds(credential))
    }

    /// Gives `input` to the ceremony, which must want it.
    fn feed(&mut self, input: Input<C::Answer>) -> Result<(), Broken> {
        self.hides(|| format!("{input:?}"))?;
        let from = self.ceremony.place();
        let now = self.now();
        self.ceremony.handle(now, input).map_err(|misuse| Rule::OneInFlight.broken(format!("{misuse} at {from}")))?;
        self.moved(from);
        Ok(())
    }

    fn moved(&mut self, from: &'static str) {
        let to = self.ceremony.place();
        if let Some(moves) = self.moves.as_mut().filter(|_| from != to) {
            moves.insert((from, to));
        }
    }

    /// The store can be written; the journal has done its work.
    fn save(&mut self) {
        self.store = Store { snapshot: self.ceremony.snapshot().to_json().expose().to_string(), known: self.known.clone(), journal: None };
    }

    /// Another process goes on from what is stored: with the answer that was written down, or without one.
    fn crash(&mut self) -> Result<(), Broken> {
        self.ceremony = resumed(&self.store.snapshot)?;
        self.known = self.store.known.clone();
        if let Some(id) = self.ceremony.snapshot().in_flight() {
            let path = self.path_in_flight();
            let request = Heard { path: String::from(path), body: String::new() };
            let journaled = self.store.journal.take().filter(|(of, _)| *of == id);
            let result = journaled.map(|(_, Response2 { status, body })| respond(status, "", body));
            let forgotten = || TransportFailure::new(TransportKind::Forgotten, Delivery::Unknown);
            self.take(id, &request, result.ok_or_else(forgotten))?;
        }
        self.save();
        Ok(())
    }

    fn path_in_flight(&self) -> &'static str {
        match self.ceremony.place() {
            "Registering, in flight" => "/api/agent/identity",
            "Starting, in flight" => "/api/agent/identity/claim",
            "Submitting, in flight" => "/v1/auth/verify-phone",
            "Texting, in flight" => "/v1/auth/confirm-manifest",
            "HandingIn, in flight" => "/v1/auth/confirm",
            _ => "/api/agent/oauth/token",
        }
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

/// States are told apart by what is saved of them and by what no snapshot holds, never by the moves that were collected.
impl<C: Subject> Hash for World<C> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.ceremony.snapshot().to_json().expose().hash(hasher);
        self.ceremony.beyond_its_snapshot().hash(hasher);
        self.service.hash(hasher);
        (self.elapsed, self.skew, &self.straggler, &self.known, &self.facts).hash(hasher);
        (&self.store.snapshot, &self.store.known, &self.store.journal).hash(hasher);
    }
}
