//! The sequence of waits, in virtual time.

use std::time::Duration;

use crate::common::*;
use enlist_core::claim::Claim;
use enlist_core::{Ceremony, Delivery, Failure, FailureCode, Input, SaidBy, Service, Step, TransportKind, WaitReason};

const DAY: i64 = 86_400;

/// The waits after the start and after each scripted answer, and how the claim ended.
fn waits(answers: impl IntoIterator<Item = Answered>) -> (Vec<f64>, ClaimEnd) {
    let mut bench = waiting_claim(answers);
    let end = bench.run();
    (bench.waited(), end)
}

fn token_after(answers: impl IntoIterator<Item = Answered>) -> Vec<f64> {
    let (waits, end) = waits(answers);
    assert_eq!(end.unwrap().access_token().hint(), "ot_pat_…44ef");
    waits
}

#[test]
fn pending_waits_one_interval_each_time() {
    assert_eq!(token_after([pending(), pending(), pending(), delivered()]), [6.0, 6.0, 6.0, 6.0, 0.0]);
}

#[test]
fn two_slow_downs_lengthen_all_later_waits() {
    assert_eq!(token_after([slow_down(), slow_down(), pending(), delivered()]), [6.0, 14.0, 21.0, 21.0, 0.0]);
}

#[test]
fn a_lost_answer_backs_off_until_a_pending() {
    assert_eq!(token_after([lost(), pending(), delivered()]), [6.0, 12.0, 6.0, 0.0]);
}

#[test]
fn invalid_grant_after_a_lost_answer_is_a_lost_credential() {
    let (waits, end) = waits([lost(), invalid_grant()]);
    assert_eq!(waits, [6.0, 12.0, 0.0]);
    assert_eq!(end, Err(Failure::CredentialLost { service: Service::OpenTrain }));
}

#[test]
fn a_clock_put_back_before_a_poll_that_is_due_moves_the_end_along() {
    let mut bench = waiting_claim([failed(TransportKind::NotTried, Delivery::NotSent)]);
    bench.run_on();
    let day = Duration::from_secs(DAY.unsigned_abs());
    bench.now = bench.now.before(day);
    let jumped_to = bench.now;
    bench.then(std::iter::repeat_with(pending).take(400));
    assert_eq!(bench.run(), Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: false }));
    assert!(bench.now.since(jumped_to).as_secs() <= 1810, "{}", bench.now.since(jumped_to).as_secs());
}

#[test]
fn a_slow_down_proves_nothing_about_a_lost_answer() {
    let (_, end) = waits([lost(), slow_down(), invalid_grant()]);
    assert_eq!(end, Err(Failure::CredentialLost { service: Service::OpenTrain }));
    let (_, end) = waits([html(200), slow_down(), invalid_grant()]);
    assert!(matches!(end, Err(Failure::CredentialUnreadable { .. })), "{end:?}");
}

#[test]
fn back_off_doubles_to_its_cap_and_is_reset() {
    let answers = [lost(), refused(), html(400), json(429, "{}"), lost(), pending(), lost(), delivered()];
    assert_eq!(token_after(answers), [6.0, 12.0, 24.0, 48.0, 72.0, 72.0, 6.0, 12.0, 0.0]);
}

#[test]
fn a_busy_service_is_asked_again_with_and_without_retry_after() {
    let busy = |status, retry_after: &str| with_headers(status, &[("retry-after", retry_after)], "");
    assert_eq!(token_after([html(502), pending(), delivered()]), [6.0, 12.0, 6.0, 0.0]);
    assert_eq!(token_after([html(503), pending(), delivered()]), [6.0, 12.0, 6.0, 0.0]);
    assert_eq!(token_after([busy(502, "30"), pending(), delivered()]), [6.0, 36.0, 6.0, 0.0]);
    assert_eq!(token_after([busy(503, "30"), pending(), delivered()]), [6.0, 36.0, 6.0, 0.0]);
    assert_eq!(token_after([busy(503, "1"), delivered()]), [6.0, 6.0, 0.0]);
    assert_eq!(token_after([busy(429, "1"), delivered()]), [6.0, 6.0, 0.0]);
    // The bench's day is 12 June 2026. The first wait ends at 09:00:06.
    assert_eq!(token_after([busy(503, "Fri, 12 Jun 2026 09:01:06 GMT"), delivered()]), [6.0, 72.0, 0.0]);
    // A Retry-After does not cancel a slow_down, and an absurd one is limited to an hour.
    assert_eq!(token_after([slow_down(), busy(503, "1"), delivered()]), [6.0, 14.0, 14.0, 0.0]);
    assert_eq!(waits([busy(503, "999999999"), pending()]).0, [6.0, 4320.0, 0.0]);
}

#[test]
fn the_services_own_interval_applies() {
    let start = |interval: &str| {
        json(200, &format!(r#"{{"user_code":"1","verification_uri":"https://app.opentrain.ai/claim","expires_in":1800{interval}}}"#))
    };
    for (interval, wait) in [
        ("", 6.0),
        (r#","interval":null"#, 6.0),
        (r#","interval":0"#, 6.0),
        (r#","interval":-3"#, 6.0),
        (r#","interval":"x""#, 6.0),
        (r#","interval":1"#, 1.2),
        (r#","interval":2.5"#, 3.6),
        (r#","interval":60"#, 72.0),
        (r#","interval":1e300"#, 4320.0),
    ] {
        let mut bench = Bench::new(claim(), [start(interval), delivered()]);
        bench.run().unwrap();
        assert_eq!(bench.waited(), [wait, 0.0], "{interval}");
    }
}

#[test]
fn the_attempt_ends_with_one_last_poll() {
    let mut bench = waiting_claim(std::iter::repeat_with(pending).take(400));
    assert_eq!(bench.run(), Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: false }));
    // The attempt lasts 1800 s in steps of 6 s. The poll at the end itself is the last.
    assert_eq!(bench.sent.len(), 1 + 300);
    assert_eq!(bench.now.since(START).as_secs(), 1800);
}

#[test]
fn the_last_poll_may_come_late_and_still_brings_the_token() {
    // The next permitted time is after the end.
    let retry = with_headers(503, &[("retry-after", "3000")], "");
    assert_eq!(token_after([retry, delivered()]), [6.0, 3600.0, 0.0]);
}

#[test]
fn a_last_poll_without_an_answer_is_repeated_a_few_times() {
    let mut bench = waiting_claim(std::iter::repeat_with(refused).take(200));
    let Err(Failure::GaveUp { may_be_delivered: false, .. }) = bench.run() else { panic!() };
    let after_the_end = bench.now.since(START).as_secs() - 1800;
    assert!((300..900).contains(&after_the_end), "{after_the_end}");
    let mut bench = waiting_claim(std::iter::repeat_with(refused).take(27).chain([delivered()]));
    bench.run().unwrap();
    assert!(bench.now.since(START).as_secs() > 1800, "the network came back after the end, and the token was still there");
}

#[test]
fn a_clock_put_back_a_day_delays_by_one_interval() {
    let mut bench = waiting_claim([pending(), delivered()]);
    bench.jumps = [0, -DAY].into();
    bench.run().unwrap();
    assert_eq!(bench.waited(), [6.0, 12.0, 0.0]);
}

#[test]
fn a_clock_put_back_a_day_moves_the_attempts_end_with_it() {
    let mut bench = waiting_claim(std::iter::repeat_with(pending).take(400));
    bench.jumps = [-DAY].into();
    assert_eq!(bench.run(), Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: false }));
    assert_eq!(bench.waits.iter().sum::<u64>(), 1_806_000);
}

#[test]
fn a_clock_put_forward_a_day_polls_at_once() {
    let mut bench = waiting_claim([pending(), delivered()]);
    bench.jumps = [0, DAY].into();
    bench.run().unwrap();
    assert_eq!(bench.waited(), [6.0, 6.0, 0.0]);
    let mut bench = waiting_claim([pending(), pending()]);
    bench.jumps = [0, DAY].into();
    assert_eq!(bench.run(), Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: false }));
}

#[test]
fn an_early_wake_yields_the_same_wait() {
    let mut bench = waiting_claim([]);
    assert_eq!(bench.run_on(), Stop::ScriptEnded);
    let mut bench = Bench::new(claim(), [started()]);
    bench.exchange(started());
    bench.handle(Input::Notified);
    let wait = bench.ceremony.poll(START);
    assert_eq!(wait, Step::Wait { until: START.after(Duration::from_secs(6)), why: WaitReason::Pending });
    bench.handle(Input::Woke);
    assert_eq!(bench.ceremony.poll(START.after(Duration::from_secs(5))), wait);
    assert_eq!(bench.ceremony.poll(START), bench.ceremony.poll(START));
}

/// The waits of a ceremony's first request, for these answers.
fn start_waits(answers: impl IntoIterator<Item = Answered>) -> (Vec<f64>, Stop<enlist_core::claim::ClaimedToken>) {
    let mut bench: Bench<Claim> = Bench::new(claim(), answers);
    let stop = bench.run_on();
    (bench.waited(), stop)
}

#[test]
fn a_start_that_was_not_sent_is_tried_three_times_within_ten_seconds() {
    let (waits, stop) = start_waits([refused(), refused(), refused()]);
    assert_eq!(waits, [2.0, 4.0, 0.0]);
    assert!(matches!(stop, Stop::Done(Err(Failure::GaveUp { may_be_delivered: false, .. }))));
}

/// A router says 503 when its own time is over, while the service goes on: the start may have been carried out.
#[test]
fn a_start_that_is_answered_503_is_polled_for_before_it_is_sent_again() {
    let (waits, stop) = start_waits([html(503), pending(), html(503), pending(), html(503)]);
    assert_eq!(waits, [12.0, 0.0, 12.0, 0.0, 0.0]);
    assert!(matches!(stop, Stop::Done(Err(Failure::GaveUp { .. }))));
    let (waits, _) = start_waits([with_headers(503, &[("retry-after", "20")], ""), pending(), started()]);
    assert_eq!(waits, [24.0, 0.0, 6.0]);
}

#[test]
fn a_manifest_that_is_answered_503_is_sent_again_three_times() {
    let waits = |answers: Vec<Answered>| {
        let mut bench = Bench::new(sentry_registration(), answers);
        let stop = bench.run_on();
        (bench.waited(), stop)
    };
    let (waited, stop) = waits((0..4).map(|_| html(503)).collect());
    assert_eq!(waited, [2.0, 4.0, 8.0, 0.0]);
    assert!(matches!(stop, Stop::Done(Err(Failure::GaveUp { may_be_delivered: false, .. }))));
    let busy = |retry_after: &str| with_headers(503, &[("retry-after", retry_after)], "");
    let (waited, _) = waits(vec![busy("0"), busy("Sun, 06 Nov 1994 08:49:37 GMT"), busy("999999")]);
    assert_eq!(waited, [2.0, 2.0, 3600.0]);
    // A 503 in between does not give back the tries of a request that was not sent.
    let (waited, stop) = waits(vec![refused(), refused(), html(503), refused()]);
    assert_eq!(waited, [2.0, 4.0, 2.0, 0.0]);
    assert!(matches!(stop, Stop::Done(Err(Failure::GaveUp { .. }))));
}

#[test]
fn a_start_with_a_refused_certificate_is_not_repeated() {
    let (waits, stop) = start_waits([failed(TransportKind::Tls, Delivery::NotSent)]);
    assert_eq!(waits, [0.0]);
    assert!(matches!(stop, Stop::Done(Err(Failure::GaveUp { .. }))));
}

#[test]
fn a_larger_interval_of_the_service_is_used() {
    let slow = |interval: u32| json(400, &format!(r#"{{"error":"slow_down","interval":{interval}}}"#));
    assert_eq!(token_after([slow(30), pending(), delivered()]), [6.0, 42.0, 42.0, 0.0]);
    assert_eq!(token_after([slow(1), delivered()]), [6.0, 14.0, 0.0]);
    assert_eq!(
        token_after([json(400, r#"{"error":"authorization_pending","interval":20}"#), pending(), delivered()]),
        [6.0, 24.0, 24.0, 0.0]
    );
}

#[test]
fn a_retry_after_is_honoured_on_a_definite_answer_too() {
    let with_retry = |code: &str| with_headers(400, &[("retry-after", "20")], &format!(r#"{{"error":"{code}"}}"#));
    assert_eq!(token_after([with_retry("authorization_pending"), pending(), delivered()]), [6.0, 24.0, 6.0, 0.0]);
    assert_eq!(token_after([with_retry("slow_down"), pending(), delivered()]), [6.0, 28.0, 14.0, 0.0]);
}

#[test]
fn a_429_with_slow_down_is_a_slow_down_and_any_other_is_a_problem() {
    assert_eq!(token_after([error(429, "slow_down"), pending(), delivered()]), [6.0, 14.0, 14.0, 0.0]);
    assert_eq!(token_after([error(429, "rate_limit_exceeded"), pending(), delivered()]), [6.0, 12.0, 6.0, 0.0]);
    assert_eq!(
        token_after([error(400, "temporarily_unavailable"), error(400, "temporarily_unavailable"), delivered()]),
        [6.0, 12.0, 24.0, 0.0]
    );
}

#[test]
fn a_poll_that_the_driver_did_not_send_is_due_at_once_and_uses_no_try() {
    let mut bench = waiting_claim([]);
    bench.run_on();
    for _ in 0..20 {
        let id = bench.begin().id;
        bench.handle(Input::not_sent(id));
        assert_eq!(bench.ceremony.poll(bench.now), Step::Send);
    }
    bench.then([lost(), delivered()]);
    bench.run().unwrap();
    assert_eq!(bench.waits.iter().rev().take(2).copied().collect::<Vec<_>>(), [0, 12_000]);
}

#[test]
fn a_clock_put_back_while_a_poll_is_under_way_moves_the_end_too() {
    let mut bench = waiting_claim([]);
    bench.run_on();
    let id = bench.begin().id;
    bench.now = bench.now.before(Duration::from_secs(86_400));
    bench.handle(Input::answered(id, pending()));
    bench.then(std::iter::repeat_with(pending).take(1000));
    assert!(matches!(bench.run(), Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, .. })));
    // It is not the last poll, whatever the clock said when it began: the attempt still has its half hour.
    assert!((295..=302).contains(&bench.sent.len()), "{}", bench.sent.len());
}

#[test]
fn tries_that_take_longer_than_ten_seconds_are_the_last() {
    let mut bench = Bench::new(claim(), [refused(), refused()]);
    bench.jumps = [20].into();
    assert!(matches!(bench.run(), Err(Failure::GaveUp { .. })));
}

#[test]
fn an_attempt_is_not_believed_to_live_for_more_than_a_day() {
    let life = |seconds: &str| {
        let mut bench = Bench::new(claim(), []);
        bench
            .exchange(json(200, &format!(r#"{{"user_code":"1","verification_uri":"https://app.opentrain.ai/c","expires_in":{seconds}}}"#)));
        bench.ceremony.notice().unwrap().expires_at.since(START).as_secs()
    };
    for (given, expected) in [("600", 600), ("999999999", 86_400), ("1e300", 86_400), ("-5", 1800), ("\"x\"", 1800)] {
        assert_eq!(life(given), expected, "{given}");
    }
}

/// Our clock and the service's clock may differ by up to five minutes.
#[test]
fn the_window_is_over_when_its_date_is_past_by_more_than_five_minutes() {
    let end = |ms: u64| {
        let mut bench = waiting_claim([]);
        bench.run_on();
        let exchange = bench.begin();
        bench.now = START.after(Duration::from_millis((86_400 + 300) * 1000 + ms));
        bench.handle(Input::answered(exchange.id, error(400, "expired_token")));
        bench.run().unwrap_err().code()
    };
    assert_eq!([end(0), end(1)], [FailureCode::AttemptExpired, FailureCode::WindowExpired]);
}

/// A member that could be the token, beside an `error`, rules out a `pending`. An absent or empty member does not.
#[test]
fn a_pending_with_an_unreadable_token_counts_as_a_possible_delivery() {
    let may_be_delivered = |token: &str| {
        let mut bench = waiting_claim([json(200, &format!(r#"{{"error":"authorization_pending","access_token":{token}}}"#))]);
        bench.run_on();
        bench.ceremony.may_be_delivered()
    };
    assert!(may_be_delivered("{}") && may_be_delivered("[1]") && may_be_delivered("true") && may_be_delivered(r#""a\nb""#));
    assert!(!may_be_delivered("null") && !may_be_delivered("1") && !may_be_delivered(r#""""#));
}

#[test]
fn a_start_without_an_answer_is_followed_by_a_poll_when_the_service_says() {
    let waited = |answer| {
        let mut bench = Bench::new(claim(), [answer, pending(), started(), delivered()]);
        bench.run().unwrap();
        bench.waited()
    };
    assert_eq!(waited(html(502)), [12.0, 0.0, 6.0, 0.0]);
    assert_eq!(waited(with_headers(502, &[("retry-after", "30")], "")), [36.0, 0.0, 6.0, 0.0]);
}
