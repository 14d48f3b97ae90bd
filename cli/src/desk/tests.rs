use enlist_core::claim::{Claim, Enrolment};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Exchange, Input, Origin, Timestamp};
use http::Response;
use tempfile::TempDir;

use super::*;
use crate::mode::Environment;
use crate::patience::now;
use crate::store::ProfileName;

const NOW: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);
const ANSWER: &str = r#"{"access_token":"ot_pat_1_pre","claim_token":"ot_clm_2","scopes":["jobs:read"]}"#;
const STARTED: &str = r#"{"user_code":"039218","verification_uri":"https://app.opentrain.ai/claim?token=ot_cat_3","expires_in":1800}"#;
const CLAIMED: &str = r#"{"access_token":"ot_pat_4_post","scopes":["jobs:write"]}"#;

struct Kept {
    _home: TempDir,
    store: Store,
    _lock: Lock,
}

fn kept() -> Kept {
    let home = tempfile::tempdir().unwrap();
    let store = Store::of(home.path(), &ProfileName::default(), &Service::Opentrain.key());
    let lock = store.lock().unwrap();
    Kept { _home: home, store, _lock: lock }
}

/// An enrolment in flight, and its exchange.
fn in_flight() -> (Enrolment, Exchange) {
    let mut enrolment = Enrolment::new(Origin::parse("https://app.opentrain.ai").unwrap(), None, None);
    let exchange = enrolment.begin(NOW).unwrap();
    (enrolment, exchange)
}

fn enrolled() -> Enrolment {
    let (mut enrolment, exchange) = in_flight();
    enrolment.handle(NOW, Input::Response { id: exchange.id, response: answer(200, ANSWER) }).unwrap();
    enrolment
}

fn answer(status: u16, body: &str) -> Response<Vec<u8>> {
    Response::builder().status(status).header("content-type", "application/json").body(body.as_bytes().to_vec()).unwrap()
}

fn output() -> Output {
    Output::settle(None, None, &Environment::default()).0
}

fn save<C: Ceremony>(ceremony: &C, store: &Store) -> Flow {
    let flow = Flow::start(ceremony, Vec::new()).unwrap();
    store.save_flow(&flow).unwrap();
    flow
}

/// The flow as a process leaves it that ends while the exchange is in flight.
fn sent<C: Ceremony>(ceremony: &C, store: &Store, exchange: &Exchange) -> Flow {
    let mut flow = Flow::start(ceremony, Vec::new()).unwrap();
    store.prepare(&mut flow, ceremony.snapshot(), exchange).unwrap();
    flow
}

/// The flow as a process leaves it that ends right after it wrote the answer down.
fn answered<C: Ceremony>(ceremony: &C, store: &Store, exchange: &Exchange, body: &str) -> Flow {
    let flow = sent(ceremony, store, exchange);
    assert!(!has_leftovers(store).unwrap());
    store.write_answer(&flow, exchange, &Ok(answer(200, body))).unwrap();
    flow
}

/// A claim of the enrolled registration whose poll is in flight.
fn polling() -> (Claim, Exchange) {
    let registration = Credential::Unclaimed(Box::new(enrolled())).registration().unwrap();
    let mut claim = Claim::new(&registration, Email::parse("owner@example.com").unwrap());
    let long_ago = Timestamp::from_unix_ms(now().as_unix_ms() - 60_000);
    let start = claim.begin(long_ago).unwrap();
    claim.handle(long_ago, Input::Response { id: start.id, response: answer(200, STARTED) }).unwrap();
    claim.handle(long_ago, Input::Notified).unwrap();
    let poll = claim.begin(now()).unwrap();
    (claim, poll)
}

#[test]
fn an_answer_that_was_written_down_is_taken_in() {
    let Kept { store, .. } = &kept();
    let (enrolment, exchange) = in_flight();
    let flow = answered(&enrolment, store, &exchange, ANSWER);
    assert!(has_leftovers(store).unwrap());
    assert!(matches!(&finish_leftovers(store, &output()).unwrap()[..], [(_, End::Brought(_))]));
    let registration = store.credential().unwrap().unwrap().registration().unwrap();
    assert_eq!(registration.access_token().expose(), "ot_pat_1_pre");
    assert_eq!((store.flows().unwrap(), has_leftovers(store).unwrap()), (Vec::new(), false));
    assert!(!store.has_flow(&flow.name));
}

#[test]
fn the_token_takes_the_place_of_the_pre_claim_token() {
    let Kept { store, .. } = &kept();
    store.save_credential(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    let (claim, poll) = polling();
    answered(&claim, store, &poll, CLAIMED);
    finish_leftovers(store, &output()).unwrap();
    match store.credential().unwrap() {
        Some(Credential::Token { token, .. }) => assert_eq!(token.expose(), "ot_pat_4_post"),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.flows().unwrap(), []);
}

/// The process ended between two writes of [`promote`].
#[test]
fn promoting_twice_is_promoting_once() {
    let Kept { store, .. } = &kept();
    let flow = save(&enrolled(), store);
    store.save_credential(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    finish_leftovers(store, &output()).unwrap();
    assert_eq!(store.credential().unwrap(), Some(Credential::Unclaimed(Box::new(enrolled()))));
    assert!(!store.flow_path(&flow.name).exists());
}

#[test]
fn what_nobody_knows_the_end_of_is_left_to_a_command_that_drives() {
    let Kept { store, .. } = &kept();
    let (enrolment, exchange) = in_flight();
    let flow = sent(&enrolment, store, &exchange);
    assert!(!has_leftovers(store).unwrap());
    assert!(finish_leftovers(store, &output()).unwrap().is_empty());
    assert_eq!(store.flows().unwrap(), [flow]);
}

#[test]
fn what_failed_is_cleared_away_but_an_attempt_at_a_claim_is_remembered() {
    let Kept { store, .. } = &kept();
    let (mut enrolment, exchange) = in_flight();
    enrolment.handle(now(), Input::Response { id: exchange.id, response: answer(403, r#"{"error":"anonymous_not_enabled"}"#) }).unwrap();
    save::<Enrolment>(&enrolment, store);
    let (mut claim, poll) = polling();
    claim.handle(now(), Input::Response { id: poll.id, response: answer(400, r#"{"error":"access_denied"}"#) }).unwrap();
    let attempt = save(&claim, store);
    assert!(matches!(&finish_leftovers(store, &output()).unwrap()[..], [(_, End::Failed(Failure::AnonymousNotEnabled(_)))]));
    assert_eq!((store.flows().unwrap(), has_leftovers(store).unwrap()), (vec![attempt], false));
}
