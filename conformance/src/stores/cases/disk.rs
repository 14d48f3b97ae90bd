//! A disk that is full, and files that others could read.

use enlist_core::claim::Claim;
use enlist_core::{Ceremony, Input, Snapshot, Step, Store};

use crate::mocks::BEGINNING;
use crate::store_bench::bench::{Bench, Opened};
use crate::store_bench::flow::{Flow, Next, json};
use crate::store_fixture::{Broken, Fixture, Support};
use crate::verdict::Verdict;

const NO_FULL_DISK: Verdict = Verdict::Skipped("the fixture cannot fill the disk");

/// When the disk is full, `prepare` fails, so that nothing is sent. What was saved before is whole, and with room again the flow
/// continues.
///
/// # Errors
/// [`Broken`].
pub fn failed_prepare_can_be_repeated<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    flow.exchange(&mut opened)?;
    let before = flow.ceremony.snapshot();
    if set_full(fixture, &mut opened, true)? == Support::No {
        return Ok(NO_FULL_DISK);
    }
    let exchange = flow.begin()?;
    if opened.store.prepare(&flow.ceremony, &exchange).is_ok() {
        return Err(Broken::new("prepare reported success although the disk is full"));
    }
    set_full(fixture, &mut opened, false)?;
    let mut opened = bench.reopen(opened)?;
    let saved = bench.saved(&mut opened)?;
    if ![&before, &flow.ceremony.snapshot()].into_iter().any(|expected| is_same(expected, &saved)) {
        return Err(Broken::new("a prepare that failed left neither the state before it nor the state that it was to save"));
    }
    let mut flow = Flow::<Claim>::resume(&saved)?;
    let exchange = match flow.next()? {
        Next::Owed(id) => flow.handle(Input::lost(id)).and_then(|()| flow.begin())?,
        Next::Exchange(exchange) => exchange,
        Next::Done(_) => return Err(Broken::new("the ceremony is over too soon")),
    };
    opened.prepare(&flow.ceremony, &exchange)?;
    Ok(Verdict::Passed)
}

/// When the disk fills up while the answer is awaited, `journal` either writes the answer into the room that was reserved or fails.
/// After it failed, the same store saves what the ceremony took in, as soon as there is room.
///
/// # Errors
/// [`Broken`].
pub fn failed_journal_loses_no_answer<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    flow.exchange(&mut opened)?;
    let exchange = flow.prepare(&mut opened)?;
    if set_full(fixture, &mut opened, true)? == Support::No {
        return Ok(NO_FULL_DISK);
    }
    let answer = json(200, r#"{"access_token":"ot_pat_2_POSTCLAIM","token_type":"bearer","scopes":[]}"#);
    let is_written = opened.store.journal(&exchange, &answer).is_ok();
    if is_written && opened.journaled(exchange.id)?.is_none() {
        return Err(Broken::new("journal reported success on a full disk, but the answer is not there"));
    }
    flow.handle(Input::answered(exchange.id, answer))?;
    // This may fail, as the disk is still full. The driver is called again when there is room.
    let _ = opened.store.save(&flow.ceremony);
    set_full(fixture, &mut opened, false)?;
    opened.save(&flow.ceremony)?;
    let mut opened = bench.reopen(opened)?;
    if fixture.has_ended(&mut opened.store)? {
        return Ok(Verdict::Passed);
    }
    let resumed = Flow::<Claim>::resume(&bench.saved(&mut opened)?)?;
    match resumed.ceremony.poll(BEGINNING) {
        Step::Done(Ok(_)) => Ok(Verdict::Passed),
        _ => Err(Broken::new("the token that came while the disk was full is lost")),
    }
}

fn set_full<F: Fixture>(fixture: &F, opened: &mut Opened<F>, is_full: bool) -> Result<Support, Broken> {
    Ok(fixture.set_disk_full(&mut opened.store, &opened.place, is_full)?)
}

fn is_same(one: &Snapshot, other: &Snapshot) -> bool {
    one.to_json().expose() == other.to_json().expose()
}

/// If the store keeps files, only their owner can read them (0600) and enter their folders (0700), after every call.
///
/// # Errors
/// [`Broken`].
#[cfg(unix)]
pub fn files_are_private<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    let mut files = private_files(&opened.place)?;
    for _ in 0..2 {
        let exchange = flow.prepare(&mut opened)?;
        files = files.max(private_files(&opened.place)?);
        let answer = crate::store_bench::flow::good(&exchange);
        opened.journal(&exchange, &answer)?;
        files = files.max(private_files(&opened.place)?);
        flow.handle(Input::answered(exchange.id, answer))?;
        opened.save(&flow.ceremony)?;
        files = files.max(private_files(&opened.place)?);
    }
    Ok(if files == 0 { Verdict::Skipped("the store keeps no files at the place") } else { Verdict::Passed })
}

/// Checks every file and folder at the place, and says how many there are.
#[cfg(unix)]
fn private_files(place: &std::path::Path) -> Result<usize, Broken> {
    use std::os::unix::fs::PermissionsExt;

    let found = crate::store_fixture::folder::walk(place)?;
    for path in &found {
        let metadata = std::fs::symlink_metadata(path).map_err(Broken::new)?;
        let (mode, expected) = (metadata.permissions().mode() & 0o777, if metadata.is_dir() { 0o700 } else { 0o600 });
        if mode != expected {
            let name = path.strip_prefix(place).unwrap_or(path).display();
            return Err(Broken::new(format_args!("{name} has mode {mode:04o}, not {expected:04o}")));
        }
    }
    Ok(found.len())
}

/// Permissions are checked on Unix only.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn files_are_private<F: Fixture>(_fixture: &F) -> Result<Verdict, Broken> {
    Ok(Verdict::Skipped("permissions are checked on Unix only"))
}
