//! A store that keeps a ceremony in memory: the reference of what a store does, and its fixture.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use enlist_core::{Ceremony, Exchange, ExchangeId, ExchangeResult, Snapshot, Store};

use super::{Fallible, Fixture, Support, Tear};

/// Keeps a ceremony for as long as the value lives. It does all that a store must do, except to survive its process: it is for tests.
#[derive(Debug, Default)]
pub struct MemoryStore {
    disk: Arc<Mutex<Disk>>,
}

/// The data that a store has written.
#[derive(Clone, Debug, Default)]
struct Disk {
    snapshot: Option<Snapshot>,
    /// The exchange that was prepared last, if it delivers, and its answer.
    record: Option<(ExchangeId, Option<ExchangeResult>)>,
    /// The answers that nobody could read.
    unreadable: Vec<ExchangeResult>,
    is_open: bool,
    is_full: bool,
}

/// The memory store was told to behave as on a full disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the disk is full")]
pub struct OutOfSpace;

impl MemoryStore {
    /// The snapshot that was saved last.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.disk().snapshot.clone()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    type Error = OutOfSpace;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), OutOfSpace> {
        let mut disk = self.disk();
        if disk.is_full {
            return Err(OutOfSpace);
        }
        disk.record = exchange.delivers.then_some((exchange.id, None));
        disk.snapshot = Some(ceremony.snapshot());
        Ok(())
    }

    /// Also on a full disk, as the room was reserved.
    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), OutOfSpace> {
        if let Some((id, record)) = &mut self.disk().record
            && *id == exchange.id
            && is_delivery(answer)
        {
            *record = Some(answer.clone());
        }
        Ok(())
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, OutOfSpace> {
        Ok(self.disk().record.as_ref().filter(|(own, _)| *own == id).and_then(|(_, answer)| answer.clone()))
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), OutOfSpace> {
        let mut disk = self.disk();
        if disk.is_full {
            return Err(OutOfSpace);
        }
        let snapshot = ceremony.snapshot();
        if let Some((id, Some(answer))) = disk.record.take()
            && snapshot.unreadable().contains(&id)
        {
            disk.unreadable.push(answer);
        }
        disk.snapshot = Some(snapshot);
        Ok(())
    }
}

/// Frees the place.
impl Drop for MemoryStore {
    fn drop(&mut self) {
        self.disk().is_open = false;
    }
}

/// Whether the answer may hold a credential: a 2xx, whole or cut off.
fn is_delivery(answer: &ExchangeResult) -> bool {
    let status = match answer {
        Ok(response) => Some(response.status().as_u16()),
        Err(failure) => failure.partial.as_ref().map(|partial| partial.status),
    };
    status.is_some_and(|status| (200..300).contains(&status))
}

/// The fixture of [`MemoryStore`]: a place is a name.
#[derive(Debug, Default)]
pub struct MemoryStores {
    disks: Mutex<BTreeMap<PathBuf, Arc<Mutex<Disk>>>>,
}

impl MemoryStores {
    fn disk(&self, place: &Path) -> Arc<Mutex<Disk>> {
        let mut disks = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(disks.entry(place.to_owned()).or_default())
    }
}

impl Fixture for MemoryStores {
    type Store = MemoryStore;

    fn open(&self, place: &Path) -> Fallible<MemoryStore> {
        let disk = self.disk(place);
        let was_open = std::mem::replace(&mut disk.lock().unwrap_or_else(PoisonError::into_inner).is_open, true);
        // The store that is refused must not free the place.
        if was_open { Err("the place is in use".into()) } else { Ok(MemoryStore { disk }) }
    }

    fn saved(&self, store: &mut MemoryStore) -> Fallible<Option<Snapshot>> {
        Ok(store.snapshot())
    }

    fn crash(&self, store: MemoryStore, _place: &Path, copy: &Path) -> Fallible<()> {
        let left = Disk { is_open: false, is_full: false, ..store.disk().clone() };
        *self.disk(copy).lock().unwrap_or_else(PoisonError::into_inner) = left;
        Ok(())
    }

    fn holds(&self, place: &Path, bytes: &[u8]) -> Fallible<bool> {
        let disk = self.disk(place);
        let disk = disk.lock().unwrap_or_else(PoisonError::into_inner);
        let record = disk.record.as_ref().and_then(|(_, answer)| answer.as_ref());
        let contains = |text: &[u8]| text.windows(bytes.len()).any(|window| window == bytes);
        let in_answers = disk.unreadable.iter().chain(record).filter_map(body).any(contains);
        Ok(in_answers || disk.snapshot.as_ref().is_some_and(|snapshot| contains(snapshot.to_json().expose().as_bytes())))
    }

    fn tear(&self, _place: &Path, _body: &[u8], _tear: Tear) -> Fallible<Support> {
        Ok(Support::No)
    }

    fn set_disk_full(&self, store: &mut MemoryStore, _place: &Path, is_full: bool) -> Fallible<Support> {
        store.disk().is_full = is_full;
        Ok(Support::Yes)
    }
}

fn body(answer: &ExchangeResult) -> Option<&[u8]> {
    match answer {
        Ok(response) => Some(response.body()),
        Err(failure) => failure.partial.as_ref().map(|partial| partial.body.as_slice()),
    }
}
