//! Explores each ceremony completely within stated bounds: client, service and adversary, in every interleaving.
//!
//! `enlist-model [small|large]`, or `enlist-model` with one ceremony and its bounds, prints the number of states of each ceremony. It fails
//! if a rule can be broken, if something that must be possible is not, or if the exploration was not exhaustive.

mod bounds;
mod game;

use core::marker::PhantomData;
use std::process::ExitCode;
use std::time::Instant;

use enlist_core::CeremonyKind;
use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::testing::{BadgesReading, Harness, OpenTrainReading, SentryAgentReading};
use stateright::{Checker, HasDiscoveries, Model};

use bounds::Bounds;
use game::Game;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let rows = match args[..] {
        [] | ["small"] => Bounds::SMALL.to_vec(),
        ["large"] => Bounds::LARGE.to_vec(),
        [name, faults, restarts, life] => match (CeremonyKind::from_name(name), faults.parse(), restarts.parse(), life.parse()) {
            (Some(kind), Ok(faults), Ok(restarts), Ok(life)) => vec![(kind, Bounds { faults, restarts, life })],
            _ => return usage(),
        },
        _ => return usage(),
    };
    let right = rows.iter().filter(|(kind, bounds)| explore_kind(*kind, *bounds)).count();
    if right == rows.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    eprintln!("enlist-model [small | large | CEREMONY FAULTS RESTARTS LIFE]");
    ExitCode::FAILURE
}

/// Whether the ceremony of this kind passes under every reading of its service.
fn explore_kind(kind: CeremonyKind, bounds: Bounds) -> bool {
    let expired = ["expired_token", "invalid_grant", "authorization_pending"];
    let opentrain = expired.map(|expired| OpenTrainReading { expired, life: bounds.life, ..Default::default() });
    let used = [410, 401, 200].map(|used| SentryAgentReading { used, ..Default::default() });
    let dead = [401, 410].map(|dead| BadgesReading { dead });
    match kind {
        CeremonyKind::Enrolment => explore::<Enrolment>(&opentrain[..1], bounds, &["the credential is handed out and never arrives"]),
        CeremonyKind::Claim => explore::<Claim>(&opentrain, bounds, &[]),
        CeremonyKind::BadgeRegistration => explore::<BadgeRegistration>(&used, bounds, &[]),
        CeremonyKind::BadgeRotation => explore::<BadgeRotation>(&dead, bounds, &[]),
    }
}

/// Explores one ceremony and returns whether it passes. `impossible` lists the possibilities that it does not have.
fn explore<C: Harness + Send + Sync + 'static>(readings: &[C::Reading], bounds: Bounds, impossible: &[&str]) -> bool
where
    C::Reading: Send + Sync,
    C::Service: Send + Sync,
{
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let game = Game::<C> { readings: readings.to_vec(), bounds, ceremony: PhantomData };
    let close = Game::<C> { readings: readings.to_vec(), bounds: bounds.closer(), ceremony: PhantomData };
    let mistaken = game::mistaken(&close);
    if mistaken > 0 {
        println!("{}: {mistaken} states were wrongly taken for another one", C::KIND);
        return false;
    }
    let checker = game.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
    let mut wrong = false;
    for (name, path) in checker.discoveries() {
        if checker.discovery_classification(name).to_string() == "counterexample" {
            wrong = true;
            println!("{}: {name}: NO, after", C::KIND);
            let last = path.last_state().why();
            path.into_actions().iter().for_each(|op| println!("    {op:?}"));
            println!("  {last}");
        }
    }
    let found = checker.discoveries();
    for name in ["the credential arrives", "the credential arrives after a crash", "the credential is handed out and never arrives"] {
        if !wrong && found.contains_key(name) == impossible.contains(&name) {
            wrong = true;
            println!("{}: an expectation failed: {name}", C::KIND);
        }
    }
    let exhaustive = checker.is_done() && !wrong;
    println!(
        "{}, {bounds:?}: {} states ({} generated), depth {}, {:.1} s, {}",
        C::KIND,
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        begun.elapsed().as_secs_f64(),
        if exhaustive { "exhaustive within the bounds, every rule holds" } else { "NOT exhaustive" },
    );
    exhaustive
}
