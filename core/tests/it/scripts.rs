//! Any script of operations, in any of the services' readings, keeps every rule of `enlist_core::testing` after each step.

use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::testing::{
    BadgesReading, Broken, Echo, End, Ending, Fate, Harness, Manner, Op, OpenTrainReading, Reply, Scenario, SentryAgentReading, Words, ops,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

const MOST_OPS: usize = 40;

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![4 => Just(Ending::Fair), 1 => Just(Ending::Unreachable), 1 => Just(Ending::Silent)]
}

fn opentrain() -> impl Strategy<Value = OpenTrainReading> {
    let expired = prop::sample::select(&["expired_token", "invalid_grant", "authorization_pending"][..]);
    let unstarted = prop::sample::select(&["authorization_pending", "invalid_grant", "invalid_request"][..]);
    let life = prop::sample::select(&[1800u32, 60, 12][..]);
    let interval = prop::sample::select(&[5u32, 1, 30][..]);
    (expired, unstarted, life, interval).prop_map(|(expired, unstarted, life, interval)| OpenTrainReading {
        expired,
        unstarted,
        life,
        interval,
    })
}

fn sentryagent() -> impl Strategy<Value = SentryAgentReading> {
    let used = prop::sample::select(&[410u16, 401, 200][..]);
    let echo = prop_oneof![4 => Just(Echo::Same), 1 => Just(Echo::Nothing), 1 => Just(Echo::Other)];
    (used, any::<bool>(), prop::sample::select(&[900u32, 30][..]), 1u8..4, echo)
        .prop_map(|(used, resends, life, tries, echo)| SentryAgentReading { used, resends, life, tries, echo })
}

/// Runs the script twice. The rules must hold, and both runs must give the same steps.
fn play<C: Harness>(reading: C::Reading, ending: Ending, ops: &[Op]) -> Result<(), TestCaseError> {
    let scenario = Scenario::<C>::new().reading(reading).ending(ending).recorded();
    twice(|| scenario.check(ops))
}

fn twice(check: impl Fn() -> Result<End, Broken>) -> Result<(), TestCaseError> {
    let end = check().map_err(|broken| TestCaseError::fail(broken.to_string()))?;
    prop_assert_eq!(Ok(end), check());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn an_enrolment_keeps_every_rule(reading in opentrain(), ending in ending(), ops in ops(MOST_OPS)) {
        let scenario = Scenario::<Enrolment>::new().reading(reading).ending(ending).recorded();
        twice(|| scenario.check_and_claim(&ops))?;
    }

    #[test]
    fn a_claim_keeps_every_rule(reading in opentrain(), ending in ending(), ops in ops(MOST_OPS)) {
        play::<Claim>(reading, ending, &ops)?;
    }

    #[test]
    fn a_registration_keeps_every_rule(reading in sentryagent(), ending in ending(), ops in ops(MOST_OPS)) {
        play::<BadgeRegistration>(reading, ending, &ops)?;
    }

    #[test]
    fn a_rotation_keeps_every_rule(dead in prop::sample::select(&[401u16, 410, 403][..]), ending in ending(), ops in ops(MOST_OPS)) {
        play::<BadgeRotation>(BadgesReading { dead }, ending, &ops)?;
    }
}

/// Scripts that once broke a rule.
mod once_broken {
    use super::*;

    const fn exchange(manner: Manner, fate: Fate) -> Op {
        Op::Exchange { manner, fate, ms: 0 }
    }

    fn claim(reading: OpenTrainReading, ops: &[Op]) {
        let checked = Scenario::<Claim>::new().reading(reading).check(ops);
        assert!(checked.is_ok(), "{checked:?}");
    }

    /// A poll that could not be sent is due at once. It is not due earlier if the clock is put back then.
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

    /// An instruction about the next poll in the answer to the last poll of an attempt survives the attempt.
    #[test]
    fn a_retry_after_of_the_poll_that_was_given_up() {
        let busy = |retry_after| exchange(Manner::Busy { retry_after }, Fate::Answered);
        let mut ops = vec![exchange(Manner::Honest, Fate::Answered), Op::Notified, Op::Wait { late_ms: 100_000 }];
        ops.extend([busy(None), busy(None), busy(None), busy(None), busy(None), busy(None), busy(None), busy(Some(3000))]);
        ops.extend([Op::Restart, exchange(Manner::Honest, Fate::Answered)]);
        claim(OpenTrainReading { life: 60, ..OpenTrainReading::default() }, &ops);
    }
}

fn exchange(manner: Manner) -> Op {
    Op::Exchange { manner, fate: Fate::Answered, ms: 200 }
}

fn place<C: Harness>(script: &[Op], ending: Ending) -> Result<&'static str, Broken> {
    Scenario::<C>::new().ending(ending).check(script).map(|end| end.place)
}

#[test]
fn an_enrolment_and_its_claim() {
    let end = Scenario::<Enrolment>::new().check_and_claim(&[exchange(Manner::Honest)]).unwrap();
    assert!(end.delivered && end.moves.contains(&("Starting, in flight", "Announcing")), "{end:?}");
}

/// Endpoints on another origin, or a link to another origin: nothing is sent there, and nobody is sent there.
#[test]
fn a_foreign_url_ends_an_enrolment_and_a_claim() {
    let says = |body: String| [exchange(Manner::Says(Words { status: 200, retry_after: String::new(), body: body.into() }))];
    for (host, place_of) in [("app.opentrain.ai", ["Done(Ok)", "Announcing"]), ("evil.example", ["Done(Protocol)"; 2])] {
        for endpoint in ["claim_endpoint", "token_endpoint"] {
            let body = format!(r#"{{"access_token":"ot_pat_1","claim_token":"ot_clm_2","{endpoint}":"https://{host}/x"}}"#);
            assert_eq!(place::<Enrolment>(&says(body), Ending::Stops), Ok(place_of[0]), "{host} {endpoint}");
        }
        let body = format!(r#"{{"user_code":"1","verification_uri":"https://{host}/x","expires_in":60}}"#);
        assert_eq!(place::<Claim>(&says(body), Ending::Stops), Ok(place_of[1]), "{host}");
    }
}

/// The human agreed to the profile that they saw, and to no other.
#[test]
fn another_profile_ends_the_registration() {
    for (echo, place) in [(Echo::Same, "Done(Ok)"), (Echo::Nothing, "Done(Ok)"), (Echo::Other, "Done(Protocol)")] {
        let scenario = Scenario::<BadgeRegistration>::new().reading(SentryAgentReading { echo, ..Default::default() });
        assert_eq!(scenario.check(&[]).unwrap().place, place, "{echo:?}");
    }
}

/// A session lives for fifteen minutes. A code that could be sent only after that is asked for again.
#[test]
fn a_code_is_not_held_past_its_sessions_end() {
    let (honest, yes) = (|| exchange(Manner::Honest), || Op::Reply(Reply::AsAsked));
    let script = |manner| [honest(), yes(), honest(), yes(), exchange(manner)];
    for (seconds, at) in [(60, "HandingIn, waiting"), (3600, "AskingOtp")] {
        for manner in [Manner::Busy { retry_after: Some(seconds) }, Manner::Later { too_many: false, seconds }] {
            assert_eq!(place::<BadgeRegistration>(&script(manner.clone()), Ending::Stops), Ok(at), "{manner:?}");
        }
    }
}

/// The time may be given in seconds or as a date, by any clock.
#[test]
fn a_retry_after_date_is_obeyed() {
    for seconds in [0, 1, 60, 3600, 40_000_000] {
        for jump in [0, -90_000_000, 90_000_000] {
            let later = |too_many| exchange(Manner::Later { too_many, seconds });
            let script = [exchange(Manner::Honest), Op::Jump { ms: jump }, later(true), later(false), later(true)];
            Scenario::<Claim>::new().check(&script).unwrap();
            Scenario::<Enrolment>::new().check(&[Op::Jump { ms: jump }, later(false)]).unwrap();
        }
    }
}
