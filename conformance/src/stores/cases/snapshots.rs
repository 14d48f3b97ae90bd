//! The snapshot that comes back is the last one that was saved.

use enlist_core::badge::{self, BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::{Ceremony, Delivery, Input, Step, TransportFailure, TransportKind};

use crate::fixture::TestCeremony;
use crate::mocks::BEGINNING;
use crate::store_bench::bench::{Bench, Opened};
use crate::store_bench::flow::{Flow, Next, good, json};
use crate::store_fixture::{Broken, Fixture};
use crate::verdict::Verdict;

/// The snapshots of every kind of ceremony come back to the letter, with the characters of every script.
///
/// # Errors
/// [`Broken`].
pub fn snapshots_come_back_to_the_letter<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    to_the_letter::<Enrolment, F>(fixture)?;
    to_the_letter::<Claim, F>(fixture)?;
    to_the_letter::<BadgeRegistration, F>(fixture)?;
    to_the_letter::<BadgeRotation, F>(fixture)?;
    Ok(Verdict::Passed)
}

/// Compares after each call that saves, in flight and answered, until the ceremony has ended.
fn to_the_letter<C: TestCeremony, F: Fixture>(fixture: &F) -> Result<(), Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<C>::start()?);
    for _ in 0..2 {
        let Next::Exchange(exchange) = flow.next()? else { break };
        opened.prepare(&flow.ceremony, &exchange)?;
        opened = reopened_equal(&bench, opened, &flow.ceremony)?;
        flow.settle(&mut opened, &exchange, good(&exchange))?;
        if matches!(flow.ceremony.poll(BEGINNING), Step::Done(_)) {
            break;
        }
        opened = reopened_equal(&bench, opened, &flow.ceremony)?;
    }
    Ok(())
}

fn reopened_equal<F: Fixture, C: Ceremony>(bench: &Bench<'_, F>, opened: Opened<F>, ceremony: &C) -> Result<Opened<F>, Broken> {
    let mut opened = bench.reopen(opened)?;
    let (saved, expected) = (bench.saved(&mut opened)?, ceremony.snapshot());
    if saved.to_json().expose() == expected.to_json().expose() {
        Ok(opened)
    } else {
        Err(Broken::new(format_args!("a snapshot of the ceremony {} came back as another one", C::KIND.as_str())))
    }
}

/// A second save counts although no exchange was prepared in between. A host saves so when a person has answered a question and the
/// program pauses.
///
/// # Errors
/// [`Broken`].
pub fn every_save_counts<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<BadgeRegistration>::start()?);
    flow.exchange(&mut opened)?;
    flow.handle(Input::Answer(badge::RegistrationAnswer::ProfileOk))?;
    opened.save(&flow.ceremony)?;
    let mut opened = bench.reopen(opened)?;
    let resumed = Flow::<BadgeRegistration>::resume(&bench.saved(&mut opened)?)?;
    match resumed.ceremony.poll(BEGINNING) {
        Step::Send => Ok(Verdict::Passed),
        _ => Err(Broken::new("the second of two saves did not count: the person is asked again")),
    }
}

/// A claim that is resumed shows the code and the link of its own attempt, and not those of an earlier claim at the same place.
///
/// # Errors
/// [`Broken`].
pub fn a_resumed_claim_shows_its_own_code<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let mut opened = bench.empty()?;
    for code in ["039218", "774410"] {
        let mut flow = Flow::<Claim>::start()?;
        let exchange = flow.prepare(&mut opened)?;
        flow.settle(&mut opened, &exchange, json(200, &started(code)))?;
        opened = bench.reopen(opened)?;
        let resumed = Flow::<Claim>::resume(&bench.saved(&mut opened)?)?;
        match resumed.ceremony.poll(BEGINNING) {
            Step::Notify(notice) if notice.user_code.expose() == code && notice.verification_uri.expose().contains(code) => {}
            Step::Notify(_) => return Err(Broken::new("a resumed claim shows another code or link than it was given")),
            _ => return Err(Broken::new("a resumed claim shows no code")),
        }
        opened = bench.open_for_another_flow(opened)?;
    }
    Ok(Verdict::Passed)
}

fn started(code: &str) -> String {
    format!(
        r#"{{"user_code":"{code}","verification_uri":"https://service.example/claim?token=ot_cat_{code}","expires_in":1800,"interval":5,"email_sent":true}}"#
    )
}

/// The ids of a resumed ceremony's exchanges are greater than those of all its exchanges before, also of one that was not sent.
/// Otherwise a record could be taken for the answer to another request.
///
/// # Errors
/// [`Broken`].
pub fn exchange_ids_rise_across_restarts<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    flow.exchange(&mut opened)?;
    let unsent = flow.prepare(&mut opened)?;
    flow.settle(&mut opened, &unsent, Err(TransportFailure::new(TransportKind::Connect, Delivery::NotSent)))?;
    let mut opened = bench.reopen(opened)?;
    let next = Flow::<Claim>::resume(&bench.saved(&mut opened)?)?.begin()?;
    if next.id > unsent.id {
        Ok(Verdict::Passed)
    } else {
        Err(Broken::new(format_args!("after a restart, exchange {} follows exchange {}", next.id, unsent.id)))
    }
}
