//! The places of a case, and the stores that are open there.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use enlist_core::{Ceremony, Exchange, ExchangeId, ExchangeResult, Snapshot, Store};
use tempfile::TempDir;

use crate::store_fixture::{Broken, Fallible, Fixture};

/// How often to try to open a store that was closed, and how long to wait after each try.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(4);

/// Makes places for one case. They are removed with it.
pub(crate) struct Bench<'f, F> {
    pub(crate) fixture: &'f F,
    root: TempDir,
    places: Cell<u32>,
}

/// The remains of an exchange whose answer was journaled.
pub(crate) enum Left {
    /// The exchange is in flight, and this is its answer.
    Answer(ExchangeResult),
    /// The store took the answer in when it was opened. Nobody can read it, and the snapshot says so.
    Unreadable,
    /// The store took the answer in when it was opened, and the ceremony has ended.
    Ended,
    /// There is no answer.
    Nothing,
}

/// A store and the place where it is open.
pub(crate) struct Opened<F: Fixture> {
    pub(crate) place: PathBuf,
    pub(crate) store: F::Store,
}

impl<'f, F: Fixture> Bench<'f, F> {
    pub(crate) fn new(fixture: &'f F) -> Result<Self, Broken> {
        let root = TempDir::new_in(fixture.folder()).map_err(Broken::new)?;
        Ok(Self { fixture, root, places: Cell::new(0) })
    }

    /// A new, empty place.
    pub(crate) fn place(&self) -> Result<PathBuf, Broken> {
        self.places.set(self.places.get() + 1);
        let place = self.root.path().join(format!("place-{}", self.places.get()));
        make_private(&place).map_err(Broken::new)?;
        Ok(place)
    }

    /// A store at a new place.
    pub(crate) fn empty(&self) -> Result<Opened<F>, Broken> {
        self.open(self.place()?)
    }

    pub(crate) fn open(&self, place: PathBuf) -> Result<Opened<F>, Broken> {
        let store = self.fixture.open(&place)?;
        Ok(Opened { place, store })
    }

    /// Closes the store in the regular way and opens it again.
    pub(crate) fn reopen(&self, opened: Opened<F>) -> Result<Opened<F>, Broken> {
        self.open_closed(close(opened))
    }

    /// Opens a store that was closed a moment ago. When another thread of this process starts a child process just then, the child has
    /// a copy of the store's lock until its program begins, so the first tries may fail.
    pub(crate) fn open_closed(&self, place: PathBuf) -> Result<Opened<F>, Broken> {
        let store = retry(|| self.fixture.open(&place))?;
        Ok(Opened { place, store })
    }

    /// Closes the store in the regular way and opens the place for another flow.
    pub(crate) fn open_for_another_flow(&self, opened: Opened<F>) -> Result<Opened<F>, Broken> {
        let place = close(opened);
        let store = retry(|| self.fixture.open_for_another_flow(&place))?;
        Ok(Opened { place, store })
    }

    /// Opens what is left of the store when its process dies now.
    pub(crate) fn crash(&self, opened: Opened<F>) -> Result<Opened<F>, Broken> {
        let copy = self.place()?;
        self.fixture.crash(opened.store, &opened.place, &copy)?;
        self.open(copy)
    }

    /// The remains of an exchange after the store was opened.
    pub(crate) fn left(&self, opened: &mut Opened<F>, id: ExchangeId) -> Result<Left, Broken> {
        if self.fixture.has_ended(&mut opened.store)? {
            return Ok(Left::Ended);
        }
        let Some(saved) = self.fixture.saved(&mut opened.store)? else { return Ok(Left::Nothing) };
        if saved.in_flight() == Some(id) {
            Ok(opened.journaled(id)?.map_or(Left::Nothing, Left::Answer))
        } else if saved.unreadable().contains(&id) {
            Ok(Left::Unreadable)
        } else {
            Ok(Left::Nothing)
        }
    }

    /// The saved snapshot, which there must be.
    pub(crate) fn saved(&self, opened: &mut Opened<F>) -> Result<Snapshot, Broken> {
        let saved = self.fixture.saved(&mut opened.store)?;
        saved.ok_or_else(|| Broken::new("the store holds no snapshot although one was saved"))
    }
}

fn retry<T>(open: impl Fn() -> Fallible<T>) -> Fallible<T> {
    for _ in 0..TRIES {
        if let Ok(store) = open() {
            return Ok(store);
        }
        thread::sleep(BETWEEN_TRIES);
    }
    open()
}

/// Drops the store.
pub(crate) fn close<F: Fixture>(opened: Opened<F>) -> PathBuf {
    opened.place
}

impl<F: Fixture> Opened<F> {
    pub(crate) fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), Broken> {
        self.store.prepare(ceremony, exchange).map_err(|error| Broken::new(format_args!("prepare failed: {error}")))
    }

    pub(crate) fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), Broken> {
        self.store.journal(exchange, answer).map_err(|error| Broken::new(format_args!("journal failed: {error}")))
    }

    pub(crate) fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, Broken> {
        self.store.journaled(id).map_err(|error| Broken::new(format_args!("journaled failed: {error}")))
    }

    pub(crate) fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), Broken> {
        self.store.save(ceremony).map_err(|error| Broken::new(format_args!("save failed: {error}")))
    }
}

#[cfg(unix)]
fn make_private(place: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(place)
}

#[cfg(not(unix))]
fn make_private(place: &Path) -> std::io::Result<()> {
    fs::create_dir(place)
}
