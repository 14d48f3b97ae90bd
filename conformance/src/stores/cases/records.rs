//! A record is the whole answer to one exchange of one flow, for as long as it is needed.

use enlist_core::claim::{Claim, Enrolment};
use enlist_core::{Ceremony, Exchange, ExchangeResult, Input};

use crate::store_bench::bench::{Bench, Left, Opened, close};
use crate::store_bench::flow::{Flow, good, json, page};
use crate::store_fixture::{Broken, Fixture, Support, Tear};
use crate::verdict::Verdict;

/// A word that only the answers of these cases contain.
const CANARY: &str = "canary-3f9a-of-a-record";

/// Bytes of an earlier exchange's answer never answer for another exchange, also not when the save in between failed.
///
/// # Errors
/// [`Broken`].
pub fn a_record_belongs_to_one_exchange<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    flow.exchange(&mut opened)?;
    let earlier = flow.prepare(&mut opened)?;
    let answer = page("<html>Please log in</html>");
    opened.journal(&earlier, &answer)?;
    flow.handle(Input::answered(earlier.id, answer))?;
    // No save: it failed, and the ceremony was driven again.
    let later = flow.begin()?;
    expect_none(&mut opened, &later, "before it was prepared")?;
    opened.prepare(&flow.ceremony, &later)?;
    expect_none(&mut opened, &later, "after it was prepared")?;
    expect_none(&mut bench.crash(opened)?, &later, "after it was prepared and the process died")?;
    Ok(Verdict::Passed)
}

fn expect_none<F: Fixture>(opened: &mut Opened<F>, exchange: &Exchange, when: &str) -> Result<(), Broken> {
    match opened.journaled(exchange.id)? {
        None => Ok(()),
        Some(_) => Err(Broken::new(format_args!("{when}, an exchange was given the answer of the exchange before it"))),
    }
}

/// The answer of a flow that was given up never answers for a new flow at the same place, whose exchanges have the same ids.
///
/// # Errors
/// [`Broken`].
pub fn a_record_belongs_to_one_flow<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut given_up) = (bench.empty()?, Flow::<Enrolment>::start()?);
    let exchange = given_up.prepare(&mut opened)?;
    opened.journal(&exchange, &good(&exchange))?;
    let (mut opened, mut flow) = (bench.open_for_another_flow(opened)?, Flow::<Enrolment>::start()?);
    let exchange = flow.prepare(&mut opened)?;
    match bench.reopen(opened)?.journaled(exchange.id)? {
        None => Ok(Verdict::Passed),
        Some(_) => Err(Broken::new("the answer of an earlier flow came back for a new flow")),
    }
}

/// A record whose write was interrupted does not come back as a whole answer, and not as nothing either: the service may have
/// delivered.
///
/// # Errors
/// [`Broken`].
pub fn a_torn_record_is_no_whole_answer<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    for tear in Tear::ALL {
        let bench = Bench::new(fixture)?;
        let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
        let body = delivery();
        flow.exchange(&mut opened)?;
        let exchange = flow.prepare(&mut opened)?;
        opened.journal(&exchange, &json(200, &body))?;
        let place = close(opened);
        if fixture.tear(&place, body.as_bytes(), tear)? == Support::No {
            return Ok(Verdict::Skipped("the store says that its writes cannot be torn"));
        }
        // A store may also refuse to open.
        let Ok(mut opened) = bench.open_closed(place) else { continue };
        match bench.left(&mut opened, exchange.id) {
            Ok(Left::Answer(Ok(_)) | Left::Ended) => {
                return Err(Broken::new(format_args!("a torn record ({tear:?}) came back as a whole answer")));
            }
            Ok(Left::Nothing) => return Err(Broken::new(format_args!("a torn record ({tear:?}) came back as no answer"))),
            Ok(Left::Answer(Err(_)) | Left::Unreadable) | Err(_) => {}
        }
    }
    Ok(Verdict::Passed)
}

/// After `save`, the bytes of an answer that the snapshot lists as unreadable are still kept: a person may find the credential in
/// them.
///
/// # Errors
/// [`Broken`].
pub fn save_keeps_unreadable_answers<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (opened, is_unreadable) = settled(&bench, page(&format!("<html>{CANARY}</html>")))?;
    if !is_unreadable {
        return Err(Broken::new("the case cannot begin: the ceremony could read the answer"));
    }
    if fixture.holds(&close(opened), CANARY.as_bytes())? {
        Ok(Verdict::Passed)
    } else {
        Err(Broken::new("save dropped an answer that the snapshot lists as unreadable"))
    }
}

/// After `save`, the bytes of an answer that was taken in are gone: what is not needed any more should not be there to be stolen.
///
/// # Errors
/// [`Broken`].
pub fn save_drops_consumed_answers<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (opened, _) = settled(&bench, json(200, &delivery()))?;
    if fixture.holds(&close(opened), CANARY.as_bytes())? {
        Err(Broken::new("save kept the bytes of an answer that was taken in"))
    } else {
        Ok(Verdict::Passed)
    }
}

/// A delivered token, in an answer with a member that no snapshot keeps.
fn delivery() -> String {
    format!(r#"{{"access_token":"ot_pat_2_POSTCLAIM","token_type":"bearer","scopes":[],"note":"{CANARY}"}}"#)
}

/// A store that has saved a claim after its first poll was answered so, and whether the ceremony could not read the answer.
fn settled<F: Fixture>(bench: &Bench<'_, F>, answer: ExchangeResult) -> Result<(Opened<F>, bool), Broken> {
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    flow.exchange(&mut opened)?;
    let exchange = flow.prepare(&mut opened)?;
    flow.settle(&mut opened, &exchange, answer)?;
    let is_unreadable = flow.ceremony.snapshot().unreadable().contains(&exchange.id);
    Ok((opened, is_unreadable))
}
