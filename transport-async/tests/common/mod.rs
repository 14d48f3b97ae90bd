//! Lets the cases of `enlist-conformance` run this crate's loop and client.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard};

use enlist_async::{Client, Execute, Host, drive};
use enlist_conformance::{Driven, Driver, MockHost, MockHostError};
use enlist_core::{Ceremony, Exchange, ExchangeId, Input, Snapshot, Timestamp, TransportFailure, WaitReason};
use http::Response;
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Async {
    client: Client,
    runtime: Runtime,
}

impl Async {
    pub(crate) fn new() -> Self {
        Self { client: Client::new().unwrap(), runtime: Builder::new_current_thread().enable_all().build().unwrap() }
    }
}

impl Driver for Async {
    fn execute(&mut self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        self.runtime.block_on(self.client.execute(exchange))
    }

    fn drive<C: Ceremony>(&mut self, ceremony: &mut C, stage: &mut MockHost<C>) -> Driven<C::Outcome> {
        let stage = Mutex::new(stage);
        let (client, mut host) = (Directed { client: &self.client, stage: &stage }, HostAdapter(&stage));
        self.runtime.block_on(is_send(drive(ceremony, &client, &mut host)))
    }
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

/// Sends what the stage makes of each exchange.
struct Directed<'a, 'b, C: Ceremony> {
    client: &'a Client,
    stage: &'a Mutex<&'b mut MockHost<C>>,
}

impl<C: Ceremony> Execute for Directed<'_, '_, C> {
    async fn execute(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let directed = self.stage.lock().unwrap().direct(exchange);
        self.client.execute(&directed).await
    }
}

/// The stage as this crate's host.
struct HostAdapter<'a, 'b, C: Ceremony>(&'a Mutex<&'b mut MockHost<C>>);

impl<'b, C: Ceremony> HostAdapter<'_, 'b, C> {
    fn stage(&self) -> MutexGuard<'_, &'b mut MockHost<C>> {
        self.0.lock().unwrap()
    }
}

impl<C: Ceremony> Host<C> for HostAdapter<'_, '_, C> {
    type Error = MockHostError;

    fn now(&mut self) -> Timestamp {
        self.stage().now()
    }

    async fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, MockHostError> {
        self.stage().wait(until, why)
    }

    async fn show(&mut self, notice: &C::Notice) -> Result<(), MockHostError> {
        self.stage().show(notice)
    }

    async fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, MockHostError> {
        self.stage().ask(prompt)
    }

    async fn prepare(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> Result<(), MockHostError> {
        self.stage().prepare(snapshot, exchange)
    }

    async fn journal(&mut self, exchange: &Exchange, answer: &Result<Response<Vec<u8>>, TransportFailure>) -> Result<(), MockHostError> {
        self.stage().journal(exchange, answer)
    }

    async fn journaled(&mut self, id: ExchangeId) -> Result<Option<Input<C::Answer>>, MockHostError> {
        self.stage().journaled(id)
    }

    async fn save(&mut self, snapshot: &Snapshot) -> Result<(), MockHostError> {
        self.stage().save(snapshot)
    }
}
