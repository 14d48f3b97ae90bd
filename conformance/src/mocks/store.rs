//! The store of a case: in memory, and every call is written down.

use enlist_core::{Ceremony, Exchange, ExchangeId, ExchangeResult, Snapshot, Store, TransportKind};

use super::host::{LocalFault, MockError, Shared};
use crate::store_fixture::MemoryStore;

/// The store that a driver works with. It fails where the case says so.
#[derive(Debug)]
pub struct MockStore {
    shared: Shared,
    memory: MemoryStore,
}

impl MockStore {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared, memory: MemoryStore::default() }
    }

    /// The snapshot that another process finds.
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        self.memory.snapshot()
    }
}

impl Store for MockStore {
    type Error = MockError;

    /// Notes it if the ceremony does not have the exchange in flight.
    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), MockError> {
        let (id, number) = (exchange.id, exchange.id.as_u64());
        let in_flight = if ceremony.snapshot().in_flight() == Some(id) { "" } else { ", which is not in flight" };
        let delivers = if exchange.delivers { ", reserve a journal" } else { "" };
        self.shared.call(format!("prepare {id}{delivers}{in_flight}"), self.shared.meets(LocalFault::PrepareFails, number))?;
        self.memory.prepare(ceremony, exchange).map_err(failed)?;
        self.shared.dies_if(LocalFault::DiesBeforeSending, number)
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), MockError> {
        let number = exchange.id.as_u64();
        self.shared.dies_if(LocalFault::DiesBeforeJournal, number)?;
        let fails = self.shared.meets(LocalFault::JournalFails, number);
        self.shared.call(format!("journal {number}: {}", described(answer)), fails)?;
        self.memory.journal(exchange, answer).map_err(failed)?;
        self.shared.dies_if(LocalFault::DiesAfterJournal, number)?;
        self.shared.dies_if(LocalFault::JournalUnreadable, number)
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, MockError> {
        if self.shared.meets(LocalFault::JournalUnreadable, id.as_u64()) {
            self.shared.call(format!("journaled {id}"), true)?;
        }
        let found = self.memory.journaled(id).map_err(failed)?;
        self.shared.call(format!("journaled {id}: {}", if found.is_some() { "yes" } else { "no" }), false)?;
        Ok(found)
    }

    /// Notes it if the ceremony has an exchange in flight.
    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), MockError> {
        let in_flight = if ceremony.snapshot().in_flight().is_some() { ", an exchange being in flight" } else { "" };
        let fails = self.shared.fault() == Some(LocalFault::SaveFails) && self.shared.has_sent_the_faulty();
        self.shared.call(format!("save{in_flight}"), fails)?;
        self.memory.save(ceremony).map_err(failed)
    }
}

fn failed(error: impl ToString) -> MockError {
    MockError(error.to_string())
}

/// The result of an exchange, without what is chance or secret.
pub(crate) fn described(answer: &ExchangeResult) -> String {
    match answer {
        Ok(response) => format!("{}, {} bytes", response.status().as_u16(), response.body().len()),
        Err(failure) => {
            let partial = failure.partial.as_ref().map(|partial| match failure.kind {
                // How many bytes came by then is chance.
                TransportKind::Timeout => format!(", after status {}", partial.status),
                _ => format!(", after status {} and {} bytes", partial.status, partial.body.len()),
            });
            format!("{:?}, {:?}{}", failure.kind, failure.delivery, partial.unwrap_or_default())
        }
    }
}
