//! Runs a ceremony with the mocks to its end and reports what became of it.

use std::ops::ControlFlow;
use std::sync::Arc;

use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::{CeremonyKind, DriveError, Ending, Failure, Origin, Snapshot};

use crate::Driver;
use crate::fixture::TestCeremony;
use crate::mocks::MockStore;
use crate::mocks::{Driven, Human, LocalFault, MockHost, failure_text};
use crate::scripted_server::ScriptedServer;

/// How often a ceremony is driven at most.
const MAX_DRIVES: usize = 4;

/// The result of a ceremony.
#[derive(Debug)]
pub(crate) struct Report {
    /// The calls of the host and the store.
    pub(crate) transcript: Vec<String>,
    pub(crate) ending: String,
    /// The credentials that the last snapshot contains.
    pub(crate) kept: String,
}

/// Runs a ceremony of this kind.
pub(crate) fn run(kind: CeremonyKind, driver: &mut impl Driver, server: &Arc<ScriptedServer>, fault: Option<(LocalFault, u64)>) -> Report {
    match kind {
        CeremonyKind::Enrolment => run_ceremony::<Enrolment, _>(driver, server, fault),
        CeremonyKind::Claim => run_ceremony::<Claim, _>(driver, server, fault),
        CeremonyKind::BadgeRegistration => run_ceremony::<BadgeRegistration, _>(driver, server, fault),
        CeremonyKind::BadgeRotation => run_ceremony::<BadgeRotation, _>(driver, server, fault),
    }
}

/// After the fault, the ceremony is driven again by the same process or by another one, depending on the fault.
fn run_ceremony<C: TestCeremony, D: Driver>(driver: &mut D, server: &Arc<ScriptedServer>, fault: Option<(LocalFault, u64)>) -> Report {
    let human = Human { answers: C::answer, prompt_text: C::prompt_text };
    let mut host = MockHost::<C>::new(Arc::clone(server), human, fault);
    let mut store = host.store();
    let origin = Origin::parse(&server.origin()).ok();
    let Some(mut ceremony) = origin.and_then(C::start) else {
        return Report { transcript: Vec::new(), ending: "the case cannot begin".to_owned(), kept: String::new() };
    };
    let mut ending = String::new();
    for _ in 0..MAX_DRIVES {
        let driven = driver.drive(&mut ceremony, &mut host, &mut store);
        match next(driven, &mut ceremony, &host, &store) {
            ControlFlow::Break(end) => {
                ending = end;
                break;
            }
            ControlFlow::Continue(()) => host.shared.begin_again(),
        }
    }
    Report { transcript: host.shared.transcript(), ending, kept: kept(&ceremony.snapshot()) }
}

/// Says how the ceremony ended, or makes it ready to be driven again.
fn next<C: TestCeremony>(driven: Driven<C::Outcome>, ceremony: &mut C, host: &MockHost<C>, store: &MockStore) -> ControlFlow<String> {
    match (driven, host.shared.fault()) {
        (Ok(Ending::Finished(Ok(outcome))), _) => ControlFlow::Break(format!("done: {}", C::outcome_text(&outcome))),
        (Ok(Ending::Finished(Err(failure))), _) => ControlFlow::Break(failed(&failure)),
        (Ok(Ending::Paused), Some(LocalFault::HostLeaves)) => resume(ceremony, host, store),
        (Ok(Ending::Paused), _) => ControlFlow::Break(format!("asks: {}", host.unanswered.clone().unwrap_or_default())),
        (Err(DriveError::Store(_)), Some(_)) if host.shared.is_dead() => resume(ceremony, host, store),
        (Err(DriveError::Host(_) | DriveError::Store(_)), Some(_)) => {
            host.shared.note("drive again");
            ControlFlow::Continue(())
        }
        (Err(error), _) => ControlFlow::Break(format!("broke off: {error}")),
    }
}

fn failed(failure: &Failure) -> String {
    format!("{}: \"{}\"", failure.code().as_str(), failure_text(failure))
}

fn resume<C: TestCeremony>(ceremony: &mut C, host: &MockHost<C>, store: &MockStore) -> ControlFlow<String> {
    host.shared.note("resume in another process");
    // Through its text, as another process would read it.
    let saved = store.snapshot().and_then(|snapshot| Snapshot::from_json(snapshot.to_json().expose().as_bytes()).ok());
    match saved.and_then(|snapshot| C::resume(&snapshot).ok()) {
        Some(resumed) => {
            *ceremony = resumed;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break("nothing to resume".to_owned()),
    }
}

/// The secrets that a snapshot holds, by their names.
fn kept(snapshot: &Snapshot) -> String {
    let json = snapshot.to_json();
    let secrets = [
        ("ot_pat_1_PRECLAIM", "pre-claim token"),
        ("ot_clm_CLAIM", "claim token"),
        ("ot_pat_2_POSTCLAIM", "token"),
        ("+15005550006", "manifest"),
        ("a3f7c821", "manifest's session"),
        ("b9d2e445", "code's session"),
        ("eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWRhIn0", "badge"),
        ("eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6ZXZlIn0", "new badge"),
    ];
    let held = secrets.into_iter().filter(|(secret, _)| json.expose().contains(secret)).map(|(_, name)| name.to_owned());
    let answers = match snapshot.unreadable().as_slice() {
        [] => None,
        [id] => Some(format!("the bytes of answer {id}")),
        several => Some(format!("the bytes of {} answers", several.len())),
    };
    let all: Vec<_> = held.chain(answers).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
