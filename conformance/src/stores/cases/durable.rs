//! A crash loses nothing that a call has promised.

use enlist_core::Input;
use enlist_core::claim::Claim;

use crate::store_bench::bench::{Bench, Left};
use crate::store_bench::flow::{Flow, good, page};
use crate::store_fixture::{Broken, Fixture};
use crate::verdict::Verdict;

/// When `prepare` has returned, a process that resumes finds the exchange in flight. Otherwise it would send the request a second
/// time.
///
/// # Errors
/// [`Broken`].
pub fn prepare_is_durable<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    let exchange = flow.prepare(&mut opened)?;
    let mut opened = bench.crash(opened)?;
    if bench.saved(&mut opened)?.in_flight() == Some(exchange.id) {
        Ok(Verdict::Passed)
    } else {
        Err(Broken::new("after prepare and a crash, the saved snapshot does not have the exchange in flight"))
    }
}

/// When `journal` has returned, a process that resumes finds the answer.
///
/// # Errors
/// [`Broken`].
pub fn written_answer_is_durable<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    flow.exchange(&mut opened)?;
    let exchange = flow.prepare(&mut opened)?;
    opened.journal(&exchange, &page("<html>Please log in</html>"))?;
    let mut opened = bench.crash(opened)?;
    match bench.left(&mut opened, exchange.id)? {
        Left::Answer(Ok(_)) | Left::Unreadable => Ok(Verdict::Passed),
        Left::Answer(Err(_)) => Err(Broken::new("after journal and a crash, the answer comes back as cut off")),
        Left::Ended | Left::Nothing => Err(Broken::new("after journal and a crash, no answer is found")),
    }
}

/// When `save` has returned, a process that resumes finds the answer taken in.
///
/// # Errors
/// [`Broken`].
pub fn save_is_durable<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    let exchange = flow.prepare(&mut opened)?;
    let answer = good(&exchange);
    opened.journal(&exchange, &answer)?;
    flow.handle(Input::answered(exchange.id, answer))?;
    opened.save(&flow.ceremony)?;
    let mut opened = bench.crash(opened)?;
    if bench.saved(&mut opened)?.in_flight().is_none() {
        Ok(Verdict::Passed)
    } else {
        Err(Broken::new("after save and a crash, the saved snapshot still waits for the answer that was taken in"))
    }
}
