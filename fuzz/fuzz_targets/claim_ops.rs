//! Any script of operations for OpenTrain's enrolment and claim keeps every rule of `enlist_core::testing` after each step.
//!
//! The first byte chooses the readings and the ending. `Op::read_all` reads the rest.
#![no_main]

use enlist_core::claim::{Claim, Enrolment};
use enlist_core::testing::{Ending, Op, OpenTrainReading, Scenario};
use libfuzzer_sys::fuzz_target;

const MOST_OPS: usize = 80;

fuzz_target!(|input: &[u8]| {
    let Some((choice, script)) = input.split_first() else { return };
    let mut ops = Op::read_all(script);
    ops.truncate(MOST_OPS);
    let expired = ["expired_token", "invalid_grant", "authorization_pending"][usize::from(choice % 3)];
    let unstarted = ["authorization_pending", "invalid_grant", "invalid_request"][usize::from(choice / 3 % 3)];
    let (life, interval) = [(1800, 5), (60, 5), (12, 1), (60, 30)][usize::from(choice >> 4 & 3)];
    // With a dead service, polling continues to the attempt's end, which takes long. So most scripts have a fair ending.
    let ending = [Ending::Stops, Ending::Fair, Ending::Fair, Ending::Silent][usize::from(choice >> 6)];
    let reading = OpenTrainReading { expired, unstarted, life, interval };
    if let Err(broken) = Scenario::<Claim>::new().reading(reading).ending(ending).check(&ops) {
        panic!("{broken}\n{reading:?} {ending:?}\n{ops:#?}");
    }
    if let Err(broken) = Scenario::<Enrolment>::new().reading(reading).ending(ending).check_and_claim(&ops) {
        panic!("{broken}\n{ops:#?}");
    }
});
