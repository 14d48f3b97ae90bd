//! Runs the cases of `enlist-conformance` for stores on the file store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use enlist_conformance::stores::{self, Fallible, Fixture, Support};
use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::{Ceremony, CeremonyKind, Exchange, ExchangeId, ExchangeResult, ResumeError, Snapshot, Store};
use enlist_store::{FlowStore, Home, ServiceKey, ServiceStore, Session, StoreError};

struct FileStores;

impl Fixture for FileStores {
    type Store = OneFlow;

    fn open(&self, place: &Path) -> Fallible<OneFlow> {
        OneFlow::open(place, false)
    }

    fn open_for_another_flow(&self, place: &Path) -> Fallible<OneFlow> {
        OneFlow::open(place, true)
    }

    fn saved(&self, store: &mut OneFlow) -> Fallible<Option<Snapshot>> {
        let flows = store.ask(|session, _| session.flows())?;
        Ok(flows.first().map(|flow| flow.record().snapshot().clone()))
    }

    fn has_ended(&self, store: &mut OneFlow) -> Fallible<bool> {
        Ok(store.ask(|session, _| !session.recovery().ended.is_empty()))
    }

    /// A file takes the place of the folder of flows, so that no flow can be written. Whoever runs this as root can write everywhere else.
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

/// A session with at most one flow. A [`FlowStore`] borrows its session, so both live in a thread of their own.
struct OneFlow {
    calls: Option<Sender<Call>>,
    thread: Option<JoinHandle<()>>,
}

type Call = Box<dyn for<'s> FnOnce(&'s Session, &mut Option<FlowStore<'s>>) + Send>;

impl OneFlow {
    /// Opens the flow at the place, or gives up every flow there.
    fn open(place: &Path, gives_up: bool) -> Fallible<Self> {
        let store = service(place)?;
        let (opened, has_opened) = channel();
        let (calls, called) = channel::<Call>();
        let thread = thread::spawn(move || {
            let session = match store.lock() {
                Ok(session) => session,
                Err(error) => return opened.send(Err(error)).unwrap(),
            };
            match resume(&session, gives_up) {
                Ok(mut flow) => {
                    opened.send(Ok(())).unwrap();
                    called.into_iter().for_each(|call| call(&session, &mut flow));
                }
                Err(error) => opened.send(Err(error)).unwrap(),
            }
        });
        has_opened.recv()??;
        Ok(Self { calls: Some(calls), thread: Some(thread) })
    }

    fn ask<T: Send + 'static>(&self, ask: impl for<'s> FnOnce(&'s Session, &mut Option<FlowStore<'s>>) -> T + Send + 'static) -> T {
        let (answer, answered) = channel();
        let call: Call = Box::new(move |session, flow| answer.send(ask(session, flow)).unwrap());
        self.calls.as_ref().unwrap().send(call).unwrap();
        answered.recv().unwrap()
    }
}

/// Releases the lock before this returns.
impl Drop for OneFlow {
    fn drop(&mut self) {
        drop(self.calls.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

fn service(place: &Path) -> Result<ServiceStore, StoreError> {
    Ok(Home::at(place.join("home"))?.profile(&Default::default()).service(&ServiceKey::OPENTRAIN))
}

fn resume(session: &Session, gives_up: bool) -> Result<Option<FlowStore<'_>>, StoreError> {
    let mut flows = session.flows()?;
    if gives_up {
        return flows.iter().try_for_each(|flow| session.remove_flow(flow.name())).map(|()| None);
    }
    flows.pop().map(|flow| session.resume(flow.into_parts().0)).transpose()
}

impl Store for OneFlow {
    type Error = StoreError;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), StoreError> {
        let (ceremony, exchange) = (ceremony.clone(), copy(exchange));
        self.ask(move |session, flow| {
            if flow.is_none() {
                *flow = Some(begin(session, &ceremony.snapshot())?);
            }
            flow.as_mut().unwrap().prepare(&ceremony, &exchange)
        })
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), StoreError> {
        let (exchange, answer) = (copy(exchange), answer.clone());
        self.ask(move |_, flow| flow.as_mut().unwrap().journal(&exchange, &answer))
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, StoreError> {
        self.ask(move |_, flow| flow.as_mut().map_or(Ok(None), |flow| flow.journaled(id)))
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), StoreError> {
        let ceremony = ceremony.clone();
        self.ask(move |_, flow| flow.as_mut().unwrap().save(&ceremony))
    }
}

/// Begins a flow of a ceremony of any kind.
fn begin<'s>(session: &'s Session, snapshot: &Snapshot) -> Result<FlowStore<'s>, StoreError> {
    fn resumed<C>(ceremony: Result<C, ResumeError>) -> C {
        ceremony.unwrap()
    }
    match snapshot.kind() {
        CeremonyKind::Enrolment => session.begin(&resumed(Enrolment::resume(snapshot))),
        CeremonyKind::Claim => session.begin(&resumed(Claim::resume(snapshot))),
        CeremonyKind::BadgeRegistration => session.begin(&resumed(BadgeRegistration::resume(snapshot))),
        CeremonyKind::BadgeRotation => session.begin(&resumed(BadgeRotation::resume(snapshot))),
    }
}

fn copy(exchange: &Exchange) -> Exchange {
    Exchange {
        id: exchange.id,
        request: exchange.request.clone(),
        timeout: exchange.timeout,
        max_body: exchange.max_body,
        delivers: exchange.delivers,
    }
}

#[test]
fn the_file_store_passes_every_case() {
    let report = stores::run(&FileStores).unwrap_or_else(|failures| panic!("{failures}"));
    assert_eq!(report.skipped, []);
}
