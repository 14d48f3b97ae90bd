//! Lets the cases of `enlist-conformance` run this crate's loop and client.
#![allow(dead_code)]

use std::ops::ControlFlow;

use enlist_async::{Client, Execute, Host, drive};
use enlist_conformance::{Driven, Driver, MockError, MockHost, MockNetwork, MockStore};
use enlist_core::{Ceremony, Exchange, ExchangeResult, Inline, Timestamp, WaitReason};
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Async {
    client: Client,
    runtime: Runtime,
}

impl Async {
    pub(crate) fn new() -> Self {
        Self::with(Client::new().unwrap())
    }

    pub(crate) fn with(client: Client) -> Self {
        Self { client, runtime: Builder::new_current_thread().enable_all().build().unwrap() }
    }
}

impl Driver for Async {
    fn execute(&mut self, exchange: &Exchange) -> ExchangeResult {
        self.runtime.block_on(self.client.execute(exchange))
    }

    fn drive<C: Ceremony>(&mut self, ceremony: &mut C, host: &mut MockHost<C>, store: &mut MockStore) -> Driven<C::Outcome> {
        let client = Adjusting { client: &self.client, network: host.network() };
        self.runtime.block_on(is_send(drive(ceremony, &client, &mut HostAdapter(host), &mut Inline(store))))
    }
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

/// Sends what the network of the case makes of each exchange.
struct Adjusting<'a> {
    client: &'a Client,
    network: MockNetwork,
}

impl Execute for Adjusting<'_> {
    async fn execute(&self, exchange: &Exchange) -> ExchangeResult {
        self.client.execute(&self.network.adjust(exchange)).await
    }
}

/// The mock as this crate's host.
struct HostAdapter<'a, C: Ceremony>(&'a mut MockHost<C>);

impl<C: Ceremony> Host<C> for HostAdapter<'_, C> {
    type Error = MockError;

    fn now(&mut self) -> Timestamp {
        self.0.now()
    }

    async fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, MockError> {
        self.0.wait(until, why)
    }

    async fn show(&mut self, notice: &C::Notice) -> Result<(), MockError> {
        self.0.show(notice)
    }

    async fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, MockError> {
        self.0.ask(prompt)
    }
}
