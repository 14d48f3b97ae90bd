//! A session that is opened finishes the things that an earlier process left.

use enlist_core::Failure;
use enlist_core::claim::Claim;

use super::*;

const STARTED: &str = r#"{"user_code":"039218","verification_uri":"https://app.opentrain.ai/claim?token=ot_cat_3","expires_in":1800}"#;
const CLAIMED: &str = r#"{"access_token":"ot_pat_4_post","scopes":["jobs:write"]}"#;
const SOON: Timestamp = Timestamp::from_unix_ms(NOW.as_unix_ms() + 60_000);

/// A claim of the enrolled registration whose poll is in flight.
fn polling() -> (Claim, Exchange) {
    let registration = Credential::Unclaimed(Box::new(enrolled())).registration().unwrap();
    let mut claim = Claim::new(&registration, Email::parse("owner@example.com").unwrap());
    let start = claim.begin(NOW).unwrap();
    claim.handle(NOW, Input::Response { id: start.id, response: answer(200, STARTED) }).unwrap();
    claim.handle(NOW, Input::Notified).unwrap();
    let poll = claim.begin(SOON).unwrap();
    (claim, poll)
}

/// The store as a process leaves it that ends while the exchange is in flight, or right after `body` was written down.
fn left<C: StoredCeremony>(store: &ServiceStore, ceremony: &C, exchange: &Exchange, body: Option<&str>) -> String {
    let session = store.lock_at(SOON).unwrap();
    let mut flow = session.begin(ceremony).unwrap();
    flow.prepare(ceremony, exchange).unwrap();
    assert!(!store.has_unfinished().unwrap());
    if let Some(body) = body {
        flow.journal(exchange, &Ok(answer(200, body))).unwrap();
        assert!(store.has_unfinished().unwrap());
    }
    flow.flow().name().to_owned()
}

/// The store as a process leaves it that ends right after it saved `ceremony`.
fn saved<C: StoredCeremony>(store: &ServiceStore, ceremony: &C) -> String {
    store.lock_at(SOON).unwrap().begin(ceremony).unwrap().flow().name().to_owned()
}

#[test]
fn an_answer_that_was_written_down_is_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (enrolment, exchange) = in_flight();
    let name = left(&store, &enrolment, &exchange, Some(ANSWER));
    let session = store.lock_at(SOON).unwrap();
    let [(flow, FlowEnd::Brought(credential))] = &session.recovery().ended[..] else { panic!("{session:?}") };
    assert_eq!((flow.name(), session.credential().unwrap().as_ref()), (name.as_str(), Some(&**credential)));
    assert_eq!(credential.registration().unwrap().access_token().expose(), "ot_pat_1_pre");
    assert_eq!((session.flows().unwrap(), store.has_unfinished().unwrap()), (Vec::new(), false));
    assert_eq!(files::names(&store.journal_folder(), "").unwrap(), Vec::<String>::new());
    drop(session);
    assert!(store.lock().unwrap().recovery().ended.is_empty());
}

#[test]
fn the_token_takes_the_place_of_the_pre_claim_token() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.lock().unwrap().keep(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    let (claim, poll) = polling();
    left(&store, &claim, &poll, Some(CLAIMED));
    let session = store.lock_at(SOON).unwrap();
    match session.credential().unwrap() {
        Some(Credential::Token { token, .. }) => assert_eq!(token.expose(), "ot_pat_4_post"),
        other => panic!("{other:?}"),
    }
    assert_eq!(session.flows().unwrap(), []);
}

/// The process ended after the credential was written and before its flow was removed.
#[test]
fn promoting_twice_is_promoting_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let credential = Credential::Unclaimed(Box::new(enrolled()));
    store.lock().unwrap().keep(&credential).unwrap();
    saved(&store, &enrolled());
    let session = store.lock_at(SOON).unwrap();
    assert_eq!((session.credential().unwrap(), session.flows().unwrap()), (Some(credential), Vec::new()));
}

#[test]
fn what_nobody_knows_the_end_of_is_left_to_a_process_that_drives() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (enrolment, exchange) = in_flight();
    let name = left(&store, &enrolment, &exchange, None);
    let session = store.lock_at(SOON).unwrap();
    assert!(session.recovery().ended.is_empty());
    assert_eq!(session.flows().unwrap()[0].ceremony(), &AnyCeremony::Enrolment(enrolment));
    assert!(store.has_flow(&name));
}

#[test]
fn an_attempt_at_a_claim_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (mut enrolment, exchange) = in_flight();
    enrolment.handle(NOW, Input::Response { id: exchange.id, response: answer(403, r#"{"error":"anonymous_not_enabled"}"#) }).unwrap();
    let failed = saved(&store, &enrolment);
    store.lock_at(SOON).unwrap().remove_flow(&failed).unwrap();
    let (mut claim, poll) = polling();
    claim.handle(SOON, Input::Response { id: poll.id, response: answer(400, r#"{"error":"access_denied"}"#) }).unwrap();
    let attempt = saved(&store, &claim);
    assert!(!store.has_unfinished().unwrap());
    let session = store.lock_at(SOON).unwrap();
    assert!(session.recovery().ended.is_empty());
    let flows = session.flows().unwrap();
    assert_eq!(flows.iter().map(Flow::name).collect::<Vec<_>>(), [&attempt]);
    assert!(matches!(flows[0].end(), Some(FlowEnd::FailedAndKept(Failure::Denied { .. }))) && !flows[0].is_pending());
}

#[test]
fn a_failure_is_found_by_every_session_until_it_was_reported() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (mut enrolment, exchange) = in_flight();
    enrolment.handle(NOW, Input::Response { id: exchange.id, response: answer(403, r#"{"error":"anonymous_not_enabled"}"#) }).unwrap();
    let failed = saved(&store, &enrolment);
    assert!(store.has_unfinished().unwrap());
    for _ in 0..2 {
        let session = store.lock_at(SOON).unwrap();
        assert!(matches!(&session.recovery().ended[..], [(_, FlowEnd::Failed(Failure::AnonymousNotEnabled(_)))]));
        assert!(!session.flows().unwrap()[0].is_pending());
    }
    store.lock_at(SOON).unwrap().remove_flow(&failed).unwrap();
    assert!(!store.has_unfinished().unwrap() && store.flows().unwrap().readable.is_empty());
}

#[test]
fn a_damaged_flow_is_moved_to_quarantine_with_what_came_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (enrolment, exchange) = in_flight();
    let name = left(&store, &enrolment, &exchange, Some(ANSWER));
    let path = store.flow_path(&name);
    // The second time it was put back by hand.
    for round in 1..=2 {
        fs::write(&path, "{").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(store.flows().unwrap().damaged[0].name, name);
        let session = store.lock_at(SOON).unwrap();
        let [damaged] = &session.recovery().quarantined[..] else { panic!("{session:?}") };
        assert_eq!(damaged.moved_words().contains("perhaps a credential"), round == 1, "{}", damaged.moved_words());
        assert!(!path.exists() && store.flows().unwrap().damaged.is_empty());
        assert_eq!(files::names(&store.journal_folder(), "").unwrap(), Vec::<String>::new());
        assert_eq!(store.quarantined().unwrap(), 1 + round);
    }
}

/// A drive as the command does it: the flow goes when nothing was sent, and back to where it was when nothing more was.
#[test]
fn a_flow_is_put_back_to_where_it_was_before_requests_that_were_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    let not_sent = || Err(TransportFailure::new(TransportKind::Dns, Delivery::NotSent));
    let lost = || Err(TransportFailure::new(TransportKind::Closed, Delivery::Unknown));
    let (claim, poll) = polling();
    let waiting = {
        let mut waiting = claim.clone();
        waiting.handle(SOON, Input::not_sent(poll.id)).unwrap();
        waiting
    };

    // In its own process, nothing was reached.
    let mut begun = session.begin(&waiting).unwrap();
    begun.prepare(&claim, &poll).unwrap();
    begun.journal(&poll, &not_sent()).unwrap();
    assert_eq!(begun.roll_back(), Ok(None));

    let mut resumed = session.resume(begun.flow().clone()).unwrap();
    resumed.save(&waiting).unwrap();
    let before = resumed.flow().snapshot().clone();
    for _ in 1..=2 {
        resumed.prepare(&claim, &poll).unwrap();
        resumed.journal(&poll, &not_sent()).unwrap();
    }
    assert_eq!((resumed.roll_back(), resumed.flow().snapshot()), (Ok(Some(before.clone())), &before));
    assert_eq!(session.flows().unwrap()[0].record().snapshot(), &before);
    resumed.prepare(&claim, &poll).unwrap();
    resumed.journal(&poll, &lost()).unwrap();
    assert_eq!(resumed.roll_back(), Ok(None));
    assert_eq!(session.flows().unwrap()[0].record().snapshot(), &claim.snapshot());
}

#[test]
fn a_flow_of_which_nothing_was_sent_goes_again() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    let (enrolment, exchange) = in_flight();
    let begun = session.begin(&enrolment).unwrap();
    begun.remove_if_unsent().unwrap();
    assert_eq!(session.flows().unwrap(), []);
    let mut sent = session.begin(&enrolment).unwrap();
    sent.prepare(&enrolment, &exchange).unwrap();
    sent.remove_if_unsent().unwrap();
    let resumed = session.resume(session.flows().unwrap().remove(0).into_parts().0).unwrap();
    resumed.remove_if_unsent().unwrap();
    assert_eq!(session.flows().unwrap().len(), 1);
}
