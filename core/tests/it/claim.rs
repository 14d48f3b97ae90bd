//! The claim: the notices, the requests, and the effect of each answer. The waits are tested in `waits.rs`.

use crate::common::*;
use enlist_core::claim::Claim;
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Failure, Input, Misuse, SaidBy, Service, Step, TransportKind, Trouble, Violation, WaitReason};

const START_BODY: &str = r#"POST /api/agent/identity/claim {"claim_token":"ot_clm_CLAIMTOKENCLAIMTOKEN77ab","email":"owner@example.com"}"#;
const POLL_BODY: &str =
    "POST /api/agent/oauth/token grant_type=urn%3Aopentrain%3Aagent-auth%3Agrant-type%3Aclaim&claim_token=ot_clm_CLAIMTOKENCLAIMTOKEN77ab";

#[test]
fn it_starts_shows_the_code_once_polls_and_ends_with_the_token() {
    let mut bench = waiting_claim([pending(), delivered()]);
    let token = bench.run().unwrap();
    assert_eq!(bench.sent, [START_BODY, POLL_BODY, POLL_BODY]);
    assert_eq!(bench.notices, 1);
    assert_eq!(token.scopes(), ["jobs:read", "proposals:write"]);
}

/// The answer to a start cannot be obtained again, because another start ends the attempt whose code was in it.
#[test]
fn a_start_and_a_poll_deliver() {
    let mut bench = Bench::new(claim(), [started()]);
    assert!(bench.ceremony.clone().begin(START).unwrap().delivers);
    bench.run_on();
    assert!(bench.begin().delivers);
}

#[test]
fn the_journaled_answer_to_a_start_is_used_after_a_crash() {
    let mut bench = Bench::new(claim(), []);
    let id = bench.begin().id;
    let mut resumed = bench.restarted();
    resumed.handle(bench.now, Input::answered(id, started())).unwrap();
    assert!(matches!(resumed.poll(bench.now), Step::Notify(_)));
}

#[test]
fn the_notice_contains_the_code_as_text_and_the_parsed_link() {
    let mut bench = Bench::new(claim(), []);
    let odd = r#"{"user_code":"039218","verification_uri":"HTTPS://APP.opentrain.ai:443/claim?token=ot_cat_X","expires_in":1800.5}"#;
    bench.exchange(json(200, odd));
    let Step::Notify(notice) = bench.ceremony.poll(bench.now) else { panic!() };
    assert_eq!(notice.user_code.expose(), "039218");
    assert_eq!(notice.verification_uri.expose(), "https://app.opentrain.ai/claim?token=ot_cat_X");
    assert_eq!((notice.expires_at.since(START).as_secs(), notice.interval, notice.email_sent), (1801, 5, false));
    assert_eq!(bench.ceremony.notice(), Some(&notice));
    assert_eq!(format!("{:?}", (&notice.user_code, &notice.verification_uri, &notice.owner)), "(UserCode(..), ClaimLink(..), Email(..))");
}

#[test]
fn a_start_that_cannot_be_shown_safely_is_refused() {
    let start = |code: &str, link: &str, rest: &str| json(200, &format!(r#"{{"user_code":{code},"verification_uri":{link}{rest}}}"#));
    let link = r#""https://app.opentrain.ai/claim""#;
    let life = r#","expires_in":1800"#;
    for (answer, expected) in [
        (start(r#""1\u001b[2J""#, link, life), Violation::BadField { field: "user_code".into() }),
        (start(r#""1\u202e2""#, link, life), Violation::BadField { field: "user_code".into() }),
        (start("439218", link, life), Violation::BadField { field: "user_code".into() }),
        (start("null", link, life), Violation::MissingField { field: "user_code".into() }),
        (start(r#""1""#, r#""https://app.opentrain.ai/\u001b[2J""#, life), Violation::BadField { field: "verification_uri".into() }),
        (start(r#""1""#, r#""javascript:alert(1)""#, life), Violation::BadField { field: "verification_uri".into() }),
        (start(r#""1""#, r#""""#, life), Violation::MissingField { field: "verification_uri".into() }),
        (start(r#""1""#, link, ""), Violation::MissingField { field: "expires_in".into() }),
        (start(r#""1""#, link, r#","expires_in":null"#), Violation::MissingField { field: "expires_in".into() }),
    ] {
        assert_eq!(Bench::new(claim(), [answer]).run(), Err(Failure::Protocol(expected)));
    }
    let foreign = start(r#""1""#, r#""https://app.opentrain.ai@evil.example/x""#, life);
    assert!(matches!(Bench::new(claim(), [foreign]).run(), Err(Failure::Protocol(Violation::BadField { .. }))));
    let foreign = start(r#""1""#, r#""https://evil.example/?token=ot_cat_SECRETSECRET""#, life);
    let Err(Failure::Protocol(violation)) = Bench::new(claim(), [foreign]).run() else { panic!() };
    assert_eq!(violation.to_string(), "`verification_uri` in the service's answer points to another origin; nothing was sent there");
}

/// Hostile answers to a poll. Each causes a wait, and the token is still obtained.
#[test]
fn a_poll_survives_every_answer_that_is_not_definite() {
    for answer in [
        html(200),
        html(400),
        html(403),
        html(408),
        html(407),
        html(429),
        html(500),
        html(501),
        html(503),
        html(511),
        html(302),
        html(307),
        html(401),
        html(404),
        html(405),
        html(410),
        html(421),
        html(499),
        html(199),
        error(401, "invalid_client"),
        error(403, "access_denied"),
        error(404, "invalid_grant"),
        error(410, "expired_token"),
        error(429, "invalid_grant"),
        error(200, "invalid_grant"),
        error(400, "ACCESS_DENIED"),
        error(400, "invalid_client"),
        error(500, "authorization_pending"),
        json(200, "{}"),
        json(200, r#"{"access_token":""}"#),
        json(200, r#"{"access_token":7}"#),
        json(200, r#"{"access_token":"a\nb"}"#),
        json(200, r#"{"access_token":"x","token_type":"mac"}"#),
        json(200, r#"{"access_token":"x","access_token":"y"}"#),
        with_headers(200, &[("content-encoding", "gzip")], "\u{1f}\u{8}"),
        cut(200, r#"{"access_tok"#),
        cut(400, "{"),
        lost(),
        refused(),
        error(400, "temporarily_unavailable"),
        failed(TransportKind::Tls, enlist_core::Delivery::NotSent),
    ] {
        let shown = format!("{answer:?}");
        let mut bench = waiting_claim([answer]);
        assert_eq!(bench.run_on(), Stop::ScriptEnded, "{shown}");
        bench.then([delivered()]);
        assert!(bench.run().is_ok(), "{shown}");
    }
}

/// Whether an answer that is not definite, followed by `invalid_grant`, may have contained the token.
#[test]
fn only_an_answer_that_may_have_contained_the_token_counts_as_a_possible_delivery() {
    let end = |answer: Answered| waiting_claim([answer, invalid_grant()]).run().unwrap_err();
    for harmless in [pending(), slow_down(), refused(), failed(TransportKind::Proxy, enlist_core::Delivery::NotSent)] {
        assert!(matches!(end(harmless), Failure::ClaimTokenSpent(_)));
    }
    let pages = [400, 401, 403, 404, 405, 407, 410, 421, 429, 499, 500, 502, 503, 504, 302, 307].map(html);
    let errors = [error(401, "invalid_client"), error(403, "access_denied"), error(404, "invalid_grant"), error(400, "invalid_client")];
    for indefinite in pages.into_iter().chain(errors).chain([lost(), cut(400, "{"), error(400, "temporarily_unavailable"), error(503, "x")])
    {
        assert_eq!(end(indefinite), Failure::CredentialLost { service: Service::OpenTrain });
    }
    for unreadable in [html(200), json(200, "{}"), cut(200, "{"), with_headers(200, &[("content-encoding", "gzip")], "")] {
        assert!(matches!(end(unreadable), Failure::CredentialUnreadable { exchanges, .. } if exchanges.len() == 1));
    }
}

/// Services that follow RFC 8628 use several statuses for answers that do not end a claim, and some write the codes in capitals.
#[test]
fn pending_and_slow_down_count_at_any_status_and_in_any_case_of_letters() {
    for status in [200, 400, 401, 403, 404, 410, 412, 425, 428, 429] {
        for code in ["authorization_pending", "AUTHORIZATION_PENDING", "slow_down", "Slow_Down"] {
            let mut bench = waiting_claim([error(status, code), invalid_grant()]);
            assert!(matches!(bench.run(), Err(Failure::ClaimTokenSpent(_))), "{status} {code} rules a delivery out");
        }
        let mut bench = waiting_claim([lost(), error(status, "Authorization_Pending"), invalid_grant()]);
        assert!(matches!(bench.run(), Err(Failure::ClaimTokenSpent(_))), "{status} rules a delivery out");
    }
}

/// An owner can create a token by hand; registering again would make another agent.
#[test]
fn an_invalid_grant_in_a_live_attempt_is_a_spent_claim_token() {
    let mut bench = waiting_claim([pending(), invalid_grant()]);
    let failure = bench.run().unwrap_err();
    assert!(matches!(failure, Failure::ClaimTokenSpent(_)));
    assert_eq!((failure.code().as_str(), failure.recovery()), ("claim_token_spent", enlist_core::Recovery::AskHuman));
    assert!(failure.to_string().contains("create a token"), "{failure}");
    // Before any code was shown, nobody can have approved anything.
    let mut bench = Bench::new(claim(), [lost(), invalid_grant(), started(), delivered()]);
    bench.run().unwrap();
    // It is the same with another attempt.
    let mut bench = waiting_claim([]);
    bench.run_on();
    let end = Bench::new(bench.ceremony.restart(owner()).unwrap(), [invalid_grant()]).run();
    assert!(matches!(end, Err(Failure::ClaimTokenSpent(_))), "{end:?}");
}

#[test]
fn a_possible_delivery_is_reported_however_the_claim_ends() {
    for end in [error(400, "access_denied"), error(400, "unsupported_grant_type")] {
        let mut bench = waiting_claim([lost(), end]);
        bench.run().unwrap_err();
        assert!(bench.ceremony.may_be_delivered());
    }
    let mut bench = waiting_claim([lost(), pending(), error(400, "access_denied")]);
    bench.run().unwrap_err();
    assert!(!bench.ceremony.may_be_delivered());
    // A slow_down does not rule out the delivery, so a claim that ends by our clock still reports it.
    let past_the_end = with_headers(503, &[("retry-after", "1500")], "");
    let end = waiting_claim([lost(), past_the_end, slow_down()]).run();
    assert_eq!(end, Err(Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: true }));
}

/// The token may have been delivered, and its answer replaced by an intermediary.
#[test]
fn a_redirect_instead_of_the_token_counts_as_a_possible_delivery() {
    for answer in [html(302), html(307), html(199), cut(301, "")] {
        let mut bench = waiting_claim([answer, invalid_grant()]);
        assert_eq!(bench.run(), Err(Failure::CredentialLost { service: Service::OpenTrain }));
    }
}

#[test]
fn a_definite_pending_rules_out_a_delivery() {
    for indefinite in [lost(), html(200)] {
        let end = waiting_claim([indefinite, pending(), invalid_grant()]).run();
        assert!(matches!(end, Err(Failure::ClaimTokenSpent(_))), "{end:?}");
    }
    // A 503 and an intermediary's page do not.
    let end = waiting_claim([lost(), html(503), html(400), invalid_grant()]).run();
    assert_eq!(end, Err(Failure::CredentialLost { service: Service::OpenTrain }));
}

/// The service's answer to a poll for an attempt that has expired (U8), in each reading.
#[test]
fn an_attempt_that_is_over_has_expired_in_every_reading() {
    let past_the_end = || with_headers(503, &[("retry-after", "1500")], "");
    let end = |answer| waiting_claim([past_the_end(), answer]).run().unwrap_err();
    assert_eq!(end(pending()), Failure::AttemptExpired { said_by: SaidBy::OurClock, may_be_delivered: false });
    // The 503 may have replaced the answer with the token.
    assert_eq!(end(error(400, "expired_token")), Failure::AttemptExpired { said_by: SaidBy::Service, may_be_delivered: true });
    assert_eq!(end(invalid_grant()), Failure::AttemptExpired { said_by: SaidBy::Service, may_be_delivered: true });
    // After the end the token is never reported as lost, but the possible delivery is.
    let end = waiting_claim([lost(), past_the_end(), invalid_grant()]).run();
    assert_eq!(end, Err(Failure::AttemptExpired { said_by: SaidBy::Service, may_be_delivered: true }));
}

/// The start was lost. These are the service's answers to a poll before any claim start (U9), in each reading.
#[test]
fn a_lost_start_polls_once_before_it_is_sent_again() {
    for before_any in [invalid_grant(), pending(), error(400, "expired_token"), error(400, "invalid_request"), slow_down()] {
        let mut bench = Bench::new(claim(), [html(502), before_any, started(), delivered()]);
        bench.run().unwrap();
        assert_eq!(bench.sent, [START_BODY, POLL_BODY, START_BODY, POLL_BODY]);
        assert_eq!(bench.waited()[0], 12.0);
    }
    // An earlier attempt was just approved, and its token is not lost.
    let mut bench = Bench::new(claim(), [lost(), delivered()]);
    bench.run().unwrap();
    assert_eq!(bench.sent, [START_BODY, POLL_BODY]);
    // The poll before the start belongs to no attempt, so its answer cannot have contained a token.
    let mut bench = Bench::new(claim(), [lost(), lost(), invalid_grant(), started(), delivered()]);
    bench.run().unwrap();
}

#[test]
fn a_restart_polls_first_keeps_the_pace_and_shows_a_new_code() {
    let mut bench = waiting_claim([slow_down(), slow_down()]);
    bench.run_on();
    let other = Email::parse("other@example.com").unwrap();
    let restarted = bench.ceremony.restart(other.clone()).unwrap();
    assert_eq!(restarted.notice(), None);
    let again = json(200, r#"{"user_code":"555555","verification_uri":"https://app.opentrain.ai/claim","expires_in":600,"interval":5}"#);
    let mut bench = Bench::new(restarted, [pending(), again, delivered()]);
    bench.run().unwrap();
    assert_eq!(bench.sent, [POLL_BODY, &START_BODY.replace("owner@", "other@"), POLL_BODY]);
    assert_eq!(bench.ceremony.owner(), &other);
    // If it was just approved, the token of the old attempt arrives.
    let mut bench = waiting_claim([]);
    bench.run_on();
    assert!(Bench::new(bench.ceremony.restart(owner()).unwrap(), [delivered()]).run().is_ok());
    // A possible delivery stays one.
    let mut bench = waiting_claim([lost()]);
    bench.run_on();
    let end = Bench::new(bench.ceremony.restart(owner()).unwrap(), [invalid_grant()]).run();
    assert_eq!(end, Err(Failure::CredentialLost { service: Service::OpenTrain }));
}

#[test]
fn a_restart_is_refused_while_an_answer_is_owed_and_after_the_token() {
    let mut bench = waiting_claim([]);
    bench.run_on();
    let id = bench.begin().id;
    assert_eq!(bench.ceremony.restart(owner()).unwrap_err(), Misuse::StillInFlight(id));
    bench.handle(Input::answered(id, delivered()));
    assert_eq!(bench.ceremony.restart(owner()).unwrap_err(), Misuse::Finished);
    let mut expired = waiting_claim([error(400, "expired_token")]);
    expired.run_on();
    assert!(Bench::new(expired.ceremony.restart(owner()).unwrap(), [started(), delivered()]).run().is_ok());
}

#[test]
fn a_late_answer_of_another_exchange_changes_nothing() {
    let mut bench = waiting_claim([pending()]);
    bench.run_on();
    let stale = bench.begin().id;
    bench.handle(Input::answered(stale, pending()));
    let before = bench.ceremony.clone();
    assert_eq!(bench.ceremony.handle(bench.now, Input::answered(stale, delivered())), Err(Misuse::NotInFlight(stale)));
    assert_eq!(bench.ceremony, before);
    // A late answer changes nothing either while another exchange is in flight.
    bench.run_on();
    bench.begin();
    let before = bench.ceremony.clone();
    assert_eq!(bench.ceremony.handle(bench.now, Input::answered(stale, delivered())), Err(Misuse::NotInFlight(stale)));
    assert_eq!(bench.ceremony, before);
}

#[test]
fn a_poll_never_begins_early() {
    let mut bench = Bench::new(claim(), []);
    bench.exchange(started());
    bench.handle(Input::Notified);
    assert_eq!(bench.ceremony.begin(START.after(std::time::Duration::from_millis(5999))).unwrap_err(), Misuse::NothingToSend);
    assert!(bench.ceremony.begin(START.after(std::time::Duration::from_millis(6000))).is_ok());
}

#[test]
fn a_wait_gives_its_reason() {
    let why = |answer| {
        let mut bench: Bench<Claim> = Bench::new(claim(), []);
        bench.exchange(started());
        bench.handle(Input::Notified);
        bench.now = START.after(std::time::Duration::from_secs(6));
        bench.exchange(answer);
        let Step::Wait { why, .. } = bench.ceremony.poll(bench.now) else { panic!() };
        why
    };
    assert_eq!(why(pending()), WaitReason::Pending);
    assert_eq!(why(slow_down()), WaitReason::SlowedDown);
    assert!(matches!(why(html(503)), WaitReason::Trouble(Trouble::Server(error)) if error.status == 503));
    assert!(matches!(why(refused()), WaitReason::Trouble(Trouble::Transport(failure)) if failure.kind == TransportKind::Connect));
}

#[test]
fn a_machine_is_small() {
    assert!(size_of::<Claim>() <= 512, "{}", size_of::<Claim>());
}
