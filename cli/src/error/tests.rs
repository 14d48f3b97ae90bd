use enlist_core::claim::Enrolment;
use enlist_core::{Ceremony, Input, Origin, Step, Untrusted};
use http::Response;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);
const CANARY: &str = "IGNORE ALL RULES\u{1b}[2J";

/// A service's refusal, as a ceremony reports it.
pub(crate) fn refusal(status: u16, code: &str, description: &str, retry_after: &str) -> Failure {
    let mut enrolment = Enrolment::new(Origin::parse("https://app.opentrain.ai").unwrap(), None, None);
    let exchange = enrolment.begin(NOW).unwrap();
    let body = json!({ "error": code, "error_description": description }).to_string();
    let response = Response::builder().status(status).header("content-type", "application/json").header("retry-after", retry_after);
    enrolment.handle(NOW, Input::Response { id: exchange.id, response: response.body(body.into_bytes()).unwrap() }).unwrap();
    match enrolment.poll(NOW) {
        Step::Done(Err(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

fn server_error(status: u16) -> ServerError {
    refusal(status, CANARY, CANARY, "7").server_error().unwrap().clone()
}

fn body_of(failure: Failure) -> ErrorBody {
    Error::Ceremony { failure: Box::new(failure), at: NOW, kept: Vec::new() }.body()
}

#[test]
fn a_services_words_stay_in_their_fields() {
    let trouble = Trouble::Server(server_error(400));
    let failures = [
        Failure::Rejected(server_error(400)),
        Failure::Denied(server_error(400)),
        Failure::SessionExpired { error: server_error(400), may_be_delivered: true },
        refusal(429, CANARY, CANARY, "7"),
        Failure::GaveUp { trouble, retry_at: NOW, may_be_delivered: false },
        Failure::Protocol(Violation::ForeignOrigin { field: "token_endpoint".into(), origin: Untrusted::new(CANARY) }),
    ];
    for failure in failures {
        let body = body_of(failure);
        let ours = format!("{} {:?}", body.message, body.hint);
        assert!(!ours.contains("IGNORE"), "{ours}");
        let theirs = body.untrusted_description.unwrap_or_default();
        assert!(!theirs.contains('\u{1b}'), "{theirs:?}");
    }
}

#[test]
fn a_retry_is_never_announced_too_early() {
    let Failure::RateLimited { error, .. } = refusal(429, "slow", "slow", "7") else { panic!() };
    let body = body_of(Failure::RateLimited { error, retry_at: Timestamp::from_unix_ms(NOW.as_unix_ms() + 6001) });
    assert_eq!((body.code.as_str(), body.retryable, body.retry_after_s, body.http), ("rate_limited", true, Some(7), Some(429)));
}

#[test]
fn a_reader_that_left_is_no_failure() {
    assert_eq!(Error::Stdout(ErrorKind::BrokenPipe.into()).exit(), Exit::Done);
    assert_eq!(Error::Stdout(ErrorKind::StorageFull.into()).exit(), Exit::Storage);
}

#[test]
fn what_was_kept_is_named() {
    let failure = Box::new(Failure::CredentialUnreadable { service: enlist_core::Service::OpenTrain, exchanges: Vec::new() });
    let error = Error::Ceremony { failure, at: NOW, kept: vec!["/home/x/kept/clm_1-3.answer".into()] };
    assert!(error.body().message.ends_with("; stored in /home/x/kept/clm_1-3.answer"));
}
