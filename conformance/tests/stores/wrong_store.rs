//! A small store in files, and everything that can be wrong with one: each fault can be switched on alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use enlist_conformance::stores::{self, Fallible, Fixture, Support};
use enlist_core::{Ceremony, Delivery, Exchange, ExchangeId, ExchangeResult, Snapshot, Store, TransportFailure};

use crate::record::{self, Record};

/// The fault of a [`WrongStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing. The store does what a store must do.
    None,
    /// `prepare` keeps the snapshot in memory until the next call.
    PrepareIsNotDurable,
    /// `prepare` says that all is well on a full disk.
    PrepareHidesAFullDisk,
    /// `journal` keeps the record in memory until the next call.
    JournalIsNotDurable,
    /// `journal` says that all is well on a full disk.
    JournalHidesAFullDisk,
    /// After one call failed, all others do.
    OneErrorIsTheEnd,
    /// `save` keeps the snapshot in memory until the next call.
    SaveIsNotDurable,
    /// The record has no content type.
    LosesTheContentType,
    /// The record has no status.
    LosesTheStatus,
    /// The record's body is text.
    LosesBytes,
    /// The record does not say that the answer was cut off.
    LosesTheCut,
    /// A cut answer is read as a request that was not sent.
    CutIsReadAsNotSent,
    /// A refusal is written down as a success.
    RefusalBecomesASuccess,
    /// An exchange without a record is an error.
    NoRecordIsAnError,
    /// A record's checksum is not compared.
    TornIsReadAsWhole,
    /// A record with a wrong checksum counts as no record.
    TornIsReadAsNothing,
    /// The record of another exchange is taken for this one's.
    RecordOfAnyExchange,
    /// The record of another flow is taken for this one's.
    RecordOfAnyFlow,
    /// `save` removes an answer that nobody could read.
    SaveDropsTheUnreadable,
    /// `save` leaves the record of an answer that was taken in.
    SaveKeepsTheConsumed,
    /// The snapshot's text is ASCII.
    LosesLetters,
    /// The code that was saved first is never replaced.
    KeepsTheFirstCode,
    /// Of two saves with no exchange in between, the second one is left out.
    SkipsTheSecondSave,
    /// When a request was not sent, the snapshot from before it stays.
    RollsBackTheUnsent,
    /// Room that a dead process reserved is in the way of the next process.
    ReservationsAreForEver,
    /// The snapshot is overwritten in place.
    WritesInPlace,
    /// `save` removes the record before the snapshot is written.
    DropsTheRecordFirst,
    /// Files are readable by others.
    FilesForAll,
    /// Folders are open to others.
    FoldersForAll,
    /// Nothing keeps a second owner out.
    NoLock,
}

/// The fixture of [`WrongStore`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrongStores {
    pub(crate) fault: Fault,
    /// The test that runs the cases on this fixture.
    pub(crate) test: Option<&'static str>,
}

impl Fixture for WrongStores {
    type Store = WrongStore;

    /// In memory where the system has such a folder: thousands of small files are slow on a disk.
    fn folder(&self) -> PathBuf {
        let memory = PathBuf::from("/dev/shm");
        if memory.is_dir() { memory } else { std::env::temp_dir() }
    }

    fn open(&self, place: &Path) -> Fallible<WrongStore> {
        WrongStore::open(place, self.fault)
    }

    fn saved(&self, store: &mut WrongStore) -> Fallible<Option<Snapshot>> {
        match fs::read(store.snapshot_path()) {
            Ok(json) => Ok(Some(Snapshot::from_json(&json)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn set_disk_full(&self, store: &mut WrongStore, _place: &Path, is_full: bool) -> Fallible<Support> {
        store.is_full = is_full;
        Ok(Support::Yes)
    }

    fn child(&self) -> Option<Command> {
        stores::rerun_test(self.test?).ok()
    }
}

/// A ceremony in a folder: `state/snapshot`, `state/record` and `state/unreadable-ID`.
#[derive(Debug)]
pub(crate) struct WrongStore {
    folder: PathBuf,
    fault: Fault,
    _lock: File,
    is_full: bool,
    has_failed: bool,
    /// Writes that a wrong store puts off.
    put_off: Vec<(PathBuf, Vec<u8>)>,
    /// The exchange in flight at the last save, if there was one.
    saved_in_flight: Option<Option<ExchangeId>>,
    journal_was_called: bool,
    /// The snapshot before the exchange in flight.
    before: Option<Vec<u8>>,
    was_not_sent: bool,
}

impl WrongStore {
    fn open(place: &Path, fault: Fault) -> Fallible<Self> {
        let folder = place.join("state");
        let mode = if fault == Fault::FoldersForAll { 0o755 } else { 0o700 };
        DirBuilder::new().recursive(true).mode(mode).create(&folder)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(place.join("lock"))?;
        if fault != Fault::NoLock {
            lock.try_lock()?;
        }
        Ok(Self {
            folder,
            fault,
            _lock: lock,
            is_full: false,
            has_failed: false,
            put_off: Vec::new(),
            saved_in_flight: None,
            journal_was_called: false,
            before: None,
            was_not_sent: false,
        })
    }

    fn snapshot_path(&self) -> PathBuf {
        self.folder.join("snapshot")
    }

    fn record_path(&self) -> PathBuf {
        self.folder.join("record")
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// Does what was put off; every call begins with it.
    fn begin(&mut self) -> io::Result<()> {
        if self.has_failed && self.is(Fault::OneErrorIsTheEnd) {
            return Err(io::Error::other("an earlier call failed"));
        }
        for (path, bytes) in std::mem::take(&mut self.put_off) {
            self.replace(&path, &bytes)?;
        }
        Ok(())
    }

    /// Remembers whether the call failed.
    fn end<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.has_failed |= result.is_err();
        result
    }

    fn check_room(&self) -> io::Result<()> {
        if self.is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn write_snapshot(&mut self, snapshot: &Snapshot, is_put_off: bool) -> io::Result<()> {
        let mut json = snapshot.to_json().expose().to_owned();
        if self.is(Fault::LosesLetters) {
            json = json.replace(|letter: char| !letter.is_ascii(), "?");
        }
        let path = self.snapshot_path();
        if self.is(Fault::KeepsTheFirstCode) {
            json = with_the_first_code(json, &self.folder.join("first"))?;
        }
        if is_put_off {
            self.put_off.push((path, json.into_bytes()));
            return Ok(());
        }
        if self.is(Fault::WritesInPlace) {
            return write_in_place(&path, json.as_bytes());
        }
        self.replace(&path, json.as_bytes())
    }

    /// A temporary file, synced, renamed, the folder synced.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let temporary = path.with_extension("new");
        let mode = if self.is(Fault::FilesForAll) { 0o644 } else { 0o600 };
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// Room for the answer. Whatever record there was before is overwritten.
    fn reserve(&self, exchange: &Exchange) -> io::Result<()> {
        let path = self.record_path();
        match (self.fault, record::read(&path)?) {
            (Fault::RecordOfAnyExchange, Some(Record { id, .. })) if id != exchange.id.as_u64() => Ok(()),
            (Fault::RecordOfAnyFlow, Some(Record { id, .. })) if id == exchange.id.as_u64() => Ok(()),
            (Fault::ReservationsAreForEver, None) if path.exists() => Err(io::ErrorKind::AlreadyExists.into()),
            _ => self.replace(&path, &vec![0; exchange.max_body + 1024]),
        }
    }

    fn prepare_inner(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> io::Result<()> {
        self.begin()?;
        if self.is_full && self.is(Fault::PrepareHidesAFullDisk) {
            return Ok(());
        }
        self.check_room()?;
        self.before = fs::read(self.snapshot_path()).ok();
        (self.journal_was_called, self.was_not_sent) = (false, false);
        if exchange.delivers {
            self.reserve(exchange)?;
        }
        self.write_snapshot(snapshot, self.is(Fault::PrepareIsNotDurable))?;
        self.saved_in_flight = Some(snapshot.in_flight());
        Ok(())
    }

    fn journal_inner(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> io::Result<()> {
        self.begin()?;
        self.journal_was_called = true;
        self.was_not_sent = answer.as_ref().is_err_and(|failure| failure.delivery == Delivery::NotSent);
        let Some(mut record) = Record::of(exchange.id, answer, self.is(Fault::RefusalBecomesASuccess)) else { return Ok(()) };
        if !exchange.delivers || (self.is_full && self.is(Fault::JournalHidesAFullDisk)) {
            return Ok(());
        }
        match self.fault {
            Fault::LosesTheContentType => record.content_type.clear(),
            Fault::LosesTheStatus => record.status = 200,
            Fault::LosesBytes => record.body = String::from_utf8_lossy(&record.body).into_owned().into_bytes(),
            Fault::LosesTheCut => record.is_cut = false,
            _ => {}
        }
        let path = self.record_path();
        if self.is(Fault::JournalIsNotDurable) {
            self.put_off.push((path, record.to_bytes()));
            return Ok(());
        }
        // Also on a full disk, as the room was reserved.
        let mut file = OpenOptions::new().write(true).open(&path)?;
        file.write_all(&record.to_bytes())?;
        file.sync_all()
    }

    fn journaled_inner(&mut self, id: ExchangeId) -> io::Result<Option<ExchangeResult>> {
        self.begin()?;
        let path = self.record_path();
        if self.is(Fault::NoRecordIsAnError) && !path.exists() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let Some(record) = record::read(&path)? else { return Ok(None) };
        if record.id != id.as_u64() && !self.is(Fault::RecordOfAnyExchange) {
            return Ok(None);
        }
        if !record.is_whole() && self.is(Fault::TornIsReadAsNothing) {
            return Ok(None);
        }
        if !record.is_whole() && !self.is(Fault::TornIsReadAsWhole) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the record is torn"));
        }
        let mut answer = record.answer();
        if let (Fault::CutIsReadAsNotSent, Err(TransportFailure { delivery, .. })) = (self.fault, &mut answer) {
            *delivery = Delivery::NotSent;
        }
        Ok(Some(answer))
    }

    fn save_inner(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.begin()?;
        self.check_room()?;
        if self.is(Fault::DropsTheRecordFirst) {
            self.drop_record(snapshot)?;
            sleep(Duration::from_millis(5));
        }
        let is_second = self.saved_in_flight == Some(snapshot.in_flight());
        match (self.fault, self.before.take()) {
            (Fault::SkipsTheSecondSave, _) if is_second => {}
            (Fault::RollsBackTheUnsent, Some(before)) if self.was_not_sent => self.replace(&self.snapshot_path(), &before)?,
            _ => self.write_snapshot(snapshot, self.is(Fault::SaveIsNotDurable))?,
        }
        self.saved_in_flight = Some(snapshot.in_flight());
        self.drop_record(snapshot)
    }

    /// Sets the record aside if its answer could not be read, and removes it otherwise.
    fn drop_record(&self, snapshot: &Snapshot) -> io::Result<()> {
        let path = self.record_path();
        let record = record::read(&path)?;
        let is_unreadable = |record: &&Record| snapshot.unreadable().iter().any(|id| id.as_u64() == record.id);
        match record.as_ref().filter(is_unreadable) {
            Some(record) if !self.is(Fault::SaveDropsTheUnreadable) => {
                fs::rename(&path, self.folder.join(format!("unreadable-{}", record.id)))?;
            }
            None if record.is_some() && self.is(Fault::SaveKeepsTheConsumed) => {}
            None if !self.journal_was_called && self.is(Fault::ReservationsAreForEver) => {}
            _ if path.exists() => fs::remove_file(&path)?,
            _ => {}
        }
        File::open(&self.folder)?.sync_all()
    }
}

impl Store for WrongStore {
    type Error = io::Error;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> io::Result<()> {
        let result = self.prepare_inner(&ceremony.snapshot(), exchange);
        self.end(result)
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> io::Result<()> {
        let result = self.journal_inner(exchange, answer);
        self.end(result)
    }

    fn journaled(&mut self, id: ExchangeId) -> io::Result<Option<ExchangeResult>> {
        let result = self.journaled_inner(id);
        self.end(result)
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> io::Result<()> {
        let result = self.save_inner(&ceremony.snapshot());
        self.end(result)
    }
}

/// A store that is closed in the regular way does what it put off.
impl Drop for WrongStore {
    fn drop(&mut self) {
        let _ = self.begin();
    }
}

fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    sleep(Duration::from_millis(5));
    file.write_all(second)
}

/// The JSON with the user code that was written to `path` first.
fn with_the_first_code(json: String, path: &Path) -> io::Result<String> {
    let Some((_, rest)) = json.split_once(r#""user_code":""#) else { return Ok(json) };
    let code = rest[..6].to_owned();
    if !path.exists() {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(code.as_bytes())?;
    }
    Ok(json.replace(&code, &fs::read_to_string(path)?))
}
