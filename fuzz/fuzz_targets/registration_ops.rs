//! Any script of operations for SentryAgent's registration keeps every rule of `enlist_core::testing` after each step.
//!
//! The first byte chooses the readings and the ending. `Op::read_all` reads the rest.
#![no_main]

use enlist_core::badge::BadgeRegistration;
use enlist_core::testing::{Echo, Ending, Op, Scenario, SentryAgentReading};
use libfuzzer_sys::fuzz_target;

const MOST_OPS: usize = 80;

fuzz_target!(|input: &[u8]| {
    let Some((choice, script)) = input.split_first() else { return };
    let mut ops = Op::read_all(script);
    ops.truncate(MOST_OPS);
    let reading = SentryAgentReading {
        used: [410, 401, 200][usize::from(choice % 3)],
        resends: choice & 4 != 0,
        life: if choice & 8 != 0 { 900 } else { 30 },
        tries: 1 + (choice >> 4 & 3),
        echo: [Echo::Same, Echo::Same, Echo::Nothing, Echo::Other][usize::from(choice >> 2 & 3)],
    };
    let ending = [Ending::Stops, Ending::Fair, Ending::Unreachable, Ending::Silent][usize::from(choice >> 6)];
    if let Err(broken) = Scenario::<BadgeRegistration>::new().reading(reading).ending(ending).check(&ops) {
        panic!("{broken}\n{reading:?} {ending:?}\n{ops:#?}");
    }
});
