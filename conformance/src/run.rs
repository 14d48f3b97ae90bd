//! Plays a ceremony on a host to its end, and says what became of it.

use std::ops::ControlFlow;
use std::sync::Arc;

use enlist_core::{DriveError, Ending, Failure, Origin, Snapshot};

use crate::Driver;
use crate::fixture::Fixture;
use crate::mock_host::{Driven, HostFault, Human, MockHost, failure_text};
use crate::scripted_server::ScriptedServer;

/// How often a drive is taken up again at most.
const MAX_RUNS: usize = 4;

/// What became of a ceremony.
#[derive(Debug)]
pub(crate) struct Report {
    /// What the host was called for.
    pub(crate) log: Vec<String>,
    pub(crate) ending: String,
    /// What the last snapshot holds of value.
    pub(crate) kept: String,
}

/// Plays `C` at the server. After a fault it goes on as another process would, or the same one.
pub(crate) fn run<C: Fixture, D: Driver>(driver: &mut D, server: &Arc<ScriptedServer>, fault: Option<(HostFault, u64)>) -> Report {
    let mut host = MockHost::<C>::new(Arc::clone(server), Human { answers: C::answer, question: C::prompt_text }, fault);
    let origin = Origin::parse(&server.origin()).ok();
    let Some(mut ceremony) = origin.and_then(C::start) else {
        return Report { log: Vec::new(), ending: "the case cannot begin".to_owned(), kept: String::new() };
    };
    let mut ending = String::new();
    for _ in 0..MAX_RUNS {
        let driven = driver.drive(&mut ceremony, &mut host);
        match turn(driven, &mut ceremony, &mut host) {
            ControlFlow::Break(end) => {
                ending = end;
                break;
            }
            ControlFlow::Continue(()) => host.clear_fault(),
        }
    }
    let kept = kept(&ceremony.snapshot());
    Report { log: host.log, ending, kept }
}

/// The end; or the ceremony as it goes on.
fn turn<C: Fixture>(driven: Driven<C::Outcome>, ceremony: &mut C, host: &mut MockHost<C>) -> ControlFlow<String> {
    match (driven, host.fault()) {
        (Ok(Ending::Finished(Ok(outcome))), _) => ControlFlow::Break(format!("done: {}", C::outcome_text(&outcome))),
        (Ok(Ending::Finished(Err(failure))), _) => ControlFlow::Break(failed(&failure)),
        (Ok(Ending::Paused), Some(HostFault::Leaves)) => resumed(ceremony, host),
        (Ok(Ending::Paused), _) => ControlFlow::Break(format!("asks: {}", host.question.clone().unwrap_or_default())),
        (Err(DriveError::Host(_)), Some(HostFault::DiesBeforeSending | HostFault::DiesBeforeJournal | HostFault::DiesAfterJournal)) => {
            resumed(ceremony, host)
        }
        (Err(DriveError::Host(_)), Some(_)) => {
            host.log.push("drive again".to_owned());
            ControlFlow::Continue(())
        }
        (Err(error), _) => ControlFlow::Break(format!("broke off: {error}")),
    }
}

fn failed(failure: &Failure) -> String {
    format!("{}: \"{}\"", failure.code().as_str(), failure_text(failure))
}

fn resumed<C: Fixture>(ceremony: &mut C, host: &mut MockHost<C>) -> ControlFlow<String> {
    host.log.push("resume in another process".to_owned());
    let found = host.disk.as_deref().and_then(|disk| Snapshot::from_json(disk.as_bytes()).ok());
    match found.and_then(|snapshot| C::resume(&snapshot).ok()) {
        Some(found) => {
            *ceremony = found;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break("nothing to resume".to_owned()),
    }
}

/// The secrets that a ceremony at rest still holds, by their names.
fn kept(snapshot: &Snapshot) -> String {
    let json = snapshot.to_json();
    let secrets = [
        ("ot_pat_1_PRECLAIM", "pre-claim token"),
        ("ot_clm_CLAIM", "claim token"),
        ("ot_pat_2_POSTCLAIM", "token"),
        ("+15005550006", "manifest"),
        ("a3f7c821", "manifest's session"),
        ("b9d2e445", "code's session"),
        ("eyJhbGciOiJFZERTQSJ9", "badge"),
    ];
    let held = secrets.into_iter().filter(|(secret, _)| json.expose().contains(secret)).map(|(_, name)| name.to_owned());
    let answers = match &snapshot.unreadable()[..] {
        [] => None,
        [id] => Some(format!("the bytes of answer {id}")),
        several => Some(format!("the bytes of {} answers", several.len())),
    };
    let all: Vec<_> = held.chain(answers).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
