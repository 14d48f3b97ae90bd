//! Processes that die.

use enlist_core::claim::Claim;
use enlist_core::{Exchange, ExchangeResult, Input, Snapshot, Store};

use crate::store_bench::bench::{Bench, Opened};
use crate::store_bench::child::{self, Kill};
use crate::store_bench::flow::{Flow, Next, healthy_answer};
use crate::store_fixture::{Broken, Fixture};
use crate::verdict::Verdict;

/// How many processes a claim may take at most.
const MAX_PROCESSES: usize = 100;

/// A process may die after any call of the store, and also after every one: the next process always opens the store, continues, and in
/// the end has the token.
///
/// # Errors
/// [`Broken`].
pub fn a_process_may_die_after_every_call<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    // A process that lives for this many calls, and those after it for ever.
    for calls in 1.. {
        if claim(fixture, |process| if process == 0 { calls } else { usize::MAX })? == 1 {
            break;
        }
    }
    claim(fixture, |_| 3)?;
    Ok(Verdict::Passed)
}

/// Claims in as many processes as it takes, which is what it gives. Each process dies after so many calls.
fn claim<F: Fixture>(fixture: &F, calls: impl Fn(usize) -> usize) -> Result<usize, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow, mut service) = (bench.empty()?, Flow::<Claim>::start()?, Service::default());
    // Before the first exchange was saved, there is no flow to resume.
    flow.exchange(&mut opened)?;
    for process in 0..MAX_PROCESSES {
        let mut life = Life { calls: calls(process) };
        if live(&mut opened, &mut flow, &mut service, &mut life)? == End::Finished {
            return Ok(process + 1);
        }
        opened = bench.crash(opened)?;
        if fixture.has_ended(&mut opened.store)? {
            return Ok(process + 2);
        }
        flow = Flow::resume(&bench.saved(&mut opened)?)?;
    }
    Err(Broken::new(format_args!("{MAX_PROCESSES} processes that died did not bring a claim to its end")))
}

/// How many calls of the store a process has left.
struct Life {
    calls: usize,
}

#[derive(PartialEq)]
enum End {
    Finished,
    Died,
}

impl Life {
    /// Counts a call that has returned, and says whether the process dies now.
    fn ends(&mut self) -> bool {
        self.calls = self.calls.saturating_sub(1);
        self.calls == 0
    }
}

/// One process: drives the claim until its end or until the process dies.
fn live<F: Fixture>(opened: &mut Opened<F>, flow: &mut Flow<Claim>, service: &mut Service, life: &mut Life) -> Result<End, Broken> {
    loop {
        let input = match flow.next()? {
            Next::Done(Ok(_)) => return Ok(End::Finished),
            Next::Done(Err(failure)) => return Err(Broken::new(format_args!("the claim failed: {failure}"))),
            Next::Owed(id) => opened.journaled(id)?.map_or_else(|| Input::lost(id), |answer| Input::answered(id, answer)),
            Next::Exchange(exchange) => {
                opened.prepare(&flow.ceremony, &exchange)?;
                if life.ends() {
                    return Ok(End::Died);
                }
                let answer = service.answer(&exchange);
                opened.journal(&exchange, &answer)?;
                if life.ends() {
                    return Ok(End::Died);
                }
                Input::answered(exchange.id, answer)
            }
        };
        flow.handle(input)?;
        opened.save(&flow.ceremony)?;
        if life.ends() {
            return Ok(End::Died);
        }
    }
}

/// A service whose owner has typed the code by the second poll. It hands out the token as often as it is asked, so that what a lost
/// answer costs is not the question here.
#[derive(Default)]
struct Service {
    polls: usize,
}

impl Service {
    fn answer(&mut self, exchange: &Exchange) -> ExchangeResult {
        let answer = healthy_answer(exchange, self.polls.min(1));
        self.polls += usize::from(exchange.request.uri().path().ends_with("/token"));
        answer
    }
}

/// A process that is killed in the middle of a call leaves the state before that call or after it, and nothing in between. The case
/// starts and kills several processes of [`Fixture::child`]; `ENLIST_KILLS` sets how many, 20 by default.
///
/// # Errors
/// [`Broken`].
pub fn a_killed_process_leaves_a_whole_state<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    for kill in Kill::all() {
        let place = bench.place()?;
        let Some(command) = fixture.child() else { return Ok(Verdict::Skipped("the fixture starts no child process")) };
        let calls = kill.carry_out(command, &place)?;
        let mut opened = bench
            .open(place)
            .map_err(|broken| Broken::new(format_args!("after a process was killed {kill}, the store cannot be opened: {broken}")))?;
        let saved = fixture.saved(&mut opened.store)?;
        let owed = saved.as_ref().and_then(Snapshot::in_flight);
        let answer = owed.map(|id| opened.store.journaled(id).map_err(|error| error.to_string()));
        child::check(calls, saved.as_ref(), answer).map_err(|broken| Broken::new(format_args!("a process was killed {kill}: {broken}")))?;
    }
    Ok(Verdict::Passed)
}
