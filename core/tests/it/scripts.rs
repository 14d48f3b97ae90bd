//! Any script of operations, in any of the services' readings: every rule of `enlist_core::testing` holds after each step.

use enlist_core::opentrain::{Claim, Enrolment};
use enlist_core::sentryagent::{Registration, Rotation};
use enlist_core::testing::{BadgesReading, Ending, Op, OpenTrainReading, Scenario, SentryAgentReading, Subject, ops};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

const MOST_OPS: usize = 40;

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![4 => Just(Ending::Fair), 1 => Just(Ending::Unreachable), 1 => Just(Ending::Silent)]
}

fn opentrain() -> impl Strategy<Value = OpenTrainReading> {
    let lapsed = prop::sample::select(&["expired_token", "invalid_grant", "authorization_pending"][..]);
    let unstarted = prop::sample::select(&["authorization_pending", "invalid_grant", "invalid_request"][..]);
    let life = prop::sample::select(&[1800u32, 60, 12][..]);
    let interval = prop::sample::select(&[5u32, 1, 30][..]);
    (lapsed, unstarted, life, interval).prop_map(|(lapsed, unstarted, life, interval)| OpenTrainReading {
        lapsed,
        unstarted,
        life,
        interval,
    })
}

fn sentryagent() -> impl Strategy<Value = SentryAgentReading> {
    let used = prop::sample::select(&[410u16, 401, 200][..]);
    (used, any::<bool>(), prop::sample::select(&[900u32, 30][..]), 1u8..4).prop_map(|(used, resends, life, tries)| SentryAgentReading {
        used,
        resends,
        life,
        tries,
    })
}

/// Plays the script twice: the rules hold, and the same script gives the same steps.
fn play<C: Subject>(reading: C::Reading, ending: Ending, ops: &[Op]) -> Result<(), TestCaseError> {
    let scenario = Scenario::<C>::new().reading(reading).ending(ending).recorded();
    let end = scenario.check(ops).map_err(|broken| TestCaseError::fail(broken.to_string()))?;
    prop_assert_eq!(Ok(end), scenario.check(ops));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn an_enrolment_keeps_every_rule(reading in opentrain(), ending in ending(), ops in ops(MOST_OPS)) {
        play::<Enrolment>(reading, ending, &ops)?;
    }

    #[test]
    fn a_claim_keeps_every_rule(reading in opentrain(), ending in ending(), ops in ops(MOST_OPS)) {
        play::<Claim>(reading, ending, &ops)?;
    }

    #[test]
    fn a_registration_keeps_every_rule(reading in sentryagent(), ending in ending(), ops in ops(MOST_OPS)) {
        play::<Registration>(reading, ending, &ops)?;
    }

    #[test]
    fn a_rotation_keeps_every_rule(dead in prop::sample::select(&[401u16, 410, 403][..]), ending in ending(), ops in ops(MOST_OPS)) {
        play::<Rotation>(BadgesReading { dead }, ending, &ops)?;
    }
}

/// Scripts that broke a rule once.
mod once_broken {
    use enlist_core::testing::{Fate, Manner};

    use super::*;

    const fn exchange(manner: Manner, fate: Fate) -> Op {
        Op::Exchange { manner, fate, ms: 0 }
    }

    fn claim(reading: OpenTrainReading, ops: &[Op]) {
        let checked = Scenario::<Claim>::new().reading(reading).check(ops);
        assert!(checked.is_ok(), "{checked:?}");
    }

    /// A poll that could not be sent is due at once, and not earlier because the clock is put back then.
    #[test]
    fn a_clock_put_back_after_a_poll_that_was_not_tried() {
        let ops = [
            exchange(Manner::Honest, Fate::RequestLost),
            exchange(Manner::Honest, Fate::Answered),
            Op::Jump { ms: 60_000 },
            exchange(Manner::Honest, Fate::NotSaved),
            Op::Jump { ms: -60_000 },
            exchange(Manner::Honest, Fate::Answered),
        ];
        claim(OpenTrainReading::default(), &ops);
        claim(OpenTrainReading::default(), &ops[1..]);
    }

    /// What the last poll of an attempt was told about the next one outlives the attempt.
    #[test]
    fn a_retry_after_of_the_poll_that_was_given_up() {
        let busy = |retry_after| exchange(Manner::Busy { retry_after }, Fate::Answered);
        let mut ops = vec![exchange(Manner::Honest, Fate::Answered), Op::Notified, Op::Wait { late_ms: 100_000 }];
        ops.extend([busy(None), busy(None), busy(None), busy(None), busy(None), busy(None), busy(None), busy(Some(3000))]);
        ops.extend([Op::Restart, exchange(Manner::Honest, Fate::Answered)]);
        claim(OpenTrainReading { life: 60, ..OpenTrainReading::default() }, &ops);
    }
}
