//! Explores each ceremony to exhaustion within stated bounds: client, service and adversary, every interleaving.
//!
//! `enlist-model [small|large]` prints the number of states of each ceremony, and fails when a rule can be broken, when
//! something that must be possible is not, or when the exploration was not exhaustive.

mod bounds;
mod game;

use core::marker::PhantomData;
use std::process::ExitCode;
use std::time::Instant;

use enlist_core::opentrain::{Claim, Enrolment};
use enlist_core::sentryagent::Registration;
use enlist_core::testing::{OpenTrainReading, SentryAgentReading, Subject};
use stateright::{Checker, HasDiscoveries, Model};

use bounds::Bounds;
use game::Game;

fn main() -> ExitCode {
    let is_large = std::env::args().nth(1).is_some_and(|size| size == "large");
    let bounds = if is_large { Bounds::LARGE } else { Bounds::SMALL };
    let [enrolment, claim, registration] = bounds;
    let opentrain = |lapsed| OpenTrainReading { lapsed, life: claim.life, ..Default::default() };
    let lapsed = ["expired_token", "invalid_grant", "authorization_pending"].map(opentrain).to_vec();
    let used = [410, 401, 200].map(|used| SentryAgentReading { used, ..Default::default() }).to_vec();
    let wrong = [
        explore::<Enrolment>(vec![OpenTrainReading::default()], enrolment, &["it is handed out and never comes"]),
        explore::<Claim>(lapsed, claim, &[]),
        explore::<Registration>(used, registration, &[]),
    ];
    if wrong.contains(&true) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Explores one ceremony; whether anything is wrong. `impossible` are the possibilities that it does not have.
fn explore<C: Subject + Send + Sync + 'static>(readings: Vec<C::Reading>, bounds: Bounds, impossible: &[&str]) -> bool
where
    C::Reading: Send + Sync,
    C::Service: Send + Sync,
{
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let game = Game::<C> { readings, bounds, ceremony: PhantomData };
    let checker = game.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
    let mut wrong = false;
    for (name, path) in checker.discoveries() {
        if checker.discovery_classification(name).to_string() == "counterexample" {
            wrong = true;
            println!("{}: {name}: NO, after", C::NAME);
            let last = path.last_state().why();
            path.into_actions().iter().for_each(|op| println!("    {op:?}"));
            println!("  {last}");
        }
    }
    let found = checker.discoveries();
    for name in ["the credential comes", "it comes after a crash", "it is handed out and never comes"] {
        if !wrong && found.contains_key(name) == impossible.contains(&name) {
            wrong = true;
            println!("{}: possible or not, against expectation: {name}", C::NAME);
        }
    }
    let exhaustive = checker.is_done() && !wrong;
    println!(
        "{}, {bounds:?}: {} states ({} generated), depth {}, {:.1} s, {}",
        C::NAME,
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        begun.elapsed().as_secs_f64(),
        if exhaustive { "exhaustive within the bounds, every rule holds" } else { "NOT exhaustive" },
    );
    !exhaustive
}
