//! Lets the cases of `enlist-conformance` run this crate's loop and client.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard};

use enlist_async::{Client, Execute, Host, drive};
use enlist_conformance::{Driven, Driver, MockHost, MockHostError};
use enlist_core::{AsyncStore, Ceremony, Exchange, ExchangeId, ExchangeResult, Timestamp, WaitReason};
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
    fn execute(&mut self, exchange: &Exchange) -> ExchangeResult {
        self.runtime.block_on(self.client.execute(exchange))
    }

    fn drive<C: Ceremony>(&mut self, ceremony: &mut C, stage: &mut MockHost<C>) -> Driven<C::Outcome> {
        let stage = Mutex::new(stage);
        let (client, mut host, mut store) = (Directed { client: &self.client, stage: &stage }, HostAdapter(&stage), StoreAdapter(&stage));
        self.runtime.block_on(is_send(drive(ceremony, &client, &mut host, &mut store)))
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
    async fn execute(&self, exchange: &Exchange) -> ExchangeResult {
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
}

/// The store of the same case.
struct StoreAdapter<'a, 'b, C: Ceremony>(&'a Mutex<&'b mut MockHost<C>>);

impl<H: Ceremony> AsyncStore for StoreAdapter<'_, '_, H> {
    type Error = MockHostError;

    async fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), MockHostError> {
        self.0.lock().unwrap().prepare(&ceremony.snapshot(), exchange)
    }

    async fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), MockHostError> {
        self.0.lock().unwrap().journal(exchange, answer)
    }

    async fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, MockHostError> {
        self.0.lock().unwrap().journaled(id)
    }

    async fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), MockHostError> {
        self.0.lock().unwrap().save(&ceremony.snapshot())
    }
}
