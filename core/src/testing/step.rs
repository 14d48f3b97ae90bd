//! One exchange from its request to its result, with the end of a process at any point.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use http::{Response, Uri};

use super::answers::{Named, respond};
use super::classify::{Class, Classified, classify};
use super::endpoint::EndpointKind;
use super::harness::{Harness, heard};
use super::inspect::resumed;
use super::op::{Fate, Manner};
use super::rules::{Broken, Rule};
use super::service::{OpenTrain, Service};
use super::world::{Answered, Response2, World};
use crate::ceremony::{Input, Step};
use crate::error::{Delivery, Partial, TransportFailure, TransportKind};
use crate::exchange::{Exchange, ExchangeId};
use crate::failure::Failure;
use crate::types::timestamp::Timestamp;

impl<C: Harness> World<C> {
    /// Performs one exchange with this fate.
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
        let endpoint = EndpointKind::of(&request.path);
        let is_sent = !matches!(fate, Fate::NotSent(_));
        self.facts.rotations = self.facts.rotations.saturating_add(u8::from(is_sent && endpoint == EndpointKind::Rotate));
        let broke = |kind, delivery| Err(TransportFailure::new(kind, delivery));
        match fate {
            Fate::NotSaved => Ok(()),
            Fate::CrashBeforeSending => self.crash(),
            Fate::NotSent(kind) => self.take(id, endpoint, broke(kind, Delivery::NotSent)),
            Fate::RequestLost => self.take(id, endpoint, broke(TransportKind::Closed, Delivery::Unknown)),
            Fate::Delayed => {
                self.straggler = Some((request, self.elapsed.saturating_sub(ms)));
                self.take(id, endpoint, broke(TransportKind::Timeout, Delivery::Unknown))
            }
            _ => {
                let response = self.serve(manner, &request);
                self.answered(&exchange, endpoint, response, fate)
            }
        }?;
        if fate != Fate::AnsweredUnsaved {
            self.save();
        }
        Ok(())
    }

    fn answered(&mut self, exchange: &Exchange, endpoint: EndpointKind, response: Response<Vec<u8>>, fate: Fate) -> Result<(), Broken> {
        let (id, status) = (exchange.id, response.status().as_u16());
        let broke = || TransportFailure::new(TransportKind::Closed, Delivery::Unknown);
        match fate {
            Fate::AnswerLost => return self.take(id, endpoint, Err(broke())),
            Fate::AnswerCut => {
                let half = response.body().len() / 2;
                let body = response.body().get(..half).unwrap_or_default().to_vec();
                return self.take(id, endpoint, Err(TransportFailure { partial: Some(Partial { status, body }), ..broke() }));
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
                self.take(id, endpoint, Ok(response))?;
                self.crash()
            }
            _ => self.take(id, endpoint, Ok(response)),
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
        Rule::OneInFlight.holds(self.ceremony.begin(now).is_err(), || "begin gives a second request".into())?;
        self.is_owed()?;
        let uri = exchange.request.uri();
        let target = format!("{}://{}", uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |authority| authority.as_str()));
        Rule::Pinned.holds(target == self.ceremony.snapshot().origin(), || format!("a request goes to {target}"))?;
        Rule::Pinned.holds(exchange.timeout <= Duration::from_secs(60) && exchange.max_body <= 65_536, || format!("{exchange:?}"))?;

        let endpoint = EndpointKind::of(&request.path);
        Rule::Delivers.holds(exchange.delivers == endpoint.delivers(), || format!("{exchange:?}"))?;
        if endpoint == EndpointKind::Poll {
            let early = self.oracle.early(self.elapsed, now.as_unix_ms());
            Rule::Pace.holds(early == 0, || format!("{early} ms too early, {:?}", self.oracle))?;
        }
        Rule::PollBeforeStart.holds(endpoint != EndpointKind::Start || !self.oracle.owed, || format!("{:?}", self.oracle))?;
        let is_leave = self.facts.rotations == 0 && self.oracle.verdict == Some(true);
        Rule::OneRotation.holds(endpoint != EndpointKind::Rotate || is_leave, || format!("{:?} {:?}", self.facts, self.oracle))?;
        if endpoint == EndpointKind::HandIn {
            let code = self.facts.code.as_ref().filter(|(code, _)| request.body.contains(code.as_str()));
            Rule::OneRepeat.holds(code.is_some_and(|(_, times)| *times <= 1), || format!("{:?}", self.facts.code))?;
        }
        Ok(exchange)
    }

    /// Checks that nothing else is accepted while an answer is awaited, and that the ceremony can be saved.
    fn is_owed(&self) -> Result<(), Broken> {
        if !self.is_looked_at() {
            return Ok(());
        }
        let restarted = self.ceremony.restarted();
        Rule::OneInFlight.holds(restarted.is_none_or(|restarted| restarted.is_err()), || "another attempt can begin meanwhile".into())?;
        self.is_its_snapshot(&self.step())?;
        self.misuse()
    }

    /// Gives the result of an exchange to the ceremony.
    fn take(&mut self, id: ExchangeId, endpoint: EndpointKind, result: Answered) -> Result<(), Broken> {
        let judged = classify(&result, self.now(), endpoint.delivery());
        self.hides(|| judged.shown.clone())?;
        if let Some(Named(seconds)) = result.as_ref().ok().and_then(|response| response.extensions().get()) {
            let read = judged.error.as_ref().and_then(|error| error.retry_after);
            Rule::Pace.holds(read == Some(u64::from(*seconds)), || format!("Retry-After after {seconds} s is read as {read:?}"))?;
        }
        let oracle = self.oracle.clone();
        self.oracle.heard(endpoint, &judged, self.elapsed, self.now().as_unix_ms());
        match endpoint {
            EndpointKind::HandIn => self.handed_in(&judged),
            EndpointKind::Text => {
                self.facts.session_ends = text_in(&judged, &result, "expires_at").and_then(|end| Timestamp::parse_rfc3339(&end))
            }
            EndpointKind::Verify => self.oracle.verdict = verdict_in(&judged, &result).or(self.oracle.verdict),
            _ => {}
        }
        let credential = result.as_ref().ok().and_then(|response| self.credential_in(endpoint, response));
        self.facts.received = self.facts.received.or(credential);
        let is_redirect = matches!(&result, Ok(response) if response.status().is_redirection());
        let foreign = self.foreign_url_in(endpoint, &judged, &result);
        let before = self.ceremony.shown().map(|(code, _)| code.to_string());
        self.feed(Input::answered(id, result))?;

        let is_taken = matches!(self.step(), Step::Notify(_) | Step::Done(Ok(_)));
        Rule::Pinned.holds(foreign.is_none() || !is_taken, || format!("{foreign:?} is taken"))?;
        if let (EndpointKind::HandIn, Step::Wait { until, .. }) = (endpoint, self.step()) {
            let ends = self.facts.session_ends;
            Rule::Waits
                .holds(ends.is_none_or(|end| until <= end), || format!("a code waits until {until}, but its session ends at {ends:?}"))?;
        }
        if endpoint == EndpointKind::Start && self.is_done() {
            self.oracle.keep_pace_of(&oracle);
        }
        if let Some((_, interval)) =
            self.ceremony.shown().filter(|(code, _)| endpoint == EndpointKind::Start && before.as_deref() != Some(*code))
        {
            self.oracle.begun(interval);
        }
        let is_waited_out =
            endpoint == EndpointKind::Poll && matches!(self.step(), Step::Wait { .. } | Step::Done(Err(Failure::GaveUp { .. })));
        // A redirect in the place of the code's session or of the badge counts as a lost answer.
        let may_be_lost = matches!(endpoint, EndpointKind::Text | EndpointKind::HandIn);
        let is_lost = may_be_lost && matches!(self.step(), Step::Wait { .. } | Step::Ask(_));
        let is_taken =
            is_waited_out || is_lost || matches!(self.step(), Step::Done(Err(Failure::Protocol(_)))) || self.ceremony.asks_instead();
        Rule::NoRedirect.holds(!is_redirect || is_taken, || format!("{:?} after a redirect", self.step()))
    }

    /// Records the fate of a one-time code that was submitted.
    fn handed_in(&mut self, judged: &Classified) {
        let is_conflict = judged.error.as_ref().is_some_and(|error| error.status == 409);
        match (judged.class, &mut self.facts.code) {
            (Class::NotSent, _) => {}
            (_, None) => self.oracle.lost |= judged.class == Class::Object,
            // An object without a badge counts as unreadable.
            (Class::Lost | Class::Unreadable | Class::Unavailable | Class::Object | Class::Broken, Some((_, times))) => {
                *times = times.saturating_add(1);
                self.oracle.lost = true;
            }
            (Class::Refused, Some((_, times))) if is_conflict => {
                *times = times.saturating_add(1);
                self.oracle.lost = true;
            }
            // It is waited out and sent again, and it may stand in the place of the badge.
            (Class::TooMany, _) => self.oracle.lost = true,
            (_, code) => {
                *code = None;
                self.oracle.lost |= judged.class == Class::Refused;
            }
        }
    }

    /// The one-time credential, if the honest service's answer contains it.
    fn credential_in(&self, endpoint: EndpointKind, response: &Response<Vec<u8>>) -> Option<&'static str> {
        let credential = if endpoint == EndpointKind::Register { Some(OpenTrain::PRE_CLAIM) } else { self.service.delivered() };
        let holds = |credential: &&str| response.body().windows(credential.len()).any(|window| window == credential.as_bytes());
        credential.filter(|credential| response.status().is_success() && holds(credential))
    }

    /// The URL of a next step, if a second parser finds that it is on another origin.
    fn foreign_url_in(&self, endpoint: EndpointKind, judged: &Classified, result: &Answered) -> Option<Uri> {
        let names: &[&str] = match endpoint {
            EndpointKind::Register => &["claim_endpoint", "token_endpoint"],
            EndpointKind::Start => &["verification_uri"],
            _ => &[],
        };
        let snapshot = self.ceremony.snapshot();
        let mut urls = names.iter().filter_map(|name| text_in(judged, result, name)?.parse::<Uri>().ok());
        let is_foreign = |url: &Uri| {
            let authority = url.authority().map_or("", |authority| authority.as_str()).to_lowercase();
            format!("{}://{}", url.scheme_str().unwrap_or_default(), authority.trim_end_matches(":443")) != snapshot.origin()
        };
        urls.find(is_foreign)
    }

    /// Another process continues from the store, with the answer that was written down or without one.
    pub(crate) fn crash(&mut self) -> Result<(), Broken> {
        self.ceremony = resumed(&self.store.snapshot)?;
        self.oracle = self.store.oracle.clone();
        // A verdict that an earlier process received is no permission to rotate now.
        self.oracle.verdict = self.oracle.verdict.filter(|_| self.is_done());
        if let Some(id) = self.ceremony.snapshot().in_flight() {
            let journaled = self.store.journal.take().filter(|(of, _)| *of == id);
            let result = journaled.map(|(_, Response2 { status, body })| respond(status, "", body));
            let forgotten = || TransportFailure::new(TransportKind::Forgotten, Delivery::Unknown);
            self.take(id, EndpointKind::at(self.ceremony.place()), result.ok_or_else(forgotten))?;
        }
        self.save();
        Ok(())
    }
}

/// The verdict of `verify` in an answer, if the answer contains one.
fn verdict_in(judged: &Classified, result: &Answered) -> Option<bool> {
    member_in(judged, result, "valid")?.as_bool()
}

fn text_in(judged: &Classified, result: &Answered, name: &str) -> Option<String> {
    member_in(judged, result, name)?.as_str().map(ToString::to_string)
}

fn member_in(judged: &Classified, result: &Answered, name: &str) -> Option<serde_json::Value> {
    let response = result.as_ref().ok().filter(|_| judged.class == Class::Object)?;
    serde_json::from_slice::<serde_json::Value>(response.body()).ok()?.get(name).cloned()
}
