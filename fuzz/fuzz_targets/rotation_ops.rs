//! Any script of operations for the rotation of a badge keeps every rule of `enlist_core::testing` after each step.
//!
//! The first byte chooses the reading and the ending. `Op::read_all` reads the rest.
#![no_main]

use enlist_core::badge::BadgeRotation;
use enlist_core::testing::{BadgesReading, Ending, Op, Scenario};
use libfuzzer_sys::fuzz_target;

const MOST_OPS: usize = 80;

fuzz_target!(|input: &[u8]| {
    let Some((choice, script)) = input.split_first() else { return };
    let mut ops = Op::read_all(script);
    ops.truncate(MOST_OPS);
    let reading = BadgesReading { dead: [401, 410, 403, 404][usize::from(choice % 4)] };
    let ending = [Ending::Stops, Ending::Fair, Ending::Unreachable, Ending::Silent][usize::from(choice >> 6)];
    if let Err(broken) = Scenario::<BadgeRotation>::new().reading(reading).ending(ending).check(&ops) {
        panic!("{broken}\n{reading:?} {ending:?}\n{ops:#?}");
    }
});
