//! Two owners at once.

use enlist_core::claim::Claim;

use crate::store_bench::bench::{Bench, close};
use crate::store_bench::flow::Flow;
use crate::store_fixture::{Broken, Fixture};
use crate::verdict::Verdict;

/// While a store is open, a second one for the same flow is refused: two processes that drive one flow would use up each other's codes
/// and answers. The first store is not disturbed, and when it is closed the place can be opened again.
///
/// # Errors
/// [`Broken`].
pub fn a_second_owner_is_refused<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    flow.exchange(&mut opened)?;
    if fixture.open(&opened.place).is_ok() {
        return Err(Broken::new("a store that is in use was opened a second time"));
    }
    let exchange = flow.prepare(&mut opened)?;
    let mut opened = bench
        .open_closed(close(opened))
        .map_err(|broken| Broken::new(format_args!("a store that was closed cannot be opened again: {broken}")))?;
    if bench.saved(&mut opened)?.in_flight() == Some(exchange.id) {
        Ok(Verdict::Passed)
    } else {
        Err(Broken::new("what the first owner saved after the second was refused is lost"))
    }
}
