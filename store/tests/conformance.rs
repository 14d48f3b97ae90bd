//! Runs the cases of `enlist-conformance` for stores on the file store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

use enlist_conformance::stores::{self, Fallible, Fixture, Support};
use enlist_core::{Ceremony, Exchange, ExchangeId, ExchangeResult, Snapshot, Store};
use enlist_store::{FlowStore, Home, ProfileName, ServiceKey, ServiceStore, Session, StoreError};

/// One flow at one service of one profile, in files.
struct Files;

/// The store of a flow that begins with its first call.
struct OneFlow {
    session: Session,
    flow: Option<FlowStore>,
}

impl OneFlow {
    fn open(place: &Path) -> Fallible<Self> {
        let session = service(place)?.lock()?;
        let flow = session.flows()?.into_iter().next();
        let flow = flow.map(|flow| session.resume(flow.into_parts().0)).transpose()?;
        Ok(Self { session, flow })
    }

    fn flow<C: Ceremony>(&mut self, ceremony: &C) -> Result<&mut FlowStore, StoreError> {
        let flow = match self.flow.take() {
            Some(flow) => flow,
            None => self.session.begin(ceremony)?,
        };
        Ok(self.flow.insert(flow))
    }
}

impl Store for OneFlow {
    type Error = StoreError;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), StoreError> {
        self.flow(ceremony)?.prepare(ceremony, exchange)
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), StoreError> {
        self.flow.as_mut().map_or(Ok(()), |flow| flow.journal(exchange, answer))
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, StoreError> {
        self.flow.as_mut().map_or(Ok(None), |flow| flow.journaled(id))
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), StoreError> {
        self.flow(ceremony)?.save(ceremony)
    }
}

impl Fixture for Files {
    type Store = OneFlow;

    fn open(&self, place: &Path) -> Fallible<OneFlow> {
        OneFlow::open(place)
    }

    fn open_for_another_flow(&self, place: &Path) -> Fallible<OneFlow> {
        let store = OneFlow::open(place)?;
        if let Some(flow) = &store.flow {
            store.session.remove_flow(flow.flow().name())?;
        }
        Ok(OneFlow { session: store.session, flow: None })
    }

    fn saved(&self, store: &mut OneFlow) -> Fallible<Option<Snapshot>> {
        Ok(store.session.flows()?.first().map(|flow| flow.record().snapshot().clone()))
    }

    fn has_ended(&self, store: &mut OneFlow) -> Fallible<bool> {
        Ok(!store.session.recovery().ended.is_empty())
    }

    /// A file takes the place of the folder of flows, so that no flow can be written. Whoever runs this as root can write everywhere
    /// else.
    fn set_disk_full(&self, _: &mut OneFlow, place: &Path, is_full: bool) -> Fallible<Support> {
        let flows = service(place)?.flow_path("any").parent().map(Path::to_owned).ok_or("the flows have no folder")?;
        let away = flows.with_extension("away");
        if is_full {
            fs::rename(&flows, &away)?;
            fs::write(&flows, "")?;
        } else {
            fs::remove_file(&flows)?;
            fs::rename(&away, &flows)?;
        }
        Ok(Support::Yes)
    }

    fn child(&self) -> Option<Command> {
        stores::rerun_test("the_file_store_passes_every_case").ok()
    }
}

fn service(place: &Path) -> Result<ServiceStore, StoreError> {
    Ok(Home::at(place)?.profile(&ProfileName::default()).service(&ServiceKey::OPENTRAIN))
}

#[test]
fn the_file_store_passes_every_case() {
    let report = stores::run(&Files).unwrap_or_else(|failures| panic!("{failures}"));
    assert_eq!(report.skipped, []);
}
