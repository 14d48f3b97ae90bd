//! Plays a ceremony on a stage to its end, and says what became of it.

use std::ops::ControlFlow;
use std::sync::Arc;

use enlist_core::{DriveError, Ending, Failure, Origin, Snapshot};

use super::Driver;
use super::part::Part;
use super::site::Site;
use super::stage::{Cast, Driven, Mishap, Stage, failure_text};

/// How often a drive is taken up again at most.
const TURNS: usize = 4;

/// What became of a ceremony.
#[derive(Debug)]
pub(super) struct Performance {
    /// What the host was called for.
    pub(super) log: Vec<String>,
    pub(super) ending: String,
    /// What the last snapshot holds of value.
    pub(super) kept: String,
}

/// Plays `C` at the site. After a mishap it goes on as another process would, or the same one.
pub(super) fn perform<C: Part, D: Driver>(driver: &mut D, site: &Arc<Site>, mishap: Option<(Mishap, u64)>) -> Performance {
    let mut stage = Stage::<C>::new(Arc::clone(site), Cast { answers: C::human, question: C::question }, mishap);
    let origin = Origin::parse(&site.origin()).ok();
    let Some(mut ceremony) = origin.and_then(C::beginning) else {
        return Performance { log: Vec::new(), ending: "the case cannot begin".to_owned(), kept: String::new() };
    };
    let mut ending = String::new();
    for _ in 0..TURNS {
        let driven = driver.drive(&mut ceremony, &mut stage);
        match turn(driven, &mut ceremony, &mut stage) {
            ControlFlow::Break(end) => {
                ending = end;
                break;
            }
            ControlFlow::Continue(()) => stage.revive(),
        }
    }
    let kept = kept(&ceremony.snapshot());
    Performance { log: stage.log, ending, kept }
}

/// The end; or the ceremony as it goes on.
fn turn<C: Part>(driven: Driven<C::Outcome>, ceremony: &mut C, stage: &mut Stage<C>) -> ControlFlow<String> {
    match (driven, stage.mishap()) {
        (Ok(Ending::Finished(Ok(outcome))), _) => ControlFlow::Break(format!("done: {}", C::brought(&outcome))),
        (Ok(Ending::Finished(Err(failure))), _) => ControlFlow::Break(failed(&failure)),
        (Ok(Ending::Paused), Some(Mishap::Leaves)) => resumed(ceremony, stage),
        (Ok(Ending::Paused), _) => ControlFlow::Break(format!("asks: {}", stage.question.clone().unwrap_or_default())),
        (Err(DriveError::Host(_)), Some(Mishap::DiesBeforeSending | Mishap::DiesBeforeJournal | Mishap::DiesAfterJournal)) => {
            resumed(ceremony, stage)
        }
        (Err(DriveError::Host(_)), Some(_)) => {
            stage.log.push("drive again".to_owned());
            ControlFlow::Continue(())
        }
        (Err(error), _) => ControlFlow::Break(format!("broke off: {error}")),
    }
}

fn failed(failure: &Failure) -> String {
    format!("{}: \"{}\"", failure.code().as_str(), failure_text(failure))
}

fn resumed<C: Part>(ceremony: &mut C, stage: &mut Stage<C>) -> ControlFlow<String> {
    stage.log.push("resume in another process".to_owned());
    let found = stage.disk.as_deref().and_then(|disk| Snapshot::from_json(disk.as_bytes()).ok());
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
    let answers = match snapshot.kept() {
        [] => None,
        [id] => Some(format!("the bytes of answer {id}")),
        several => Some(format!("the bytes of {} answers", several.len())),
    };
    let all: Vec<_> = held.chain(answers).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
