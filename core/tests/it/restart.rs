//! A restarted claim: what it asks first, and what an answer then proves.

use std::time::Duration;

use crate::common::*;
use enlist_core::claim::Claim;
use enlist_core::secret::Email;
use enlist_core::{Failure, SaidBy, Service};

/// The claim of `bench`, restarted at the current time of the bench.
fn restarted(bench: &Bench<Claim>, answers: impl IntoIterator<Item = Answered>) -> Bench<Claim> {
    let mut other = Bench::new(bench.ceremony.restart(owner()).unwrap(), answers);
    other.now = bench.now;
    other
}

fn first_is_a_poll(bench: &mut Bench<Claim>) -> bool {
    bench.run_on();
    bench.sent[0].contains("/oauth/token")
}

fn live() -> Bench<Claim> {
    let mut bench = waiting_claim([]);
    bench.run_on();
    bench
}

#[test]
fn it_polls_first_unless_the_service_itself_ended_the_attempt() {
    let mut expired = waiting_claim([pending(), pending()]);
    expired.jumps = [0, 86_400].into();
    assert_eq!(expired.run(), Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: false }));
    assert!(first_is_a_poll(&mut restarted(&expired, [pending()])));

    let mut limited = restarted(&live(), [pending(), html(429)]);
    assert!(matches!(limited.run(), Err(Failure::RateLimited { .. })));
    assert!(first_is_a_poll(&mut restarted(&limited, [pending()])));

    for (ended, polls) in [
        (error(400, "expired_token"), false),
        (error(400, "access_denied"), false),
        (invalid_grant(), false),
        (error(400, "unsupported_grant_type"), true),
    ] {
        let mut bench = waiting_claim([ended]);
        bench.run().unwrap_err();
        assert_eq!(first_is_a_poll(&mut restarted(&bench, [pending()])), polls, "{:?}", bench.sent);
    }
    // No code was shown, so nothing can have been approved.
    let mut unstarted = Bench::new(claim(), [refused(), refused(), refused()]);
    unstarted.run().unwrap_err();
    assert!(!first_is_a_poll(&mut restarted(&unstarted, [started()])));
}

#[test]
fn a_slow_down_at_the_end_of_an_attempt_slows_the_first_poll_of_the_next_one() {
    let mut expired = waiting_claim([pending(), slow_down()]);
    expired.jumps = [0, 86_400].into();
    assert_eq!(expired.run(), Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: false }));
    let mut next = restarted(&expired, [pending()]);
    next.run_on();
    assert_eq!(next.waited()[0], 14.0);
}

#[test]
fn a_possible_delivery_survives_giving_up() {
    let mut bench = restarted(&live(), std::iter::repeat_with(lost).take(8));
    assert!(matches!(bench.run(), Err(Failure::GaveUp { may_be_delivered: true, .. })));
    assert!(bench.ceremony.may_be_delivered());
    assert_eq!(restarted(&bench, [invalid_grant()]).run(), Err(Failure::CredentialLost { service: Service::OpenTrain }));
}

#[test]
fn without_a_shown_code_nothing_is_reported_as_lost() {
    let mut bench = Bench::new(claim(), [lost(), lost()]);
    bench.run_on();
    assert!(restarted(&bench, [invalid_grant(), started(), delivered()]).run().is_ok());
}

#[test]
fn after_a_shown_code_a_loss_is_reported_however_many_starts_follow() {
    let end = restarted(&live(), [pending(), lost(), lost(), invalid_grant()]).run();
    assert_eq!(end, Err(Failure::CredentialLost { service: Service::OpenTrain }));
}

#[test]
fn after_the_end_of_the_attempt_nothing_is_reported_as_lost() {
    let mut bench = waiting_claim([lost()]);
    bench.run_on();
    bench.now = START.after(Duration::from_secs(7200));
    assert!(restarted(&bench, [invalid_grant(), started(), delivered()]).run().is_ok());
}

#[test]
fn a_new_attempt_forgets_the_history_of_the_last_one() {
    let mut bench = waiting_claim([html(200), error(400, "expired_token")]);
    bench.run().unwrap_err();
    let end = restarted(&bench, [error(400, "expired_token"), started(), invalid_grant()]).run();
    assert!(matches!(end, Err(Failure::ClaimTokenSpent(_))), "{end:?}");
}

#[test]
fn the_owner_is_the_one_whose_code_was_shown() {
    let other = Email::parse("other@example.com").unwrap();
    let restart = |answers: Vec<Answered>| {
        let mut bench = Bench::new(live().ceremony.restart(other.clone()).unwrap(), answers);
        bench.run().unwrap();
        bench.ceremony.owner().expose().to_owned()
    };
    assert_eq!(restart(vec![delivered()]), "owner@example.com");
    assert_eq!(restart(vec![pending(), started(), delivered()]), "other@example.com");
}

#[test]
fn polls_before_a_start_are_bounded() {
    let mut bench = restarted(&live(), std::iter::repeat_with(refused).take(20));
    assert!(matches!(bench.run(), Err(Failure::GaveUp { may_be_delivered: false, .. })));
    assert_eq!(bench.sent.len(), 8);
    // A gateway's refusal may stand in the place of the token: no start is sent over it.
    for refusal in [|| html(401), || html(404), || html(410), || error(400, "teapot")] {
        let mut bench = restarted(&live(), std::iter::repeat_with(refusal).take(20));
        assert!(matches!(bench.run(), Err(Failure::GaveUp { may_be_delivered: true, .. })));
        assert_eq!(bench.sent.len(), 8);
    }
}

#[test]
fn every_unreadable_answer_is_remembered() {
    let long = json(200, r#"{"user_code":"1","verification_uri":"https://app.opentrain.ai/c","expires_in":86400}"#);
    let mut bench = Bench::new(claim(), [long].into_iter().chain(std::iter::repeat_with(|| html(200)).take(100)));
    bench.run_on();
    assert_eq!(enlist_core::Ceremony::snapshot(&bench.ceremony).unreadable().len(), 100);
}

#[test]
fn the_count_of_unanswered_polls_is_reset() {
    let mut bench = waiting_claim(std::iter::repeat_with(refused).take(5));
    bench.jumps = [86_400].into();
    bench.run_on();
    let mut next = restarted(&bench, std::iter::repeat_with(refused).take(20));
    assert!(matches!(next.run(), Err(Failure::GaveUp { .. })));
    assert_eq!(next.sent.len(), 8);
}
